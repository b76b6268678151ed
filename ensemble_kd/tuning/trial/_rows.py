"""Which rows certify the winner, which compare trials, and which teach."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.rows import (
    Dependence,
    Groups,
    RealRows,
    TransferSet,
    draw_share,
    read_again,
)

MOST_CERTIFIED = 10_000
# Share of the other rows that compare trials, besides those that stop the training.
VALIDATION_SHARE, MOST_VALIDATION = 0.2, 4000


@dataclass(frozen=True)
class DividedRows:
    """The rows of a search, by what they are for.

    Parameters
    ----------
    is_certified : ndarray of shape (n_samples,), bool
        Which of all rows no trial sees.
    certified : RealRows
        These.
    rows : RealRows
        All others; those held out stop the training.
    validation : ndarray of shape (n_samples - n_certified,), bool
        Which of these compare trials; none of them is held out.
    """

    is_certified: NDArray[np.bool_]
    certified: RealRows
    rows: RealRows
    validation: NDArray[np.bool_]

    @property
    def of_trials(self) -> RealRows:
        """The rows as trials and their teacher have them: validation rows are held out too."""
        return replace(self.rows, held_out=self.rows.held_out | self.validation)

    def without_validation(self, found: TransferSet) -> TransferSet:
        """Return a transfer set of these rows without those that compare trials."""
        n_real = len(self.validation)
        keep = np.ones(len(found), dtype=bool)
        keep[:n_real] = ~self.validation
        held_out = np.zeros(len(found), dtype=bool)
        held_out[:n_real] = self.rows.held_out
        return replace(found, held_out=held_out).take(keep)


def divide(everything: RealRows, certify_share: float) -> DividedRows:
    """Keep rows apart to certify the winner, and of the others some to compare trials.

    Parameters
    ----------
    everything : RealRows
        All rows.
    certify_share : float
        Share of them that no trial sees, at most 10,000 rows.

    Returns
    -------
    DividedRows

    Raises
    ------
    InputError
        If there are too few rows, or groups of them.
    """
    free = replace(everything, held_out=np.zeros_like(everything.held_out))
    is_certified = draw_rows(free, certify_share, MOST_CERTIFIED)
    if not is_certified.any():
        raise InputError(f"too few rows to keep some apart for the certificate, got {len(free)}.")
    # The schema of the search is inferred without the certified rows too.
    rows = read_again(everything.take(~is_certified))
    certified = free.take(is_certified)
    certified = replace(certified, schema=rows.schema, codes=rows.schema.encode(certified.X))
    found = DividedRows(
        is_certified, certified, rows, draw_rows(rows, VALIDATION_SHARE, MOST_VALIDATION)
    )
    _check_enough(found, everything.dependence)
    return found


def _check_enough(found: DividedRows, groups: Dependence | None) -> None:
    """Refuse rows of which none compare trials, or whose groups leave no folds to learn from."""
    rows = found.of_trials
    if isinstance(groups, Groups) and groups.are_given and isinstance(rows.dependence, Groups):
        left = np.unique(rows.dependence.group[~rows.held_out])
        if len(left) < 2 or not found.validation.any():
            raise InputError(
                "the groups are too few, or too large, for a search, which keeps some apart to "
                "certify the winner and to compare trials, and learns from two at least, got "
                f"{len(groups.first)}; give more of them, or fit the estimator without a search."
            )
    if not found.validation.any():
        raise InputError(f"too few rows to keep some apart to compare trials, got {len(rows)}.")


def draw_rows(rows: RealRows, share: float, most: int) -> NDArray[np.bool_]:
    """Return rows drawn from those that are not held out, by class: a share, and no more than so
    many; where classes are rare each keeps rows to learn from.
    """
    share = min(share, most / len(rows))
    allowed = ~rows.held_out if rows.weight is None else ~rows.held_out & (rows.weight > 0)
    return draw_share(
        rows.task.strata(rows.hard), share, np.random.default_rng(rows.seed + 1),
        allowed=allowed, spare=1, nearest=True, dependence=rows.dependence,
    )  # fmt: skip
