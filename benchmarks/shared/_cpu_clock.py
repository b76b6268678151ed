"""Seconds of this process alone: on a shared machine those of the wall are other people's too."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock


@contextmanager
def cpu_clock() -> Iterator[None]:
    """Let all stop-watches in the block count seconds of the CPU, over all threads."""
    with mock.patch.object(time, "perf_counter", time.process_time):
        yield
