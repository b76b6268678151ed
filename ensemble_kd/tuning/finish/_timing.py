"""What is timed again: students that seem about as fast as the limit, and what is handed over."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ensemble_kd.errors import BudgetError
from ensemble_kd.metrics import Latency
from ensemble_kd.tuning._budget import Budget
from ensemble_kd.tuning.finish._front import Candidate, by_loss
from ensemble_kd.tuning.trial import Meter

# Shares of the limit by which a first timing may lie below or above it and be no clear verdict:
# training beside it has doubled a latency, and has made none shorter.
UNCLEAR = (-0.25, 1.0)
N_AGAIN = 2
# Students that are timed again, the best ones.
MOST_AGAIN = 16


@dataclass
class SecondTiming:
    """Times model files again, each once, until Ctrl-C.

    Parameters
    ----------
    meter : Meter
        Times a model file.
    rows : list of dict
        Rows that a student is timed on.
    folder : Path
        Of the model files.
    budget : Budget
        Its limit on the latency says which files are timed; without one none is.

    Attributes
    ----------
    interrupted : bool
        Whether Ctrl-C ended it; the first timings stand from then on.
    """

    meter: Meter
    rows: list[dict[str, Any]]
    folder: Path
    budget: Budget
    interrupted: bool = field(default=False, init=False)
    _known: dict[str, list[Latency]] = field(default_factory=dict, init=False)

    def __call__(self, found: Sequence[Candidate]) -> list[Candidate]:
        """Return candidates with the latency in the middle of three where one was no verdict.

        A trial's student is timed while other workers train, in one process; a latency also differs
        by a tenth and more from process to process.
        """
        unclear = sorted((one for one in found if self._is_unclear(one)), key=by_loss)
        timed: dict[int, Candidate] = {}
        try:
            for one in unclear[:MOST_AGAIN] if not self.interrupted else []:
                timed[one.number] = self._again(one)
        except KeyboardInterrupt:
            self.interrupted = True
        return [timed.get(one.number, one) for one in found]

    def _is_unclear(self, one: Candidate) -> bool:
        excess = one.excess(self.budget).get("max_latency_us")
        if excess is None or not UNCLEAR[0] < excess < UNCLEAR[1]:
            return False
        return (self.folder / one.file).exists()  # whoever reads it refuses an absent one

    def _again(self, one: Candidate) -> Candidate:
        again = self._known.setdefault(one.sha256, [])
        while len(again) < N_AGAIN:
            again.append(self.meter(str(self.folder / one.file), self.rows, self.budget))
        by_median = sorted([one.measured.latency, *again], key=_median)
        return replace(one, measured=replace(one.measured, latency=by_median[len(by_median) // 2]))


def latency_afresh(
    path: str, rows: list[dict[str, Any]], *, n_processes: int = 3, meter: Meter | None = None
) -> Latency:
    """Time a model file several times, one after the other, whatever the limit.

    Parameters
    ----------
    path : str
        The model file.
    rows : list of dict
        Raw rows.
    n_processes : int, default=3
        Times; what is returned is the one whose median is in the middle, its intervals widened to
        the quantiles of all.
    meter : Meter or None, default=None
        What times it; None does so in fresh processes on this machine.

    Returns
    -------
    Latency

    Raises
    ------
    EnsembleKDError
        If a process fails.
    """
    timed = meter or Meter()
    found = sorted((timed(path, rows, Budget()) for _ in range(n_processes)), key=_median)
    middle = found[n_processes // 2]
    return replace(
        middle,
        p50_interval=_widened(middle.p50_interval, [one.p50_us for one in found]),
        p99_interval=_widened(middle.p99_interval, [one.p99_us for one in found]),
    )


def _median(latency: Latency) -> float:
    return latency.p50_us


def _widened(interval: tuple[float, float], values: list[float]) -> tuple[float, float]:
    return min(interval[0], *values), max(interval[1], *values)


def time_data(data: bytes, rows: list[dict[str, Any]], meter: Meter | None = None) -> Latency:
    """Return the latency of a model file, in fresh processes unless the meter does otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.ekd"
        path.write_bytes(data)
        return latency_afresh(str(path), rows, meter=meter)


class Timed(Protocol):
    """A model file that was timed in fresh processes."""

    @property
    def latency(self) -> Latency: ...

    @property
    def size_bytes(self) -> int: ...


AnyTimed = TypeVar("AnyTimed", bound=Timed)


def keeps(budget: Budget, found: Timed) -> bool:
    """Tell whether a file keeps latency and bytes when measured again, with half the margin."""
    again = replace(budget.costs_alone(), margin=budget.margin / 2)
    return all(v <= 0 for v in again.excess(found.latency, found.size_bytes, 1.0).values())


def first_that_keeps(tried: Iterable[AnyTimed], budget: Budget) -> AnyTimed:
    """Return the first of some students that keeps the budget; the others are not made.

    Raises
    ------
    BudgetError
        If none does.
    """
    n_tried = 0
    for found in tried:
        if keeps(budget, found):
            return found
        n_tried += 1
    raise BudgetError(
        f"none of the {n_tried} best students that seemed to meet {budget.describe()} does when "
        f"measured again in fresh processes: the last took {found.latency.p50_us:.2f} us a row and "
        f"{found.size_bytes:,} bytes; the machine may be busier than it was, or the limit at the "
        "edge of what it can do."
    )
