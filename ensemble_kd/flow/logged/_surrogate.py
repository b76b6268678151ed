"""What stands in for a model that nobody can call: trees fitted to the scores that it left."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor

from ensemble_kd.losses import DistillationLoss
from ensemble_kd.rows import Dependence, RealRows, TransferSet, draw_folds
from ensemble_kd.students import GBDTStudent

Array = NDArray[np.float64]

N_FOLDS = 3
# Of the boosted trees in the mean with extra trees; the least loss out of fold chooses.
SHARES = (1.0, 0.75, 0.5, 0.25, 0.0)
N_EXTRA_TREES = 100
# In place of a missing value; codes and numbers of real tables seldom lie so low.
MISSING = -1e30


class Surrogate:
    """Boosted and extra trees, fitted on folds of scored rows, each weighed on those left out.

    Parameters
    ----------
    rows : RealRows
        With the schema that encodes what is asked.
    scored : TransferSet
        Rows to learn, the response of each being its score.
    loss : DistillationLoss
        What the boosted trees minimise.
    n_jobs : int or None
        Threads of the extra trees.
    deadline : float or None, default=None
        Time of `time.monotonic` by which boosting ends, and after which no further fold is begun.
    dependence : Groups, TimeOrder or None, default=None
        What ties the scored rows together.

    Attributes
    ----------
    share_ : float
        In [0, 1]: the weight of the boosted trees.
    """

    def __init__(
        self, rows: RealRows, scored: TransferSet, loss: DistillationLoss, n_jobs: int | None,
        deadline: float | None = None, dependence: Dependence | None = None,
    ) -> None:  # fmt: skip
        self._schema, self._task = rows.schema, rows.task
        self._pairs: list[tuple[Any, Any]] = []
        fold = draw_folds(len(scored), N_FOLDS, np.random.default_rng(rows.seed), dependence)
        answers, told = np.empty((2, *scored.response.shape)), np.zeros(len(scored), dtype=bool)
        for k in np.unique(fold).tolist():
            if self._pairs and deadline is not None and time.monotonic() >= deadline:
                break
            left = fold == k
            told |= left
            pair = self._fit(scored, left, loss, rows.seed + k, n_jobs, deadline)
            answers[:, left] = self._answers(pair, scored.X[left])
            self._pairs.append(pair)
        losses = [
            self._task.mean_loss(
                _mixed(answers[:, told], share), scored.response[told], scored.sample_weight[told]
            )
            for share in SHARES
        ]
        self.share_ = SHARES[int(np.argmin(losses))]

    def predict_proba(self, X: Any) -> Array:
        """Return the mean response of the folds' trees to raw rows."""
        codes = self._schema.encode(X)
        parts = [_mixed(self._answers(pair, codes), self.share_) for pair in self._pairs]
        return np.asarray(np.mean(parts, axis=0))

    predict = score_samples = predict_proba

    @staticmethod
    def _fit(
        scored: TransferSet, left: NDArray[np.bool_], loss: DistillationLoss, seed: int,
        n_jobs: int | None, deadline: float | None,
    ) -> tuple[Any, Any]:  # fmt: skip
        rows = TransferSet(
            scored.schema, scored.X, scored.response, scored.task.no_target(len(scored)),
            scored.sample_weight, scored.origin, left, scored.task,
        )  # fmt: skip
        boosted = GBDTStudent(random_state=seed)
        boosted.fit_transfer(rows, loss, deadline=deadline)
        trees = ExtraTreesRegressor(
            N_EXTRA_TREES, max_features=0.5, min_samples_leaf=2, n_jobs=n_jobs, random_state=seed
        )
        learned = rows.take(~left)
        target = learned.response[:, 0] if learned.n_outputs == 1 else learned.response
        return boosted, trees.fit(_filled(learned.X), target, learned.sample_weight)

    @staticmethod
    def _answers(pair: tuple[Any, Any], codes: Array) -> Array:
        boosted, trees = pair
        answer = boosted.respond(codes)
        return np.stack([answer, trees.predict(_filled(codes)).reshape(answer.shape)])


def _mixed(answers: Array, share: float) -> Array:
    return np.asarray(share * answers[0] + (1 - share) * answers[1])


def _filled(codes: Array) -> Array:
    return np.clip(np.where(np.isnan(codes), MISSING, codes), MISSING, -MISSING)
