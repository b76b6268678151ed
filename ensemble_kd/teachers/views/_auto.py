"""The view that tells most of those that a teacher has."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers.views._base import View
from ensemble_kd.teachers.views._hidden import HiddenView
from ensemble_kd.teachers.views._leaves import LeafView
from ensemble_kd.teachers.views._outputs import OutputsView


class AutoView(View):
    """Leaves where the teacher has trees that can be read, else a hidden layer, else its answers.

    Parameters
    ----------
    n_components : int, default=32
        Numbers for each row, from 1 to 64.

    Attributes
    ----------
    view_ : View
        The one that was found.
    """

    view_: View

    def _fit(self, teacher: Any, X: Any, task: BaseTask, seed: int) -> None:
        for view in (LeafView(self.n_components), HiddenView(self.n_components)):
            try:
                self.view_ = view.fit(teacher, X, task, seed=seed)
                return
            except InputError:  # it has none
                continue
        self.view_ = OutputsView(self.n_components).fit(teacher, X, task, seed=seed)

    def _transform(self, X: Any) -> NDArray[np.float64]:
        return self.view_._transform(X)
