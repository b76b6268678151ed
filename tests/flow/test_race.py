"""The race, the gate and the time limit, through `distill` on tables whose best recipe is known."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import GaussianNB

from ensemble_kd import DistilledClassifier, DistilledRegressor, TeacherEnsemble, distill
from ensemble_kd.flow import Settings, n_synthetic_rows
from ensemble_kd.flow._gate import compare_out_of_fold
from ensemble_kd.flow._recipes import default_recipe
from ensemble_kd.rows import REAL, SYNTHETIC, read_rows
from ensemble_kd.students import GBDTStudent, MLPStudent, TreeStudent
from ensemble_kd.tasks import Classification
from ensemble_kd.transfer import MungeSynthesizer

RNG = np.random.default_rng(0)
X = RNG.normal(size=(1100, 4))
Y = (X[:, 0] * X[:, 1] + 0.3 * RNG.normal(size=1100) > 0).astype(int)
FAST = GBDTStudent(n_estimators=60, num_leaves=8, learning_rate=0.2)


class Oracle(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A teacher that knows how the labels came about."""

    def fit(self, X: Any, y: Any) -> Oracle:
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        positive = 1 / (1 + np.exp(-8 * X[:, 0] * X[:, 1]))
        return np.column_stack([1 - positive, positive])

    def predict(self, X: Any) -> np.ndarray:
        return self.predict_proba(X).argmax(axis=1)


class Parrot(Oracle):
    """A teacher that knows the rows it was fitted on, and nothing of others."""

    def fit(self, X: Any, y: Any) -> Oracle:
        self.seen_ = {row.tobytes() for row in X}
        return super().fit(X, y)

    def predict_proba(self, X: Any) -> np.ndarray:
        known = np.array([row.tobytes() in self.seen_ for row in X])
        return np.where(known[:, None], super().predict_proba(X), 0.5)


def run(X: Any = X, y: Any = Y, **options: Any) -> Any:
    return distill(X, y, **{"teacher": Oracle(), "student": FAST, "n_synthetic": 900} | options)


def test_race_tells_every_candidate_and_marks_one():
    result = run()
    names = [record["recipe"] for record in result.race]
    assert {"default", "plain", "in-sample labels", "forest leaves"} <= set(names)
    assert result.recipe.name in names
    assert all(np.isfinite(record["held_out_loss"]) for record in result.race)


@pytest.mark.filterwarnings("ignore:the distilled student is worse")
def test_race_trains_the_promising_longer():
    records = run(teacher=Parrot(), synthesizer=None, alpha=1.0).race
    longer = [record["recipe"] for record in records if record["effort"] > 0.05]
    assert longer == ["default", "in-sample labels", "plain"]


def test_race_takes_a_recipe_that_is_clearly_better(monkeypatch):
    # The teacher is right about rows it has seen, and guesses elsewhere. The gate is left open.
    monkeypatch.setattr("ensemble_kd.flow.judging.Comparison.rival_wins", False)
    result = run(teacher=Parrot(), synthesizer=None, alpha=1.0)
    assert result.recipe.name == "in-sample labels"


def test_race_is_left_out_where_too_few_rows_are_held_out():
    assert run(X[:500], Y[:500]).race == []


def test_race_is_left_out_by_the_fast_recipe():
    result = run(recipe="fast")
    assert (result.race, result.recipe.name) == ([], "default")
    rows = run(recipe="fast", n_synthetic="auto").transfer_set
    n_trained_on = int((~rows.held_out & (rows.origin == REAL)).sum())
    n_new = (rows.origin == SYNTHETIC).sum()
    assert n_new == n_synthetic_rows("auto", n_trained_on) // 2


def test_race_is_the_same_for_the_same_seed():
    one, two = run(random_state=4), run(random_state=4)
    assert one.recipe.describe() == two.recipe.describe()
    scores = [[record["held_out_loss"] for record in result.race] for result in (one, two)]
    assert scores[0] == scores[1]
    np.testing.assert_array_equal(one.student.respond(X), two.student.respond(X))


def test_gate_keeps_the_plain_student_where_the_teacher_knows_nothing():
    with pytest.warns(
        UserWarning, match="is worse than the same student trained plainly.*one is kept"
    ):
        result = run(teacher=DummyClassifier(strategy="prior"), alpha=1.0)
    assert result.recipe.name == "plain"
    plain = run(alpha=0.0, synthesizer=None).student
    agreement = np.mean(result.student.respond(X).argmax(1) == plain.respond(X).argmax(1))
    assert agreement > 0.85
    assert set(result.transfer_set.origin) == {REAL}


