"""`DistillationSearch`: the best student within a budget, in the manner of `GridSearchCV`."""

from __future__ import annotations

import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Self

import joblib
import numpy as np

from ensemble_kd._optional import require
from ensemble_kd.errors import BudgetError, InputError
from ensemble_kd.estimators import DistilledEstimator
from ensemble_kd.metrics import RowScoring
from ensemble_kd.rows import record_features, table
from ensemble_kd.scoring import load
from ensemble_kd.teachers import fresh
from ensemble_kd.tuning._budget import MARGIN, Budget
from ensemble_kd.tuning._fitted import FittedSearch
from ensemble_kd.tuning._flow import SearchResult, search
from ensemble_kd.tuning.finish import Outcome
from ensemble_kd.tuning.study import SAMPLERS, quiet
from ensemble_kd.tuning.trial import SearchSpace


class DistillationSearch(FittedSearch):
    """Find the best student within limits on latency and bytes, measured on the exported file.

    Use it where a student must fit a place: `fit` teaches many students of different families,
    sizes and recipes from labels that are made once, measures each as it would be deployed, and
    hands over the best one that keeps the budget, refitted, with a certificate.

    Parameters
    ----------
    estimator : DistilledClassifier or DistilledRegressor
        Its teacher, folds and number of synthetic rows are used; student, recipe, labels, alpha,
        loss, temperature, synthesizer and compression are what is searched. If it is fitted, the
        search starts from its recipe.
    max_latency_us : float or None, default=None
        Microseconds that one row, given as a dict to the loaded file, may take.
    max_bytes : int or None, default=None
        Bytes of the model file.
    min_gain_kept : float or None, default=None
        Share of the teacher's gain over plain training to keep on validation rows, at most 1.
    latency : {"p50", "p99"}, default="p50"
        What `max_latency_us` limits: the median of single calls, or what 99 of 100 stay below.
    margin : float, default=0.15
        Share of `max_latency_us` left free for the noise of later measurements, in [0, 1).
    scoring : str or None, default=None
        Of two classes, the score that students are compared by, such as ``"average_precision"``;
        None takes the estimator's, and without one the loss. Gains are told in losses all the same.
    space : SearchSpace or None, default=None
        What varies; None takes all of it.
    n_trials : int, default=60
        Students to try, of all workers and of earlier runs in the same `workdir`; at least 1.
    n_finalists : int, default=6
        The best trials within latency and bytes, which are then trained in earnest, for twice as
        many steps as the flow takes and, with `n_synthetic="auto"`, on twice as many synthetic
        rows, to choose from on the same validation rows. At least 0; with 0 the best trial is
        chosen.
    timeout : float or None, default=None
        Seconds from the call of `fit` after which no student is begun but the one handed over,
        greater than 0; trials take 70 % of them, so that some are left for the finalists.
    effort : float, default=0.35
        Share of its usual steps that a network trains for in a trial, in (0, 1]; a finalist and the
        student handed over take twice as many as usual.
    sampler : {"tpe", "nsga2"}, default="tpe"
        What suggests settings: the tree-structured Parzen estimator [1]_ or NSGA-II [2]_.
    prune : bool, default=True
        Whether to give up a student whose curve is worse than the median of those no larger.
    certify_share : float, default=0.2
        Share of the rows that no trial sees, in (0, 0.5].
    refit : bool, default=True
        Whether the winner is trained again on all other rows; without, it is handed over as its
        trial made it.
    storage : str, path, optuna.storages.BaseStorage or None, default=None
        Where trials are kept: the URL of a database, the path of a journal file, or None for a
        journal in `workdir`.
    workdir : str, path or None, default=None
        Folder of the journal, the cache of labels and the students; with the same rows and budget
        a later `fit` goes on where an earlier one stopped. None: a folder that is removed.
    meter : Meter or None, default=None
        Times a model file, of a trial or handed over; None does so in a fresh process on this
        machine.
    n_jobs : int or None, default=None
        Trials at once, through joblib.
    verbose : int, default=0
        A progress bar from 1 on.
    random_state : int, RandomState or None, default=0
        With one worker the same seed tries the same settings, as long as the measured latencies
        are alike.

    Attributes
    ----------
    best_estimator_ : DistilledClassifier or DistilledRegressor
        The refitted winner, where `refit`.
    best_params_ : dict
        Parameters of its trial.
    best_score_ : float
        Its loss on the validation rows, the lower the better; with a scoring what is missing to 1,
        or the cost of a row.
    model_ : CompactModel
        The student, which predicts.
    certificate_ : Certificate
        Costs and quality of the student handed over, and the optimism of the search.
    front_ : DataFrame
        Students that no other one beats in loss, latency and bytes, as their trials made them.
    trials_ : DataFrame
        All that were measured.
    study_ : optuna.study.Study
        All trials, those given up among them; a copy in memory.
    certified_rows_ : ndarray of shape (n_samples,), bool
        The rows that no trial saw.
    interrupted_ : bool
        Whether the search was ended by Ctrl-C.
    times_ : dict
        Seconds of "labels", "trials", "finals", "teacher" (fitted for the refit) and "refit".
    classes_ : ndarray of shape (n_classes,)
        Class labels (classification).
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where `X` had names.

    Raises
    ------
    BudgetError
        By `fit`, if no student keeps the budget; the message names the nearest one. The search
        then still has `front_`, `trials_` and `select`.

    References
    ----------
    .. [1] Bergstra et al. (2011). Algorithms for Hyper-Parameter Optimization; Ozaki et al. (2022).
       Multiobjective Tree-Structured Parzen Estimator.
    .. [2] Deb et al. (2002). A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from ensemble_kd import DistilledClassifier, DistillationSearch
    >>> from ensemble_kd.tuning import SearchSpace
    >>> X, y = load_wine(return_X_y=True, as_frame=True)
    >>> teacher = RandomForestClassifier(20, random_state=0)
    >>> clf = DistilledClassifier(teacher, n_synthetic=1000)
    >>> space = SearchSpace(students=("gbdt",))
    >>> few = {"n_trials": 3, "n_finalists": 1, "random_state": 1}
    >>> search = DistillationSearch(clf, max_bytes=40_000, space=space, **few).fit(X, y)
    >>> search.certificate_.size_bytes <= 40_000
    True
    """

    def __init__(
        self,
        estimator: Any,
        *,
        max_latency_us: float | None = None,
        max_bytes: int | None = None,
        min_gain_kept: float | None = None,
        latency: str = "p50",
        margin: float = MARGIN,
        scoring: str | None = None,
        space: SearchSpace | None = None,
        n_trials: int = 60,
        n_finalists: int = 6,
        timeout: float | None = None,
        effort: float = 0.35,
        sampler: str = "tpe",
        prune: bool = True,
        certify_share: float = 0.2,
        refit: bool = True,
        storage: Any = None,
        workdir: Any = None,
        meter: Any = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        random_state: Any = 0,
    ) -> None:
        self.estimator = estimator
        self.max_latency_us = max_latency_us
        self.max_bytes = max_bytes
        self.min_gain_kept = min_gain_kept
        self.latency = latency
        self.margin = margin
        self.scoring = scoring
        self.space = space
        self.n_trials = n_trials
        self.n_finalists = n_finalists
        self.timeout = timeout
        self.effort = effort
        self.sampler = sampler
        self.prune = prune
        self.certify_share = certify_share
        self.refit = refit
        self.storage = storage
        self.workdir = workdir
        self.meter = meter
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_unlabeled: Any = None,
        groups: Any = None,
        time: Any = None,
    ) -> Self:
        """Label once, try students, and hand over the best one within the budget.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Real rows.
        y : array of shape (n_samples,)
            True targets.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row.
        X_unlabeled : data frame or array of shape (n_unlabeled, n_features) or None, default=None
            Further real rows without a target, which the teacher labels.
        groups : array of shape (n_samples,) or None, default=None
            Group of each row, such as its customer, on one side of every split.
        time : array of shape (n_samples,) or None, default=None
            Time of each row, numbers or dates: the certified rows are the latest.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If the data or a parameter break a rule.
        BudgetError
            If no student keeps the budget.
        """
        budget, space = _checked(self)
        X = table(X)
        record_features(self, X)
        own = None if self.workdir is None else nullcontext(self.workdir)
        with quiet(), own or tempfile.TemporaryDirectory(prefix="ekd-tune-") as folder:
            found = search(
                self, budget, space, Path(folder), X, y, sample_weight, X_unlabeled, groups, time
            )
        self._keep_trials(found)
        if isinstance(found.outcome, BudgetError):
            raise found.outcome
        self._keep_student(found.outcome, X)
        return self

    def _keep_trials(self, found: SearchResult) -> None:
        findings, self._finish = found.findings, found.finish
        self._front, self._files, self.study_ = findings.front, findings.files, findings.study
        self.trials_, self.front_ = found.trials_table, found.front_table
        self._timed_rows = found.finish.runner.timed_rows
        self.certified_rows_ = found.finish.divided.is_certified
        self.interrupted_, self.times_ = found.interrupted, found.finish.stage.times
        if self.workdir is None:  # a folder of its own is gone by now, and the cache with it
            self._finish.memory = joblib.Memory(None)

    def _keep_student(self, outcome: Outcome, X: Any) -> None:
        self._data = outcome.data
        self._scorer = load(outcome.data)
        self.model_ = self._scorer.model
        self.certificate_ = outcome.certificate
        self.best_params_ = outcome.candidate.params
        self.best_score_ = outcome.candidate.measured.loss
        if self._scorer.model.classes:
            self.classes_ = self._scorer.classes_
        if outcome.result is not None:
            self.best_estimator_ = fresh(self.estimator)
            record_features(self.best_estimator_, X)
            self.best_estimator_.adopt(outcome.result)


