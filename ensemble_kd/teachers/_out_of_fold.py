"""Soft labels for rows that a model had not seen: one fit a fold labels the rows left out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.parallel import Parallel, delayed
from tqdm.auto import tqdm

from ensemble_kd.log import logger
from ensemble_kd.rows import EncodedTable, take_rows
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers._folds import Folds
from ensemble_kd.teachers._given import fresh
from ensemble_kd.teachers._wrap import fit_teacher, teacher_response
from ensemble_kd.teachers.members import StoppedMember, TableMember

LOG = logger(__name__)

# A first fold of fewer rows is too small to leave a member out by.
LEAST_JUDGED = 200


class Weigh(Protocol):
    """Gives a weight to each member.

    Asked with responses of shape (n_members, n_rows, n_outputs) and the numbers of the rows.
    """

    def of_first(
        self, responses: NDArray[np.float64], rows: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Return weights by the first fold: a member of none is not fitted on the others."""

    def __call__(
        self, responses: NDArray[np.float64], rows: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Return the weights."""


@dataclass(frozen=True)
class CrossFit:
    """What came of fitting members on every fold.

    Parameters
    ----------
    response : ndarray of shape (n_members, n_samples, n_outputs)
        The response to each row of the fit that had not seen it; NaN where there is none.
    fitted : list of estimator
        The members fitted on all rows.
    unseen : list of estimator
        The members fitted on all rows but the held-out ones; empty where none are held out.
    numbers : list of int
        Which of the members that were given these are.
    weights : ndarray of shape (n_members,) or None, default=None
        Above 0; None where nobody weighed them.
    """

    response: NDArray[np.float64]
    fitted: list[Any]
    unseen: list[Any]
    numbers: list[int]
    weights: NDArray[np.float64] | None = None

    def of(self, weights: NDArray[np.float64]) -> CrossFit:
        """Return the members that have a weight above 0, with it."""
        kept = np.flatnonzero(weights > 0).tolist()

        def own(values: list[Any]) -> list[Any]:
            return [values[m] for m in kept if values]

        return CrossFit(
            self.response[kept], own(self.fitted), own(self.unseen), own(self.numbers),
            weights[kept],
        )  # fmt: skip


def cross_fit(
    members: list[tuple[str, Any]],
    X: Any,
    y: NDArray[Any],
    sample_weight: NDArray[np.float64] | None = None,
    *,
    folds: Folds,
    task: BaseTask,
    held_out: NDArray[np.bool_] | None = None,
    weigh: Weigh | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> CrossFit:
    """Fit every member on every fold, and those of use once on all rows.

    Held-out rows are in no fold, lest a student learn their targets through the labels of the rows
    beside them: they are answered by fits on all the other rows. Members that learn in rounds stop
    by the rows that their fold leaves out, and take the mean of these rounds on all rows.

    Parameters
    ----------
    members : list of (str, estimator)
        Names and unfitted estimators.
    X : data frame or array of shape (n_samples, n_features)
        Raw rows.
    y : ndarray of shape (n_samples,)
        True targets.
    sample_weight : ndarray of shape (n_samples,) or None, default=None
        Weight of each row.
    folds : list of (train, test)
        Row indices, as `make_folds` gives them.
    task : BaseTask
        What is predicted.
    held_out : ndarray of shape (n_samples,), bool, or None, default=None
        Rows that no student is trained on, and none of the folds holds.
    weigh : callable or None, default=None
        Gives a weight to each member for its responses to some rows. It is asked after the last
        fold, and after the first one, whose members without a weight are not fitted on the others.
        None keeps all.
    n_jobs : int or None, default=None
        Fits at once.
    verbose : int, default=0
        A progress bar from 1 on.

    Returns
    -------
    CrossFit
    """
    fits = _Fits(members, X, y, sample_weight, task, n_jobs, verbose)
    response = np.full((len(members), len(y), task.n_outputs), np.nan)
    rounds: dict[int, list[int]] = {m: [] for m in range(len(members))}
    at_work = dict(enumerate(member for _, member in members))
    first = folds[0][1]
    tells = sample_weight is None or sample_weight[first].sum() > 0
    early = int(weigh is not None and len(first) >= LEAST_JUDGED and tells)
    first_part = folds[:early]
    for part in filter(None, (first_part, folds[early:])):
        for fit in fits.each(at_work, [[fold] for fold in part]):
            response[fit.member, fit.test] = fit.answer
            rounds[fit.member] += fit.n_rounds
        rows = np.flatnonzero(~np.isnan(response[next(iter(at_work)), :, 0]))
        weights = np.zeros(len(members))
        own = list(at_work)
        if weigh is None:
            weights[own] = 1.0
        else:
            ask = weigh.of_first if part is first_part else weigh
            weights[own] = ask(response[own][:, rows], rows)
        at_work = {m: member for m, member in at_work.items() if weights[m] > 0}

    nothing = np.arange(0)
    kept = [(np.arange(len(y)), nothing)]
    if held_out is not None and held_out.any():
        kept.append((np.flatnonzero(~held_out), np.flatnonzero(held_out)))
    at_work = {m: _for_all_rows(member, rounds[m]) for m, member in at_work.items()}
    numbers = list(at_work)
    fitted: list[Any] = []
    unseen: list[Any] = []
    for fit in fits.each(at_work, [kept], keep=True):
        if len(fit.test):
            response[fit.member, fit.test] = fit.answer
        (unseen if len(fit.test) else fitted).append(fit.model)
    weighed = None if weigh is None else weights[numbers]
    return CrossFit(response[numbers], fitted, unseen, numbers, weighed)


def _for_all_rows(member: Any, rounds: list[int]) -> Any:
    return member.for_all_rows(rounds) if rounds else member


@dataclass
class _Fit:
    """One member fitted on some rows, and its answer to others."""

    member: int
    test: NDArray[np.int64]
    model: Any
    answer: NDArray[np.float64] | None
    n_rounds: list[int]


@dataclass
class _Fits:
    """Fits of members on parts of the same rows."""

    members: list[tuple[str, Any]]
    X: Any
    y: NDArray[Any]
    sample_weight: NDArray[np.float64] | None
    task: BaseTask
    n_jobs: int | None
    verbose: int

    def each(
        self, at_work: Mapping[int, Any], parts: list[Folds], *, keep: bool = False
    ) -> Iterator[_Fit]:
        """Yield the fits of members, one part after the other, each of which is read once.

        Inside a part they go member by member, so that where models are kept as few others as can
        be are in memory while a forest grows.
        """
        jobs = [(m, test) for folds in parts for m in at_work for _, test in folds]
        results = Parallel(n_jobs=self.n_jobs, return_as="generator")(
            self._calls(at_work, parts, keep)
        )
        bar = tqdm(zip(jobs, results, strict=True), total=len(jobs), desc="teacher", unit="fit",
                   disable=self.verbose < 1)  # fmt: skip
        start = time.perf_counter()
        for i, ((m, test), (model, answer, n_rounds)) in enumerate(bar):
            name, passed = self.members[m][0], time.perf_counter() - start
            bar.set_postfix(member=name)
            LOG.info("member %s fitted, %d of %d, after %.2f s", name, i + 1, len(jobs), passed)
            yield _Fit(m, test, model, answer, n_rounds)

    def _calls(self, at_work: Mapping[int, Any], parts: list[Folds], keep: bool) -> Iterator[Any]:
        wanted = {isinstance(member, TableMember) for member in at_work.values()}
        weight = self.sample_weight
        for folds in parts:
            # By whether a member takes rows that were read; what no member takes is not kept.
            tables: dict[bool, list[Any]] = {is_read: [] for is_read in wanted}
            for train, test in folds:
                raw = take_rows(self.X, train), take_rows(self.X, test)
                for is_read, found in tables.items():
                    found.append(read_once(*raw) if is_read else raw)
            del raw
            for member in at_work.values():
                own = tables[isinstance(member, TableMember)]
                for (train, test), (rows, new) in zip(folds, own, strict=True):
                    known, asked = (
                        (self.y[part], None if weight is None else weight[part])
                        for part in (train, test)
                    )
                    yield delayed(_fit_and_respond)(
                        member, (rows, *known), (new, *asked), self.task, keep=keep
                    )


def read_once(train: Any, test: Any) -> tuple[EncodedTable, EncodedTable]:
    """Return rows to fit and rows to answer as all the default members take them.

    Parameters
    ----------
    train, test : data frame or array of shape (n_rows, n_features)
        Raw rows.

    Returns
    -------
    train, test : EncodedTable
    """
    table = EncodedTable.read(train)
    return table, table.of(test) if len(test) else table[:0]


# Rows, their targets and their weights.
Known = tuple[Any, NDArray[Any], NDArray[np.float64] | None]


def _fit_and_respond(
    estimator: Any, train: Known, test: Known, task: BaseTask, *, keep: bool
) -> tuple[Any, NDArray[np.float64] | None, list[int]]:
    """Fit; in a fold, members that learn in rounds stop by the rows that it leaves out."""
    model, n_rounds = fresh(estimator), []
    if not keep and isinstance(model, StoppedMember) and model.n_rounds is None:
        n_rounds = [model.fit_until(*train, test).n_rounds_]
    else:
        model = fit_teacher(model, *train)
    answer = teacher_response(model, test[0], task) if len(test[1]) else None
    # A fold's model has done its work: sending it back would cost its size in memory.
    return (model if keep else None), answer, n_rounds
