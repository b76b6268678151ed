"""What torch keeps for a whole process or thread, and a training must neither follow nor change."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def own_modes() -> Iterator[None]:
    """Learn, and count in single precision, whatever mode the caller is in.

    Inside `torch.no_grad`, `torch.inference_mode` or `torch.autocast` there would be no gradient to
    follow, or a coarser one.
    """
    with (
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autocast("cpu", enabled=False),
        torch.autocast("cuda", enabled=False),
    ):
        yield


class _OneThread:
    """Trainings at a time, each on one thread, and the number of threads that the first found.

    Steps of a small network are too short to share out. Measured on 2 cores beside other OpenMP
    libraries: 3 s on one thread, 3 to 19 s on two. torch sets the number for the thread that asks
    and for those to come, which would find the 1 of a training beside theirs and leave it.
    """

    def __init__(self) -> None:
        self._lock, self._n_inside, self._before = threading.Lock(), 0, 1

    @contextmanager
    def __call__(self, place: torch.device) -> Iterator[None]:
        """Have one thread inside, and as many as before when all trainings are over."""
        if place.type != "cpu":
            yield
            return
        with self._lock:
            found = torch.get_num_threads()
            if self._n_inside == 0:
                self._before = found
            elif found == 1:
                found = self._before
            self._n_inside += 1
            torch.set_num_threads(1)
        try:
            yield
        finally:
            with self._lock:
                self._n_inside -= 1
                torch.set_num_threads(found)


one_thread = _OneThread()
