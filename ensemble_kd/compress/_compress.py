"""Steps one after the other, each with what it cost."""

from __future__ import annotations

import inspect
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ensemble_kd.compress._quantize import DTYPES, Quantize
from ensemble_kd.compress._report import report_row
from ensemble_kd.compress._rows import in_codes_of
from ensemble_kd.compress._step import CompressionStep
from ensemble_kd.errors import InputError
from ensemble_kd.log import logger
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.model import CompactModel, without_decision
from ensemble_kd.rows import TransferSet

LOG = logger(__name__)


@dataclass(frozen=True)
class Compression:
    """What came of the steps.

    Parameters
    ----------
    model : CompactModel
        The compressed model.
    report : list of dict
        The model as it was, and a line for each step; see `report_row`. Empty without steps.
    """

    model: CompactModel
    report: list[dict[str, Any]]


def compress(
    model: CompactModel,
    steps: Any = None,
    rows: TransferSet | None = None,
    loss: DistillationLoss | None = None,
    *,
    deadline: float | None = None,
) -> Compression:
    """Compress a model by steps, and measure each of them.

    Parameters
    ----------
    model : CompactModel
        The model; it stays as it is. A calibrator and a threshold are set aside, so that steps and
        report see the student's own probabilities, and put back as they were: calibrate anew after
        steps that move them.
    steps : CompressionStep, str, sequence of them, or None, default=None
        What to do, in order; "int8", "float16" and "float32" stand for `Quantize`.
    rows : TransferSet or None, default=None
        Rows with the teacher's response, in the codes of any schema of the same columns. Steps
        learn from real rows that are not held out; the report looks at those that are.
    loss : DistillationLoss or None, default=None
        What the student was trained on; needed where `rows` are.
    deadline : float or None, default=None
        When the trainings of all steps have to end, by `time.monotonic`; steps share the time left.

    Returns
    -------
    Compression

    Raises
    ------
    InputError
        If a step is unknown, does not suit the model, or needs rows that are not there.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from ensemble_kd import DistilledClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = DistilledClassifier(student="tree", alpha=0, n_synthetic=0).fit(X, y).model_
    >>> [row["step"] for row in compress(model, "float16").report]
    ['as it was', "Quantize(dtype='float16')"]
    """
    steps = as_steps(steps)
    for step in steps:
        if step.needs_rows and rows is None:
            raise InputError(f"{step} needs rows with a response, got none; give rows and a loss.")
    if not steps:
        return Compression(model, [])
    rows = None if rows is None else in_codes_of(model.schema, rows.weighted())
    # Steps learn the teacher's response, not the calibrated one.
    given, model = model, without_decision(model)
    report = [report_row("as it was", model, rows)]
    n_trainings = sum(step.trains for step in steps)
    for step in steps:
        model = step.apply(model, rows, loss, deadline=_share(deadline, n_trainings))
        n_trainings -= step.trains
        report.append(report_row(_label(step), model, rows))
        LOG.info("%(step)s: %(size_bytes)d bytes of arrays", report[-1])
    model = replace(
        model,
        calibrator=given.calibrator,
        threshold=given.threshold,
        quantiles=given.quantiles,
        policy=given.policy,
    )
    return Compression(model, report)


def _share(deadline: float | None, n_trainings: int) -> float | None:
    """Return when the next of so many trainings has to end."""
    if deadline is None:
        return None
    now = time.monotonic()
    return now + (deadline - now) / max(1, n_trainings)


def _label(step: CompressionStep) -> str:
    """Return the step with its first parameter, and the others where they are not the default."""
    parameters = list(inspect.signature(type(step).__init__).parameters.values())[1:]
    given = step.get_params(deep=False)
    shown = [
        f"{parameter.name}={given[parameter.name]!r}"
        for i, parameter in enumerate(parameters)
        if parameter.name in given and (i == 0 or given[parameter.name] != parameter.default)
    ]
    return f"{type(step).__name__}({', '.join(shown)})"


def as_steps(steps: Any) -> list[CompressionStep]:
    """Return the steps as objects.

    Parameters
    ----------
    steps : CompressionStep, str, sequence of them, or None
        Objects, or names of dtypes.

    Returns
    -------
    list of CompressionStep

    Raises
    ------
    InputError
        If one is neither a `CompressionStep` nor the name of a dtype.
    """
    if steps is None:
        return []
    if isinstance(steps, str) or not isinstance(steps, Sequence):
        steps = [steps]
    return [_as_step(step) for step in steps]


def _as_step(step: Any) -> CompressionStep:
    if isinstance(step, CompressionStep):
        return step
    if isinstance(step, str) and step in DTYPES:
        return Quantize(step)
    raise InputError(
        f"a compression step must be one of {DTYPES} or an object such as PruneNeurons(keep=0.5), "
        f"got {step!r}."
    )