def test_race_is_judged_by_a_teacher_that_has_not_seen_the_held_out_rows():
    # Labels by chance: a forest remembers them, and through it a student would. It must not win.
    coin = RNG.integers(0, 2, len(X))
    student = TreeStudent(max_leaf_nodes=400, min_samples_leaf=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = run(y=coin, teacher=ExtraTreesClassifier(15, random_state=0), student=student)
    distilled = [r["held_out_loss"] for r in result.race if r["recipe"] == "default"]
    assert min(distilled) > 0.69  # no better than saying one half


@pytest.mark.parametrize("recipe", ["fast", "auto"])
def test_targets_of_held_out_rows_reach_no_number_that_is_reported(recipe):
    # Labels by chance, and a teacher that remembers all of them.
    coin = RNG.integers(0, 2, len(X))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = run(
            y=coin, teacher=ExtraTreesClassifier(15, random_state=0), n_synthetic=4000,
            student=GBDTStudent(n_estimators=200, num_leaves=31), recipe=recipe,
            compression="float16", refit=False,
        )  # fmt: skip
    held_out = result.transfer_set.held_out[: len(X)]
    answer = result.student.respond(X[held_out])[:, 1]
    # 110 rows: the area under the curve is a half give or take three standard errors.
    assert abs(roc_auc_score(coin[held_out], answer) - 0.5) < 3 / np.sqrt(12 * 55)
    assert all(step["loss"] > 0.68 for step in result.compression)


def test_gate_ships_the_plain_student_trained_in_full():
    # 200 rounds in full; the race's short fits have fewer.
    student = GBDTStudent(n_estimators=200, num_leaves=4, learning_rate=0.01, patience=200)
    with pytest.warns(UserWarning, match="one is kept"):
        result = run(teacher=DummyClassifier(strategy="prior"), alpha=1.0, student=student)
    assert result.recipe.name == "plain"
    assert result.student.booster_.current_iteration() == 200


def test_synthetic_rows_are_made_of_all_rows_however_few_they_are():
    rows = run(n_synthetic=300, recipe="fast", synthesizer=MungeSynthesizer(p=0.0)).transfer_set
    sources = {tuple(row) for row in rows.X[rows.origin == SYNTHETIC]}
    position = [i for i, row in enumerate(rows.X[: len(X)]) if tuple(row) in sources]
    assert len(sources) > 200
    assert 400 < np.mean(position) < 700


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[float]:
    """A clock by which a hundredth of a second passes whenever the time is asked for."""
    seconds = itertools.count(0.0, 0.01)
    monkeypatch.setattr("time.monotonic", lambda: next(seconds))
    return seconds


def test_plain_training_keeps_to_the_time_limit(clock):
    student = MLPStudent(hidden=(64,), n_updates=10**6, max_epochs=10**6, patience=10**6)
    run(student=student, alpha=0.0, synthesizer=None, time_limit=1.0)
    assert 0.9 < next(clock) < 1.2


def test_time_limit_leaves_time_to_train():
    student = MLPStudent(hidden=(32,))
    result = run(student=student, recipe="fast", n_synthetic=5000, time_limit=0.01)
    assert np.mean(result.student.respond(X).argmax(axis=1) == Y) > 0.7


def test_gate_keeps_the_distilled_student_where_the_teacher_knows_more():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = run()
    assert result.recipe.name != "plain"
    assert result.gate[-1].probability > 0.9


def test_gate_distils_the_best_member_where_the_ensemble_is_worse():
    members = [("oracle", Oracle()), ("blind", DummyClassifier(strategy="uniform"))]
    teacher = TeacherEnsemble(members, weights=[0.1, 0.9], cv=2)
    with pytest.warns(UserWarning, match=r"best single member \(oracle\).*distilled in its place"):
        result = run(teacher=teacher, labels="out_of_fold")
    np.testing.assert_allclose(
        result.transfer_set.response[: len(X)], teacher.members[0][1].fit(X, Y).predict_proba(X)
    )


def test_gate_compares_the_teacher_with_its_best_member():
    members = [("nb", GaussianNB()), ("forest", RandomForestClassifier(5, random_state=0))]
    found = run(teacher=TeacherEnsemble(members, cv=2)).gate[0]
    assert "its best single member" in found.rival
    assert found.n_rows == 991  # of 1,100, without those that are held out


@pytest.mark.filterwarnings("ignore:the distilled student is worse")
@pytest.mark.parametrize(
    "student",
    [MLPStudent(hidden=(64, 32)), GBDTStudent(n_estimators=5000, learning_rate=0.01)],
    ids=["mlp", "gbdt"],
)
def test_time_limit_ends_with_a_student(student, clock):
    result = run(student=student, n_synthetic=50_000, time_limit=3.0)
    assert 0.9 < next(clock) < 3.3
    assert np.mean(result.student.respond(X).argmax(axis=1) == Y) > 0.7


def test_synthetic_rows_are_the_same_however_many_follow():
    few, many = (run(n_synthetic=n, recipe="fast").transfer_set for n in (600, 30_000))
    np.testing.assert_array_equal(few.X[len(X) :], many.X[len(X) : len(few)])


def test_in_sample_labels_are_those_of_the_teacher_that_saw_the_rows():
    forest = RandomForestClassifier(5, random_state=0)
    result = run(teacher=forest, labels="in_sample")
    rows = result.transfer_set.take(slice(0, len(X)))
    seen = ~rows.held_out
    of_seen = clone(forest).fit(X[seen], Y[seen]).predict_proba(X)
    np.testing.assert_allclose(rows.response, of_seen)
    others = run(teacher=forest, labels="out_of_fold").transfer_set.response[: len(X)]
    assert not np.allclose(others[seen], of_seen[seen])


def test_estimators_keep_what_the_race_learned():
    fitted = DistilledClassifier(Oracle(), student=FAST, n_synthetic=900).fit(X, Y)
    assert fitted.recipe_["chosen"].any()
    assert {"recipe", "held_out_loss", "loss_to_teacher", "effort", "seconds"} <= set(
        fitted.recipe_
    )
    assert "the same student trained plainly" in str(fitted.gate_[-1])


def test_regressor_races_too():
    fitted = DistilledRegressor(
        RandomForestRegressor(10, random_state=0), student=TreeStudent(), n_synthetic=900, cv=2
    ).fit(X, X[:, 0] * X[:, 1])
    assert len(fitted.recipe_) > 3


def test_boosted_student_has_no_more_trees_than_its_teacher_has_bytes():
    fitted = DistilledClassifier(
        GaussianNB(), student="gbdt", n_synthetic=500, recipe="fast"
    ).fit(X, Y)  # fmt: skip
    body = fitted.model_.body
    assert body.feature.nbytes + body.threshold.nbytes + body.right.nbytes < 20_000


def test_student_is_no_bigger_than_its_teacher():
    fitted = DistilledClassifier(GaussianNB(), n_synthetic=500, recipe="fast").fit(X, Y)
    body = fitted.model_.body
    n_bytes = body.numeric_weight.nbytes + sum(layer.weight.nbytes for layer in body.layers)
    assert n_bytes < 20_000


# --- few of the rarest class ----------------------------------------------------------------------


@pytest.mark.parametrize("are_few", [True, False])
def test_gate_judges_few_positives_on_every_row_out_of_fold(monkeypatch, are_few):
    # A teacher that knows nothing is found out in either case; where of a class no more than a
    # handful is held out, by all of its rows.
    monkeypatch.setattr("ensemble_kd.flow._gate.FEW", 100 if are_few else 2)
    with pytest.warns(UserWarning, match="one is kept"):
        result = run(teacher=DummyClassifier(strategy="prior"), alpha=1.0)
    found = result.gate[-1]
    assert found.rival_wins and result.recipe.name == "plain"
    assert found.n_rows == (len(X) if are_few else result.transfer_set.held_out.sum())


class Shared(Oracle):
    """A teacher that is its own clone, and will see no other rows than all."""

    def __sklearn_clone__(self) -> Shared:
        return self

    def fit(self, X: Any, y: Any) -> Shared:
        self.classes_ = np.unique(y)
        return self

    def fit_beside(self, X: Any, y: Any, sample_weight: Any = None, **options: Any) -> None:
        assert len(X) == 1100
        self.fit(X, y)
        self.out_of_fold_response_ = self.predict_proba(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        return np.full((len(X), 2), 0.5)


def test_teacher_that_cannot_be_fitted_on_other_rows_is_judged_by_held_out_ones():
    with pytest.warns(UserWarning, match="one is kept"):
        result = run(teacher=Shared(), alpha=1.0)
    assert result.gate[-1].n_rows == result.transfer_set.held_out.sum()


def test_rows_that_judge_out_of_fold_are_seen_by_no_one():
    # Labels by chance, a teacher that remembers, and a student that remembers: chance it is.
    coin = np.where(np.arange(len(X)) % 8 == 0, RNG.integers(0, 2, len(X)), 0)
    rows = read_rows(X, coin, None, Classification.name, 3, 0)
    settings = Settings(teacher=ExtraTreesClassifier(15, random_state=0))
    student = GBDTStudent(n_estimators=100, num_leaves=31)
    found = compare_out_of_fold(
        student, default_recipe(rows.task, settings, 1000), rows, settings, 1000
    )
    rate = coin.mean()
    entropy = -rate * np.log(rate) - (1 - rate) * np.log(1 - rate)
    assert found.n_rows == len(X)
    assert min(found.loss, found.rival_loss) > 0.97 * entropy
