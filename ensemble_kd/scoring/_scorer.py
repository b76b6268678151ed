"""A compact model at work: raw rows in, classes, probabilities, values or scores out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.bundle import Bundle
from ensemble_kd.errors import InputError
from ensemble_kd.model import CompactModel, label_array
from ensemble_kd.runtime import (
    CompiledRuntime,
    build_runtime,
    decision,
    response,
    row_encoder,
)
from ensemble_kd.schema import TableSchema, check_extra
from ensemble_kd.scoring._alerting import Alerting
from ensemble_kd.scoring._detecting import Detecting
from ensemble_kd.scoring._explaining import Explaining
from ensemble_kd.scoring._unseen import UnseenCount, UnseenCounter


class Scorer(Alerting, Detecting, Explaining):
    """Score raw rows with a compact model.

    Parameters
    ----------
    model : CompactModel
        The student's arrays.
    bundle : Bundle or None, default=None
        The file it came from.
    n_jobs : int, default=1
        Threads of the core in C for a batch, each for 1024 rows or more; -1 for one a CPU.
    expected_unseen : mapping of str to float, or None, default=None
        By column, the share of values to be expected that are categories never seen; None takes
        what the file tells of it.
    strict : bool, default=False
        Whether to refuse a category never seen in training, or too rare there to be told apart,
        and a number out of the range that was; the error names column, row and value. A single
        row then costs tens of microseconds.
    extra : {"ignore", "error"} or None, default=None
        What becomes of a column of a frame, and of a key of a dict, that the model does not take.
        None ignores the column, as a frame has to hold all the others, and refuses the key, which
        may be that of a nullable column, misspelt.

    Attributes
    ----------
    task : {"classification", "multilabel", "regression", "outliers"}
        What it predicts.
    schema : TableSchema
        The columns of a raw row.
    classes_ : ndarray of shape (n_classes,)
        Class labels, or names of several labels, in the order of the probabilities.
    bundle : Bundle or None
        Manifest and model card, where the model came from a file.
    runtime : {"C", "numpy"}
        What scores. The environment variable ``ENSEMBLE_KD_RUNTIME=numpy`` (or ``c``) chooses it
        when a scorer is made; both give the same answers to 1e-6.

    Notes
    -----
    With the core in C, `predict_one`, `predict_proba_one` and `score_one` of a scorer are the
    core's own. What they are given is not counted in `unseen_`, with either runtime.

    Examples
    --------
    Models come from `load`, or from the `model_` of a fitted estimator.
    """

    def __init__(
        self,
        model: CompactModel,
        bundle: Bundle | None = None,
        *,
        n_jobs: int = 1,
        expected_unseen: Mapping[str, float] | None = None,
        strict: bool = False,
        extra: str | None = None,
    ) -> None:
        check_extra(extra)
        self.model = model
        self.bundle = bundle
        self.n_jobs = n_jobs
        self.strict = strict
        self.extra = extra
        if expected_unseen is None and bundle is not None:
            told = bundle.manifest["training"].get("expected_unseen")
            expected_unseen = told if isinstance(told, dict) else None
        self._expected_unseen = expected_unseen
        self._unseen = UnseenCounter(model.schema, expected_unseen)
        self._runtime = build_runtime(model, n_threads=_thread_count(n_jobs), extra=extra)
        self._answers = label_array(model.answers)
        if model.classes:
            self.classes_ = label_array(model.classes)
        if isinstance(self._runtime, CompiledRuntime) and not strict:
            # A method in Python that calls them would cost a tenth of what the answer does.
            core = self._runtime.core
            own: dict[str, Any] = {"predict_one": core.predict_one, "score_one": core.score_one}
            if model.classes:
                own["predict_proba_one"] = core.predict_proba_one
            vars(self).update(own)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy the arrays; what is laid out for scoring is laid out anew."""
        rebuild = partial(
            type(self),
            n_jobs=self.n_jobs,
            expected_unseen=self._expected_unseen,
            strict=self.strict,
            extra=self.extra,
        )
        return rebuild, (self.model, self.bundle)

    @property
    def runtime(self) -> str:
        """What scores, "C" or "numpy"."""
        return self._runtime.name

    @property
    def task(self) -> str:
        """What the model predicts, such as "classification"."""
        return self.model.task

    @property
    def schema(self) -> TableSchema:
        """The columns of a raw row."""
        return self.model.schema

    @property
    def unseen_(self) -> dict[str, UnseenCount]:
        """Of each categorical column: values in batches so far, and those never seen in training.

        Where their share is well above the one to be expected, a warning says so once.
        """
        return self._unseen.counts()

    def respond(self, X: Any) -> NDArray[np.float64]:
        """Return the response to raw rows.

        Parameters
        ----------
        X : data frame, array of shape (n_samples, n_features), list of dict, or dict
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            Probabilities, values or scores.
        """
        encoded = self.model.schema.encode(X, strict=self.strict, extra=self.extra)
        self._unseen.add(encoded)
        return self._respond(encoded)

    def _respond(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        if isinstance(self._runtime, CompiledRuntime):
            return self._runtime.respond(encoded)
        return response(self.model, self._runtime.outputs(encoded))

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each class, or of each of several labels by itself.

        Parameters
        ----------
        X : data frame, array of shape (n_samples, n_features), list of dict, or dict
            Raw rows, a dict being one; a missing value is None or NaN, and a category never seen
            is allowed unless `strict`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`.

        Raises
        ------
        InputError
            If columns are absent or a value is of the wrong kind.
        AttributeError
            If the model predicts values.
        """
        self._check_classifier("predict_proba")
        return self.respond(X)

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the logarithm of the probability of each class.

        Parameters
        ----------
        X : data frame, array of shape (n_samples, n_features), list of dict, or dict
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Log-probabilities in the order of `classes_`; minus infinity for a probability of 0.

        Raises
        ------
        InputError
            If columns are absent or a value is of the wrong kind.
        AttributeError
            If the model predicts values.
        """
        self._check_classifier("predict_log_proba")
        with np.errstate(divide="ignore"):
            return np.log(self.respond(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return class labels, by the model's threshold where it has one, or values.

        Of outliers, -1 for what is abnormal and 1 for all else; of several labels, 1 for those that
        a row has and 0 for the others.

        Parameters
        ----------
        X : data frame, array of shape (n_samples, n_features), list of dict, or dict
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples,)
            Of several outputs or labels (n_samples, n_outputs).

        Raises
        ------
        InputError
            If columns are absent or a value is of the wrong kind.
        """
        answer = self.respond(X)
        if self.model.answers or self.model.is_multilabel:
            return self.decide(answer)
        return answer[:, 0] if self.model.n_outputs == 1 else answer

    def decide(self, proba: NDArray[np.float64]) -> NDArray[Any]:
        """Return the class label of each row of probabilities; of scores, -1 or 1.

        Parameters
        ----------
        proba : ndarray of shape (n_samples, n_outputs)
            What `respond` gave.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            The second class from the model's threshold on, or, without one, the likeliest. Of
            scores -1, abnormal, below the threshold, and 1 from it on. Of labels 1 for a
            probability above a half, else 0.
        """
        found = decision(self.model, proba)
        return found if self.model.is_multilabel else np.asarray(self._answers[found])

    def predict_proba_one(self, row: Mapping[str, Any]) -> dict[Any, float]:
        """Return the probability of each class for one raw row.

        Parameters
        ----------
        row : dict
            Value of each column by name; a nullable column may be left out.

        Returns
        -------
        dict
            Probability by class label.

        Raises
        ------
        InputError
            If a key is unknown, a value is absent, or of the wrong kind.
        """
        self._check_classifier("predict_proba_one")
        answer = self._respond_one(row)[0].tolist()
        return dict(zip(self.model.classes, answer, strict=True))

    def predict_one(self, row: Mapping[str, Any]) -> Any:
        """Return the class label or value of one raw row, given as a dict; of outliers -1 or 1.

        Parameters
        ----------
        row : dict
            Value of each column by name; a nullable column may be left out.

        Returns
        -------
        label, float, or list of float or int
            A list of several outputs, or of several labels, 1 for those that the row has.

        Raises
        ------
        InputError
            If a key is unknown, a value is absent, or of the wrong kind.
        """
        answer = self._respond_one(row)
        if self.model.is_multilabel:
            found: list[int] = decision(self.model, answer)[0].tolist()
            return found
        if self.model.answers:
            return self.model.answers[int(decision(self.model, answer)[0])]
        return float(answer[0, 0]) if self.model.n_outputs == 1 else answer[0].tolist()

    def score_one(self, row: Mapping[str, Any]) -> float:
        """Return one number for one raw row: of two classes the probability of the second.

        It costs less than `predict_proba_one`, which makes a dict.

        Parameters
        ----------
        row : dict
            Value of each column by name; a nullable column may be left out.

        Returns
        -------
        float
            The probability of ``classes_[1]``, the value of a regression, or the score of an
            outlier detector.

        Raises
        ------
        InputError
            If a key is unknown, a value is absent, or of the wrong kind.
        AttributeError
            If there are more than two classes, or several values or labels.
        """
        if self.model.is_multilabel:
            raise AttributeError(
                "score_one is for one value; this model has several labels: use predict_proba_one."
            )
        if not self.model.has_classes and self.model.n_outputs > 1:
            raise AttributeError(
                "score_one is for one value; this model has several: use predict_one."
            )
        if len(self.model.classes) > 2:
            raise AttributeError(
                "score_one is for two classes, or values; this model has more classes: use "
                "predict_proba_one."
            )
        return float(self._respond_one(row)[0, -1])

    def _respond_one(self, row: Mapping[str, Any]) -> NDArray[np.float64]:
        encode = row_encoder(self.model.schema, strict=self.strict, extra=self.extra)
        return self._respond(encode(row))

    def _check_classifier(self, method: str) -> None:
        if not self.model.classes:
            raise AttributeError(
                f"{method} is for classifiers; this model predicts values: use predict."
            )

    def __repr__(self) -> str:
        """Return the task, the kind of student and the number of columns."""
        kind = type(self.model.body).__name__.removesuffix("Record")
        return f"Scorer({self.task}, {kind}, {len(self.schema.columns)} columns)"


def _thread_count(n_jobs: int) -> int:
    if n_jobs != -1 and n_jobs < 1:
        raise InputError(f"n_jobs must be at least 1, or -1 for one a core, got {n_jobs!r}.")
    return (os.cpu_count() or 1) if n_jobs == -1 else n_jobs
