"""Claims that are tried anew: two figures for each seed, of which the first is to be lower."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from ensemble_kd.benchmarks.methods.claims._claim import Claim
from ensemble_kd.benchmarks.methods.compared import HARD, METHODS, PLAIN, Classroom, Method, taught
from ensemble_kd.benchmarks.methods.driving import by_student, driver, off_road
from ensemble_kd.flow import default_recipe
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.students import SoftTreeStudent, Student, TreeStudent, TrepanStudent
from ensemble_kd.transfer import MarginalSynthesizer

Pair = tuple[float, float]
LEAVES = 16


@dataclass(frozen=True)
class Trial:
    """One claim.

    Parameters
    ----------
    paper : str
        Whose it is.
    text : str
        What is to be lower on each seed than what.
    run : callable
        From a classroom to both figures.
    dataset : str, default="magic"
        Whose rows.
    student : mapping, default={}
        Parameters of `MLPStudent` that differ from the usual ones.
    """

    paper: str
    text: str
    run: Callable[[Classroom], Pair]
    dataset: str = "magic"
    student: Mapping[str, Any] = field(default_factory=dict)


def _loss(room: Classroom, student: Student) -> float:
    task, table = room.task, room.table
    losses = task.row_losses(
        student.respond(room.rows.schema.encode(table.X_test)), task.truth(table.hard)
    )
    return task.score_of(float(losses.mean()))


def _rows(room: Classroom) -> tuple[TransferSet, DistillationLoss]:
    """Return what a student learns, and by which loss."""
    recipe = default_recipe(room.task, room.settings(), room.n_synthetic)
    return room.transfer_set(recipe), recipe.loss


def _method(room: Classroom, method: Method) -> float:
    return _loss(room, taught(room, method).student)


def mimics(room: Classroom) -> Pair:
    """Ba and Caruana: one wide layer taught logits, and the same taught true labels."""
    return _method(room, METHODS["logit_matching"]), _method(room, METHODS[HARD])


def tends_to_logits(room: Classroom) -> Pair:
    """Hinton 2.1: how far students at T = 64 and at T = 4 are from one that matches logits."""
    codes = room.rows.codes
    by_logits = taught(room, Method("", {"loss": "logit_matching", "alpha": 1.0})).student
    far = [
        taught(room, Method("", {"temperature": T, "alpha": 1.0})).student.respond(codes)
        - by_logits.respond(codes)
        for T in (64.0, 4.0)
    ]
    return float(np.abs(far[0]).mean()), float(np.abs(far[1]).mean())


def is_hinted(room: Classroom) -> Pair:
    """FitNets: a thin, deep student with hints and without."""
    return _method(room, METHODS["hints"]), _method(room, METHODS["soft_targets"])


def is_born_again(room: Classroom) -> Pair:
    """Furlanello: a network taught by one like itself and the truth, and that one."""
    first = taught(room, METHODS[HARD]).student
    rows, loss = _rows(room)
    real = rows.take(rows.origin == REAL)
    answers = np.where(real.held_out[:, None], real.response, first.respond(real.X))
    again = room.settings().student_of(room.rows)
    again.fit_transfer(replace(real, response=answers), loss)
    return _loss(room, again), _loss(room, first)


def is_trepan(room: Classroom) -> Pair:
    """TREPAN: how often a tree that asks differs from its teacher, and one grown on labels."""
    rows, loss = _rows(room)
    real = rows.take(rows.origin == REAL)
    truth = replace(real, response=room.task.truth(real.hard))
    asking = TrepanStudent(max_leaf_nodes=LEAVES, random_state=0)
    asking.fit_transfer(real, loss, ask=room.sets.ask)
    plain = TreeStudent(max_leaf_nodes=LEAVES, random_state=0)
    plain.fit_transfer(truth, room.task.plain_loss())
    return _differs(room, asking), _differs(room, plain)


def _differs(room: Classroom, student: Student) -> float:
    """Return the share of test rows on which student and teacher name different classes."""
    X = room.table.X_test
    teacher = room.task.ask(room.teaching.labeller, X)
    agreement = room.task.agreement(teacher, student.respond(room.rows.schema.encode(X)))
    assert agreement is not None
    return 1 - agreement


def is_soft_tree(room: Classroom) -> Pair:
    """Frosst and Hinton: a soft tree taught by a teacher, and one taught true labels."""
    rows, loss = _rows(room)
    real = rows.take(rows.origin == REAL)
    truth = replace(real, response=room.task.truth(real.hard))
    soft = SoftTreeStudent(n_updates=room.size.n_updates, random_state=0)
    hard = SoftTreeStudent(n_updates=room.size.n_updates, random_state=0)
    return (
        _loss(room, soft.fit_transfer(rows, loss)),
        _loss(room, hard.fit_transfer(truth, room.task.plain_loss())),
    )


def aggregates(room: Classroom) -> Pair:
    """Ross: the share of a drive off the road after dataset aggregation, and after cloning."""
    seed = room.table.seed
    aggregated, cloned = (off_road(by_student(driver(n, seed)), seed) for n in (4, 1))
    return aggregated, cloned


def is_near_where_rows_are_rare(room: Classroom) -> Pair:
    """Pereira: how far students taught by rows at cuts and by MUNGE's are from the teacher there.

    The columns of the rows are drawn one by one from the test rows, so they hold combinations that
    the table hardly has.
    """
    X = MarginalSynthesizer().fit(room.table.X_test).sample(len(room.table.X_test), room.table.seed)
    codes, goal = room.rows.schema.encode(X), room.task.ask(room.teaching.labeller, X)
    at_cuts, by_munge = (
        float(room.task.divergence(goal, taught(room, METHODS[name]).student.respond(codes)).mean())
        for name in ("cut_pairs", PLAIN)
    )
    return at_cuts, by_munge


TRIALS = {
    "mimics": Trial(
        "Ba 2014", "a network of one layer is better taught logits than true labels", mimics,
        student={"hidden": (96,)},
    ),
    "tends_to_logits": Trial(
        "Hinton 2015", "logit matching is the limit of high temperatures: T = 64 is nearer to it "
        "than T = 4", tends_to_logits,
    ),
    "is_hinted": Trial(
        "Romero 2015", "a thin, deep student (six layers of 16) is better with hints", is_hinted,
        "letter", {"hidden": (16,) * 6},
    ),
    "is_born_again": Trial(
        "Furlanello 2018", "a network is better than the like one that taught it", is_born_again
    ),
    "is_trepan": Trial(
        "Craven 1996", "a tree of 16 leaves that asks differs from its teacher less often than one "
        "grown on labels", is_trepan,
    ),
    "is_soft_tree": Trial(
        "Frosst 2017", "a soft tree is better taught by a teacher than by labels", is_soft_tree
    ),
    "aggregates": Trial(
        "Ross 2011", "a student taught where it comes to by itself leaves the road less than a "
        "clone", aggregates, "breast_cancer",
    ),
    "is_near_where_rows_are_rare": Trial(
        "Pereira 2026", "with rows at pairs of cuts a student is nearer to its teacher on rows of "
        "columns drawn one by one", is_near_where_rows_are_rare,
    ),
}  # fmt: skip


def judge_trials(rows: pd.DataFrame) -> list[Claim]:
    """Return what rows of trials say: a claim holds where it does on each seed.

    Parameters
    ----------
    rows : DataFrame
        As `run_trials` gives them.

    Returns
    -------
    list of Claim
    """
    found = []
    for name, trial in TRIALS.items():
        own = rows[rows["method"] == name]
        lower = own["one"] < own["other"]
        told = f"{own['one'].mean():.4g} beside {own['other'].mean():.4g}, lower on "
        told += f"{lower.sum()} of {len(own)} seeds"
        found.append(
            Claim(trial.paper, trial.text, told, bool(lower.all()))
            if len(own)
            else Claim(trial.paper, trial.text, "there are no rows of it", None)
        )
    return found
