"""`DistilledRegressor`: an ensemble's values in one compact model."""

from __future__ import annotations

from typing import Any

from sklearn.base import RegressorMixin

from ensemble_kd.estimators._base import DistilledEstimator
from ensemble_kd.tasks import Regression


class DistilledRegressor(RegressorMixin, DistilledEstimator):  # type: ignore[misc]
    """Compress a teacher's values into one small student.

    The counterpart of `DistilledClassifier` for amounts: the student learns the teacher's values
    and the true ones by squared error.

    Parameters
    ----------
    teacher : estimator, list of (str, estimator), "fast", "default", "best", object, callable or \
            None, default=None
        None: the default `TeacherEnsemble`; "fast", "default" or "best": its presets, which cost
        less or more. Any scikit-learn regressor, cloned and fitted to the raw rows; a list of
        members to average; or ``FrozenEstimator(fitted)``, used as it is, as is any other object
        with `predict`, or a callable, that answers raw rows. Without `y` a transformer, whose
        numbers are the values to learn (`EmbeddingTeacher`).
    student : {"mlp", "gbdt", "tree", "trepan", "soft_tree", "additive"} or \
            Student, default="mlp"
        The compact model.
    recipe : {"auto", "fast"}, default="auto"
        "auto" races what is left at "auto" below on held-out rows, with plain training among the
        candidates; `recipe_` tells the scores. "fast" takes the defaults, half as many synthetic
        rows and a shorter training.
    synthesizer : {"auto", "munge", "marginals", "forest_leaves", "cut_pairs"}, Synthesizer or \
            None, default="auto"
        Makes new rows for the teacher to label; None makes none. "auto" is "munge" unless another
        one clearly wins the race. "cut_pairs" covers pairs of columns at the teacher's cuts.
    labels : {"auto", "out_of_fold", "in_sample"}, default="auto"
        Where the teacher's labels of real rows come from; "auto" is "out_of_fold" unless the race
        says otherwise.
    temperature : float, default=1.0
        1, as values have none; here for the classifier's sake.
    alpha : float or "auto", default="auto"
        In [0, 1]: the weight of the teacher on real rows, the true value having the rest; "auto"
        is 0.7 unless the race says otherwise. Synthetic rows have the teacher alone, so of the
        whole loss the truth has ``(1 - alpha) / (1 + synthetic rows per real one)``: with 0.7 and
        96 rows 0.3 %, a correction where the teacher errs and no second source to learn from. With
        ``alpha=0, n_synthetic=0`` the student is trained plainly, without a teacher.
    loss : {"auto", "squared_error", "relational_distance", "relational_angle", "similarity"}, \
            DistillationLoss or list of them, default="auto"
        How far the student is from the teacher. The last three are the squared error, and a pull of
        the relations between rows to those that the teacher sees, for networks alone. Of a list the
        race chooses, the first being the default.
    scoring : None, default=None
        None, as scores are of two classes; here for the classifier's sake.
    n_synthetic : int, float or "auto", default="auto"
        Synthetic rows: a number, or as a float a multiple of the real rows. "auto" is 96 times
        the real rows, at least 20,000 and at most 320,000.
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
        Folds of the teacher's out-of-fold values. Of folds that are spelled out a whole one is held
        out; `TimeSeriesSplit` says that the rows are in the order of time, as ``fit(time=)`` does.
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
    teacher_ : estimator or None
        The teacher, fitted on all rows; None where none was needed. The student learned from the
        one without the held-out rows.
    student_ : Student
        The fitted student.
    model_ : CompactModel
        The student as plain arrays, which predicts.
    transfer_set_ : TransferSet
        The rows the student learned from, with the teacher's values.
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

    References
    ----------
    .. [1] Buciluǎ, Caruana, Niculescu-Mizil (2006). Model Compression.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> reg = DistilledRegressor(RandomForestRegressor(50, random_state=0), student="tree")
    >>> bool(reg.fit(X, y).score(X, y) > 0.4)
    True
    """

    task = Regression.name

    def __sklearn_tags__(self) -> Any:
        """Say that several outputs are welcome, too."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
