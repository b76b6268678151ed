"""The flow: which rows the student learns, who labels them, and what stays untouched."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ensemble_kd import DistilledClassifier, Scorer, distill
from ensemble_kd.errors import InputError, NotDistillableError
from ensemble_kd.flow import n_synthetic_rows
from ensemble_kd.losses import SoftTargetLoss, SquaredErrorLoss
from ensemble_kd.rows import REAL, SYNTHETIC, UNLABELLED, TransferSet
from ensemble_kd.runtime import build_runtime, response
from ensemble_kd.schema import TableSchema
from ensemble_kd.students import GBDTStudent, MLPStudent, Student, TreeStudent
from ensemble_kd.teachers import TeacherEnsemble
from ensemble_kd.teachers.members import ExtraTreesMember, LightGBMMember
from ensemble_kd.transfer import MarginalSynthesizer, MungeSynthesizer

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))
Y = np.where(X[:, 0] + 0.3 * RNG.normal(size=120) > 0, "yes", "no")
VALUES = X @ [3.0, -1.0, 0.5]
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])


def run(X: Any = X, y: Any = Y, **options: Any) -> Any:
    """Distil a cheap teacher into a small tree."""
    return distill(
        X,
        y,
        **{"teacher": GaussianNB(), "student": TreeStudent(), "n_synthetic": 60, "cv": 3} | options,
    )


class Keeper(TreeStudent):
    """A student that counts how often it was fitted."""

    n_fits = 0

    def fit_transfer(self, transfer_set: TransferSet, loss: Any, **options: Any) -> Student:
        """Count."""
        type(self).n_fits += 1
        return super().fit_transfer(transfer_set, loss, **options)


# --- the transfer set -----------------------------------------------------------------------------


def test_distill_keeps_the_order_real_unlabelled_synthetic():
    origin = run(X_unlabeled=X[:20]).transfer_set.origin
    np.testing.assert_array_equal(origin, np.repeat([REAL, UNLABELLED, SYNTHETIC], [120, 20, 60]))


def test_distill_gives_real_rows_their_true_class_and_new_rows_none():
    rows = run().transfer_set
    np.testing.assert_array_equal(rows.task.labels[rows.hard[:120]], Y)
    np.testing.assert_array_equal(rows.hard[120:], -1)


def test_distill_gives_real_rows_their_true_value_and_new_rows_none():
    rows = run(y=VALUES, task="regression", teacher=LinearRegression()).transfer_set
    np.testing.assert_array_equal(rows.hard, np.append(VALUES, np.full(60, np.nan)))


def test_distill_labels_real_rows_out_of_fold():
    # A memorising teacher is certain of rows it has seen, and right; of others it is often wrong.
    rows = run(y=RNG.permutation(Y), teacher=KNeighborsClassifier(1)).transfer_set
    named = rows.response[:120].argmax(axis=1)
    assert np.mean(named == rows.hard[:120]) < 0.8


def test_distill_takes_the_ensembles_own_out_of_fold_labels():
    result = run(teacher=TeacherEnsemble([("nb", GaussianNB())], cv=3))
    np.testing.assert_array_equal(
        result.transfer_set.response[:120], result.teacher.out_of_fold_response_
    )


def test_distill_labels_new_rows_with_the_teacher_of_all_rows_but_those_held_out():
    rows = run(X_unlabeled=X[:20]).transfer_set
    new, seen = rows.take(rows.origin != REAL), ~rows.held_out[: len(X)]
    unseen = GaussianNB().fit(X[seen], Y[seen])
    np.testing.assert_allclose(new.response, unseen.predict_proba(new.X))


def test_distill_makes_synthetic_rows_of_rows_that_are_not_held_out():
    marked = X.copy()
    held_out = run().transfer_set.held_out[:120]
    marked[held_out, 1] = 1000.0
    result = run(X=marked, synthesizer=MarginalSynthesizer())
    rows = result.transfer_set
    np.testing.assert_array_equal(rows.held_out[:120], held_out)
    assert rows.X[rows.origin == SYNTHETIC, 1].max() < 1000.0


def test_distill_holds_out_a_tenth_of_each_class():
    rows = run().transfer_set
    for label, name in enumerate(rows.task.classes):
        assert rows.held_out[rows.hard == label].sum() == int((name == Y).sum() * 0.1)


def test_distill_holds_out_real_rows_alone():
    rows = run(X_unlabeled=X[:20]).transfer_set
    assert not rows.held_out[rows.origin != REAL].any()


def test_distill_holds_nothing_out_of_a_small_table():
    result = run(X=X[:30], y=Y[:30])
    assert not result.transfer_set.held_out.any()
    assert (result.fidelity.held_out, result.fidelity.n_rows) == (False, 30)


def test_distill_holds_out_no_row_without_weight():
    weight = np.where(np.arange(120) < 30, 1.0, 0.0)
    rows = run(sample_weight=weight).transfer_set
    assert rows.held_out.any()
    assert not rows.held_out[30:].any()


def test_distill_scales_weights_to_mean_one_and_gives_new_rows_one():
    weight = RNG.uniform(1, 5, size=120)
    rows = run(sample_weight=weight).transfer_set
    np.testing.assert_allclose(rows.sample_weight, np.append(weight / weight.mean(), np.ones(60)))


@pytest.mark.parametrize(
    ("n_synthetic", "n_real", "expected"),
    [(0, 50, 0), (7, 50, 7), (0.5, 50, 25), (2.0, 50, 100), (np.int64(3), 50, 3), (0.0, 50, 0)],
)
def test_n_synthetic_rows_are_a_number_or_a_multiple(n_synthetic, n_real, expected):
    assert n_synthetic_rows(n_synthetic, n_real) == expected


def test_n_synthetic_rows_grow_with_the_table_up_to_a_bound():
    found = [n_synthetic_rows("auto", n) for n in (10, 5000, 10**4, 10**6, 10**7)]
    assert found == sorted(found)
    assert found[0] > 10
    assert found[-1] == found[-2] < 10**6


@pytest.mark.parametrize("n_synthetic", [-1, -0.5, np.nan, np.inf, None, True], ids=repr)
def test_n_synthetic_rows_refuses_what_is_no_number_of_rows(n_synthetic):
    with pytest.raises(InputError, match="n_synthetic must be >= 0, got"):
        n_synthetic_rows(n_synthetic, 10)


def test_n_synthetic_rows_refuses_another_word():
    with pytest.raises(InputError, match="n_synthetic must be a number or 'auto', got 'many'"):
        n_synthetic_rows("many", 10)


# --- unlabelled rows ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "unlabelled",
    [FRAME.head(20), FRAME.head(20)[["c", "a", "b"]], FRAME.head(20).assign(d=1), X[:20]],
    ids=["same columns", "another order", "further columns", "an array"],
)
def test_distill_reads_unlabelled_rows_by_the_columns_of_the_table(unlabelled):
    rows = run(X=FRAME, X_unlabeled=unlabelled).transfer_set
    np.testing.assert_array_equal(rows.X[rows.origin == UNLABELLED], X[:20])


def test_distill_reads_an_unlabelled_frame_beside_an_array():
    rows = run(X_unlabeled=FRAME.head(20)).transfer_set
    np.testing.assert_array_equal(rows.X[rows.origin == UNLABELLED], X[:20])


@pytest.mark.parametrize(
    ("unlabelled", "message"),
    [
        (X[:, :2], "X has 2 features, but the model was fitted on 3"),
        (FRAME[["a", "b"]], "'c' is missing"),
        (X[:0], "minimum of 1 is required"),
    ],
)
def test_distill_refuses_unlabelled_rows_of_another_table(unlabelled, message):
    with pytest.raises(InputError, match=message):
        run(X=FRAME, X_unlabeled=unlabelled)


# --- the teacher ----------------------------------------------------------------------------------


def test_distill_trains_no_teacher_where_the_loss_has_no_use_for_one():
    result = run(teacher=object(), loss=SoftTargetLoss(alpha=0.0), n_synthetic=0)
    assert (result.teacher, result.fidelity) == (None, None)


@pytest.mark.parametrize(
    "option",
    [{"n_synthetic": 10}, {"X_unlabeled": X}, {"loss": SoftTargetLoss(alpha=0.1)}],
    ids=["synthetic rows", "unlabelled rows", "a soft term"],
)
def test_distill_trains_a_teacher_where_anything_needs_one(option):
    result = run(**{"loss": SoftTargetLoss(alpha=0.0), "n_synthetic": 0} | option)
    assert isinstance(result.teacher, GaussianNB)


def test_distill_warns_of_a_frozen_teacher():
    frozen = FrozenEstimator(GaussianNB().fit(X, Y))
    with pytest.warns(UserWarning, match="the teacher is frozen, so its labels.*in-sample"):
        run(teacher=frozen)


@pytest.mark.filterwarnings("ignore:the teacher is frozen")
def test_distill_does_not_refit_a_frozen_teacher():
    # A teacher that was fitted on the opposite labels still says so.
    frozen = FrozenEstimator(GaussianNB().fit(X, np.where(Y == "yes", "no", "yes")))
    result = run(teacher=frozen)
    np.testing.assert_allclose(
        result.transfer_set.response[:120], frozen.estimator.predict_proba(X)
    )
    assert result.teacher is frozen


@pytest.mark.filterwarnings("ignore:the teacher is frozen")
def test_distill_takes_a_frozen_teacher_of_fewer_classes():
    frozen = FrozenEstimator(GaussianNB().fit(X, Y))
    labels = np.where(np.arange(120) < 5, "maybe", Y)
    rows = run(y=labels, teacher=frozen).transfer_set
    assert rows.task.classes == ("maybe", "no", "yes")
    np.testing.assert_array_equal(rows.response[:, 0], 0.0)


def test_distill_refuses_a_frozen_teacher_that_was_never_fitted():
    with pytest.raises(NotDistillableError, match="the frozen teacher must be fitted first"):
        run(teacher=FrozenEstimator(GaussianNB()))


def test_distill_hands_weights_to_the_teacher():
    weight = np.where(Y == "yes", 1e6, 1.0)
    assert run(sample_weight=weight).teacher.class_prior_[1] > 0.999


# --- the result -----------------------------------------------------------------------------------


def test_distill_model_is_the_student():
    result = run()
    answer = response(result.model, build_runtime(result.model).outputs(X))
    np.testing.assert_allclose(answer, result.student.respond(X), atol=1e-6)


def test_distill_measures_fidelity_on_held_out_rows():
    result = run(refit=False)
    rows = result.transfer_set.take(result.transfer_set.held_out)
    gaps = result.student.respond(rows.X) - rows.response
    assert result.fidelity.n_rows == len(rows)
    assert result.fidelity.rmse == pytest.approx(np.sqrt(np.mean(gaps**2)), rel=1e-5)


def test_distill_measures_fidelity_where_rare_categories_are_pooled(make_frame, make_target):
    frame = make_frame(150)
    result = run(
        X=frame[["name", "size"]].astype(object).fillna("none"),
        y=make_target(frame),
        teacher=make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()),
        student=MLPStudent(hidden=(4,), n_updates=20, max_categories=1),
        refit=False,
    )
    rows = result.transfer_set.take(result.transfer_set.held_out)
    gaps = result.student.respond(rows.X) - rows.response
    assert [len(column.categories) for column in result.model.schema.columns] == [1, 1]
    assert result.fidelity.rmse == pytest.approx(np.sqrt(np.mean(gaps**2)), rel=1e-4)


def test_distill_times_every_stage():
    times = run(X_unlabeled=X[:5]).times
    assert set(times) == {"teacher", "labels", "synthesis", "race", "student", "refit"}
    assert all(seconds >= 0 for seconds in times.values())


@pytest.mark.parametrize("student", [TreeStudent(), GBDTStudent(n_estimators=3, n_jobs=1)])
def test_distill_is_the_same_for_the_same_seed(student):
    teacher = DecisionTreeClassifier(max_features=1)
    one, two = (run(teacher=teacher, student=student, random_state=5) for _ in range(2))
    np.testing.assert_array_equal(one.transfer_set.X, two.transfer_set.X)
    np.testing.assert_array_equal(one.transfer_set.response, two.transfer_set.response)
    np.testing.assert_array_equal(one.student.respond(X), two.student.respond(X))


def test_distill_is_another_for_another_seed():
    one, two = (run(random_state=seed).transfer_set for seed in (0, 1))
    assert not np.array_equal(one.X, two.X)
    assert not np.array_equal(one.held_out, two.held_out)


def test_distill_leaves_seeds_that_were_given():
    result = run(
        teacher=DecisionTreeClassifier(random_state=11), student=TreeStudent(random_state=12)
    )
    assert (result.teacher.random_state, result.student.random_state) == (11, 12)


def test_distill_leaves_what_it_was_given_unchanged(make_frame, make_target):
    frame = make_frame(80)[["ratio", "count", "flag"]]
    y = make_target(frame.assign(**{c: make_frame(80)[c] for c in ("amount", "city", "size")}))
    given = {
        "teacher": DecisionTreeClassifier(max_depth=2),
        "student": TreeStudent(),
        "synthesizer": MungeSynthesizer(),
        "X_unlabeled": frame.head(9).copy(),
        "sample_weight": np.linspace(1, 2, 80),
    }
    before = copy.deepcopy(given)
    y_before, frame_before = y.copy(), frame.copy()
    distill(frame, y, n_synthetic=20, cv=2, **given)
    pd.testing.assert_frame_equal(frame, frame_before)
    np.testing.assert_array_equal(y, y_before)
    pd.testing.assert_frame_equal(given["X_unlabeled"], before["X_unlabeled"])
    np.testing.assert_array_equal(given["sample_weight"], before["sample_weight"])
    for name in ("teacher", "student", "synthesizer"):
        assert vars(given[name]) == vars(before[name])


def test_distill_fits_a_clone_of_the_student_once():
    Keeper.n_fits = 0
    run(student=Keeper(), refit=False)
    assert Keeper.n_fits == 1


def test_distill_of_values_learns_them():
    result = run(
        y=VALUES, task="regression", teacher=DecisionTreeRegressor(), loss=SquaredErrorLoss(0.5)
    )
    assert result.fidelity.correlation > 0.8


def test_distill_refuses_another_task():
    listed = "'classification', 'multilabel', 'regression' or 'outliers'"
    with pytest.raises(InputError, match=f"task must be {listed}, got 'x'"):
        run(task="x")


def test_transfer_set_tells_its_rows_by_origin():
    rows = run(X_unlabeled=X[:20]).transfer_set
    assert repr(rows) == "TransferSet(120 real, 20 unlabelled, 60 synthetic; 11 held out)"


def test_distill_takes_columns_with_numbers_for_names_by_name() -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(120, 3)), columns=[10, 20, 30])
    model = distill(
        X,
        X[10] > 0,
        teacher=DecisionTreeClassifier(max_depth=2),
        student=TreeStudent(),
        n_synthetic=0,
    ).model
    turned = model.schema.encode(X[[30, 20, 10]])
    np.testing.assert_array_equal(turned, model.schema.encode(X))
    with pytest.raises(InputError, match="'10' is missing"):
        model.schema.encode(X.rename(columns={10: 99}))


def test_distill_gives_a_constant_target_back() -> None:
    X = np.random.default_rng(0).normal(size=(80, 2))
    student = MLPStudent(hidden=(4,), n_updates=20)
    result = distill(
        X,
        np.full(80, 3.25),
        task="regression",
        teacher=DecisionTreeRegressor(),
        student=student,
        n_synthetic=20,
    )
    answers = Scorer(result.model).predict(X)
    np.testing.assert_array_equal(answers, 3.25)


def test_distill_refuses_targets_beyond_float32() -> None:
    X = np.random.default_rng(0).normal(size=(80, 2))
    with pytest.raises(InputError, match="smaller unit"):
        distill(X, X[:, 0] * 1e39, task="regression", teacher=DecisionTreeRegressor())


def test_distill_warns_at_the_line_that_called_it() -> None:
    frozen = FrozenEstimator(DecisionTreeClassifier().fit(X, Y))
    for call in (distill, lambda X, y, **given: DistilledClassifier(**given).fit(X, y)):
        with pytest.warns(UserWarning, match="frozen") as caught:
            call(X, Y, teacher=frozen, student=TreeStudent(), n_synthetic=0, recipe="fast")
        assert {Path(warning.filename).name for warning in caught} == {"test_distill.py"}


@pytest.mark.filterwarnings("ignore:the teacher is worse")
def test_distill_reads_the_whole_table_twice(make_frame, make_target, monkeypatch) -> None:
    frame = make_frame(1200)
    target, lengths, encode = make_target(frame, "binary"), [], TableSchema.encode
    monkeypatch.setattr(
        TableSchema,
        "encode",
        lambda schema, X, **how: lengths.append(len(X)) or encode(schema, X, **how),
    )
    members = [("forest", ExtraTreesMember()), ("boosted", LightGBMMember(num_leaves=4))]
    given = {"teacher": TeacherEnsemble(members, cv=2), "n_synthetic": 300}
    result = run(frame, target, **given, refit=False)
    assert len(result.race) > 3  # in-sample labels and every synthesizer among them
    # Once for the flow, once for the members that are fitted on all rows.
    assert lengths.count(1200) == 2
    lengths.clear()
    run(frame, target, **given)
    assert lengths.count(1200) == 3  # once more for the rows that are made of all of them
