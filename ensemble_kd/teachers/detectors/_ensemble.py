"""Several outlier detectors as one teacher: scores on a common scale, and one of them all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.errors import InputError
from ensemble_kd.rows import EncodedTable, check_seed, record_features, table, take_rows
from ensemble_kd.teachers._wrap import allows_missing
from ensemble_kd.teachers.detectors._given import ask_detector, fit_detector, named_detectors
from ensemble_kd.teachers.detectors._left_out import left_out_scores
from ensemble_kd.teachers.detectors._row_wise import check_row_wise
from ensemble_kd.teachers.detectors.combinations import COMBINATIONS, Combination
from ensemble_kd.teachers.detectors.members import (
    CHUNK,
    CONTAMINATION,
    Detector,
    NumberedRows,
    Scored,
    TableNumbers,
    default_detectors,
)
from ensemble_kd.teachers.detectors.scales import SCALES, Scale

Scores = NDArray[np.float64]


class DetectorEnsemble(Scored):
    """Several detectors as one, from rows without labels.

    Each is fitted on all rows, and its scores are put on a scale by what it says of the training
    rows, those it memorises as if it had not seen them; the ensemble's score is one of a row's
    scores on that scale. Low is abnormal, as everywhere in scikit-learn.

    Parameters
    ----------
    detectors : detector, list of detector or of (str, detector), or None, default=None
        Detectors of scikit-learn, of PyOD, or of this package, which get the raw rows; a fitted one
        in a `FrozenEstimator` is used as it is. None takes nearest neighbours, local outlier
        factor, robust covariance, a mixture, an isolation forest, a one-class SVM, ECOD and HBOS,
        which read categories and missing values.
    scale : {"asinh", "rank", "probit", "none"} or Scale, default="asinh"
        What makes scores of different detectors comparable.
    combination : {"top_half", "mean", "maximum"} or Combination, default="top_half"
        What makes one score of them: the mean of the half that find a row most abnormal, of all,
        the most abnormal; or an object such as `Weighted([2, 1])`.
    max_rows : int, default=5000
        Rows that those default detectors learn from whose cost is that of pairs of rows, drawn
        where there are more.
    n_jobs : int or None, default=None
        Threads that fit and ask detectors; None is one.
    random_state : int, RandomState or None, default=0
        Seeds draws, and detectors that have no seed of their own.

    Attributes
    ----------
    detectors_ : list of detector
        Fitted.
    names_ : list of str
        Their names.
    scales_ : list of Scale
        One a detector, fitted.
    fit_scores_ : ndarray of shape (n_samples,), float64
        Scores of the training rows, in their order, each as if detectors that memorise had not
        seen it.
    detector_fit_scores_ : ndarray of shape (n_samples, n_detectors), float64
        The same of each detector, on the scale, of the rows with a weight.
    offset_ : float
        A tenth of the training rows score lower; below it `predict` says -1.
    n_features_in_, feature_names_in_
        As in every scikit-learn estimator.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> teacher = DetectorEnsemble().fit(X)
    >>> near, far = teacher.score_samples([[0.0, 0.0], [9.0, 9.0]])
    >>> bool(far < teacher.fit_scores_.min() < near)
    True
    """

    def __init__(
        self,
        detectors: Any = None,
        *,
        scale: str | Scale = "asinh",
        combination: str | Combination = "top_half",
        max_rows: int = 5000,
        n_jobs: int | None = None,
        random_state: Any = 0,
    ) -> None:
        self.detectors = detectors
        self.scale = scale
        self.combination = combination
        self.max_rows = max_rows
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit the detectors, and the scale of each.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features), or EncodedTable
            Raw rows; the default detectors take mixed types and missing values, and rows that were
            read before.
        y : None
            Ignored.
        sample_weight : array of shape (n_samples,) or None, default=None
            A row of weight 0 teaches nothing; where our own detectors draw rows, one is drawn in
            proportion to its weight.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If a parameter or the data break a rule.
        NotDistillableError
            If a detector gives no scores, or not each row's by itself.
        """
        is_read = isinstance(X, EncodedTable)
        X = X if is_read else table(X)
        if len(X) < 2:
            raise InputError(f"detectors need at least 2 rows, got n_samples = {len(X)}.")
        weight = _checked_weight(sample_weight, len(X))
        all_rows, is_taught = X, weight > 0
        if not is_taught.all():
            X = _some(X, is_taught)
        seed = check_seed(self.random_state)
        scale = _chosen(self.scale, SCALES, Scale, "scale")
        self.combination_ = _chosen(self.combination, COMBINATIONS, Combination, "combination")
        if self.detectors is None:
            given: list[tuple[str, Any]] = list(default_detectors(self.max_rows, seed))
        else:
            given = named_detectors(self.detectors)
        self.combination_.check(len(given))
        if is_read:
            self.n_features_in_ = len(X.schema.columns)
        else:
            record_features(self, X)
        self.names_ = [name for name, _ in given]
        self.numbers_: TableNumbers | None = None
        numbered = None
        if any(isinstance(detector, Detector) for _, detector in given):
            numbered = TableNumbers().read(X)
            self.numbers_ = numbered.numbers
            if sample_weight is not None:
                numbered = replace(numbered, weight=weight[is_taught])

        def fit_one(unfitted: Any) -> tuple[Any, Scores]:
            if isinstance(unfitted, Detector):
                detector = fit_detector(unfitted, numbered, seed)
                return detector, detector.fit_scores_
            detector = fit_detector(unfitted, X, seed)
            scores = ask_detector(detector, X)
            check_row_wise(detector, X, scores, seed)
            return detector, left_out_scores(unfitted, detector, X, scores, seed)

        done = self._in_threads(fit_one, [detector for _, detector in given])
        self.detectors_ = [detector for detector, _ in done]
        self.scales_ = [clone(scale).fit(scores) for _, scores in done]
        scaled = [s.transform(own) for s, (_, own) in zip(self.scales_, done, strict=True)]
        self.detector_fit_scores_ = np.column_stack(scaled)
        taught = self.combination_.combine(self.detector_fit_scores_)
        self.offset_ = float(np.quantile(taught, CONTAMINATION))
        self.fit_scores_ = np.empty(len(is_taught))
        self.fit_scores_[is_taught] = taught
        if not is_taught.all():
            self.fit_scores_[~is_taught] = self.score_samples(_some(all_rows, ~is_taught))
        return self

    def detector_scores(self, X: Any) -> Scores:
        """Return the scores of each detector on the scale.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples, n_detectors), float64
            Low for abnormal rows.
        """
        check_is_fitted(self, "detectors_")
        X = X if isinstance(X, EncodedTable) else table(X, fitted=self)
        if len(X) <= CHUNK:
            return self._scores_of_chunk(X)
        places = np.arange(len(X))
        chunks = [places // CHUNK == i for i in range(-(-len(X) // CHUNK))]
        return np.concatenate([self._scores_of_chunk(_some(X, rows)) for rows in chunks])

    def _scores_of_chunk(self, X: Any) -> Scores:
        numbered = None
        if self.numbers_ is not None:
            n_near = max(getattr(detector, "n_near_", 0) for detector in self.detectors_)
            numbered = NumberedRows(self.numbers_, self.numbers_.transform(X), n_near=n_near)

        def ask(detector: Any) -> Scores:
            return ask_detector(detector, numbered if isinstance(detector, Detector) else X)

        scores = self._in_threads(ask, self.detectors_)
        scaled = [scale.transform(own) for scale, own in zip(self.scales_, scores, strict=True)]
        return np.column_stack(scaled)

    def score_samples(self, X: Any) -> Scores:
        """Return one score a row, low for abnormal ones.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples,), float64
            A row's score is the same whatever rows are beside it.
        """
        return self.combination_.combine(self.detector_scores(X))

    def _in_threads(self, work: Any, items: list[Any]) -> list[Any]:
        parallel = Parallel(n_jobs=self.n_jobs, prefer="threads")
        return list(parallel(delayed(work)(item) for item in items))

    def __sklearn_tags__(self) -> Any:
        """Say what the detectors take."""
        tags = super().__sklearn_tags__()
        if self.detectors is not None:
            given = [detector for _, detector in named_detectors(self.detectors)]
            tags.input_tags.allow_nan = all(allows_missing(detector) for detector in given)
        return tags


def as_detectors(teacher: Any) -> DetectorEnsemble:
    """Return what a user brings as one ensemble.

    Parameters
    ----------
    teacher : None, detector, list of detector or of (str, detector), or DetectorEnsemble
        None is the default ensemble; an ensemble is returned as it is.

    Returns
    -------
    DetectorEnsemble
        Unfitted, but for an ensemble that was.

    Raises
    ------
    InputError, NotDistillableError
        If it is none of these.
    """
    if isinstance(teacher, DetectorEnsemble):
        return teacher
    if teacher is not None:
        named_detectors(teacher)
    return DetectorEnsemble(teacher)


def _chosen(given: Any, by_name: dict[str, Any], kind: type, parameter: str) -> Any:
    if isinstance(given, kind):
        return clone(given)
    if isinstance(given, str) and given in by_name:
        return by_name[given]()
    raise InputError(
        f"{parameter} must be one of {list(by_name)} or a {kind.__name__}, got {given!r}."
    )


def _some(X: Any, kept: NDArray[np.bool_]) -> Any:
    return X[kept] if isinstance(X, EncodedTable) else take_rows(X, np.flatnonzero(kept))


def _checked_weight(sample_weight: Any, n_rows: int) -> Scores:
    if sample_weight is None:
        return np.ones(n_rows)
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (n_rows,) or not np.isfinite(weight).all() or (weight < 0).any():
        raise InputError(
            f"sample_weight must be {n_rows} finite numbers, one a row and at least 0, got "
            f"shape {weight.shape}."
        )
    if np.count_nonzero(weight) < 2:
        raise InputError("sample_weight must be above zero for at least 2 rows.")
    return weight
