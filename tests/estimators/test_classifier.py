"""`DistilledClassifier` in the hands of scikit-learn and of tables as they come."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd import (
    DistilledClassifier,
    GBDTStudent,
    InputError,
    MLPStudent,
    NotDistillableError,
    TeacherEnsemble,
    TreeStudent,
    load,
)
from ensemble_kd.rows import UNLABELLED
from ensemble_kd.teachers.members import ExtraTreesMember

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 3))
Y = np.digitize(X[:, 0] + 0.3 * X[:, 1], [-0.5, 0.5])
STUDENTS = {
    "mlp": MLPStudent(hidden=(16,), n_updates=300),
    "gbdt": GBDTStudent(n_estimators=10, num_leaves=6, n_jobs=1),
    "tree": TreeStudent(),
}
PAIR = [("nb", GaussianNB()), ("tree", DecisionTreeClassifier(max_depth=3))]


def small(teacher: Any = None, **parameters: Any) -> DistilledClassifier:
    """Return an estimator that fits in a moment."""
    defaults = {"student": TreeStudent(), "n_synthetic": 60, "cv": 3}
    teacher = GaussianNB() if teacher is None else teacher
    return DistilledClassifier(teacher, **defaults | parameters)


# --- teachers -------------------------------------------------------------------------------------

TEACHERS = {
    "list of members": PAIR,
    "ensemble": TeacherEnsemble(PAIR, cv=2),
    "forest": RandomForestClassifier(10),
    "soft voting": VotingClassifier(PAIR, voting="soft"),
    "stacking": StackingClassifier(PAIR, cv=2),
    "pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
    "calibrated": CalibratedClassifierCV(RidgeClassifier(), cv=2),
}


@pytest.mark.parametrize("name", TEACHERS)
def test_classifier_learns_from_teacher(name):
    assert small(TEACHERS[name]).fit(X, Y).score(X, Y) > 0.7


def test_classifier_makes_an_ensemble_of_a_list_of_members():
    teacher = small(PAIR).fit(X, Y).teacher_
    assert isinstance(teacher, TeacherEnsemble)
    assert [name for name, _ in teacher.members_] == ["nb", "tree"]


@pytest.mark.parametrize(
    ("teacher", "message"),
    [
        (RidgeClassifier(), "RidgeClassifier has no predict_proba"),
        (VotingClassifier(PAIR, voting="hard"), "voting='soft'"),
        (GaussianNB, "an object and not a class, got GaussianNB"),
        ("forest", "with a fit method, or one of 'fast', 'default', 'best', got 'forest'"),
    ],
)
def test_classifier_refuses_a_teacher_without_probabilities(teacher, message):
    with pytest.raises(NotDistillableError, match=message):
        small(teacher).fit(X, Y)


def test_classifier_trains_no_teacher_where_none_is_needed():
    fitted = small(alpha=0.0, n_synthetic=0).fit(X, Y)
    assert (fitted.teacher_, fitted.fidelity_) == (None, None)


def test_classifier_makes_no_rows_without_a_synthesizer():
    assert len(small(synthesizer=None).fit(X, Y).transfer_set_) == len(X)


# --- labels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["high", "low", "mid"]),
        np.array([-7, 0, 12]),
        np.array([0.0, 1.0, 2.0]),
        pd.Categorical(["c", "a", "b"]),
        pd.array([3, 1, 2], dtype="Int64"),
        pd.array(["x", "y", "z"], dtype="string"),
    ],
    ids=lambda labels: str(labels.dtype),
)
def test_classifier_answers_with_the_labels_it_was_given(labels):
    y = labels[Y]
    fitted = small().fit(X, y)
    assert fitted.classes_.tolist() == sorted(set(np.asarray(labels).tolist()))
    assert np.mean(fitted.predict(X) == np.asarray(y)) > 0.7


def test_classifier_answers_booleans_with_booleans():
    predicted = small().fit(X, pd.Series(Y > 0, dtype="boolean")).predict(X)
    assert predicted.dtype == bool


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed"),
        (np.zeros(150), "at least two classes, got one class only"),
        (X[:, 0], "Unknown label type: continuous"),
        (np.where(Y == 0, np.nan, Y), "Input y contains NaN: .* X_unlabeled"),
        (np.where(Y == 0, None, "a"), "Input y contains NaN: .* X_unlabeled"),
        (np.array([1, "a", "b"], dtype=object)[Y], "strings alone or numbers alone"),
        (np.array([1, "a"] * 75, dtype=object), r"got \['int', 'str'\]"),
        (Y[:10], "inconsistent numbers of samples"),
        (np.column_stack([Y, Y]), "0 or 1 for each of several labels, got 2; .* by itself"),
    ],
    ids=["none", "one class", "amounts", "nan", "None", "mixed", "mixed pair", "short", "2d"],
)
def test_classifier_refuses_labels_that_are_none(y, message):
    with pytest.raises(InputError, match=message):
        small().fit(X, y)


# --- scikit-learn ---------------------------------------------------------------------------------


def test_classifier_clones_with_its_parameters():
    given = small(PAIR, temperature=1.0, alpha=0.3)
    assert repr(clone(given)) == repr(given)


def test_classifier_gives_the_parameters_of_its_parts():
    parameters = small(DecisionTreeClassifier(max_depth=4)).get_params()
    assert parameters["teacher__max_depth"] == 4
    assert parameters["student__max_leaf_nodes"] == TreeStudent().max_leaf_nodes


def test_classifier_is_tuned_by_grid_search():
    grid = {"teacher__max_depth": [1, 5], "alpha": [1.0]}
    estimator = small(DecisionTreeClassifier())
    search = GridSearchCV(estimator, grid, cv=2, error_score="raise").fit(X, Y)
    assert search.best_params_["teacher__max_depth"] == 5


def test_classifier_is_cross_validated():
    assert cross_val_score(small(), X, Y, cv=3, error_score="raise").min() > 0.6


def test_classifier_stands_at_the_end_of_a_pipeline():
    fitted = Pipeline([("scale", StandardScaler()), ("distil", small())]).fit(X, Y)
    assert fitted.predict_proba(X).shape == (150, 3)


def test_classifier_passes_weights_through_a_pipeline():
    pipeline = Pipeline([("scale", StandardScaler()), ("distil", small())])
    fitted = pipeline.fit(X, Y, distil__sample_weight=np.linspace(1, 2, 150))
    assert np.ptp(fitted["distil"].transfer_set_.sample_weight) > 0.1


@pytest.mark.parametrize("estimator", [DistilledClassifier(), small(PAIR)], ids=["bare", "list"])
def test_classifier_shows_itself_in_a_notebook(estimator):
    assert "DistilledClassifier" in estimator._repr_html_()


def test_classifier_shows_itself_in_a_notebook_once_fitted():
    assert "DistilledClassifier" in small().fit(X, Y)._repr_html_()


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_classifier_refuses_to_answer_before_it_is_fitted(method):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(small(), method)(X)


def test_classifier_refuses_to_save_before_it_is_fitted(tmp_path):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        small().save(tmp_path / "model.ekd")


def test_classifier_predicts_the_likeliest_class():
    fitted = small().fit(X, Y)
    np.testing.assert_array_equal(fitted.predict(X), fitted.predict_proba(X).argmax(axis=1))


def test_classifier_keeps_the_names_of_the_columns():
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    fitted = small().fit(frame, Y)
    np.testing.assert_array_equal(fitted.feature_names_in_, ["a", "b", "c"])
    assert fitted.n_features_in_ == 3


def test_classifier_has_no_names_where_the_table_had_none():
    assert not hasattr(small().fit(X, Y), "feature_names_in_")


@pytest.mark.parametrize("name", STUDENTS)
def test_classifier_survives_pickling(name):
    fitted = small(student=STUDENTS[name]).fit(X, Y)
    back = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(back.predict_proba(X), fitted.predict_proba(X))


def test_classifier_answers_the_same_in_another_process(tmp_path):
    fitted = small(student=STUDENTS["mlp"]).fit(X, Y)
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(fitted))
    np.save(tmp_path / "rows.npy", X)
    code = (
        "import pickle, sys, numpy as np; from pathlib import Path; d = Path(sys.argv[1]);"
        "m = pickle.loads((d / 'model.pickle').read_bytes());"
        "np.save(d / 'answers.npy', m.predict_proba(np.load(d / 'rows.npy')))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    np.testing.assert_allclose(
        np.load(tmp_path / "answers.npy"), fitted.predict_proba(X), atol=1e-7
    )


@pytest.mark.parametrize("name", STUDENTS)
def test_classifier_is_the_same_for_the_same_seed(name):
    teacher = DecisionTreeClassifier(max_features=1)
    one, two = (small(teacher, student=STUDENTS[name], random_state=3).fit(X, Y) for _ in range(2))
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))


def test_classifier_is_another_for_another_seed():
    one, two = (small(random_state=seed).fit(X, Y).predict_proba(X) for seed in (0, 1))
    assert not np.array_equal(one, two)


@pytest.mark.parametrize("name", STUDENTS)
def test_classifier_weighs_rows(name):
    # The same rows with two labels each: the weights say which one counts.
    both, labels = np.vstack([X, X]), np.concatenate([Y, (Y + 1) % 3])
    weight = np.repeat([1.0, 1e-4], 150)
    with pytest.warns(UserWarning, match="are copies of another row"):
        fitted = small(student=STUDENTS[name]).fit(both, labels, sample_weight=weight)
    assert np.mean(fitted.predict(X) == Y) > 0.7


def test_classifier_uses_unlabelled_rows():
    rows = small().fit(X, Y, X_unlabeled=X[:40] + 0.01).transfer_set_
    assert (rows.origin == UNLABELLED).sum() == 40


def test_classifier_learns_where_only_unlabelled_rows_are():
    # Real rows end at 0; beyond it the teacher is known through unlabelled rows alone.
    x = np.linspace(-2, 0, 200)[:, None]
    y = (np.arange(200) % 2 == 0).astype(int)
    teacher = LogisticRegression().fit(np.array([[-2.0], [4.0]]), [0, 1])
    further = np.linspace(0, 4, 200)[:, None]

    class Known(LogisticRegression):
        def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
            self.__dict__.update({k: v for k, v in vars(teacher).items() if k.endswith("_")})
            return self

    blind = small(Known(), n_synthetic=0).fit(x, y)
    taught = small(Known(), n_synthetic=0).fit(x, y, X_unlabeled=further)
    wanted = teacher.predict_proba(further)
    error_blind, error_taught = (
        np.mean((fitted.predict_proba(further) - wanted) ** 2) for fitted in (blind, taught)
    )
    assert error_taught < 0.2 * error_blind


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"student": "forest"}, "student must be one of"),
        ({"synthesizer": "gan"}, "synthesizer must be one of"),
        ({"alpha": 1.5}, r"alpha must be in \[0, 1\], got 1.5"),
        ({"alpha": None}, r"alpha must be in \[0, 1\], got None"),
        ({"temperature": 0.0}, "temperature must be > 0"),
        (
            {"loss": "kl"},
            "loss must be 'auto', 'soft_targets', 'logit_matching', 'squared_probabilities', "
            "'decoupled', 'dist', 'annealed', 'ranking', 'relational_distance', "
            "'relational_angle', 'similarity', 'attention' or 'sobolev', got 'kl'",
        ),
        ({"loss": "logit_matching", "temperature": 2.0}, "temperature must be 1 with loss='logit"),
        ({"temperature": 2.0}, "temperature must be 1 for student='tree'"),
        ({"n_synthetic": -1}, "n_synthetic must be >= 0"),
        ({"cv": 1}, "cv must be at least 2"),
    ],
    ids=str,
)
def test_classifier_refuses_a_parameter_out_of_range(parameters, message):
    with pytest.raises(InputError, match=message):
        small(**parameters).fit(X, Y)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(10), "one weight a row"),
        (np.ones((150, 1)), "must be 1D array or scalar"),
        (-np.ones(150), "at least 0"),
        (np.full(150, np.nan), "must be finite"),
        (np.zeros(150), "not zero throughout"),
        (np.where(Y == 0, 1.0, 0.0), "rows of at least two classes"),
        (["heavy"] * 150, "sample_weight must be numbers"),
    ],
    ids=["short", "2d", "negative", "nan", "zero", "one class", "words"],
)
def test_classifier_refuses_weights_that_are_none(weight, message):
    with pytest.raises(InputError, match=message):
        small().fit(X, Y, sample_weight=weight)


# --- tables as they come --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def encoded_teacher() -> Pipeline:
    """A teacher that takes numbers and strings."""
    coder = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False),
         make_column_selector(dtype_exclude="number")),
        remainder="passthrough",
    )  # fmt: skip
    return make_pipeline(coder, DecisionTreeClassifier(max_depth=4))


@pytest.fixture(scope="module", params=["mlp", "gbdt", "tree"])
def mixed(request, make_frame, make_target) -> tuple[DistilledClassifier, pd.DataFrame]:
    """An estimator with a default member, fitted on a mixed table of 200 rows."""
    frame = make_frame(200).assign(constant=1.0, empty=np.nan)
    y = np.array(["bad", "good"])[make_target(frame)]
    teacher = ExtraTreesMember()
    return small(teacher, student=STUDENTS[request.param], cv=2).fit(frame, y), frame


def test_classifier_takes_a_mixed_table(mixed):
    fitted, frame = mixed
    probabilities = fitted.predict_proba(frame)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    assert fitted.fidelity_.agreement > 0.6


CHANGES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "an unseen category": lambda f: f.assign(name="dora"),
    "a category that is no longer declared": lambda f: f.assign(city=f["city"].astype("str")),
    "a declared category without rows": lambda f: f.assign(
        city=pd.Categorical(["never"] * len(f), categories=f["city"].cat.categories)
    ),
    "missing where nothing was missing": lambda f: f.assign(ratio=np.nan, flag=None),
    "a value where all were missing": lambda f: f.assign(empty=3.0),
    "another value in a constant column": lambda f: f.assign(constant=2.0),
    "infinite amounts": lambda f: f.assign(amount=np.inf),
    "integers as floats": lambda f: f.assign(count=f["count"] + 0.5),
    "booleans as numbers": lambda f: f.assign(flag=f["flag"].astype(int)),
    "one row": lambda f: f.head(1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_classifier_answers_a_table_with(mixed, change):
    fitted, frame = mixed
    probabilities = fitted.predict_proba(CHANGES[change](frame.head(20).copy()))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)


REFUSALS = {
    "a string among numbers": (
        {"amount": "a lot"},
        "column 'amount' must be a number, got 'a lot'",
    ),
    "a word for a boolean": ({"flag": "yes"}, "column 'flag' must be true or false, got 'yes'"),
    "a date": ({"amount": pd.Timestamp("2020")}, "column 'amount' must be numeric, got dtype date"),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_classifier_refuses_to_answer_a_table_with(mixed, kind):
    fitted, frame = mixed
    change, message = REFUSALS[kind]
    with pytest.raises(InputError, match=message):
        fitted.predict_proba(frame.head(5).assign(**change))


def test_classifier_refuses_to_answer_a_table_without_a_column(mixed):
    fitted, frame = mixed
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(frame.drop(columns="amount"))


def test_classifier_scores_a_row_without_regard_to_its_batch(mixed):
    fitted, frame = mixed
    together = fitted.predict_proba(frame.head(20))
    alone = np.vstack([fitted.predict_proba(frame.iloc[[i]]) for i in range(20)])
    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-6)


def test_classifier_saves_what_it_answers(mixed, tmp_path):
    fitted, frame = mixed
    fitted.save(tmp_path / "model.ekd")
    answers = load(tmp_path / "model.ekd").predict_proba(frame)
    np.testing.assert_array_equal(answers, fitted.predict_proba(frame))


def test_classifier_reads_a_teacher_pipeline_with_strings(encoded_teacher, make_frame, make_target):
    frame = make_frame(150)
    table = frame[["ratio", "count", "name"]].fillna({"name": "none"})
    fitted = small(encoded_teacher).fit(table, make_target(frame))
    with pytest.warns(UserWarning, match="column 'name': 100% of 150 values .* never seen"):
        assert fitted.predict(table.assign(name="dora")).shape == (150,)


def test_classifier_takes_folds_of_values_of_another_type():
    codes = [*"abcde"] * 20 + [1, 2, 3, 4] * 25 + [*"abcde"] * 20  # numbers in the second fold
    table = pd.DataFrame({"code": codes, "n": np.arange(300) % 7})
    fitted = small(ExtraTreesMember(), cv=KFold(3)).fit(table, np.arange(300) % 2)
    assert fitted.predict(table[98:102]).shape == (4,)


GAPS = {
    "booleans": (object, [True, False], np.nan),
    "booleans beside NA": (object, [True, False], None),
    "texts": (object, ["x", "y"], np.nan),
    "texts beside None": (object, ["x", "y"], None),
    "strings": ("str", ["x", "y"], np.nan),
    "categories": ("category", ["x", "y"], np.nan),
}


@pytest.mark.parametrize("as_frame", [True, False], ids=["frame", "array"])
@pytest.mark.parametrize("kind", GAPS)
def test_classifier_shows_a_teacher_the_missing_values_of_the_table(kind, as_frame):
    # A row is of class 1 where its flag is missing. An encoder that refuses what it has not seen,
    # and tells None from NaN, has each row of the transfer set to label.
    dtype, values, missing = GAPS[kind]
    rng = np.random.default_rng(0)
    y = (rng.random(400) < 0.3).astype(int)
    flag = np.where(y == 1, np.array(missing, dtype=object), rng.choice(values, 400).astype(object))
    frame = pd.DataFrame({"flag": pd.Series(flag, dtype=dtype), "a": rng.normal(size=400)})
    table = frame if as_frame else frame.astype(object).to_numpy()
    encoder = make_column_transformer(
        (OneHotEncoder(handle_unknown="error"), [0]), remainder="passthrough"
    )
    teacher = make_pipeline(encoder, DecisionTreeClassifier(max_depth=4))
    student = TreeStudent()
    fitted = DistilledClassifier(teacher, student=student, recipe="fast", n_synthetic=500)
    fitted.fit(table, y, X_unlabeled=frame[:50].astype(object).where(frame[:50].notna(), None))
    np.testing.assert_array_equal(fitted.predict(table), y)


def test_classifier_says_how_to_give_a_teacher_strings(make_frame, make_target):
    frame = make_frame(80)
    with pytest.raises(InputError, match="give it an encoder in a Pipeline, or use teacher=None"):
        small(LogisticRegression()).fit(frame[["name"]].fillna("none"), make_target(frame))


def test_classifier_learns_a_class_of_two_rows():
    y = Y.copy()
    y[:2] = 9
    fitted = small().fit(X, y)
    assert fitted.classes_.tolist() == [0, 1, 2, 9]


def test_classifier_learns_a_class_of_one_row_beside_others():
    y = Y.copy()
    y[0] = 9
    assert small(DecisionTreeClassifier(max_depth=3)).fit(X, y).predict_proba(X).shape == (150, 4)


def test_classifier_refuses_two_classes_of_which_one_has_a_single_row():
    y = np.zeros(150, dtype=int)
    y[0] = 1
    with pytest.raises(
        InputError, match="at least 2 rows of each of two classes, got 1 of class 1"
    ):
        small().fit(X, y)


def test_classifier_learns_four_rows():
    fitted = small(DecisionTreeClassifier()).fit(X[:4], [0, 1, 0, 1])
    assert fitted.predict(X[:4]).shape == (4,)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (X[:, 0], "Expected 2D array, got 1D array"),
        (X[:0], r"Found array with 0 sample\(s\)"),
        (X[:, :0], r"Found array with 0 feature\(s\)"),
        (X.astype(complex), "Complex data not supported"),
        (pd.DataFrame(X, columns=["a", "b", "a"]), "must be unique, got 'a' more than once"),
        (pd.DataFrame(X).assign(d=pd.Timestamp("2020")).set_axis([*"abcd"], axis=1), "a date"),
    ],
    ids=["1d", "no rows", "no columns", "complex", "a name twice", "a date"],
)
def test_classifier_refuses_what_is_no_table(table, message):
    with pytest.raises(InputError, match=message):
        small().fit(table, Y[: len(table)])


def test_classifier_leaves_the_table_unchanged(make_frame, make_target):
    frame = make_frame(80)
    y = pd.Series(make_target(frame))
    frame_before, y_before = frame.copy(), y.copy()
    small(ExtraTreesMember(), cv=2).fit(frame, y).predict(frame)
    pd.testing.assert_frame_equal(frame, frame_before)
    pd.testing.assert_series_equal(y, y_before)


def test_classifier_calibrates_and_decides_on_rows_kept_apart(tmp_path):
    X, y = load_breast_cancer(return_X_y=True)
    clf = DistilledClassifier(student="gbdt", alpha=0, n_synthetic=0).fit(X[:350], y[:350])
    before = log_loss(y[350:], clf.predict_proba(X[350:]))
    plain = clf.model_
    assert clf.calibrate(X[350:], y[350:], max_false_positive_rate=0.02) is clf
    assert log_loss(y[350:], clf.predict_proba(X[350:])) < before
    assert plain.calibrator is None and clf.model_.calibrator is not None
    called = clf.predict(X[350:])
    assert called[y[350:] == 0].mean() <= 0.02
    clf.save(tmp_path / "m.ekd")
    np.testing.assert_array_equal(load(tmp_path / "m.ekd").predict(X), clf.predict(X))
    clf.calibrate(X[350:], y[350:], method=None, threshold=0.0)
    assert (clf.predict(X) == 1).all()
    with pytest.raises(InputError, match="at most one of"):
        clf.calibrate(X[350:], y[350:], threshold=0.5, cost_ratio=3)
