"""`DistilledOutlierDetector`: an ensemble of detectors in one compact model."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import OutlierMixin
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.estimators._adopting import Adopting
from ensemble_kd.flow import DEFAULT_MIN_FREQUENCY, distill
from ensemble_kd.rows import record_features, rows_to_score, table
from ensemble_kd.tasks import Outliers
from ensemble_kd.teachers import allows_missing
from ensemble_kd.teachers.detectors import as_detectors


class DistilledOutlierDetector(OutlierMixin, Adopting):  # type: ignore[misc]
    """Compress an ensemble of outlier detectors into one small student.

    The detectors are fitted on all rows, without labels, and score the rows, each as if it were not
    there, and many synthetic ones, inside and around the table. One student learns these scores: a
    network of some hundred kilobytes that scores a row in microseconds, and whose answer does not
    depend on which other rows it is asked of. Scores are low for what is abnormal, as everywhere in
    scikit-learn.

    Parameters
    ----------
    teacher : detector, list of detector or of (str, detector), or None, default=None
        None: the default `DetectorEnsemble`. Any outlier detector of scikit-learn or PyOD, cloned
        and fitted to the raw rows; a list of them; or ``FrozenEstimator(fitted)``, used as it is.
    student : {"mlp", "gbdt", "tree", "trepan", "soft_tree", "additive"} or \
            Student, default="mlp"
        The compact model.
    contamination : float or "auto", default="auto"
        In (0, 0.5]: the share of rows that are to be called outliers. The offset that does so is
        found by the student's own scores of real rows that it was not trained on. "auto" lets the
        scores say which share: outliers are those that a box plot of them would show as such, which
        lie further below the lower quartile than 1.5 times the distance of the quartiles.
    recipe : {"auto", "fast"}, default="auto"
        "fast" takes half as many synthetic rows and a shorter training.
    synthesizer : {"auto", "munge", "marginals", "forest_leaves"}, Synthesizer or None, \
            default="auto"
        Makes new rows for the teacher to score; None makes none. "auto" makes rows like those of
        the table, and others around them.
    n_synthetic : int, float or "auto", default="auto"
        Synthetic rows: a number, or as a float a multiple of the real rows. "auto" is 96 times
        the real rows, at least 20,000 and at most 320,000.
    min_frequency : int, default=5
        Rows that must have a category, or a number, for a model file to tell it, at least 1. A
        rarer category counts as one never seen.
    compression : CompressionStep, str, list of them, or None, default=None
        What is done to the fitted student, in order, such as
        ``[PruneNeurons(keep=0.5), "int8"]``; `compression_` tells what each step cost.
    time_limit : float or None, default=None
        Seconds that the fit may take, greater than 0. The detectors take what they need; the
        student has a fifth of the time at least.
    n_jobs : int or None, default=None
        Detectors fitted at once, and threads that score rows.
    verbose : int, default=0
        Progress bars from 1 on.
    random_state : int, RandomState or None, default=0
        The same seed gives the same model; it is the detectors' too where they have none.

    Attributes
    ----------
    teacher_ : DetectorEnsemble
        The teacher, fitted on all rows.
    student_ : Student
        The fitted student.
    model_ : CompactModel
        The student as plain arrays, which scores, with its offset and the quantiles of its scores.
    offset_ : float
        The score below which a row is an outlier.
    transfer_set_ : TransferSet
        The rows the student learned from, with the teacher's scores.
    recipe_ : DataFrame
        What the student was taught by.
    gate_ : list
        Empty: without a target there is no plain training to compare with.
    fidelity_ : RankFidelity
        Student beside teacher on real rows that the student was not trained on: correlation of
        ranks, and how many of the most abnormal rows are the same. They said when to stop, too.
    test_ : OnTest or None
        After `measure`: the same on rows of your own, and where labels are given AUC and average
        precision.
    fit_times_ : dict
        Seconds spent on "teacher", "synthesis", "labels" and "student".
    compression_ : DataFrame
        The student as it was and after each compression step. Empty without steps.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where `X` had names.

    References
    ----------
    .. [1] Buciluǎ, Caruana, Niculescu-Mizil (2006). Model Compression.
    .. [2] Zhao et al. (2021). SUOD: Accelerating Large-Scale Unsupervised Heterogeneous Outlier
       Detection, which replaces each slow detector by a regressor of its own.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import IsolationForest
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> detector = DistilledOutlierDetector(IsolationForest(), student="tree").fit(X)
    >>> detector.predict([[0.0, 0.1], [30.0, -30.0]]).tolist()
    [1, -1]
    """

    task = Outliers.name

    def __init__(
        self,
        teacher: Any = None,
        *,
        student: Any = "mlp",
        contamination: float | str = "auto",
        recipe: str = "auto",
        synthesizer: Any = "auto",
        n_synthetic: int | float | str = "auto",
        min_frequency: int = DEFAULT_MIN_FREQUENCY,
        compression: Any = None,
        time_limit: float | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        random_state: Any = 0,
    ) -> None:
        self.teacher = teacher
        self.student = student
        self.contamination = contamination
        self.recipe = recipe
        self.synthesizer = synthesizer
        self.n_synthetic = n_synthetic
        self.min_frequency = min_frequency
        self.compression = compression
        self.time_limit = time_limit
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        groups: Any = None,
        time: Any = None,
        soft_labels: Any = None,
    ) -> Self:
        """Fit the detectors, make and score the transfer set, fit the student, find the offset.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Real rows; mixed types and missing values are welcome.
        y : None, default=None
            Not looked at: labels serve `measure` alone.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row, at least 0. One of weight 0 teaches nothing and is not kept apart;
            the others teach detectors that draw rows, the synthesizers and the student in
            proportion, and `contamination` is a share of the weight. Detectors of scikit-learn and
            PyOD are fitted on all rows of a weight above 0 alike.
        groups : array of shape (n_samples,) or None, default=None
            Group of each row, such as its customer: of a group all rows are kept apart, or none.
        time : array of shape (n_samples,) or None, default=None
            Time of each row, numbers or dates: the rows kept apart are the latest, so that the
            offset is found by them. The detectors learn from all rows.
        soft_labels : array of shape (n_samples,), LoggedScores or None, default=None
            Scores of the rows by detectors that nobody can call any more, low for what is abnormal,
            in their place; missing for some, if need be. Synthetic rows are labelled by trees
            fitted to the scores, and only where held-out rows show clearly that this pays; without
            them the student knows nothing of rows outside of the table.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If the data or a parameter break a rule.
        NotDistillableError
            If the teacher gives no scores.
        """
        X = table(X)
        record_features(self, X)
        return self.adopt(
            distill(
                X, task=self.task, sample_weight=sample_weight, groups=groups, time=time,
                soft_labels=soft_labels, settings=self.settings(),
            )
        )  # fmt: skip

    @property
    def offset_(self) -> float:
        """The score below which a row is an outlier."""
        check_is_fitted(self, "model_")
        return self._scorer.offset_

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Return how normal each row is: the lower, the more abnormal.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows with the columns given to `fit`.

        Returns
        -------
        ndarray of shape (n_samples,)
            In the unit of the teacher's scores.

        Raises
        ------
        InputError
            If a value is of the wrong kind.
        """
        check_is_fitted(self, "model_")
        return self._scorer.score_samples(rows_to_score(X, self))

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the scores less the offset: below 0 for outliers.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows with the columns given to `fit`.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return self.score_samples(X) - self.offset_

    def __sklearn_tags__(self) -> Any:
        """Say that what the teacher takes is welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.teacher is None or allows_missing(
            as_detectors(self.teacher)
        )
        tags.input_tags.string = True
        return tags
