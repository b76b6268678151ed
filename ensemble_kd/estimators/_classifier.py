"""`DistilledClassifier`: an ensemble's probabilities in one compact model."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.decision import calibrate, choose_threshold, decision_lines, with_threshold
from ensemble_kd.errors import InputError
from ensemble_kd.estimators._base import DistilledEstimator
from ensemble_kd.rows import rows_to_score, table
from ensemble_kd.scoring import Scorer
from ensemble_kd.tasks import Classification, task_of


class DistilledClassifier(ClassifierMixin, DistilledEstimator):  # type: ignore[misc]
    """Compress a teacher's probabilities into one small student.

    Use it where a good ensemble is too slow or too big to deploy: `fit` trains the teacher and the
    student, and from then on the predictions and the saved file are the student's alone.

    Targets of shape (n_samples, n_labels) of 0 and 1 are labels of which a row may have any: one
    student learns all of them, `predict` gives the same shape, and `predict_proba` each label's
    probability by itself, as scikit-learn's `MLPClassifier` does.

    Parameters
    ----------
    teacher : estimator, list of (str, estimator), "fast", "default", "best", object, callable or \
            None, default=None
        None: the default `TeacherEnsemble`; "fast", "default" or "best": its presets, which cost
        less or more. Any scikit-learn classifier with `predict_proba`, cloned and fitted to the raw
        rows; a list of members to average; ``FrozenEstimator(fitted)`` used as it is, as is any
        other object with `predict_proba`, or a callable, that answers raw rows. Of several labels
        one that learns them, such as a forest; any other, and an ensemble, is fitted to each label
        (`PerLabel`). Without `y` a clusterer or a mixture, whose clusters are the classes
        (`ClusterTeacher`).
    student : {"mlp", "gbdt", "tree", "trepan", "soft_tree", "additive"} or \
            Student, default="mlp"
        The compact model.
    recipe : {"auto", "fast"}, default="auto"
        "auto" races what is left at "auto" below on held-out rows, with plain training among the
        candidates; `recipe_` tells the scores. "fast" takes the defaults, half as many synthetic
        rows and a shorter training.
    synthesizer : {"auto", "munge", "marginals", "forest_leaves", "tail", "cut_pairs"}, \
            Synthesizer or None, default="auto"
        Makes new rows for the teacher to label; None makes none. "auto" is "munge" unless another
        one clearly wins the race. "tail" makes more of them where the teacher finds a rare class,
        or doubts, with weights that undo it; "cut_pairs" covers pairs of columns at its cuts.
    labels : {"auto", "out_of_fold", "in_sample"}, default="auto"
        Where the teacher's labels of real rows come from; "auto" is "out_of_fold" unless the race
        says otherwise.
    temperature : float, default=1.0
        Greater than 0; softens teacher and student alike. 1 is right for a calibrated ensemble.
    alpha : float or "auto", default="auto"
        In [0, 1]: the weight of the teacher on real rows, the true class having the rest; "auto"
        is 0.7 unless the race says otherwise. Synthetic rows have the teacher alone, so of the
        whole loss the truth has ``(1 - alpha) / (1 + synthetic rows per real one)``: with 0.7 and
        96 rows 0.3 %, a correction where the teacher errs and no second source to learn from. With
        ``alpha=0, n_synthetic=0`` the student is trained plainly, on hard labels, with no teacher.
    loss : {"auto", "soft_targets", "logit_matching", "squared_probabilities", "decoupled", \
            "dist", "annealed", "ranking", "relational_distance", "relational_angle", \
            "similarity"}, DistillationLoss or list of them, default="auto"
        How far the student is from the teacher; "auto" is "soft_targets" unless the race, which
        tries "logit_matching" (and "ranking" where one of two classes is rare), says otherwise. Of
        a list the race chooses, the first being the default. "ranking", for two classes, adds a
        term for the order of rows. Trees cannot learn it, "dist", "annealed" and the last three,
        which pull the relations between rows to those that the teacher sees. Of several labels it
        is "soft_targets" of each, or one of the last three.
    scoring : str or None, default=None
        Of two classes, what race and gate judge by on held-out rows, and a search: such as
        "average_precision", "recall_at_fpr_0.01", "precision_at_100" or "neg_expected_cost_1_40",
        the scorers of `ensemble_kd.metrics`. No such score is a sum over rows, so that rows, or
        groups, are drawn again and again and both models scored on each draw. None: the loss of
        each row.
    n_synthetic : int, float or "auto", default="auto"
        Synthetic rows: a number, or as a float a multiple of the real rows. "auto" is 96 times
        the real rows, 32 times with six classes or more, at least 20,000 and at most 320,000 (fewer
        with more than 12 classes).
    lessons : Lesson, str or list of them, default=()
        Further methods of teaching, in order: "hard_rows" adds synthetic rows around those on which
        a first, short fit differs from the teacher; "assistant" lets a wide network learn from the
        teacher first, and label the synthetic rows, "assistant_chain" several in turn; "born_again"
        and "refinement" let the student teach the next one; "easy_to_hard" lets a network learn
        easy rows first; "hints" lets its hidden layers learn how the teacher sees rows first, and
        "residual" half of it what the other half has left; "doubted_rows" lets true targets that
        the teachers contradict count for less; or objects of `ensemble_kd.flow.lessons`.
    refit : bool, default=True
        Whether the student that predicts is trained once more for as long as the first was best, on
        all rows and by the teacher that was fitted on all. `fidelity_`, `gate_` and `recipe_` tell
        of the first, which, as its teacher, had not seen the rows they were found on. It is not
        with ``recipe="fast"``, `time_limit`, `lessons`, a frozen teacher, or compression that
        trains.
    min_frequency : int, default=5
        Rows that must have a category, or a number, for a model file to tell it, at least 1. A
        rarer category counts as one never seen; in the place of a rarer number stands another one
        near it, and beyond the bounds of a column lie so many rows. Of groups, or copies of a row,
        each counts once.
    compression : CompressionStep, str, list of them, or None, default=None
        What is done to the fitted student, in order, such as
        ``[PruneNeurons(keep=0.5), "int8"]``; `compression_` tells what each step cost.
    cv : int or splitter, default=5
        Folds of the out-of-fold soft labels: no row is labelled by a model that has seen it. Of
        folds that are spelled out a whole one is held out; `TimeSeriesSplit` says that the rows are
        in the order of time, as ``fit(time=)`` does.
    time_limit : float or None, default=None
        Seconds that the whole fit may take, greater than 0. The teacher has half of them: where
        its members would take longer, those that cost least are fitted, on samples of the rows if
        need be, and a warning and `fit_times_` say so. Then the race is cut short, fewer rows are
        labelled, and the training ends in time with the best student so far. One fit of a member
        may overrun it.
    n_jobs : int or None, default=None
        Teacher fits at once, through joblib.
    verbose : int, default=0
        Progress bars from 1 on.
    random_state : int, RandomState or None, default=0
        The same seed gives the same model; it is the teacher's too where that has none.
    active, assistant : bool, default="deprecated"
        Former names of ``lessons=["hard_rows"]`` and ``lessons=["assistant"]``, for one release.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels; of several labels their names, the columns of a data frame or 0, 1, ...
    teacher_ : estimator or None
        The teacher, fitted on all rows; None where none was needed. The student learned from the
        one without the held-out rows.
    student_ : Student
        The fitted student.
    model_ : CompactModel
        The student as plain arrays, which predicts.
    transfer_set_ : TransferSet
        The rows the student learned from, with the teacher's soft labels.
    recipe_ : DataFrame
        The recipes that were raced, with their scores, the chosen one marked.
    gate_ : list of Comparison
        The teacher beside its best member, and the student beside one trained plainly: both
        briefly, or in full where the short fits spoke against the distilled one.
    fidelity_ : Fidelity or None
        Student beside teacher on real rows that the student was not trained on, though they chose
        the recipe and said when to stop; beside the teacher that taught it and has not seen them,
        not `teacher_`, which has.
    test_ : OnTest or None
        After `measure`, or ``fit(test_size=)``: the `quality` of teacher and student on rows that
        nothing was fitted on, and the `fidelity` of the student to `teacher_`.
    fit_times_ : dict
        Seconds spent on "teacher", "synthesis", "labels", "race" and "student"; with a time limit
        "members", too: the rows and seconds of each, 0 rows for one that was left out.
    queries_ : DataFrame
        Of a `QueriedTeacher`: rows that it was asked for by then, and how far a first student was
        from it on held-out rows, after each round. Empty for other teachers.
    compression_ : DataFrame
        The student as it was and after each compression step: bytes of its arrays, loss against
        the true targets, and distance from the teacher, on held-out rows. Empty without steps.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where `X` had names.

    Notes
    -----
    The student minimises, in the mean over rows, ``alpha * T^2 * KL(teacher_T || student_T) +
    (1 - alpha) * CE(y, student)`` [1]_, where synthetic and unlabelled rows, which have no true
    class, take alpha = 1 and are most of the rows. The transfer set is made as in [2]_.

    References
    ----------
    .. [1] Hinton, Vinyals, Dean (2015). Distilling the Knowledge in a Neural Network.
    .. [2] Buciluǎ, Caruana, Niculescu-Mizil (2006). Model Compression.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> clf = DistilledClassifier(RandomForestClassifier(50, random_state=0), student="tree")
    >>> clf.fit(X, y).predict(X.head(2))
    array([0, 0])
    >>> clf.model_.n_outputs
    3
    """

    task = Classification.name

    def calibrate(
        self,
        X: Any,
        y: Any,
        *,
        method: str | None = "auto",
        threshold: float | None = None,
        max_false_positive_rate: float | None = None,
        cost_ratio: float | None = None,
        sample_weight: Any = None,
    ) -> Self:
        """Put the student's probabilities right, and choose how it decides, on rows kept apart.

        Calibrator and threshold become part of `model_`, of what predicts and of what is saved;
        the model card tells of them.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Rows that were not given to `fit`.
        y : array of shape (n_samples,)
            True classes; each class among them.
        method : {"auto", "platt", "temperature", "isotonic"} or None, default="auto"
            As in `ensemble_kd.decision.calibrate`; None leaves the probabilities as they are.
        threshold : float or None, default=None
            In [0, 1]: from this probability on the second of two classes is predicted.
        max_false_positive_rate : float or None, default=None
            In [0, 1): in place of `threshold`, the share of negative rows that may be called
            positive.
        cost_ratio : float or None, default=None
            Greater than 0: in place of either, how many false alarms a missed positive costs.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row, at least 0.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If the rows do not fit, or a parameter breaks a rule.
        """
        check_is_fitted(self, "model_")
        rules = (threshold, max_false_positive_rate, cost_ratio)
        if sum(rule is not None for rule in rules) > 1:
            raise InputError("give at most one of threshold, max_false_positive_rate, cost_ratio.")
        X, model = table(X, fitted=self), self.model_
        if method is not None:
            model = calibrate(model, X, y, method=method, sample_weight=sample_weight)
        if threshold is not None:
            model = with_threshold(model, threshold)
        elif rules != (None, None, None):
            model = choose_threshold(
                model,
                X,
                y,
                max_false_positive_rate=max_false_positive_rate,
                cost_ratio=cost_ratio,
                sample_weight=sample_weight,
            )
        self.model_ = model
        self._decision = decision_lines(
            model, len(X), calibrated=method is not None,
            max_false_positive_rate=max_false_positive_rate, cost_ratio=cost_ratio,
        )  # fmt: skip
        self._tested_before_decision = self.test_ is not None
        self._scorer = Scorer(model, expected_unseen=self._expected_unseen)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the student's probability of each class, or of each of several labels by itself.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows with the columns given to `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`. Of several labels each is that of having the
            label, an array as of scikit-learn's `MLPClassifier` and no list as of its forests.

        Raises
        ------
        InputError
            If a value is of the wrong kind.
        """
        check_is_fitted(self, "model_")
        return self._scorer.predict_proba(rows_to_score(X, self))

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the logarithm of the student's probability of each class.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows with the columns given to `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Log-probabilities in the order of `classes_`; minus infinity for a probability of 0.
        """
        check_is_fitted(self, "model_")
        return self._scorer.predict_log_proba(rows_to_score(X, self))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy; of several labels the share of rows that are right in all of them.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.
        y : array of shape (n_samples,) or (n_samples, n_labels)
            True classes, or labels; of a data frame the columns have to be those of `fit`.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row.

        Returns
        -------
        float
            In [0, 1].

        Raises
        ------
        InputError
            If the labels are others, or in another order.
        """
        check_is_fitted(self, "model_")
        return task_of(self.model_).score(y, self.predict(X), sample_weight)

    def __sklearn_tags__(self) -> Any:
        """Say that several labels are welcome, too."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
