"""Small models train on one thread: several wait for each other on a busy machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    """Hold the threads of all tests here."""
    with threadpool_limits(1):
        yield
