"""How long each stage of a fit took."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ensemble_kd.log import logger

LOG = logger(__name__)


@dataclass
class Stages:
    """A stop-watch for each stage; a stage within another one stops the outer watch.

    Parameters
    ----------
    times : dict
        Seconds by stage.
    """

    times: dict[str, float] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list, init=False)
    _since: float = field(default=0.0, init=False)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Add the seconds of the block to the stage."""
        start = time.perf_counter()
        # Within another stage, such as the race, there are many of the same name.
        level = logging.DEBUG if self._open and name in self.times else logging.INFO
        LOG.log(level, "stage %s begins", name)
        self._switch()
        self._open.append(name)
        try:
            yield
        finally:
            self._switch()
            self._open.pop()
            LOG.log(level, "stage %s took %.2f s", name, time.perf_counter() - start)

    def _switch(self) -> None:
        now = time.perf_counter()
        if self._open:
            name = self._open[-1]
            self.times[name] = self.times.get(name, 0.0) + now - self._since
        self._since = now


# Of the time of a fit: the teacher's, which leaves what it does not need; and what the student has
# at least, however late the teacher is.
TEACHER_SHARE, LEAST_SHARE = 0.5, 0.2


class Deadlines:
    """When each stage of a fit has to end, by `time.monotonic`.

    Parameters
    ----------
    time_limit : float or None
        Seconds from now on; None sets no deadline.
    trains_last : bool
        Whether a compression step trains after the student.
    """

    def __init__(self, time_limit: float | None, *, trains_last: bool) -> None:
        self._limit, self._trains_last, now = time_limit, trains_last, time.monotonic()

        def after(share: float) -> float | None:
            return None if time_limit is None else now + share * time_limit

        self.teacher, self._limit_at = after(TEACHER_SHARE), after(1.0)
        self.race, self.labels, self.assistant = after(0.3), after(0.5), after(0.75)
        self.end = after(0.97)
        # A pruned network has to learn on, or the student's time was for little.
        self.student = after(0.85) if trains_last else self.end

    def after_teacher(self) -> Deadlines:
        """Return the deadlines of what follows the teacher, in the time that it has left."""
        left = None
        if self._limit is not None and self._limit_at is not None:
            left = max(self._limit_at - time.monotonic(), LEAST_SHARE * self._limit)
        return Deadlines(left, trains_last=self._trains_last)

    @property
    def halfway_to_student(self) -> float | None:
        """The middle of the time that the student has left."""
        return None if self.student is None else (time.monotonic() + self.student) / 2

    def of_lesson(self, n_left: int) -> float | None:
        """Return the deadline of the next of so many trainings that share a lesson's time."""
        if self.assistant is None:
            return None
        now = time.monotonic()
        return now + (self.assistant - now) / n_left

    @property
    def is_too_late(self) -> bool:
        """Whether the time for lessons is used up."""
        return self.assistant is not None and time.monotonic() >= self.assistant

    @property
    def is_late(self) -> bool:
        """Whether the time for labels is used up."""
        return self.labels is not None and time.monotonic() >= self.labels
