"""The flow gives rows the teacher's view where a loss asks for it, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from ensemble_kd.compress import PruneNeurons
from ensemble_kd.errors import InputError
from ensemble_kd.flow import distill
from ensemble_kd.flow.lessons import BornAgain, Hints
from ensemble_kd.losses import SoftTargetLoss
from ensemble_kd.students import MLPStudent, ResidualStudent
from ensemble_kd.teachers import QueriedTeacher
from ensemble_kd.teachers.views import LeafView, View
from ensemble_kd.transfer import CutPairSynthesizer

TEACHER = RandomForestClassifier(5, max_leaf_nodes=8, random_state=0)


@dataclass(frozen=True)
class Sees(SoftTargetLoss):
    """Soft targets; it asks for a view and makes nothing of it."""

    view: Any = "leaves"
    needs_view = True

    def torch_batch_term(self) -> Any:
        return lambda outputs, response, weight, *, view: 0.0 * view.sum()


@pytest.fixture(scope="module")
def taught(make_frame, make_target):
    frame = make_frame(120).select_dtypes("number").fillna(0.0)
    target = make_target(make_frame(120))

    def distilled(loss: Any, **options: Any) -> Any:
        network = MLPStudent(hidden=(8,), n_updates=10)
        chosen = {"teacher": TEACHER, "student": network, "n_synthetic": 150, "recipe": "fast"}
        return distill(frame, target, loss=loss, **chosen | options)

    return distilled


def test_rows_of_all_origins_are_seen_once_lessons_have_added_theirs(taught):
    rows = taught(Sees(view=LeafView(4)), lessons=["hard_rows"]).transfer_set
    assert rows.view.shape == (len(rows), 4)
    assert len(rows) > 270
    # Rows that are the same are seen as the same, wherever they stand.
    _, first, back = np.unique(rows.X, axis=0, return_index=True, return_inverse=True)
    np.testing.assert_allclose(rows.view, rows.view[first][back], atol=1e-6)


def test_view_changes_nothing_where_a_term_makes_nothing_of_it(taught):
    seen, blind = taught(Sees()), taught(SoftTargetLoss())
    assert blind.transfer_set.view is None
    X = seen.transfer_set.X
    np.testing.assert_array_equal(X, blind.transfer_set.X)
    np.testing.assert_array_equal(seen.student.respond(X), blind.student.respond(X))


def test_view_is_of_the_teacher_that_labels(taught, monkeypatch):
    fitted_on = []

    class Noted(LeafView):
        def fit(self, teacher: Any, X: Any, task: Any, *, seed: int = 0) -> View:
            fitted_on.append((teacher, len(X)))
            return super().fit(teacher, X, task, seed=seed)

    found = taught(Sees(view=Noted(n_components=4)))
    rows = found.transfer_set
    [(teacher, n_rows)] = fitted_on
    assert n_rows == int(((rows.origin == 0) & ~rows.held_out).sum())
    # It has not seen the held-out rows, as the one that is kept has.
    assert teacher is not found.teacher


@pytest.mark.parametrize("loss", ["relational_distance", "relational_angle", "similarity"])
def test_relations_are_learned_by_name(taught, loss):
    found = taught(loss, temperature=2.0)
    assert found.recipe.describe()["loss"] == type(found.recipe.loss).__name__
    assert found.recipe.loss.temperature == 2.0
    rows = found.transfer_set
    assert rows.view.shape[0] == len(rows)
    same, other = taught(loss, temperature=2.0), taught("soft_targets", temperature=2.0)
    responses = [one.student.respond(rows.X) for one in (found, same, other)]
    np.testing.assert_array_equal(responses[0], responses[1])
    assert not np.array_equal(responses[0], responses[2])


@pytest.mark.parametrize("loss", ["attention", "sobolev"])
def test_attributions_are_learned_by_name(taught, loss):
    found = taught(loss, compression=[PruneNeurons(0.5, n_updates=3)])
    rows = found.transfer_set
    assert found.recipe.describe()["loss"] == type(found.recipe.loss).__name__
    # A number for each column, and a network that is pruned learns on.
    assert rows.view.shape == rows.X.shape
    assert [len(layer.weight) for layer in found.model.body.layers] == [4]
    answers = [taught(name).student.respond(rows.X) for name in (loss, loss, "soft_targets")]
    np.testing.assert_array_equal(answers[0], answers[1])
    assert not np.array_equal(answers[0], answers[2])


def test_synthesizers_get_the_cuts_of_the_teacher(taught):
    given = []

    class Noted(CutPairSynthesizer):
        def fit(self, X: Any, y: Any = None, sample_weight: Any = None, splits: Any = ()) -> Any:
            given.append(splits)
            return super().fit(X, y, sample_weight, splits)

    found = taught("soft_targets", synthesizer=Noted())
    [splits] = given
    assert sum(len(of_column) for of_column in splits) > 0
    for own, of_set in zip(splits, found.transfer_set.splits, strict=True):
        np.testing.assert_array_equal(own, of_set)


def test_relations_are_compressed_by_what_they_were_taught_by(taught):
    # A pruned network learns on, its hidden layer narrower than it was.
    found = taught("similarity", compression=[PruneNeurons(0.5, n_updates=3)])
    assert [len(layer.weight) for layer in found.model.body.layers] == [4]


def test_trees_say_that_they_cannot_learn_relations(make_frame, make_target):
    frame = make_frame(100).select_dtypes("number").fillna(0.0)
    target = make_target(make_frame(100))
    with pytest.raises(InputError, match="student='gbdt' cannot learn SimilarityLoss, which relat"):
        distill(
            frame, target, teacher=TEACHER, student="gbdt", loss="similarity", n_synthetic=0,
            recipe="fast",
        )  # fmt: skip


def test_hints_and_residual_hints_are_lessons(taught):
    plain = taught(SoftTargetLoss())
    X = plain.transfer_set.X
    answers = [plain.student.respond(X)]
    for lessons in (["hints"], ["residual"], ["hard_rows", "hints", "residual"]):
        found = taught(SoftTargetLoss(), lessons=lessons)
        answers.append(found.student.respond(X))
        np.testing.assert_array_equal(
            answers[-1], taught(SoftTargetLoss(), lessons=lessons).student.respond(X)
        )
        assert [len(layer.weight) for layer in found.model.body.layers] == [8]
        assert isinstance(found.student, ResidualStudent) == ("residual" in lessons)
    assert len({answer.tobytes() for answer in answers}) == 4


@pytest.mark.parametrize("lesson", ["hints", "residual"])
def test_hints_are_for_networks(taught, lesson):
    with pytest.raises(InputError, match="TreeStudent; choose student='mlp'"):
        taught(SoftTargetLoss(), lessons=[lesson], student="tree")


def test_hints_take_the_view_of_the_loss_and_a_share_of_steps(taught):
    with pytest.raises(InputError, match="view must be that of the loss, 'leaves', got 'outputs'"):
        taught(Sees(), lessons=[Hints(view="outputs")])
    with pytest.raises(InputError, match="share must be > 0, got 0"):
        taught(SoftTargetLoss(), lessons=[Hints(share=0)])


def test_rows_added_after_hints_are_refused_with_a_remedy(taught):
    with pytest.raises(InputError, match="put lessons that add rows before 'hints'"):
        taught(SoftTargetLoss(), lessons=["hints", "hard_rows"])


def test_rows_that_a_lesson_adds_are_seen_by_the_next_one(taught):
    found = taught(Sees(view=LeafView(4)), lessons=["hard_rows", BornAgain(generations=1)])
    assert found.transfer_set.view.shape == (len(found.transfer_set), 4)


@pytest.mark.parametrize("given", [{"loss": "similarity"}, {"loss": "auto", "lessons": ["hints"]}])
def test_nobody_looks_into_a_log_or_spends_queries_on_a_look(taught, given, make_frame):
    frame = make_frame(120).select_dtypes("number").fillna(0.0)
    with pytest.raises(InputError, match="needs the teacher's view of each row, but of the model"):
        taught(**given, teacher=None, soft_labels=np.linspace(0.1, 0.9, len(frame)))
    asked = QueriedTeacher(lambda X: np.full((len(X), 2), 0.5), budget=100)
    with pytest.raises(InputError, match="would spend the teacher's queries"):
        taught(**given, teacher=asked)
    assert asked.n_asked == 0
