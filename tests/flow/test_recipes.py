"""Recipes: one change at a time, and nothing that the user fixed."""

from __future__ import annotations

from typing import Any

import pytest

from ensemble_kd.flow import Settings
from ensemble_kd.flow._recipes import (
    Recipe,
    candidate_recipes,
    default_recipe,
    plain_recipe,
    recipe_table,
)
from ensemble_kd.losses import LogitMatchingLoss, SoftTargetLoss, SquaredErrorLoss
from ensemble_kd.losses.relations import SimilarityLoss
from ensemble_kd.students import GBDTStudent, MLPStudent, TreeStudent
from ensemble_kd.tasks import Classification, Regression, task_named
from ensemble_kd.transfer import MarginalSynthesizer, MungeSynthesizer


def candidates(student: Any = None, task: Any = "classification", **options: Any) -> list[Recipe]:
    fixed = {k: v for k, v in options.items() if k in Settings.__dataclass_fields__}
    rest = {"n_synthetic": 100, "has_splits": True, "has_numbers": True, "frozen": False,
            "is_rare": False}  # fmt: skip
    rest |= {k: fixed.pop(k) if k in fixed else v for k, v in options.items() if k in rest}
    return candidate_recipes(task_named(task), student or MLPStudent(), Settings(**fixed), **rest)


def facts(recipe: Recipe) -> dict[str, Any]:
    return {k: v for k, v in recipe.describe().items() if k != "recipe"}


@pytest.mark.parametrize("student", [MLPStudent(), GBDTStudent(), TreeStudent()])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_candidates_differ_from_the_default_in_one_thing(student, task):
    default, *others = candidates(student, task)
    assert default.describe() == default_recipe(task_named(task), Settings()).describe()
    for other in others:
        changed = [k for k, v in facts(other).items() if v != facts(default)[k]]
        # A distillation loss is a class and a number.
        assert len(changed) == 1, (other.name, changed)


def test_rare_class_has_candidates_of_its_own_and_no_other_table_has():
    common, rare = ({r.name for r in candidates(is_rare=is_rare)} for is_rare in (False, True))
    assert rare - common == {"tail", "ranking"}
    of_trees = {recipe.name for recipe in candidates(GBDTStudent(), is_rare=True)}
    assert "tail" in of_trees and "ranking" not in of_trees
    fixed = candidates(is_rare=True, synthesizer="munge", loss="soft_targets")
    assert not {"tail", "ranking"} & {recipe.name for recipe in fixed}


def test_candidates_have_names_of_their_own():
    names = [recipe.name for recipe in candidates()]
    assert len(set(names)) == len(names) >= 6


@pytest.mark.parametrize(
    ("fixed", "setting"),
    [
        ({"synthesizer": "marginals"}, "synthesizer"),
        ({"synthesizer": None}, "synthesizer"),
        ({"labels": "in_sample"}, "labels"),
        ({"alpha": 0.3}, "alpha"),
        ({"loss": "logit_matching"}, "loss"),
        ({"loss": SoftTargetLoss(2.0, 0.9)}, "loss"),
        ({"loss": SoftTargetLoss(2.0, 0.9)}, "alpha"),
    ],
    ids=str,
)
def test_candidates_leave_what_was_fixed(fixed, setting):
    found = {facts(recipe)[setting] for recipe in candidates(**fixed)}
    assert len(found) == 1


def test_candidates_of_a_frozen_teacher_have_one_label_source():
    assert {r.labels for r in candidates(frozen=True)} == {"out_of_fold"}


def test_candidates_without_synthetic_rows_make_none():
    assert {facts(r)["synthesizer"] for r in candidates(n_synthetic=0)} == {"none"}


def test_candidates_of_a_tree_have_no_logits_to_match():
    kinds = {type(recipe.loss) for recipe in candidates(TreeStudent())}
    assert kinds == {SoftTargetLoss}


def test_candidates_try_the_losses_that_are_asked_for():
    asked = ["logit_matching", "similarity", SoftTargetLoss(2.0, 0.7)]
    default, *others = candidates(loss=asked)
    assert isinstance(default.loss, LogitMatchingLoss)
    tried = [r.loss for r in others if type(r.loss) is not LogitMatchingLoss]
    assert tried == [SimilarityLoss(SoftTargetLoss(alpha=0.7)), asked[2]]


def test_candidates_try_logit_matching_and_no_other_loss():
    kinds = {type(recipe.loss) for recipe in candidates()}
    assert kinds == {SoftTargetLoss, LogitMatchingLoss}


def test_candidates_with_a_temperature_keep_to_soft_targets():
    found = candidates(temperature=2.0)
    assert all(r.loss == SoftTargetLoss(2.0, r.loss.alpha) for r in found)


def test_candidates_ask_for_quantile_edges_where_there_are_splits_alone():
    names = [{r.name for r in candidates(has_splits=has)} for has in (True, False)]
    assert names[0] - names[1] == {"quantile edges"}


def test_candidates_try_waves_where_there_are_numbers_alone():
    names = [{r.name for r in candidates(has_numbers=has)} for has in (True, False)]
    assert names[0] - names[1] == {"periodic"}


def test_candidates_leave_an_encoding_that_was_given():
    for student in (MLPStudent(encoding="piecewise_linear"), MLPStudent(encoding="periodic")):
        assert "periodic" not in {r.name for r in candidates(student)}


def test_recipe_that_keeps_curves_smooth_departs_from_the_default():
    default, *others = candidates()
    departing = {r.name for r in others if r.departs_from(default)}
    assert departing == {"in-sample labels", "more truth", "periodic"}


def test_default_recipe_takes_what_was_given():
    recipe = default_recipe(
        Regression(), Settings(labels="in_sample", synthesizer=MarginalSynthesizer(), alpha=0.25)
    )
    assert isinstance(recipe.synthesizers[0][0], MarginalSynthesizer)
    assert (recipe.labels, recipe.loss) == ("in_sample", SquaredErrorLoss(0.25))


def test_plain_recipe_has_no_use_for_a_teacher():
    for task in (Classification(), Regression()):
        recipe = plain_recipe(task)
        assert (recipe.needs_teacher, recipe.synthesizers, recipe.loss.alpha) == (False, (), 0.0)


def test_recipe_changes_a_copy_of_the_student():
    student = MLPStudent()
    changed = Recipe("x", "true", LogitMatchingLoss(), (), {"edges": "quantiles"}).student(student)
    assert (changed.edges, student.edges) == ("quantiles", "auto")


def test_recipe_table_marks_the_chosen_one():
    one, two = default_recipe(Regression(), Settings()), plain_recipe(Regression())
    table = recipe_table(two, [one.describe(), two.describe(), one.describe()])
    assert table["chosen"].tolist() == [False, True, False]


def test_recipe_table_without_a_race_has_the_recipe_alone():
    table = recipe_table(default_recipe(Regression(), Settings()), [])
    assert table["recipe"].tolist() == ["default"]
    assert repr(MungeSynthesizer()) in table["synthesizer"].iloc[0]
