"""Fit a teacher that has no target to learn, and find how normal it says that each row is."""

from __future__ import annotations

from sklearn.frozen import FrozenEstimator

from ensemble_kd.errors import NotDistillableError, warn
from ensemble_kd.flow.settings import Settings
from ensemble_kd.flow.teaching._taught import Teaching
from ensemble_kd.rows import RealRows
from ensemble_kd.students import check_width
from ensemble_kd.teachers import fresh, is_fitted, name_of
from ensemble_kd.teachers.detectors import DetectorEnsemble, as_detectors


def teach_detectors(settings: Settings, rows: RealRows) -> Teaching:
    """Fit the detectors on all rows, and take their scores of each row as if it were not there.

    The same detectors label what is made: without a target there is none that a synthetic row near
    a held-out one could tell, and that one's own score leaves it out.

    Parameters
    ----------
    settings : Settings
        The teacher, and how many fits at once.
    rows : RealRows
        Rows to fit.

    Returns
    -------
    Teaching

    Raises
    ------
    NotDistillableError
        If the teacher gives no scores, or is frozen and not fitted.
    InputError
        If the table has more columns than a student can tell far-out rows of.
    """
    given = settings.teacher
    if isinstance(given, FrozenEstimator) and not is_fitted(given):
        raise NotDistillableError("the frozen teacher must be fitted first.")
    teacher = as_detectors(given)
    is_frozen = isinstance(given, FrozenEstimator)
    if is_frozen:
        warn(
            f"the teacher {name_of(given)} is frozen, so its scores of the rows given to fit are "
            "in-sample: a detector that memorises rows finds those normal that it has seen. Give "
            "rows that it has not seen, or the unfitted teacher."
        )
    teacher = fresh(teacher)
    if teacher.n_jobs is None:
        teacher.set_params(n_jobs=settings.n_jobs)
    if teacher.random_state is None or not isinstance(given, DetectorEnsemble):
        teacher.set_params(random_state=rows.seed)
    weight = {} if rows.weight is None else {"sample_weight": rows.weight}
    teacher_ = teacher.fit(rows.X, **weight)
    soft_real = teacher_.fit_scores_[:, None]
    check_width(rows.as_transfer_set(soft_real))
    return Teaching(teacher_, teacher_, teacher_, soft_real, is_frozen)
