"""Synthetic rows without end: sampled and labelled in blocks, when they are first asked for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ensemble_kd.errors import NotDistillableError
from ensemble_kd.flow._clock import Stages
from ensemble_kd.flow._recipes import Recipe
from ensemble_kd.flow.teaching._taught import Extra, Teaching, has_label
from ensemble_kd.flow.teaching._views import Views
from ensemble_kd.rows import (
    SYNTHETIC,
    UNLABELLED,
    EncodedTable,
    RealRows,
    RowDecoder,
    TransferSet,
    concatenate,
    match_columns,
    table,
    take_rows,
)
from ensemble_kd.students import Ask, Student
from ensemble_kd.transfer import Synthesizer

Rows = tuple[NDArray[np.float64], NDArray[np.float64]]
# Every block has a seed of its own, so that the first rows do not depend on how many follow.
BLOCK = 10_000
# Rows labelled between two looks at the clock.
CHUNK = 1_000


class TransferSets:
    """The transfer set of any recipe; labels are made once and kept.

    Parameters
    ----------
    rows : RealRows
        Real rows.
    X_unlabeled : data frame or array of shape (n_unlabeled, n_features) or None
        Further real rows, which the teacher labels.
    stage : Stages
        Where the time is noted.
    n_jobs : int or None
        Threads that label.
    teaching : Teaching
        The teacher, and what it says of the rows.
    deadline : float or None, default=None
        Time of `time.monotonic` after which no block is begun.
    extra : sequence of (codes, response, origin), default=()
        Further rows that are labelled already.
    """

    def __init__(
        self,
        rows: RealRows,
        X_unlabeled: Any,
        stage: Stages,
        n_jobs: int | None,
        teaching: Teaching,
        deadline: float | None = None,
        extra: Sequence[Extra] = (),
    ) -> None:
        self._extra = extra
        self.rows, self.teaching = rows, teaching
        self._stage, self._n_jobs, self.deadline = stage, n_jobs, deadline
        self._pools: dict[str, _Pool] = {}
        self.views = Views(rows, self.drawn_from, stage, teaching)
        with stage("labels"):
            self.splits = teaching.splits(rows)
            self._unlabelled = self._label_unlabelled(X_unlabeled)

    @property
    def drawn_from(self) -> NDArray[np.bool_]:
        """The real rows that synthesizers are fitted on: neither held out nor of weight 0."""
        return ~self.rows.held_out & (self.rows.weights > 0)

    @cached_property
    def train_table(self) -> EncodedTable:
        """These rows, read once for all synthesizers."""
        return EncodedTable.read(take_rows(self.rows.X, self.drawn_from), decodes=True)

    def of(self, recipe: Recipe, n_synthetic: int) -> TransferSet:
        """Return real, unlabelled and synthetic rows as the recipe wants them.

        Parameters
        ----------
        recipe : Recipe
            What to learn from.
        n_synthetic : int
            Synthetic rows, fewer where the deadline is near.

        Returns
        -------
        TransferSet
        """
        if not recipe.needs_teacher:
            return self.rows.as_transfer_set(self.rows.truth)
        found = self.rows.as_transfer_set(self._real_labels(recipe.labels), self.splits)
        if self._unlabelled is not None:
            found = found.extend(*self._unlabelled, UNLABELLED)
        for part in self._extra:
            found = found.extend(*part)
        for synthesizer, share in recipe.synthesizers:
            pool = self._pool(synthesizer)
            X, response = pool.take(round(share * n_synthetic))
            found = found.extend(X, response, SYNTHETIC, pool.weight[: len(X)])
        return self.views.on(found, recipe.loss)

    def go_on(self, recipe: Recipe, deadline: float | None) -> None:
        """Forget the rows of other recipes, and label those of this one until a deadline."""
        kept = {repr(synthesizer) for synthesizer, _ in recipe.synthesizers}
        self._pools = {key: pool for key, pool in self._pools.items() if key in kept}
        self.deadline = deadline

    def new_rows(self, recipe: Recipe, n_rows: int) -> Rows:
        """Return the first synthetic rows of a recipe, and the teacher's response to them."""
        synthesizer, _ = recipe.synthesizers[0]
        return self._pool(synthesizer).take(n_rows)

    def asked_by(self, student: Student, recipe: Recipe) -> Ask | None:
        """Return whom a student may ask, where it does, and somebody is there to answer."""
        answers = recipe.needs_teacher and self.teaching.labeller is not None
        return self.ask if student.asks and answers else None

    def ask(self, codes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the teacher's response to encoded rows made of values of the real ones."""
        with self._stage("labels"):
            return self.label_new(self._decoder.decode(codes))

    @cached_property
    def _decoder(self) -> RowDecoder:
        return RowDecoder(self.rows.X, self.rows.schema)

    def rows_around(self, recipe: Recipe, codes: NDArray[np.float64], n_rows: int) -> Rows:
        """Return rows that a recipe's synthesizer makes of encoded ones, and the response."""
        synthesizer, _ = recipe.synthesizers[0]
        return _Pool(self, synthesizer, self._decoder.decode(codes)).take(n_rows)

    def label_new(self, X: Any) -> NDArray[np.float64]:
        """Return the teacher's response to raw rows of which nothing else is known."""
        response = self.teaching.label(X, self.rows, self._n_jobs)
        n_silent = int((~has_label(response)).sum())
        if n_silent:
            raise NotDistillableError(
                f"each new row must have an answer of the teacher, got none for {n_silent:,} of "
                f"{len(response):,}; give it in a list, with one that answers them."
            )
        return response

    def _label_unlabelled(self, X_unlabeled: Any) -> Rows | None:
        if X_unlabeled is None:
            return None
        X = table(X_unlabeled)
        codes = self.rows.schema.encode(X)
        self.rows.schema.check_range(codes)
        X = match_columns(X, self.rows.X)
        return codes, self.label_new(X)

    def _real_labels(self, labels: str) -> NDArray[np.float64]:
        """Return out-of-fold labels, or in-sample ones; held-out rows are always out of fold.

        Rows without an answer have the truth in its place, which is then all that they teach.
        """
        found = self.teaching.soft_real
        if labels == "in_sample" and not self.teaching.frozen:
            found = self._in_sample
        return np.where(np.isnan(found), self.rows.truth, found)

    @cached_property
    def _in_sample(self) -> NDArray[np.float64]:
        learned, found = ~self.rows.held_out, self.teaching.soft_real.copy()
        with self._stage("labels"):
            X = take_rows(self.rows.X, learned)
            found[learned] = self.teaching.label(X, self.rows, self._n_jobs)
        return found

    def _pool(self, synthesizer: Synthesizer) -> _Pool:
        key = repr(synthesizer)
        if key not in self._pools:
            self._pools[key] = _Pool(self, synthesizer)
        return self._pools[key]


class _Pool:
    """Labelled rows of one synthesizer, fitted on the real rows that are not held out, or on X."""

    def __init__(self, sets: TransferSets, synthesizer: Synthesizer, X: Any = None) -> None:
        self._sets = sets
        rows = sets.rows
        with sets._stage("synthesis"):
            self._synthesizer = clone(synthesizer)
            if self._synthesizer.get_params(deep=False).get("random_state", 0) is None:
                self._synthesizer.set_params(random_state=rows.seed)
            known: dict[str, Any] = {}
            if X is None and rows.weight is not None:
                known = {"sample_weight": rows.weight[sets.drawn_from]}
            if X is None and rows.task.has_classes:
                known["y"] = sets._real_labels("out_of_fold")[sets.drawn_from]
            table = sets.train_table if X is None else X
            self._synthesizer.fit(table, splits=sets.splits, **known)
        self._raw: list[Any] = []
        self.weight = np.empty(0)
        self._X = np.empty((0, len(rows.schema.columns)))
        self._response = np.empty((0, sets.teaching.soft_real.shape[1]))

    def take(self, n_rows: int) -> Rows:
        """Return the first rows, made and labelled now where they are not yet."""
        sets, found = self._sets, [(self._X, self._response)]
        n_made = len(self._X)
        with sets._stage("labels"):
            while n_made < n_rows:
                late = sets.deadline is not None and time.monotonic() >= sets.deadline
                if late and n_made > 0:
                    break
                # Without a deadline all at once, which several threads can share.
                n_next = n_rows - n_made if sets.deadline is None else CHUNK
                X, weight = self._raw_rows(n_made, min(n_made + n_next, n_rows))
                self.weight = np.append(self.weight, weight)
                response = sets.label_new(X)
                found.append((sets.rows.schema.encode(X), response))
                n_made += len(response)
        self._X = np.vstack([X for X, _ in found])
        self._response = np.vstack([response for _, response in found])
        return self._X[:n_rows], self._response[:n_rows]

    def _block(self, seeds: list[int]) -> tuple[Any, NDArray[np.float64]]:
        """Return new rows in random order, so that the first of them stand for all."""
        rows, weight = self._synthesizer.sample_weighted(BLOCK, seeds)
        order = np.random.default_rng(seeds).permutation(BLOCK)
        return take_rows(rows, order), weight[order]

    def _raw_rows(self, start: int, stop: int) -> tuple[Any, NDArray[np.float64]]:
        """Return rows from `start` to `stop` of the endless table, and what they weigh."""
        parts, weights = [], []
        while start < stop:
            index, first = divmod(start, BLOCK)
            if index == len(self._raw):
                with self._sets._stage("synthesis"):
                    self._raw.append(self._block([self._sets.rows.seed, index]))
            last = min(BLOCK, first + stop - start)
            rows, weight = self._raw[index]
            parts.append(take_rows(rows, np.arange(first, last)))
            weights.append(weight[first:last])
            if last == BLOCK:
                self._raw[index] = None  # All of it is handed out.
            start += last - first
        return concatenate(parts), np.concatenate(weights)
