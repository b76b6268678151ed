"""What is told of rows: what each group of columns contributes, and which of them are reasons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.model import MOST_REASONS, ReasonGroup

# Contributions that differ by less than rounding does are equal, and told in the table's order.
DECIMALS = 9


@dataclass(frozen=True)
class Reason:
    """One reason for a score.

    Parameters
    ----------
    name : str
        Column, or group of columns.
    code : str or None
        Its code, where the model has one.
    text : str or None
        Its sentence, where the model has one.
    contribution : float
        What it adds to the score.
    """

    name: str
    code: str | None
    text: str | None
    contribution: float


@dataclass(frozen=True)
class Explanation:
    """Why one row has its score.

    Parameters
    ----------
    score : float
        The number that is explained: ``base + sum(contributions.values()) + rest``.
    base : float
        Its mean over the background.
    contributions : dict of str to float
        By name of a column or group.
    rest : float
        What all excluded columns contribute together; 0 without such.
    reasons : tuple of Reason
        At most four, the strongest first.
    """

    score: float
    base: float
    contributions: dict[str, float]
    rest: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Contributions:
    """What each group of columns adds to the score of each row.

    Parameters
    ----------
    groups : tuple of ReasonGroup
        The groups; a column that is in no other is one of its own.
    values : ndarray of shape (n_rows, n_groups), float64
        What each adds.
    rest : ndarray of shape (n_rows,), float64
        What all excluded columns add together.
    base : float
        Mean score of the background.
    raises : bool
        Whether what raises the score is a reason, or what lowers it.
    """

    groups: tuple[ReasonGroup, ...]
    values: NDArray[np.float64]
    rest: NDArray[np.float64]
    base: float
    raises: bool

    @property
    def names(self) -> list[str]:
        """Names of the groups."""
        return [group.name for group in self.groups]

    @property
    def score(self) -> NDArray[np.float64]:
        """The number that is explained, of shape (n_rows,): base, contributions and rest."""
        return np.asarray(self.base + self.values.sum(axis=1) + self.rest)

    def reasons(self, n: int = MOST_REASONS) -> list[tuple[Reason, ...]]:
        """Return the reasons of each row, the strongest first.

        Parameters
        ----------
        n : int, default=4
            Most reasons of a row, from 1 to 4.

        Returns
        -------
        list of tuple of Reason
            Only what moves the score in the direction of a reason is one, so there may be fewer.

        Raises
        ------
        InputError
            If `n` is out of range.
        """
        if isinstance(n, bool) or n not in range(1, MOST_REASONS + 1):
            raise InputError(f"a row has from 1 to {MOST_REASONS} reasons, got {n!r}.")
        strength = np.round(self.values if self.raises else -self.values, DECIMALS)
        order = np.argsort(-strength, axis=1, kind="stable")[:, :n]
        return [
            tuple(self._reason(i, k) for k in row.tolist() if strength[i, k] > 0)
            for i, row in enumerate(order)
        ]

    def _reason(self, i: int, k: int) -> Reason:
        group = self.groups[k]
        return Reason(group.name, group.code, group.text, float(self.values[i, k]))

    def one(self, i: int) -> Explanation:
        """Return the explanation of one row.

        Parameters
        ----------
        i : int
            Its place.

        Returns
        -------
        Explanation
        """
        row = Contributions(
            self.groups, self.values[i : i + 1], self.rest[i : i + 1], self.base, self.raises
        )
        contributions = dict(zip(self.names, row.values[0].tolist(), strict=True))
        return Explanation(
            float(row.score[0]), self.base, contributions, float(row.rest[0]), row.reasons()[0]
        )
