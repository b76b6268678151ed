"""The heterogeneous teacher: several members, averaged with weights found out of fold."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.errors import InputError
from ensemble_kd.model import Task
from ensemble_kd.rows import (
    Dependence,
    check_seed,
    check_target,
    check_weight,
    find_copies,
    record_features,
    table,
)
from ensemble_kd.schema import TableSchema
from ensemble_kd.tasks import DEFAULT_TASK, BaseTask, task_named
from ensemble_kd.teachers._fit_members import fit_members
from ensemble_kd.teachers._given import as_teacher
from ensemble_kd.teachers._selection import MOST_COMPARED, greedy_weights, some_of
from ensemble_kd.teachers._weighted_mean import WeightedMean
from ensemble_kd.teachers._wrap import (
    allows_missing,
    check_distillable,
    seeded,
)
from ensemble_kd.teachers.members import default_members, has_classes


def best_member(teacher: Any) -> tuple[str, Any] | None:
    """Return the member of the lowest out-of-fold loss, None of a teacher without members.

    Parameters
    ----------
    teacher : estimator or None
        Fitted.

    Returns
    -------
    tuple of (str, estimator) or None
        Its name and its model, fitted on all rows.
    """
    if isinstance(teacher, FrozenEstimator):
        teacher = teacher.estimator
    name = getattr(teacher, "best_member_", None)
    return None if name is None else (name, dict(teacher.members_)[name])


class TeacherEnsemble(BaseEstimator):  # type: ignore[misc]
    """Several models as one teacher: the weighted mean of their probabilities or values.

    Every member is fitted once a fold, which gives soft labels for rows it had not seen and the
    weights, and once on all rows, which gives the model that labels new rows.

    Parameters
    ----------
    members : list of (str, estimator) or None, default=None
        Names and scikit-learn estimators, which get the raw rows. None takes a random forest,
        extra trees, XGBoost with shallow and with deep trees, LightGBM with larger and with small
        ones, and a network, each of which reads categories and missing values.
    task : {"classification", "regression"}, default="classification"
        What the members predict.
    weights : "selection", "equal" or array of shape (n_members,), default="selection"
        "selection": greedy ensemble selection on out-of-fold responses [1]_; "equal": the plain
        mean; or weights, at least 0 and not all 0.
    cv : int or splitter, default=5
        Folds.
    n_jobs : int or None, default=None
        Fits at once, through joblib, and threads that label rows; None is one. A default member is
        fitted on one thread.
    verbose : int, default=0
        A progress bar from 1 on.
    random_state : int, RandomState or None, default=0
        Seeds the folds, and members that have no seed of their own.

    Attributes
    ----------
    members_ : list of (str, estimator)
        Fitted on all rows.
    fit_times_ : dict of str to MemberTime
        Rows and seconds of each member after a fit with a deadline; empty after any other.
    weights_ : ndarray of shape (n_members,)
        They sum to 1.
    out_of_fold_response_ : ndarray of shape (n_samples, n_outputs)
        Weighted response to each training row of models that had not seen it; NaN where no fold
        tests the row.
    member_responses_ : ndarray of shape (n_members, n_samples, n_outputs)
        The same of each member alone.
    best_member_ : str
        Name of the member with the lowest out-of-fold loss.
    task_ : BaseTask
        What is predicted, with its classes.
    classes_ : ndarray of shape (n_classes,)
        Class labels (classification).
    n_features_in_, feature_names_in_
        As in every scikit-learn estimator.

    References
    ----------
    .. [1] Caruana et al. (2004). Ensemble Selection from Libraries of Models.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> members = [("lr", LogisticRegression(max_iter=500)), ("tree", DecisionTreeClassifier())]
    >>> teacher = TeacherEnsemble(members).fit(X, y)
    >>> teacher.out_of_fold_response_.shape
    (150, 3)
    """

    def __init__(
        self,
        members: list[tuple[str, Any]] | None = None,
        *,
        task: Task = DEFAULT_TASK,
        weights: Literal["selection", "equal"] | Any = "selection",
        cv: Any = 5,
        n_jobs: int | None = None,
        verbose: int = 0,
        random_state: Any = 0,
    ) -> None:
        self.members = members
        self.task = task
        self.weights = weights
        self.cv = cv
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the members over folds and on all rows, and find the weights.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows; the default members take mixed types and missing values.
        y : array of shape (n_samples,)
            Class labels or values.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row, at least 0.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If a parameter or the data break a rule.
        NotDistillableError
            If a member gives no probabilities.
        """
        self.fit_beside(X, y, sample_weight)
        return self

    def fit_beside(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        held_out: Any = None,
        dependence: Dependence | Literal["find"] | None = "find",
        deadline: float | None = None,
    ) -> WeightedMean | None:
        """Fit, and return what the same ensemble would be without the held-out rows.

        No fold is fitted on them either, nor are the weights: `out_of_fold_response_` answers them
        by the ensemble that is returned, and what it says of the other rows tells nothing of their
        targets.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows, as `fit` takes them.
        y : array of shape (n_samples,)
            Class labels or values.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row, at least 0.
        held_out : ndarray of shape (n_samples,), bool, or None, default=None
            Rows to judge a student by.
        dependence : Groups, TimeOrder, "find" or None, default="find"
            What the folds respect; "find" looks for rows that are the same in every column.
        deadline : float or None, default=None
            Time of `time.monotonic` by which members, or rows, are left out to end, the dearest
            members first; `fit_times_` says which. Where time is short `members_` are fitted
            without the held-out rows.

        Returns
        -------
        WeightedMean or None
            With the weights of this ensemble; None where no row is held out.

        Raises
        ------
        InputError, NotDistillableError
            As `fit` does.
        """
        unread = task_named(self.task)
        X = table(X)
        task, hard = check_target(y, len(X), unread)
        weight = check_weight(sample_weight, hard, task)
        record_features(self, X)
        seed = check_seed(self.random_state)
        members = self._checked_members(task, seed)
        self.task_ = task
        if task.has_classes:
            self.classes_ = task.labels
        targets = task.targets(hard)
        if isinstance(dependence, str):
            dependence = find_copies(TableSchema.infer(X).encode(X))
        done = fit_members(
            members, X, targets, weight, cv=self.cv, task=task, seed=seed, held_out=held_out,
            dependence=dependence, n_jobs=self.n_jobs, verbose=self.verbose, deadline=deadline,
        )  # fmt: skip
        found, self.fit_times_ = done.fits, done.times
        self.members_ = list(zip(done.names, found.fitted, strict=True))
        self.member_responses_ = found.response
        weight = np.ones(len(hard)) if weight is None else weight
        chosen = ~np.isnan(found.response[0, :, 0])
        if held_out is not None:
            chosen &= ~held_out
        if deadline is not None:
            chosen = some_of(chosen, MOST_COMPARED, seed)
        is_fitted = np.isin([name for name, _ in members], done.names)
        of_rows = found.response[:, chosen], task.truth(hard[chosen]), weight[chosen]
        self.weights_ = self._find_weights(*of_rows, is_fitted)
        losses = [task.mean_loss(response, *of_rows[1:]) for response in of_rows[0]]
        self.best_member_ = done.names[int(np.argmin(losses))]
        self.out_of_fold_response_ = np.tensordot(self.weights_, found.response, axes=1)
        if not found.unseen:
            return None
        return WeightedMean(list(zip(done.names, found.unseen, strict=True)), self.weights_, task)

    @available_if(has_classes)
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return soft labels.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities.
        """
        return self._respond(X)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return class labels or values.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        response = self._respond(X)
        return self.task_.decide(response)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy, or R squared in regression.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.
        y : array of shape (n_samples,)
            True targets.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row.

        Returns
        -------
        float
        """
        return task_named(self.task).score(y, self.predict(X), sample_weight)

    def _respond(self, X: Any) -> NDArray[np.float64]:
        check_is_fitted(self, "members_")
        X = table(X, fitted=self)
        mean = WeightedMean(self.members_, self.weights_, self.task_)
        return mean.predict_proba(X, n_jobs=self.n_jobs)

    def _checked_members(self, task: BaseTask, seed: int) -> list[tuple[str, Any]]:
        if self.members is None:
            return default_members(self.task, seed)
        members = list(self.members)
        if not members or not all(isinstance(m, tuple | list) and len(m) == 2 for m in members):
            raise InputError(
                f"members must be a list of (name, estimator) with at least one, got {members!r}."
            )
        names = [name for name, _ in members]
        if len(set(names)) != len(names):
            raise InputError(f"members must have names of their own, got {names}.")
        members = [(name, as_teacher(estimator, task)) for name, estimator in members]
        for _, estimator in members:
            check_distillable(estimator, task)
        return [(name, seeded(estimator, seed)) for name, estimator in members]

    def _find_weights(
        self,
        responses: NDArray[np.float64],
        truth: NDArray[np.float64],
        weight: NDArray[np.float64],
        is_fitted: NDArray[np.bool_],
    ) -> NDArray[np.float64]:
        n_members = len(responses)
        if isinstance(self.weights, str):
            if self.weights == "equal":
                return np.full(n_members, 1 / n_members)
            if self.weights == "selection":
                return greedy_weights(responses, truth, weight, self.task_)
            raise InputError(
                f"weights must be 'selection', 'equal' or numbers, got {self.weights!r}."
            )
        given = np.asarray(self.weights, dtype=np.float64)
        if given.shape != is_fitted.shape or (given < 0).any() or not given.sum() > 0:
            raise InputError(
                f"weights must be {len(is_fitted)} numbers, at least 0 and not all 0, got "
                f"{self.weights!r}."
            )
        given = given[is_fitted]
        return np.asarray(given / given.sum() if given.any() else np.full(n_members, 1 / n_members))

    def __sklearn_tags__(self) -> Any:
        """Say what is predicted, and that what the members take is welcome."""
        tags = super().__sklearn_tags__()
        task_named(self.task).describe_to_sklearn(tags)
        tags.target_tags.required = True
        members = [m[-1] if isinstance(m, tuple | list) else m for m in self.members or []]
        tags.input_tags.allow_nan = all(allows_missing(member) for member in members)
        tags.input_tags.string = True
        return tags
