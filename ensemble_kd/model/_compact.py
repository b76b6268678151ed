"""What a compact model is: its table, its task, one student's numbers, how it decides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from ensemble_kd.model._decision import Calibrator, ScoreQuantiles
from ensemble_kd.model._layers import MLPRecord
from ensemble_kd.model._outputs import last_sums
from ensemble_kd.model._policy import ChosenBy
from ensemble_kd.model._reasons import Reasons
from ensemble_kd.model._trees import Link, TreesRecord
from ensemble_kd.schema import Category, TableSchema

Task = Literal["classification", "multilabel", "regression", "outliers"]
TASKS: tuple[Task, ...] = get_args(Task)
# Those that one column of a table tells.
COLUMN_TASKS: tuple[Task, ...] = tuple(task for task in TASKS if task != "multilabel")


@dataclass(frozen=True)
class CompactModel:
    """One student as plain data, without behaviour.

    Parameters
    ----------
    task : {"classification", "multilabel", "regression", "outliers"}
        What the outputs mean.
    schema : TableSchema
        How raw rows become the matrix that `body` takes.
    body : MLPRecord or TreesRecord
        The numbers of the student.
    classes : tuple, default=()
        The class labels in output order, or the names of the labels of which a row may have any;
        empty for values and scores.
    calibrator : LogitScaling, ProbabilityCurve, ScoreCurve or None, default=None
        What the probabilities, or the score, go through; None leaves them as the student gives
        them.
    threshold : float or None, default=None
        Of two classes, the probability from which on the second one is the answer, in [0, 1]; None
        answers with the likelier class. Of outliers, the score below which a row is one.
    quantiles : ScoreQuantiles or None, default=None
        Of outliers, how scores of real rows are spread.
    policy : ChosenBy or None, default=None
        What the threshold was chosen by, where that is known.
    reasons : Reasons or None, default=None
        What reasons are counted from and called; changes no answer.
    """

    task: Task
    schema: TableSchema
    body: MLPRecord | TreesRecord
    classes: tuple[Category, ...] = ()
    calibrator: Calibrator | None = None
    threshold: float | None = None
    quantiles: ScoreQuantiles | None = None
    policy: ChosenBy | None = None
    reasons: Reasons | None = None

    @property
    def has_classes(self) -> bool:
        """Whether the response is a probability of each class."""
        return self.task == "classification"

    @property
    def is_multilabel(self) -> bool:
        """Whether the response is a probability of each label, of which a row may have any."""
        return self.task == "multilabel"

    @property
    def is_detector(self) -> bool:
        """Whether the response is a score, low for what is abnormal."""
        return self.task == "outliers"

    @property
    def answers(self) -> tuple[Category, ...]:
        """What a row is decided to be: a class, or -1 (abnormal) or 1; else nothing."""
        if self.is_detector:
            return (-1, 1)
        return self.classes if self.has_classes else ()

    @property
    def n_outputs(self) -> int:
        """Number of outputs: one a class or label, one score, or the values."""
        if self.classes:
            return len(self.classes)
        return 1 if self.is_detector else last_sums(self.body)

    @property
    def link(self) -> Link:
        """What turns the body's sums into the response."""
        if isinstance(self.body, MLPRecord):
            if self.is_multilabel:
                return "sigmoids"
            return "softmax" if self.has_classes else "identity"
        return self.body.link

    @property
    def n_sums(self) -> int:
        """Number of sums that the link takes."""
        return 1 if self.link == "sigmoid" else self.n_outputs


def without_decision(model: CompactModel) -> CompactModel:
    """Return the model as the student was trained, without what decides on its response.

    Parameters
    ----------
    model : CompactModel
        The model.

    Returns
    -------
    CompactModel
    """
    return replace(model, calibrator=None, threshold=None, quantiles=None, policy=None)
