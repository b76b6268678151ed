"""What each column adds to a teacher's answer: where it looks, row by row."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.losses.attention import column_groups
from ensemble_kd.rows import take_rows
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers.views._base import MOST_COMPONENTS, View
from ensemble_kd.teachers.views._moved import MovedColumns
from ensemble_kd.teachers.views._parts import parts_of
from ensemble_kd.teachers.views._tree_contributions import Contributions, tree_contributions

Array = NDArray[np.float64]
# Rows that a model's unit is found on.
N_ROWS = 500


class AttributionView(View):
    """What each column adds to the answer to a row, one number a column.

    Trees tell it: LightGBM and XGBoost by their own calls (Shapley values of the path [1]_), trees
    of scikit-learn by how the mean of a node changes from split to split [2]_. Of an ensemble the
    three heaviest members whose trees split the columns of the table are asked, each at its weight.
    Of any other teacher a column adds by how much the answer changes as it is moved to a usual
    value [3]_, less the mean change. Of one value it is that value's, of two classes the
    log-odds of the second, or whatever the trees sum; of more classes the length of what a column
    adds to all of them, each less their mean, which has no sign.

    Parameters
    ----------
    n_components : int, default=64
        Columns, from 1 to 64: of a table that has more, neighbours are summed.

    References
    ----------
    .. [1] Lundberg, Erion, Chen et al. (2020). From Local Explanations to Global Understanding with
       Explainable AI for Trees.
    .. [2] Saabas (2014). Interpreting random forests.
    .. [3] Zeiler, Fergus (2014). Visualizing and Understanding Convolutional Networks, section 4.2
       (occlusion).
    """

    # Its numbers stand for columns, or groups of them.
    tells_columns = True

    def __init__(self, n_components: int = MOST_COMPONENTS) -> None:
        super().__init__(n_components)

    def _fit(self, teacher: Any, X: Any, task: BaseTask, seed: int) -> None:
        group = column_groups(X.shape[1], self.n_components)
        read = partial(tree_contributions, group=group, n_outputs=task.n_outputs)
        told, weights = parts_of(teacher, read)
        some = take_rows(X, np.arange(0, len(X), -(-len(X) // N_ROWS)))
        try:
            lengths = [_length(one, some) for one in told]
        except InputError:  # a model of one's own whose columns are no numbers
            told = []
        if not told:
            told, weights = [MovedColumns(teacher, X, task, group)], [1.0]
            lengths = [_length(told[0], some)]
        pairs = zip(weights, lengths, strict=True)
        self._told = told
        self._heights = [weight / length if length > 0 else 0.0 for weight, length in pairs]

    def _transform(self, X: Any) -> Array:
        pairs = zip(self._heights, self._told, strict=True)
        found = np.asarray(sum(height * _explained(one(X)) for height, one in pairs))
        return found[:, 0] if found.shape[1] == 1 else np.sqrt((found**2).sum(axis=1))


def _length(told: Contributions, X: Any) -> float:
    """Return the root of the mean square of what is added."""
    return float(np.sqrt((_explained(told(X)) ** 2).mean()))


def _explained(added: Array) -> Array:
    """Return what is added to the numbers that are explained, of shape (n_rows, n_numbers, n)."""
    if added.shape[1] == 2:
        return added[:, 1:] - added[:, :1]
    return added if added.shape[1] == 1 else added - added.mean(axis=1, keepdims=True)
