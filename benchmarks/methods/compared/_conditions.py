"""Under what conditions students are taught, and how much of everything there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ensemble_kd.benchmarks.methods.compared._methods import (
    FEW,
    FULL,
    FULL_FEW,
    FULL_NOISY,
    NOISY,
    SMALL,
)

USUAL = "usual"


@dataclass(frozen=True)
class Size:
    """How much of everything there is.

    Parameters
    ----------
    n_train, n_test, n_synthetic : int
        Most rows.
    n_updates : int
        Steps of a student.
    n_trees, n_rounds : int
        Of the teacher's forest, and most of its boosted members.
    """

    n_train: int = 4000
    n_test: int = 5000
    n_synthetic: int = 12_000
    n_updates: int = 800
    n_trees: int = 100
    n_rounds: int = 200


USUAL_SIZE = Size()
# As a fit by the defaults has it.
FULL_SIZE = Size(n_train=10_000, n_synthetic=100_000, n_updates=3500)
DEFAULT, AS_FITTED = {"hidden": "auto"}, "the default student on up to 10,000 rows, 3,500 steps"


@dataclass(frozen=True)
class Condition:
    """What is hard about a case.

    Parameters
    ----------
    text : str
        In words.
    noise : float, default=0.0
        Share of the training targets that are wrong.
    share : float, default=1.0
        Share of the real rows that the student is given; below 1 nothing else is.
    student : mapping, default={}
        Parameters of `MLPStudent` that differ from the usual ones.
    size : Size, default=Size()
        How much of everything there is.
    """

    text: str
    noise: float = 0.0
    share: float = 1.0
    student: Mapping[str, Any] = field(default_factory=dict)
    size: Size = USUAL_SIZE


CONDITIONS = {
    USUAL: Condition("all rows, a network of two layers of 64"),
    NOISY: Condition("20 % of the training targets are wrong", noise=0.2),
    FEW: Condition("the student has 3 % of the rows and no synthetic ones", share=0.03),
    SMALL: Condition("a student of 10 kB", student={"hidden": "auto", "max_bytes": 10_000}),
    FULL: Condition(f"all rows, {AS_FITTED}", student=DEFAULT, size=FULL_SIZE),
    FULL_NOISY: Condition(
        f"20 % of the training targets are wrong, {AS_FITTED}", noise=0.2, student=DEFAULT,
        size=FULL_SIZE,
    ),
    FULL_FEW: Condition(
        f"the student has 3 % of the rows and no synthetic ones, {AS_FITTED}", share=0.03,
        student=DEFAULT, size=FULL_SIZE,
    ),
}  # fmt: skip
