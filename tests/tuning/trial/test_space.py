"""The space gives students that fit their bytes, and starts where the flow does."""

from __future__ import annotations

import numpy as np
import optuna
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.flow import Recipe
from ensemble_kd.losses import CLASS_LOSSES, LogitMatchingLoss, SquaredErrorLoss
from ensemble_kd.losses.relations import SimilarityLoss
from ensemble_kd.rows import read_rows
from ensemble_kd.tasks import Classification
from ensemble_kd.tuning import SYNTHESIZERS, SearchSpace
from ensemble_kd.tuning.trial import FileBytes, card_lines, fit_setting, pack, starting_points

SPAN = (4_000, 60_000)


@pytest.fixture(scope="module", params=["binary", "multiclass", "regression"])
def rows(request, make_frame, make_target):
    X = make_frame(400)
    task = "regression" if request.param == "regression" else "classification"
    return read_rows(X, make_target(X, request.param), None, task, 2, 0)


def point(**more):
    base = {
        "weights": "int8", "synthesizer": "none", "labels": "out_of_fold", "alpha": 0.7,
        "loss": "soft_targets", "temperature": 1.0, "depth": 2, "n_bins": 8, "keep": 1.0,
        "edges": "quantiles", "shape": "halved", "width": 96, "mlp_learning_rate": 0.01,
        "num_leaves": 8, "gbdt_learning_rate": 0.2, "max_width": 192, "encoding": "periodic",
        "most_bins": 32,
    }  # fmt: skip
    return optuna.trial.FixedTrial(base | more)


@pytest.mark.parametrize("weights", ["float32", "float16", "int8"])
@pytest.mark.parametrize("student", ["mlp", "gbdt", "tree"])
@pytest.mark.parametrize("n_bytes", [16_000, 40_000])
def test_space_gives_students_that_fit_their_bytes(rows, student, weights, n_bytes):
    sizes = FileBytes(rows, ["-" * 70] * 3)
    trial = point(student=student, weights=weights, n_bytes=n_bytes)
    setting = SearchSpace().suggest(trial, rows.task, sizes, SPAN).with_effort(0.01)
    _, model = fit_setting(setting, rows.as_transfer_set(rows.truth), 0)
    found = len(pack(model, None, card_lines(setting)))
    assert found <= n_bytes
    if student == "mlp":
        assert found >= 0.5 * n_bytes


def test_space_gives_students_of_several_labels_that_fit_their_bytes():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    rows = read_rows(X, (X > 0).astype(int), None, "classification", 2, 0)
    sizes = FileBytes(rows, ["-" * 70] * 3)
    trial = point(student="tree", n_bytes=16_000)
    setting = SearchSpace().suggest(trial, rows.task, sizes, SPAN)
    _, model = fit_setting(setting, rows.as_transfer_set(rows.truth), 0)
    assert model.is_multilabel
    assert len(pack(model, None, card_lines(setting))) <= 16_000


@pytest.mark.parametrize("student", ["trepan", "soft_tree", "additive"])
@pytest.mark.parametrize("n_bytes", [16_000, 40_000])
def test_space_gives_students_for_people_that_fit_their_bytes(rows, student, n_bytes):
    sizes = FileBytes(rows, ["-" * 70] * 3)
    trial = point(student=student, n_bytes=n_bytes)
    setting = SearchSpace(students=(student,)).suggest(trial, rows.task, sizes, SPAN)
    setting = setting.with_effort(0.01)
    _, model = fit_setting(setting, rows.as_transfer_set(rows.truth), 0)
    assert len(pack(model, None, card_lines(setting))) <= n_bytes
    assert [p["student"] for p in starting_points(SearchSpace(students=(student,)), sizes, SPAN)]


@pytest.mark.parametrize("width", [160, 48])
@pytest.mark.parametrize("n_bytes", [16_000, 40_000, 60_000])
def test_space_networks_like_the_flows_own_fit_their_bytes(rows, width, n_bytes):
    sizes = FileBytes(rows, ["-" * 70] * 3)
    trial = point(student="mlp", n_bytes=n_bytes, shape="even", width=width, weights="float16")
    setting = SearchSpace().suggest(trial, rows.task, sizes, SPAN).with_effort(0.01)
    _, model = fit_setting(setting, rows.as_transfer_set(rows.truth), 0)
    assert len(pack(model, None, card_lines(setting))) <= n_bytes
    assert len(set(setting.student.hidden)) == 1 and max(setting.student.hidden) <= width


def test_space_has_the_losses_that_are_asked_for(rows):
    sizes, space = FileBytes(rows, []), SearchSpace(losses=("similarity",))
    space.check()
    for params in starting_points(space, sizes, SPAN):
        setting = space.suggest(optuna.trial.FixedTrial(params), rows.task, sizes, SPAN)
        taught = setting.family == "mlp" and params["labels"] != "true"
        assert isinstance(setting.recipe.loss, SimilarityLoss) == taught
    # What is left at None is what races try.
    first = starting_points(
        SearchSpace(),
        sizes,
        SPAN,
        Recipe("", "out_of_fold", rows.task.named_loss("similarity", 0.7), ()),
    )
    assert {params["loss"] for params in first} == {rows.task.losses[0]}
    for params in first:
        setting = SearchSpace().suggest(optuna.trial.FixedTrial(params), rows.task, sizes, SPAN)
        assert not isinstance(setting.recipe.loss, SimilarityLoss)
    with pytest.raises(InputError, match="losses must be some of"):
        SearchSpace(losses=("likeness",)).check()


def test_space_has_the_flows_own_network(rows):
    sizes = FileBytes(rows, [])
    for width, n_bins in ((96, 32), (160, 64)):
        own = sizes.even_network(10**7, "float32", width, n_bins)
        assert (own.hidden, own.n_bins) == ((width,) * 3, n_bins)


