"""What every distilled estimator shares: its student predicts, and goes to a file."""

from __future__ import annotations

import os
from typing import Any, ClassVar, Self

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.compress import report_table
from ensemble_kd.decision import ThresholdPolicy, carry_over, carry_over_lines, decision_lines
from ensemble_kd.errors import InputError
from ensemble_kd.estimators._expected_unseen import expected_unseen
from ensemble_kd.estimators._measuring import Measuring
from ensemble_kd.estimators._model_card import model_card, training_facts
from ensemble_kd.explain import Contributions, with_reasons
from ensemble_kd.flow import Distillation, Recipe, Settings, recipe_table
from ensemble_kd.model import Task
from ensemble_kd.rows import rows_to_score, table
from ensemble_kd.scoring import Scorer, save


class Adopting(Measuring, BaseEstimator):  # type: ignore[misc]
    """Base of what takes over a distillation; a subclass names its task."""

    task: ClassVar[Task]
    _decision: tuple[str, ...] = ()
    _refitted: bool = False

    def settings(self) -> Settings:
        """Return the parameters as one record, for `distill` and a search.

        Returns
        -------
        Settings
        """
        return Settings.of(self.get_params(deep=False))

    def chosen_recipe(self) -> Recipe | None:
        """Return the recipe of the student, for a search to start from.

        Returns
        -------
        Recipe or None
            None before a fit.
        """
        return getattr(self, "_recipe", None)

    def adopt(self, result: Distillation) -> Self:
        """Take over what came of a distillation: from now on its student predicts.

        Parameters
        ----------
        result : Distillation
            Of rows with the columns that this estimator has recorded.

        Returns
        -------
        self
        """
        self.test_ = self._plain = None
        self._decision, self._tested_before_decision = (), False
        self.teacher_ = result.teacher
        self.transfer_set_ = result.transfer_set
        self.student_ = result.student
        self.model_ = result.model
        self.recipe_ = recipe_table(result.recipe, result.race)
        self.gate_ = result.gate
        self.fidelity_ = result.fidelity
        self.fit_times_ = result.times
        self.queries_ = pd.DataFrame(result.queries)
        self.compression_ = report_table(result.compression)
        self._recipe, self._lessons = result.recipe, result.lessons
        self._refitted = result.refitted
        self._expected_unseen = expected_unseen(result.transfer_set, result.model)
        self._scorer = Scorer(result.model, expected_unseen=self._expected_unseen)
        if result.model.classes:
            self.classes_ = self._scorer.classes_
        return self

    def decide_by(
        self, policy: ThresholdPolicy, X: Any, y: Any = None, *, sample_weight: Any = None
    ) -> Self:
        """Find the threshold that achieves what a policy asks, on rows kept apart.

        The threshold, what chose it and its operating curve become part of `model_`, of what
        predicts and of what is saved; the model card tells of them.

        Parameters
        ----------
        policy : ThresholdPolicy
            Such as ``ThresholdPolicy(alert_budget=0.005)``.
        X : data frame or array of shape (n_samples, n_features)
            Rows that were not given to `fit`.
        y : array of shape (n_samples,) or None, default=None
            What is true of them, where the policy needs it or the curve is to tell recall.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row, at least 0.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If the policy does not suit the model, or the rows do not fit.
        """
        check_is_fitted(self, "model_")
        X = table(X, fitted=self)
        self.model_ = policy.choose(self.model_, X, y, sample_weight=sample_weight)
        lines = decision_lines(self.model_, len(X), calibrated=False)
        kept = ("- Probabilities", "- Scores are on the scale")
        before = [line for line in self._decision if line.startswith(kept)]
        self._decision = (*lines[:2], *before, *lines[2:])
        self._tested_before_decision = self.test_ is not None
        self._scorer = Scorer(self.model_, expected_unseen=self._expected_unseen)
        return self

    def carry_over(self, old: Any, X: Any) -> Self:
        """Put the student's scores on the scale of the model that it replaces.

        Thresholds that people set by the old scores go on giving as many alerts; which rows these
        are is the student's affair. The curve becomes part of `model_`, of what predicts and of
        what is saved; the model card tells of it.

        Parameters
        ----------
        old : Scorer, CompactModel, estimator, or array of shape (n_samples,)
            What is replaced, such as ``load("old.ekd")``, or its answers: as in
            `ensemble_kd.decision.carry_over`.
        X : data frame or array of shape (n_samples, n_features)
            Rows that neither was fitted on, as they come, without labels.

        Returns
        -------
        self
            With the threshold of `old`, where it has one; else a classifier has none.

        Raises
        ------
        InputError
            If the two do not answer the same question, there are fewer than 100 rows, or a detector
            would be left without a threshold.
        """
        check_is_fitted(self, "model_")
        X = table(X, fitted=self)
        model = carry_over(old, self.model_, X)
        if model.is_detector and model.threshold is None:
            raise InputError(
                "a detector decides by a threshold, and what is replaced has none; take "
                "ensemble_kd.decision.carry_over, and a ThresholdPolicy(fixed=...) on top of it."
            )
        self.model_, self._decision = model, carry_over_lines(model, len(X))
        self._tested_before_decision = self.test_ is not None
        self._scorer = Scorer(self.model_, expected_unseen=self._expected_unseen)
        return self

    def predict(self, X: Any) -> Any:
        """Return the student's class labels or values.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows with the columns given to `fit`.

        Returns
        -------
        ndarray of shape (n_samples,)
            Of several outputs, or labels, which are then 0 or 1, (n_samples, n_outputs).

        Raises
        ------
        InputError
            If a value is of the wrong kind.
        """
        check_is_fitted(self, "model_")
        return self._scorer.predict(rows_to_score(X, self))

    def add_reasons(self, X: Any, **how: Any) -> Self:
        """Have the student tell reasons for its scores, here and in what is saved.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Real rows of normal behaviour, such as those given to `fit`; none of them is kept.
        **how
            Texts, groups, excluded columns and more: as in `ensemble_kd.explain.with_reasons`.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If the rows do not fit, or a parameter breaks a rule.
        """
        check_is_fitted(self, "model_")
        self.model_ = with_reasons(self.model_, rows_to_score(X, self), **how)
        self._scorer = Scorer(self.model_, expected_unseen=self._expected_unseen)
        return self

    def explain(self, X: Any) -> Contributions:
        """Return what each column adds to the student's score of each row.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows with the columns given to `fit`.

        Returns
        -------
        Contributions
            Its `reasons()` are those of each row.

        Raises
        ------
        InputError
            If `add_reasons` was not called, or a value is of the wrong kind.
        """
        check_is_fitted(self, "model_")
        return self._scorer.explain(rows_to_score(X, self))

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        hash_categories: bool = False,
    ) -> int:
        """Write the student to a model file that needs numpy and safetensors alone.

        The file holds no training row and no code, and of the values of the training rows those
        that `min_frequency` of them or more have; `ensemble_kd.load` reads it.

        Parameters
        ----------
        path : str or path
            File to write, by custom ending in `.ekd`; a file that is there is replaced at once.
        name : str or None, default=None
            Name of the model; None takes that of the file.
        hash_categories : bool, default=False
            Whether to write salted hashes in the place of categories, so that the file names none.
            A row with a category takes some microseconds longer, and there is no export.

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
            training=training_facts(self),
            hash_categories=hash_categories,
        )
