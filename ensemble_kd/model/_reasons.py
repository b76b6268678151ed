"""What the reasons of a model are counted from and called, as plain values.

A reason is a group of columns that moves a row's score away from what the background has. A column
that no group holds is a group of its own, unless it is excluded: then it is never named.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Of a row.
MOST_REASONS = 4


@dataclass(frozen=True)
class ReasonGroup:
    """Columns that are one reason, and what it is called.

    Parameters
    ----------
    name : str
        Name of the group.
    columns : tuple of int
        Indices of its columns, at least one.
    code : str or None, default=None
        Code of the reason; None leaves the name in its place.
    text : str or None, default=None
        A sentence for the person whom the answer is about.
    """

    name: str
    columns: tuple[int, ...]
    code: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class Reasons:
    """What contributions are counted from, in which direction they are reasons, and their names.

    Parameters
    ----------
    background : ndarray of shape (n_background, n_columns), float64
        Encoded rows that stand for normal behaviour; none is a row of the training.
    output : int, default=0
        Which class is explained, by its place among the classes; 0 without classes.
    raises : bool, default=True
        Whether a reason is what raises the score; else what lowers it.
    groups : tuple of ReasonGroup, default=()
        No column is in two of them.
    excluded : tuple of int, default=()
        Indices of columns that are never named.
    n_steps : int or None, default=None
        In how many steps the columns of a network change along an order, several at once, at least
        1; None for one after the other. Trees take no steps.
    """

    background: NDArray[np.float64]
    output: int = 0
    raises: bool = True
    groups: tuple[ReasonGroup, ...] = ()
    excluded: tuple[int, ...] = ()
    n_steps: int | None = None
