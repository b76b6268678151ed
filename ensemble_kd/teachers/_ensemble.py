"""The heterogeneous teacher: several members, averaged with weights found out of fold."""

from __future__ import annotations

import time
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
from ensemble_kd.tasks import DEFAULT_TASK, task_named
from ensemble_kd.teachers._asked import checked_members, given_weights
from ensemble_kd.teachers._blended import BlendedMembers
from ensemble_kd.teachers._fit_members import fit_members
from ensemble_kd.teachers._wrap import allows_missing
from ensemble_kd.teachers.in_time import tell_short_time
from ensemble_kd.teachers.members import has_classes
from ensemble_kd.teachers.weighing import MOST_COMPARED, Blend, Weighing, find_blend, some_of

# Of the time limit, what members are fitted in; the rest is for their weights.
FITTING_SHARE = 0.95


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
    members : list of (str, estimator), "fast", "default", "best" or None, default=None
        Names and scikit-learn estimators, which get the raw rows; or a preset, each member of
        which reads categories and missing values. None is "default": extra trees, XGBoost with
        shallow and with deep trees, LightGBM with large and with small ones, an additive spline
        model and a network. "fast" has four, cheaper ones; "best" has four times as many extra
        trees, and CatBoost where it is installed, without which the same seed gives another
        teacher.
    task : {"classification", "regression"}, default="classification"
        What the members predict.
    weights : "selection", "equal" or array of shape (n_members,), default="selection"
        "selection": greedy ensemble selection on out-of-fold responses [1]_; "equal": the plain
        mean; or weights, at least 0 and not all 0.
    cv : int or splitter, default=5
        Folds.
    time_limit : float or None, default=None
        Seconds that the fit may take, greater than 0. Where the members would take longer, those
        that cost least are fitted, on samples of the rows if need be, boosted ones end by the
        clock, and a warning and `fit_times_` say so. A fit that is cut short depends on the speed
        of the machine.
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
        Those with a weight, fitted on all rows.
    fit_times_ : dict of str to MemberTime
        Rows and seconds of each member after a fit in limited time; empty after any other.
    weights_ : ndarray of shape (n_members,)
        They are above 0 and sum to 1.
    blend_ : Blend
        What makes one response of the members': their mean; or where that was found better out of
        fold, and the weights are selected, the mean of members that are each sharpened on its own,
        a sharpened mean or a logarithmic pool.
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
        members: list[tuple[str, Any]] | str | None = None,
        *,
        task: Task = DEFAULT_TASK,
        weights: Literal["selection", "equal"] | Any = "selection",
        cv: Any = 5,
        time_limit: float | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        random_state: Any = 0,
    ) -> None:
        self.members = members
        self.task = task
        self.weights = weights
        self.cv = cv
        self.time_limit = time_limit
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
        tell_short_time(self.fit_times_, len(self.out_of_fold_response_))
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
    ) -> BlendedMembers | None:
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
            without the held-out rows. A `time_limit` that ends before counts.

        Returns
        -------
        BlendedMembers or None
            With the weights of this ensemble; None where no row is held out.

        Raises
        ------
        InputError, NotDistillableError
            As `fit` does.
        """
        deadline = self._soonest(deadline)
        unread = task_named(self.task)
        if not unread.is_supervised:
            raise InputError(
                f"a TeacherEnsemble averages what predicts a target, got task={self.task!r}; "
                "ensemble_kd.teachers.detectors.DetectorEnsemble is for it."
            )
        X = table(X)
        task, hard = check_target(y, len(X), unread)
        weight = check_weight(sample_weight, hard, task)
        record_features(self, X)
        seed = check_seed(self.random_state)
        members = checked_members(self.members, task, seed)
        self.task_ = task
        if task.has_classes:
            self.classes_ = task.labels
        targets = task.targets(hard)
        if isinstance(dependence, str):
            dependence = find_copies(TableSchema.infer(X).encode(X))
        given = given_weights(self.weights, len(members))
        if given is not None:
            members = [member for member, w in zip(members, given, strict=True) if w > 0]
            given = given[given > 0]
        row_weight = np.ones(len(hard)) if weight is None else weight

        truth = task.truth(hard)
        weigh = Weighing(truth, row_weight, task, given, seed)
        done = fit_members(
            members, X, targets, weight, cv=self.cv, task=task, seed=seed, held_out=held_out,
            dependence=dependence, weigh=weigh, n_jobs=self.n_jobs, verbose=self.verbose,
            deadline=deadline,
        )  # fmt: skip
        names, found, self.fit_times_ = done.names, done.fits, done.times
        judged = ~np.isnan(found.response[0, :, 0])
        if held_out is not None:
            judged &= ~held_out
        if deadline is not None:
            judged = some_of(judged, MOST_COMPARED, seed)
        rows = np.flatnonzero(judged)
        if found.weights is None:
            if given is not None:  # of the members that there was time for
                own = np.isin([name for name, _ in members], names)
                given = given[own] / given[own].sum()
                weigh = Weighing(truth, row_weight, task, given, seed)
            weights = weigh(found.response[:, rows], rows)
            names = [name for name, w in zip(names, weights, strict=True) if w > 0]
            found = found.of(weights)
        self.members_ = list(zip(names, found.fitted, strict=True))
        self.weights_, self.member_responses_ = np.asarray(found.weights), found.response
        of_rows = found.response[:, rows], truth[rows], row_weight[rows]
        losses = [task.mean_loss(response, *of_rows[1:]) for response in of_rows[0]]
        self.best_member_ = names[int(np.argmin(losses))]
        self.blend_ = Blend(self.weights_)
        if given is None:
            self.blend_ = find_blend(
                self.weights_, *of_rows, task, seed=seed, temperatures=weigh.temperatures
            )
        self.out_of_fold_response_ = self.blend_(found.response)
        if not found.unseen:
            return None
        return BlendedMembers(list(zip(names, found.unseen, strict=True)), self.blend_, task)

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

    def _soonest(self, deadline: float | None) -> float | None:
        if self.time_limit is None:
            return deadline
        if not self.time_limit > 0:
            raise InputError(f"time_limit must be > 0 seconds, got {self.time_limit!r}.")
        own = time.monotonic() + FITTING_SHARE * self.time_limit
        return own if deadline is None else min(own, deadline)

    def _respond(self, X: Any) -> NDArray[np.float64]:
        check_is_fitted(self, "members_")
        X = table(X, fitted=self)
        mean = BlendedMembers(self.members_, self.blend_, self.task_)
        return mean.predict_proba(X, n_jobs=self.n_jobs)

    def __sklearn_tags__(self) -> Any:
        """Say what is predicted, and that what the members take is welcome."""
        tags = super().__sklearn_tags__()
        task_named(self.task).describe_to_sklearn(tags)
        tags.target_tags.required = True
        given = [] if isinstance(self.members, str) else self.members or []
        members = [m[-1] if isinstance(m, tuple | list) else m for m in given]
        tags.input_tags.allow_nan = all(allows_missing(member) for member in members)
        tags.input_tags.string = True
        return tags