def test_setting_takes_more_steps_or_fewer_and_stays_as_large(rows):
    sizes = FileBytes(rows, ["-" * 70] * 3)
    trial = point(student="mlp", n_bytes=20_000, keep=0.5)
    setting = SearchSpace().suggest(trial, rows.task, sizes, SPAN)
    for effort in (0.1, 2):
        other = setting.with_effort(effort)
        assert other.student.n_updates == effort * setting.student.n_updates
        assert other.steps[0].n_updates == effort * setting.steps[0].n_updates
        assert other.student.hidden == setting.student.hidden


def test_space_pruned_networks_fit_their_bytes(rows):
    sizes = FileBytes(rows, ["-" * 70] * 3)
    trial = point(student="mlp", n_bytes=20_000, keep=0.25)
    setting = SearchSpace().suggest(trial, rows.task, sizes, SPAN).with_effort(0.01)
    _, model = fit_setting(setting, rows.as_transfer_set(rows.truth), 0)
    assert 10_000 <= len(pack(model, None, card_lines(setting))) <= 20_000


def test_space_narrow_budget_gives_the_smallest_student(rows):
    sizes = FileBytes(rows, [])
    assert min(sizes.network(100, 2, 32, "float32", 1.0).hidden) <= 4
    assert sizes.tree(100, "int8").max_leaf_nodes == 2
    assert sizes.boosted(100, 8, "int8").n_estimators <= 4


def test_space_plain_training_is_a_choice(rows):
    sizes = FileBytes(rows, [])
    trial = point(student="gbdt", labels="true", n_bytes=20_000)
    recipe = SearchSpace().suggest(trial, rows.task, sizes, SPAN).recipe
    assert not recipe.needs_teacher and recipe.loss.alpha == 0 and recipe.synthesizers == ()


def test_starting_points_lie_in_the_space(rows):
    sizes = FileBytes(rows, [])
    points = starting_points(SearchSpace(), sizes, SPAN)
    assert {p["student"] for p in points} == {"mlp", "gbdt", "tree"}
    assert all(SPAN[0] <= p["n_bytes"] <= SPAN[1] for p in points)
    assert not starting_points(SearchSpace(alpha=(0.9, 1.0)), sizes, SPAN)
    trees = starting_points(SearchSpace(students=("tree",)), sizes, SPAN)
    assert {p["student"] for p in trees} == {"tree"}


def test_starting_points_hold_small_students_that_tell_rows_apart(rows):
    lines = ["-" * 70] * 4
    sizes = FileBytes(rows, lines)
    for family in ("mlp", "gbdt", "tree"):
        points = starting_points(SearchSpace(students=(family,)), sizes, (1_000, 300_000))
        small = min(points, key=lambda point: point["n_bytes"])
        trial = optuna.trial.FixedTrial(small)
        setting = SearchSpace().suggest(trial, rows.task, sizes, (1_000, 300_000))
        student = setting.student
        if family == "mlp":
            assert student.n_bins == 16
        elif family == "gbdt":
            assert student.n_estimators * student.num_leaves >= 64
        else:
            assert student.max_leaf_nodes >= 64
        _, model = fit_setting(setting.with_effort(0.01), rows.as_transfer_set(rows.truth), 0)
        assert len(pack(model, None, card_lines(setting))) <= small["n_bytes"]


def test_starting_points_follow_a_recipe(rows):
    recipe = Recipe(
        "logit matching", "in_sample", LogitMatchingLoss(0.8), SYNTHESIZERS["forest leaves"],
        {"edges": "quantiles", "encoding": "periodic"},
    )  # fmt: skip
    first = starting_points(SearchSpace(), FileBytes(rows, []), SPAN, recipe)[0]
    expected = ("logit_matching", "in_sample", 0.8, "forest leaves", "quantiles", "periodic")
    keys = ("loss", "labels", "alpha", "synthesizer", "edges", "encoding")
    assert tuple(first[key] for key in keys) == expected


def test_space_offers_what_a_race_tries_unless_losses_are_named():
    task = Classification()
    assert SearchSpace().losses_of(task) == ["soft_targets", "logit_matching"]
    assert SearchSpace(losses=("decoupled", "dist")).losses_of(task) == ["decoupled", "dist"]


@pytest.mark.parametrize("name", ["decoupled", "squared_probabilities"])
def test_space_suggests_the_losses_that_are_named(rows, name):
    space = SearchSpace(losses=("dist", name))
    trial = point(student="mlp", n_bytes=30_000, loss=name, temperature=2.0)
    loss = space.suggest(trial, rows.task, FileBytes(rows, []), SPAN).recipe.loss
    if rows.task.has_classes:
        assert type(loss) is type(CLASS_LOSSES[name](2.0, 0.7))
        assert getattr(loss, "temperature", 2.0) == 2.0
    else:
        assert isinstance(loss, SquaredErrorLoss)


def test_space_refuses_a_loss_that_it_does_not_know():
    with pytest.raises(InputError, match="losses must be some of"):
        SearchSpace(losses=("decupled",)).check()


def test_starting_points_begin_with_a_loss_of_the_space(rows):
    recipe = Recipe("by hand", "out_of_fold", CLASS_LOSSES["decoupled"](1.0, 0.7), (), {})
    sizes = FileBytes(rows, [])
    for losses, expected in ((None, "soft_targets"), (("dist", "decoupled"), "decoupled")):
        first = starting_points(SearchSpace(losses=losses), sizes, SPAN, recipe)[0]
        assert first["loss"] == expected or not rows.task.has_classes
