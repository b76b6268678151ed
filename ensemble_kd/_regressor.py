"""`DistilledRegressor`: an ensemble's values in one compact model."""

from __future__ import annotations

from sklearn.base import RegressorMixin

from ensemble_kd._estimator import DistilledEstimator
from ensemble_kd.losses import DistillationLoss, SquaredErrorLoss


class DistilledRegressor(RegressorMixin, DistilledEstimator):  # type: ignore[misc]
    """Compress a teacher's values into one small student.

    The counterpart of `DistilledClassifier` for amounts: the student learns the teacher's values
    and the true ones by squared error.

    Parameters
    ----------
    teacher : estimator, list of (str, estimator) or None, default=None
        None: the default `TeacherEnsemble`. Any scikit-learn regressor, which gets the raw rows; a
        list of members to average; or ``FrozenEstimator(fitted)``.
    student : {"mlp", "gbdt", "tree"} or Student, default="mlp"
        The compact model.
    synthesizer : {"munge", "marginals"}, Synthesizer or None, default="munge"
        Makes new rows for the teacher to label; None makes none.
    alpha : float, default=0.7
        In [0, 1]: the weight of the teacher on real rows, the true value having the rest. With
        ``alpha=0, n_synthetic=0`` the student is trained plainly, without a teacher.
    n_synthetic : int, float or "auto", default="auto"
        Synthetic rows: a number, or as a float a multiple of the real rows. "auto" is 8 times the
        real rows, at least 10,000 and at most 160,000.
    cv : int or splitter, default=5
        Folds of the teacher's out-of-fold values.
    n_jobs : int or None, default=None
        Teacher fits at once, through joblib.
    verbose : int, default=0
        Progress bars from 1 on.
    random_state : int, RandomState or None, default=0
        The same seed gives the same model; it is the teacher's too where that has none.

    Attributes
    ----------
    teacher_ : estimator or None
        The teacher, fitted on all rows; None where none was needed.
    student_ : Student
        The fitted student.
    model_ : CompactModel
        The student as plain arrays, which predicts.
    transfer_set_ : TransferSet
        The rows the student learned from, with the teacher's values.
    fidelity_ : Fidelity or None
        Student beside teacher on real rows that the student was not trained on, though they said
        when to stop.
    fit_times_ : dict
        Seconds spent on "teacher", "synthesis", "labels" and "student".
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where `X` had names.

    References
    ----------
    .. [1] Buciluǎ, Caruana, Niculescu-Mizil (2006). Model Compression.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> reg = DistilledRegressor(RandomForestRegressor(50, random_state=0), student="tree")
    >>> bool(reg.fit(X, y).score(X, y) > 0.4)
    True
    """

    _task = "regression"

    def _loss(self) -> DistillationLoss:
        return SquaredErrorLoss(self.alpha)
