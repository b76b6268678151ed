"""What the classifier and the regressor share: parameters become settings of a distillation."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.estimators._adopting import Adopting
from ensemble_kd.flow import DEFAULT_MIN_FREQUENCY, distill
from ensemble_kd.rows import (
    LoggedScores,
    check_seed,
    check_target,
    draw_test_rows,
    record_features,
    table,
    take_rows,
    take_values,
)
from ensemble_kd.tasks import task_named
from ensemble_kd.teachers import TeacherEnsemble, allows_missing
from ensemble_kd.teachers.unsupervised import as_finder


class DistilledEstimator(Adopting):
    """Base of the distilled estimators; a subclass names its task."""

    def __init__(
        self,
        teacher: Any = None,
        *,
        student: Any = "mlp",
        recipe: str = "auto",
        synthesizer: Any = "auto",
        labels: str = "auto",
        temperature: float = 1.0,
        alpha: float | str = "auto",
        loss: Any = "auto",
        scoring: str | None = None,
        n_synthetic: int | float | str = "auto",
        lessons: Any = (),
        refit: bool = True,
        min_frequency: int = DEFAULT_MIN_FREQUENCY,
        compression: Any = None,
        cv: Any = 5,
        time_limit: float | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        random_state: Any = 0,
        active: Any = "deprecated",
        assistant: Any = "deprecated",
    ) -> None:
        self.teacher = teacher
        self.student = student
        self.recipe = recipe
        self.synthesizer = synthesizer
        self.labels = labels
        self.temperature = temperature
        self.alpha = alpha
        self.loss = loss
        self.scoring = scoring
        self.n_synthetic = n_synthetic
        self.lessons = lessons
        self.refit = refit
        self.min_frequency = min_frequency
        self.compression = compression
        self.cv = cv
        self.time_limit = time_limit
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state
        self.active = active
        self.assistant = assistant

    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        soft_labels: Any = None,
        X_unlabeled: Any = None,
        groups: Any = None,
        time: Any = None,
        test_size: float | None = None,
    ) -> Self:
        """Fit the teacher, make and label the transfer set, and fit the student.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Real rows; mixed types and missing values are welcome.
        y : array of shape (n_samples,) or None, default=None
            True targets, which `soft_labels` alone and a clustering can be without. There may be
            several, of shape (n_samples, n_outputs): values, or of a classification 0 or 1 for each
            label, of which a row may have any.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row, at least 0, for teacher and student.
        soft_labels : array or data frame of shape (n_samples,) or (n_samples, n_classes), \
                LoggedScores or None, default=None
            Scores of the rows by a model that nobody can call any more, in the place of a teacher;
            missing for some, if need be. Probabilities, or values; `LoggedScores` says what else.
            Synthetic rows are labelled by trees fitted to the scores, and only where held-out rows
            show clearly that this pays: `gate_` tells.
        X_unlabeled : data frame or array of shape (n_unlabeled, n_features) or None, default=None
            Further real rows without a target, which the teacher labels.
        groups : array of shape (n_samples,) or None, default=None
            Group of each row, such as its customer: no fold, race or test has rows of a group on
            both sides.
        time : array of shape (n_samples,) or None, default=None
            Time of each row, numbers or dates: whatever is judged by is later than what is learned
            from. In folds, too, so the oldest rows take no label of the teacher.
        test_size : float or None, default=None
            In (0, 1): share of the rows that nothing is fitted on, and on which `measure` compares
            student and teacher. None keeps none apart.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If the data or a parameter break a rule.
        NotDistillableError
            If the teacher gives no probabilities or values.
        """
        X = table(X)
        record_features(self, X)
        settings = self.settings()
        if test_size is not None:
            test = self._test_rows(X, y, test_size, groups, time)
            log = None if soft_labels is None else LoggedScores.of(soft_labels, len(X))
            kept, apart = ([take_values(given, rows) for given in (y, sample_weight, groups, time)]
                           for rows in (~test, test))  # fmt: skip
            self.fit(
                take_rows(X, ~test), kept[0], kept[1], X_unlabeled=X_unlabeled, groups=kept[2],
                time=kept[3], soft_labels=None if log is None else log.take(~test),
            )  # fmt: skip
            own = None if log is None else log.take(test)
            return self.measure(take_rows(X, test), apart[0], apart[1], soft_labels=own)
        return self.adopt(
            distill(
                X, y, task=self.task, X_unlabeled=X_unlabeled, sample_weight=sample_weight,
                groups=groups, time=time, settings=settings, soft_labels=soft_labels,
            )
        )  # fmt: skip

    def _test_rows(self, X: Any, y: Any, share: float, groups: Any, time: Any) -> NDArray[np.bool_]:
        if not (isinstance(share, float | np.floating) and 0 < share < 1):
            raise InputError(f"test_size must be a share in (0, 1), got {share!r}.")
        if y is None:
            raise InputError(
                "test_size needs y; without it keep rows apart for `measure` yourself."
            )
        task, hard = check_target(y, len(X), task_named(self.task), several=True)
        test = draw_test_rows(
            X, task, hard, share, check_seed(self.random_state), groups=groups, time=time
        )
        if not test.any():
            raise InputError(f"test_size={share:g} of {len(X):,} rows leaves none for a test.")
        return test

    def __sklearn_tags__(self) -> Any:
        """Say that what the teacher takes is welcome."""
        tags = super().__sklearn_tags__()
        teacher = self.teacher
        if isinstance(teacher, list | tuple):
            teacher = TeacherEnsemble(list(teacher), task=self.task)
        finder = as_finder(teacher, task_named(self.task))
        is_preset = teacher is None or isinstance(teacher, str)
        tags.input_tags.allow_nan = is_preset or allows_missing(finder or teacher)
        tags.input_tags.string = True
        tags.target_tags.required = finder is None
        return tags
