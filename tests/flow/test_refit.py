"""The student that is handed over learns all rows; what is told of it is found without them."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB

from ensemble_kd import DistilledClassifier, DistilledOutlierDetector, distill
from ensemble_kd.bundle import load_bundle
from ensemble_kd.compress import PruneNeurons
from ensemble_kd.rows import SYNTHETIC, TransferSet
from ensemble_kd.students import GBDTStudent, MLPStudent, TreeStudent, TrepanStudent
from ensemble_kd.teachers import QueriedTeacher

RNG = np.random.default_rng(0)
X = RNG.normal(size=(1500, 3))
Y = (X[:, 0] + 0.5 * RNG.normal(size=1500) > 0).astype(int)


class Keeper(TreeStudent):
    """A student that keeps what each of its copies was fitted on."""

    seen: ClassVar[list[TransferSet]] = []

    def fit_transfer(self, transfer_set: TransferSet, loss: Any, **options: Any) -> Keeper:
        """Keep the rows."""
        Keeper.seen.append(transfer_set)
        super().fit_transfer(transfer_set, loss, **options)
        return self


def run(**options: Any) -> Any:
    """Distil a cheap teacher."""
    given = {"teacher": GaussianNB(), "student": TreeStudent(), "n_synthetic": 300, "cv": 3}
    return distill(X, Y, **given | options)


def seen_last(**options: Any) -> tuple[Any, TransferSet]:
    """Distil into a student that keeps what it learned, and return the last of it."""
    Keeper.seen = []
    result = run(student=Keeper(), **options)
    return result, Keeper.seen[-1]


def test_student_that_is_handed_over_has_learned_all_rows_by_the_whole_teacher():
    result, last = seen_last()
    assert result.refitted
    assert 140 < result.transfer_set.held_out.sum() < 160
    assert not last.held_out.any()
    np.testing.assert_array_equal(last.X[:1500], X)
    new = last.origin == SYNTHETIC
    expected = result.teacher.predict_proba(last.X[new])
    np.testing.assert_allclose(last.response[new], expected, rtol=1e-12)
    # That of the first had not seen the rows that were held out.
    first = result.transfer_set
    new = first.origin == SYNTHETIC
    gap = np.abs(first.response[new] - result.teacher.predict_proba(first.X[new]))
    assert gap.max() > 1e-4


def test_real_rows_keep_labels_of_models_that_have_not_seen_them():
    result, last = seen_last(labels="out_of_fold")
    np.testing.assert_array_equal(last.response[:1500], result.transfer_set.response[:1500])


def test_what_is_told_is_told_of_the_student_that_has_not_seen_the_rows():
    one, two = run(), run(refit=False)
    assert (one.fidelity, one.gate) == (two.fidelity, two.gate)
    assert [r["held_out_loss"] for r in one.race] == [r["held_out_loss"] for r in two.race]
    assert not two.refitted
    held_out = two.transfer_set.take(two.transfer_set.held_out)
    loss = held_out.task.row_losses(two.student.respond(held_out.X), held_out.response).mean()
    assert not np.allclose(one.student.respond(held_out.X), two.student.respond(held_out.X))
    assert two.fidelity.rmse == pytest.approx(
        np.sqrt(np.mean((two.student.respond(held_out.X) - held_out.response) ** 2)), rel=1e-5
    )
    assert loss > 0


@pytest.mark.parametrize(
    "options",
    [
        {"recipe": "fast"},
        {"refit": False},
        {"time_limit": 60.0},
        {"lessons": "hard_rows"},
        {"teacher": FrozenEstimator(GaussianNB().fit(X, Y))},
        {
            "student": MLPStudent(hidden=(8,), n_updates=20),
            "compression": [PruneNeurons(keep=0.5, n_updates=5)],
        },
    ],
    ids=["fast", "not asked for", "time limit", "lesson", "frozen", "pruning"],
)
def test_student_is_measured_and_handed_over_as_one_where_it_is_not_refitted(options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = run(**options)
    assert not result.refitted
    assert "refit" not in result.times


def test_score_without_target_keeps_its_rows_apart():
    fitted = DistilledOutlierDetector(student="tree", n_synthetic=100).fit(X[:300])
    assert "refit" not in fitted.fit_times_


def test_boosted_student_takes_the_rounds_that_were_best():
    student = GBDTStudent(n_estimators=60, num_leaves=31, learning_rate=0.5, patience=5)
    first = run(student=student, refit=False).student
    assert first.booster_.best_iteration < 60
    again = run(student=student).student
    assert again.booster_.current_iteration() == first.booster_.best_iteration


@pytest.mark.parametrize("n_classes", [2, 3])
def test_boosted_student_for_all_rows_is_no_shorter_than_it_was_best(n_classes):
    y = np.digitize(X[:, 0] + RNG.normal(size=1500), np.linspace(-0.5, 0.5, n_classes - 1))
    student = GBDTStudent(n_estimators=40, learning_rate=0.4, patience=3)
    fitted = distill(X, y, teacher=GaussianNB(), student=student, n_synthetic=100, refit=False)
    best = fitted.student.booster_.best_iteration
    again = fitted.student.for_all_rows()
    assert best <= again._n_rounds(1 if n_classes == 2 else n_classes) <= best + 1


def test_plain_training_is_refitted_and_for_as_long():
    student = MLPStudent(hidden=(8,), n_updates=80)
    one = run(student=student, alpha=0.0, n_synthetic=0)
    two = run(student=student, alpha=0.0, n_synthetic=0, refit=False)
    assert (one.refitted, two.refitted) == (True, False)
    assert one.student.history_ == two.student.history_
    assert not np.allclose(one.student.respond(X), two.student.respond(X))


def test_same_seed_gives_the_same_refitted_model():
    given = {"student": MLPStudent(hidden=(8,), n_updates=60), "random_state": 3}
    one, two = run(**given), run(**given)
    np.testing.assert_array_equal(one.student.respond(X), two.student.respond(X))


def test_model_is_the_refitted_student_compressed():
    result = run(student=MLPStudent(hidden=(8,), n_updates=60), compression="float16")
    given = {"student": MLPStudent(hidden=(8,), n_updates=60), "compression": "float16"}
    bare = run(**given, refit=False)
    stored = result.model.body.storage
    assert stored and set(stored) == set(bare.model.body.storage)


def test_card_says_that_the_student_was_trained_once_more(tmp_path):
    for refit in (True, False):
        fitted = DistilledClassifier(
            GaussianNB(), student="tree", n_synthetic=100, cv=3, refit=refit
        ).fit(X, Y)
        fitted.save(tmp_path / "model.ekd")
        card = load_bundle(tmp_path / "model.ekd").card
        assert ("Trained once more on all rows" in card) is refit


def test_student_that_asks_is_refitted_by_asking_the_whole_teacher():
    given = {"student": TrepanStudent(rows_a_node=200, max_leaf_nodes=6)}
    one, two = run(**given), run(**given, refit=False)
    assert one.refitted and not two.refitted
    assert one.student.n_queries_ > 0 and two.student.n_queries_ > 0
    assert not np.allclose(one.student.respond(X), two.student.respond(X))


def test_scores_of_a_log_and_a_budget_of_queries_are_learned_once():
    scores = GaussianNB().fit(X, Y).predict_proba(X)[:, 1]
    bought = QueriedTeacher(GaussianNB().fit(X, Y).predict_proba, budget=400)
    for given in ({"teacher": None, "soft_labels": scores}, {"teacher": bought}):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = run(**given, student=TrepanStudent(rows_a_node=200, max_leaf_nodes=6))
        assert not result.refitted
    assert bought.n_asked <= 400


def test_relations_are_refitted_by_views_of_the_whole_teacher():
    class Watched(MLPStudent):
        seen: ClassVar[list[TransferSet]] = []

        def fit_transfer(self, transfer_set: TransferSet, loss: Any, **options: Any) -> Watched:
            Watched.seen.append(transfer_set)
            super().fit_transfer(transfer_set, loss, **options)
            return self

    given = {"teacher": GaussianNB(), "student": Watched(hidden=(8,), n_updates=40)}
    few = X[:300]  # too few are held out for a race
    result = distill(few, Y[:300], **given, loss="similarity", n_synthetic=100, cv=3)
    last = Watched.seen[-1]
    assert result.refitted and not last.held_out.any()
    assert last.view.shape[0] == len(last) > 300
    assert len(last.view) == len(result.transfer_set.view)
    assert not np.array_equal(last.view, result.transfer_set.view)  # that of another teacher
