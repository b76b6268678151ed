"""`DistillationSearch`: the best student within a budget, in the manner of `GridSearchCV`."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
import warnings
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ensemble_kd._distill import n_synthetic_rows
from ensemble_kd._estimator import DistilledEstimator
from ensemble_kd._frames import take_rows
from ensemble_kd._optional import require
from ensemble_kd._real_rows import RealRows, read_rows
from ensemble_kd._scorer import Scorer, load
from ensemble_kd._validation import check_seed, record_features, table
from ensemble_kd.bundle._save import write_atomically
from ensemble_kd.errors import BudgetError, InputError
from ensemble_kd.teachers import teacher_response
from ensemble_kd.tuning._budget import MARGIN, Budget
from ensemble_kd.tuning._certificate import certified_judge
from ensemble_kd.tuning._classroom import draw_rows, open_classroom
from ensemble_kd.tuning._fresh import Meter
from ensemble_kd.tuning._front import Candidate, as_table, candidates, choose, front
from ensemble_kd.tuning._outcome import MOST_TRIED, Finish, Outcome, keeps, time_data
from ensemble_kd.tuning._progress import Progress
from ensemble_kd.tuning._sizes import FileBytes
from ensemble_kd.tuning._space import SearchSpace, starting_points
from ensemble_kd.tuning._storage import quiet
from ensemble_kd.tuning._trial import TrialRunner
from ensemble_kd.tuning._work import ERROR, StudyPlace, work

# Bytes of a file that no student needs more than, where the budget does not say.
LARGEST_FILE = 400_000
SMALLEST_SHARE = 1 / 32
TRIAL_ROWS, MOST_CERTIFIED = 60_000, 10_000


def _is_classifier(search: DistillationSearch) -> bool:
    return bool(search.estimator._task == "classification")


class DistillationSearch(MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
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
    space : SearchSpace or None, default=None
        What varies; None takes all of it.
    n_trials : int, default=60
        Students to try, of all workers and of earlier runs in the same `workdir`; at least 1.
    timeout : float or None, default=None
        Seconds after which no further trial is begun, counted from the call of `fit`, greater
        than 0.
    effort : float, default=0.35
        Share of its steps that a network trains for in a trial, in (0, 1]; the refit takes all.
    sampler : {"tpe", "nsga2"}, default="tpe"
        What suggests settings: the tree-structured Parzen estimator [1]_ or NSGA-II [2]_.
    prune : bool, default=True
        Whether a trial ends early whose learning curve is worse than the median of students no
        larger.
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
        Times the file of a trial; None does so in a fresh process on this machine.
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
        Its loss on the validation rows, the lower the better.
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
        Seconds of "labels", "trials" and "refit".
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
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from ensemble_kd import DistilledClassifier, DistillationSearch
    >>> from ensemble_kd.tuning import SearchSpace
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> clf = DistilledClassifier(RandomForestClassifier(20), n_synthetic=200)
    >>> space = SearchSpace(students=("tree",))
    >>> search = DistillationSearch(clf, max_bytes=20_000, space=space, n_trials=3).fit(X, y)
    >>> search.certificate_.size_bytes <= 20_000
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
        space: SearchSpace | None = None,
        n_trials: int = 60,
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
        self.space = space
        self.n_trials = n_trials
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

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, X_unlabeled: Any = None) -> Self:
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
        start = time.time()
        budget, space = self._check()
        deadline = None if self.timeout is None else start + self.timeout
        with ExitStack() as stack:
            folder = self._folder(stack)
            finish = self._prepare(X, y, sample_weight, X_unlabeled, budget, space, folder)
            labelled = time.time()
            place = StudyPlace(self.storage, folder, self._study_name(finish.runner), self.sampler)
            self.interrupted_ = False
            try:
                self._run(finish.runner, place, deadline, space)
            except KeyboardInterrupt:
                self.interrupted_ = True
            tried = time.time()
            self._record(place, finish)
            outcome = self._finish(finish, budget)
        self._keep(outcome, table(X))
        self.times_ = {
            "labels": labelled - start, "trials": tried - labelled, "refit": time.time() - tried
        }  # fmt: skip
        return self

    def select(
        self,
        *,
        max_latency_us: float | None = None,
        max_bytes: int | None = None,
        min_gain_kept: float | None = None,
    ) -> Selection:
        """Pick again from the front, without fitting anything.

        Parameters
        ----------
        max_latency_us : float or None, default=None
            Microseconds that one row may take; None is no limit.
        max_bytes : int or None, default=None
            Bytes of the model file.
        min_gain_kept : float or None, default=None
            Share of the teacher's gain to keep on validation rows, at most 1.

        Returns
        -------
        Selection
            The student as its trial made it, timed again in fresh processes.

        Raises
        ------
        BudgetError
            If no student of the front keeps the budget.
        """
        check_is_fitted(self, "front_")
        budget = Budget(max_latency_us, max_bytes, min_gain_kept, self.latency, self.margin)
        budget.check()
        ranked = choose(self._front, budget)
        for one in ranked[:MOST_TRIED]:
            data = self._files[one.number]
            timed = time_data(data, self._runner)
            if keeps(budget, timed, len(data)):
                return Selection(one, data, timed)
        raise BudgetError(
            f"measured again, none of {len(ranked)} students meets {budget.describe()}; the "
            "machine may be busier than it was. Ask again, or for more microseconds."
        )

    # --- in order of call -------------------------------------------------------------------------

    def _check(self) -> tuple[Budget, SearchSpace]:
        if not isinstance(self.estimator, DistilledEstimator):
            raise InputError(
                "estimator must be a DistilledClassifier or DistilledRegressor, got "
                f"{type(self.estimator).__name__}."
            )
        if not (isinstance(self.n_trials, int | np.integer) and self.n_trials >= 1):
            raise InputError(f"n_trials must be >= 1, got {self.n_trials!r}.")
        if self.timeout is not None and not self.timeout > 0:
            raise InputError(f"timeout must be > 0 seconds, got {self.timeout!r}.")
        if not 0 < self.effort <= 1:
            raise InputError(f"effort must be in (0, 1], got {self.effort!r}.")
        if not 0 < self.certify_share <= 0.5:
            raise InputError(f"certify_share must be in (0, 0.5], got {self.certify_share!r}.")
        budget = Budget(
            self.max_latency_us, self.max_bytes, self.min_gain_kept, self.latency, self.margin
        )
        budget.check()
        space = SearchSpace() if self.space is None else self.space
        space.check()
        require("optuna", extra="tune")
        return budget, space

    def _folder(self, stack: ExitStack) -> Path:
        if self.workdir is None:
            return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ekd-tune-")))
        folder = Path(self.workdir)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _prepare(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        X_unlabeled: Any,
        budget: Budget,
        space: SearchSpace,
        folder: Path,
    ) -> Finish:
        """Divide the rows, fit the teacher, and gather what trials and the end need."""
        X = table(X)
        record_features(self, X)
        estimator, seed = self.estimator, check_seed(self.random_state)
        everything = read_rows(X, y, sample_weight, estimator._task, estimator.cv, seed)
        rows, certified = self._divide(everything, seed)
        n_train = int((~rows.held_out).sum())
        n_synthetic = n_synthetic_rows(estimator.n_synthetic, n_train, rows.n_outputs)
        teaching, classroom = open_classroom(
            estimator._teacher(), rows, X_unlabeled,
            joblib.Memory(folder / "cache", verbose=0),
            n_rows=min(TRIAL_ROWS, n_synthetic), n_jobs=self.n_jobs, verbose=self.verbose,
        )  # fmt: skip
        students = folder / "students"
        students.mkdir(exist_ok=True)
        sizes = FileBytes(rows, ["-" * 70] * 4)
        high = min(LARGEST_FILE, budget.max_bytes or LARGEST_FILE)
        span = space.n_bytes or (max(int(high * SMALLEST_SHARE), min(high, sizes.fixed)), high)
        runner = TrialRunner(
            classroom, space, sizes, span, budget, self.meter or Meter(), self.effort, self.prune,
            students,
        )  # fmt: skip
        response = teacher_response(teaching.labeller, certified.X, rows.classes)
        judge = certified_judge(rows, certified, response)
        return Finish(runner, teaching, X_unlabeled, n_synthetic, certified, judge, self.n_jobs)

    def _divide(self, everything: RealRows, seed: int) -> tuple[RealRows, RealRows]:
        """Return the rows of the search, and those that no trial sees."""
        free = replace(everything, held_out=np.zeros_like(everything.held_out))
        self.certified_rows_ = draw_rows(free, self.certify_share, MOST_CERTIFIED)
        if not self.certified_rows_.any():
            raise InputError(
                f"too few rows to keep some apart for the certificate, got {len(free.target)}."
            )
        chosen, weight = ~self.certified_rows_, everything.weight
        rows = read_rows(
            take_rows(everything.X, chosen), everything.labels[chosen],
            None if weight is None else weight[chosen],
            everything.task, everything.cv, seed,
        )  # fmt: skip
        certified = replace(
            rows,
            X=take_rows(everything.X, ~chosen),
            target=everything.target[~chosen],
            labels=everything.labels[~chosen],
            weight=None if weight is None else weight[~chosen],
            held_out=np.zeros(int((~chosen).sum()), dtype=bool),
        )
        return rows, certified

    def _study_name(self, runner: TrialRunner) -> str:
        """Return a name that tells rows, teacher, budget and space apart."""
        facts = (
            runner.classroom.key, runner.budget.limits(), runner.span, runner.effort,
            runner.classroom.n_rows, self.space, self.sampler,
        )  # fmt: skip
        return f"tune-{hashlib.sha256(repr(facts).encode()).hexdigest()[:16]}"

    def _run(
        self, runner: TrialRunner, place: StudyPlace, deadline: float | None, space: SearchSpace
    ) -> None:
        study = place.open()
        if not study.get_trials(deepcopy=False):
            recipe = getattr(self.estimator, "_recipe", None)
            for point in starting_points(space, runner.span, recipe):
                study.enqueue_trial(point, skip_if_exists=True)
        seed = check_seed(self.random_state)
        n_workers = 1 if self.n_jobs is None else joblib.effective_n_jobs(self.n_jobs)
        with quiet(), Progress(study, runner.budget, self.n_trials, deadline, self.verbose >= 1):
            if n_workers > 1:
                joblib.Parallel(n_jobs=n_workers)(
                    joblib.delayed(work)(runner, place, self.n_trials, deadline, seed, worker)
                    for worker in range(n_workers)
                )
            # What is left where a worker died; with one worker, all of it.
            work(runner, place, self.n_trials, deadline, seed)

    def _record(self, place: StudyPlace, finish: Finish) -> None:
        """Keep the trials and the files of the front."""
        optuna = require("optuna", extra="tune")
        study = place.open()
        found = candidates(study)
        broken = [t.user_attrs[ERROR] for t in study.get_trials() if ERROR in t.user_attrs]
        if broken:
            warnings.warn(
                f"{len(broken)} of {len(study.trials)} trials broke off, the last: {broken[-1]}",
                UserWarning, stacklevel=3,
            )  # fmt: skip
        if self.interrupted_ and not found:
            raise KeyboardInterrupt
        with quiet():
            self.study_ = optuna.create_study(directions=study.directions)
            self.study_.set_metric_names(study.metric_names)
            self.study_.add_trials(study.get_trials(deepcopy=False))
        self._front = front(found, self.latency)
        self._files = {one.number: self._read(one, finish.runner.folder) for one in found}
        self._runner = finish.runner
        self.trials_ = as_table(found)
        certified = [
            finish.judge(load(self._files[one.number]).respond(finish.certified.X))
            for one in self._front
        ]
        self.front_ = as_table(self._front).assign(
            certified_loss=[told.true_loss for told in certified],
            certified_gain_kept=[told.gain_kept for told in certified],
        )

    def _read(self, one: Candidate, folder: Path) -> bytes:
        path = folder / one.file
        data = path.read_bytes() if path.exists() else b""
        if hashlib.sha256(data).hexdigest() != one.sha256:
            raise InputError(
                f"the student of trial {one.number} must be in {path}, which is absent or another "
                "file; give the workdir of the study, or begin a new one."
            )
        return data

    def _finish(self, finish: Finish, budget: Budget) -> Outcome:
        found = candidates(self.study_)
        ranked = choose(found, budget)
        if self.interrupted_:
            warnings.warn(
                "the search was interrupted: the best student so far is kept as its trial made it.",
                UserWarning, stacklevel=3,
            )  # fmt: skip
        for one in ranked[:MOST_TRIED]:
            if self.refit and not self.interrupted_:
                outcome = finish.refit(one)
                if _meets(budget, outcome):
                    return outcome
            outcome = finish.as_it_is(one, self._files[one.number])
            if _meets(budget, outcome):
                return outcome
        raise BudgetError(
            f"none of the {len(ranked)} students that seemed to meet {budget.describe()} does when "
            f"measured again in fresh processes: the last took "
            f"{outcome.certificate.latency.p50_us:.2f} us a row and {len(outcome.data):,} bytes; "
            "the machine may be busier than it was, or the limit at the edge of what it can do."
        )

    def _keep(self, outcome: Outcome, X: Any) -> None:
        self._data = outcome.data
        self._scorer = load(outcome.data)
        self.model_ = self._scorer.model
        self.certificate_ = outcome.certificate
        self.best_params_ = outcome.candidate.params
        self.best_score_ = outcome.candidate.measured.loss
        if self.estimator._task == "classification":
            self.classes_ = self._scorer.classes_
        if outcome.result is not None:
            self.best_estimator_ = clone(self.estimator)
            record_features(self.best_estimator_, X)
            self.best_estimator_._keep(outcome.result)

    # --- the student ------------------------------------------------------------------------------

    def predict(self, X: Any) -> Any:
        """Return the student's class labels or values.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows with the columns given to `fit`.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self, "model_")
        return self._scorer.predict(table(X, fitted=self))

    @available_if(_is_classifier)
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the student's probability of each class.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows with the columns given to `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`.
        """
        check_is_fitted(self, "model_")
        return self._scorer.predict_proba(table(X, fitted=self))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the student's accuracy, or in regression R2.

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
        measure = accuracy_score if _is_classifier(self) else r2_score
        return float(measure(y, self.predict(X), sample_weight=sample_weight))

    def save(self, path: str | os.PathLike[str]) -> int:
        """Write the very file that was measured; `ensemble_kd.load` reads it.

        Parameters
        ----------
        path : str or path
            File to write, by custom ending in `.ekd`; a file that is there is replaced at once.

        Returns
        -------
        int
            Bytes written.
        """
        check_is_fitted(self, "model_")
        write_atomically(self._data, Path(path))
        return len(self._data)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the study out, which is tied to its storage; `trials_` stays."""
        return {k: v for k, v in super().__getstate__().items() if k != "study_"}

    def __sklearn_tags__(self) -> Any:
        """Say what the estimator says."""
        tags = super().__sklearn_tags__()
        inner = self.estimator.__sklearn_tags__()
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags, tags.regressor_tags = inner.classifier_tags, inner.regressor_tags
        tags.input_tags, tags.target_tags = inner.input_tags, inner.target_tags
        return tags


class Selection:
    """A student of the front that was picked again.

    Parameters
    ----------
    candidate : Candidate
        Its trial.
    data : bytes
        Its model file.
    latency : Latency
        Of one row, in fresh processes.
    """

    def __init__(self, candidate: Candidate, data: bytes, latency: Any) -> None:
        self.candidate, self.latency = candidate, latency
        self.size_bytes = len(data)
        self._data = data

    @property
    def scorer(self) -> Scorer:
        """The student at work."""
        return load(self._data)

    def save(self, path: str | os.PathLike[str]) -> int:
        """Write its model file, and return its bytes."""
        write_atomically(self._data, Path(path))
        return len(self._data)

    def __repr__(self) -> str:
        """Return what it is and costs."""
        one = self.candidate
        return (
            f"Selection(trial {one.number}: {one.student}, {one.compression}, "
            f"{self.latency.p50_us:.2f} us, {self.size_bytes:,} bytes)"
        )


def _meets(budget: Budget, outcome: Outcome) -> bool:
    return keeps(budget, outcome.certificate.latency, len(outcome.data))
