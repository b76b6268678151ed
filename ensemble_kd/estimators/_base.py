"""What the classifier and the regressor share: parameters become objects for `distill`."""

from __future__ import annotations

import hashlib
import os
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.compress import report_table
from ensemble_kd.estimators._model_card import model_card
from ensemble_kd.flow import Distillation, distill, recipe_table
from ensemble_kd.model import Task
from ensemble_kd.rows import record_features, table
from ensemble_kd.scoring import Scorer, save
from ensemble_kd.students import as_student
from ensemble_kd.teachers import TeacherEnsemble, allows_missing


class DistilledEstimator(BaseEstimator):  # type: ignore[misc]
    """Base of the distilled estimators; a subclass names its task and its loss."""

    _task: Task

    def __init__(
        self,
        teacher: Any = None,
        *,
        student: Any = "mlp",
        recipe: str = "auto",
        synthesizer: Any = "auto",
        labels: str = "auto",
        alpha: float | str = "auto",
        n_synthetic: int | float | str = "auto",
        active: bool = False,
        assistant: bool = False,
        compression: Any = None,
        cv: Any = 5,
        time_limit: float | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        random_state: Any = 0,
    ) -> None:
        self.teacher = teacher
        self.student = student
        self.recipe = recipe
        self.synthesizer = synthesizer
        self.labels = labels
        self.alpha = alpha
        self.n_synthetic = n_synthetic
        self.active = active
        self.assistant = assistant
        self.compression = compression
        self.cv = cv
        self.time_limit = time_limit
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    def _loss_options(self) -> dict[str, Any]:
        """Return what `distill` is to know of the loss."""
        return {}

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, X_unlabeled: Any = None) -> Self:
        """Fit the teacher, make and label the transfer set, and fit the student.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Real rows; mixed types and missing values are welcome.
        y : array of shape (n_samples,)
            True targets.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row, at least 0, for teacher and student.
        X_unlabeled : data frame or array of shape (n_unlabeled, n_features) or None, default=None
            Further real rows without a target, which the teacher labels.

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
        result = distill(
            X,
            y,
            task=self._task,
            teacher=self._teacher(),
            student=as_student(self.student),
            recipe=self.recipe,
            synthesizer=self.synthesizer,
            labels=self.labels,
            alpha=self.alpha,
            n_synthetic=self.n_synthetic,
            **self._loss_options(),
            X_unlabeled=X_unlabeled,
            active=self.active,
            assistant=self.assistant,
            compression=self.compression,
            sample_weight=sample_weight,
            cv=self.cv,
            time_limit=self.time_limit,
            n_jobs=self.n_jobs,
            verbose=self.verbose,
            random_state=self.random_state,
        )
        self._keep(result)
        return self

    def _teacher(self) -> Any:
        """Return the teacher, a list of members as an ensemble."""
        if isinstance(self.teacher, list | tuple):
            return TeacherEnsemble(
                list(self.teacher),
                task=self._task,
                cv=self.cv,
                n_jobs=self.n_jobs,
                verbose=self.verbose,
                random_state=self.random_state,
            )
        return self.teacher

    def _keep(self, result: Distillation) -> None:
        self.teacher_ = result.teacher
        self.transfer_set_ = result.transfer_set
        self.student_ = result.student
        self.model_ = result.model
        self.recipe_ = recipe_table(result.recipe, result.race)
        self.gate_ = result.gate
        self.fidelity_ = result.fidelity
        self.fit_times_ = result.times
        self.compression_ = report_table(result.compression)
        self._recipe = result.recipe
        self._scorer = Scorer(result.model)

    def predict(self, X: Any) -> Any:
        """Return the student's class labels or values.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows with the columns given to `fit`.

        Returns
        -------
        ndarray of shape (n_samples,)

        Raises
        ------
        InputError
            If a value is of the wrong kind.
        """
        check_is_fitted(self, "model_")
        return self._scorer.predict(table(X, fitted=self))

    def save(self, path: str | os.PathLike[str], *, name: str | None = None) -> int:
        """Write the student to a model file that needs numpy and safetensors alone.

        The file holds no training row and no code; `ensemble_kd.load` reads it.

        Parameters
        ----------
        path : str or path
            File to write, by custom ending in `.ekd`; a file that is there is replaced at once.
        name : str or None, default=None
            Name of the model; None takes that of the file.

        Returns
        -------
        int
            Bytes written.

        Raises
        ------
        BundleError
            If the file cannot be written; an older one stays as it was.
        """
        check_is_fitted(self, "model_")
        return save(
            self.model_,
            path,
            card=model_card(self),
            name=name,
            training=self._training_facts(),
        )

    def _training_facts(self) -> dict[str, Any]:
        """Return what the manifest tells of the training: counts, a digest, fidelity."""
        rows = self.transfer_set_
        real = rows.X[rows.origin == 0]
        facts: dict[str, Any] = {
            "n_real": int((rows.origin == 0).sum()),
            "n_unlabeled": int((rows.origin == 1).sum()),
            "n_synthetic": int((rows.origin == 2).sum()),
            "data_sha256": hashlib.sha256(np.ascontiguousarray(real).tobytes()).hexdigest(),
            "recipe": self._recipe.describe(),
        }
        if len(self.compression_):
            facts["compression"] = self.compression_["step"].tolist()[1:]
        if self.fidelity_ is not None:
            facts["fidelity"] = {
                key: value for key, value in vars(self.fidelity_).items() if value == value
            }
        return facts

    def __sklearn_tags__(self) -> Any:
        """Say that what the teacher takes is welcome."""
        tags = super().__sklearn_tags__()
        teacher = self._teacher()
        tags.input_tags.allow_nan = teacher is None or allows_missing(teacher)
        tags.input_tags.string = True
        tags.target_tags.required = True
        return tags