def _checked(search: DistillationSearch) -> tuple[Budget, SearchSpace]:
    """Return budget and space, if all parameters keep the rules."""
    if not isinstance(search.estimator, DistilledEstimator):
        raise InputError(
            "estimator must be a DistilledClassifier or DistilledRegressor, got "
            f"{type(search.estimator).__name__}."
        )
    for name, least in (("n_trials", 1), ("n_finalists", 0)):
        value = getattr(search, name)
        if not (isinstance(value, int | np.integer) and value >= least):
            raise InputError(f"{name} must be >= {least}, got {value!r}.")
    if search.timeout is not None and not search.timeout > 0:
        raise InputError(f"timeout must be > 0 seconds, got {search.timeout!r}.")
    if not 0 < search.effort <= 1:
        raise InputError(f"effort must be in (0, 1], got {search.effort!r}.")
    if not 0 < search.certify_share <= 0.5:
        raise InputError(f"certify_share must be in (0, 0.5], got {search.certify_share!r}.")
    if search.scoring is not None:
        RowScoring(search.scoring)
    if search.sampler not in SAMPLERS:
        raise InputError(f"sampler must be one of {list(SAMPLERS)}, got {search.sampler!r}.")
    limits = (search.max_latency_us, search.max_bytes, search.min_gain_kept)
    budget = Budget(*limits, search.latency, search.margin)
    space = SearchSpace() if search.space is None else search.space
    budget.check()
    space.check()
    require("optuna", extra="tune")
    return budget, space
