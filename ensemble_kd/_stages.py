"""How long each stage of a fit took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Stages:
    """A stop-watch for each stage; a stage within another one stops the outer watch.

    Parameters
    ----------
    times : dict
        Seconds by stage.
    """

    times: dict[str, float] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _since: float = 0.0

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Add the seconds of the block to the stage."""
        self._switch()
        self._open.append(name)
        try:
            yield
        finally:
            self._switch()
            self._open.pop()

    def _switch(self) -> None:
        now = time.perf_counter()
        if self._open:
            name = self._open[-1]
            self.times[name] = self.times.get(name, 0.0) + now - self._since
        self._since = now
