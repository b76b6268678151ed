"""Settings: one record of what may be chosen, made of parameters, with every rule in one place."""

from __future__ import annotations

import inspect
from dataclasses import fields

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from ensemble_kd import DistilledClassifier, DistilledOutlierDetector, DistilledRegressor
from ensemble_kd.errors import InputError
from ensemble_kd.flow import Settings, check_settings
from ensemble_kd.flow.lessons import Assistant, BornAgain, HardRows
from ensemble_kd.flow.teaching._taught import no_bigger_than
from ensemble_kd.rows import read_rows
from ensemble_kd.students import MLPStudent
from ensemble_kd.tasks import Classification, Regression, task_named
from ensemble_kd.teachers import as_teacher

FORMER = {"active", "assistant"}


# What only those learn who have no target.
OF_OUTLIERS = {"contamination"}


@pytest.mark.parametrize("estimator", [DistilledClassifier, DistilledRegressor])
def test_settings_are_the_parameters_of_the_estimators(estimator):
    parameters = inspect.signature(estimator).parameters
    defaults = {name: p.default for name, p in parameters.items() if name not in FORMER}
    assert defaults == {
        field.name: field.default for field in fields(Settings) if field.name not in OF_OUTLIERS
    }


def test_settings_of_outliers_are_parameters_of_their_estimator():
    parameters = inspect.signature(DistilledOutlierDetector).parameters
    defaults = {field.name: field.default for field in fields(Settings)}
    assert {name: p.default for name, p in parameters.items()}.items() <= defaults.items()
    assert parameters.keys() >= OF_OUTLIERS


def test_settings_keep_what_the_estimator_was_given():
    found = DistilledClassifier(alpha=0.3, cv=7, lessons="assistant").settings()
    assert (found.alpha, found.cv, found.recipe) == (0.3, 7, "auto")


@pytest.mark.parametrize(
    ("former", "lesson"), [("active", HardRows), ("assistant", Assistant)], ids=str
)
def test_settings_take_a_former_parameter_with_a_warning(former, lesson):
    with pytest.warns(FutureWarning, match=f"{former}= is now lessons="):
        found = DistilledClassifier(**{former: True}).settings()
    assert [type(one) for one in found.lessons] == [lesson]
    with pytest.warns(FutureWarning):
        assert Settings.of({former: False}).lessons == []


def test_settings_refuse_an_unknown_name():
    with pytest.raises(InputError, match="sinthesizer is no setting of a distillation"):
        Settings.of({"sinthesizer": None})


NAMES = (
    "'auto', 'soft_targets', 'logit_matching', 'squared_probabilities', 'decoupled', 'dist', "
    "'annealed', 'ranking', 'relational_distance', 'relational_angle', "
    "'similarity', 'attention' or 'sobolev'"
)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"recipe": "best"}, "recipe must be 'auto' or 'fast', got 'best'"),
        ({"time_limit": 0}, "time_limit must be > 0 seconds, got 0"),
        ({"labels": "true"}, "labels must be 'auto', 'out_of_fold' or 'in_sample', got 'true'"),
        ({"alpha": 1.5}, r"alpha must be in \[0, 1\], got 1.5"),
        ({"alpha": "half"}, r"alpha must be in \[0, 1\], got 'half'"),
        ({"loss": None}, f"loss must be {NAMES}, got None"),
        ({"loss": "squared_error"}, f"loss must be {NAMES}, got 'squared_error'"),
        ({"loss": ["auto", "kl"]}, f"loss must be {NAMES}, got 'kl'"),
        ({"loss": []}, "loss must be a loss, its name or a list of them, got none"),
        ({"loss": ["auto", "similarity"], "recipe": "fast"}, "recipe must be 'auto' to choose"),
        ({"loss": "annealed", "temperature": 2.0}, "temperature must be 1 with loss='annealed'"),
        ({"lessons": [BornAgain(generations=-1)]}, "generations must be a whole number >= 0, got"),
        ({"synthesizer": "mung"}, "synthesizer must be one of"),
        ({"temperature": 0.0}, "temperature must be > 0"),
        ({"loss": "logit_matching", "temperature": 2.0}, "temperature must be 1 with loss="),
        ({"lessons": ["homework"]}, "lessons must be among .*got 'homework'"),
        ({"student": "forest"}, "student must be one of"),
        ({"compression": "int4"}, "int4"),
    ],
    ids=str,
)
def test_settings_refuse_what_no_distillation_could_follow(chosen, message):
    with pytest.raises(InputError, match=message):
        check_settings(Settings(**chosen), Classification())


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (
            {"loss": "soft_targets"},
            "loss must be 'auto', 'squared_error', 'relational_distance', 'relational_angle', "
            "'similarity', 'attention' or 'sobolev', got 'soft_targets'",
        ),
        ({"temperature": 2.0}, "temperature must be 1 with loss='squared_error', which has none"),
    ],
    ids=str,
)
def test_settings_of_values_have_squared_error_alone(chosen, message):
    with pytest.raises(InputError, match=message):
        check_settings(Settings(**chosen), Regression())


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_settings_by_default_suit_every_task(task):
    check_settings(Settings(), task_named(task))


def test_fast_settings_halve_the_rows_and_shorten_the_training():
    X = np.arange(400.0).reshape(200, 2)
    rows = read_rows(X, np.arange(200) % 2, None, "classification", 5, 0)
    auto, fast = Settings(), Settings(recipe="fast")
    assert fast.n_new(rows) == auto.n_new(rows) // 2
    assert fast.paced(MLPStudent(n_updates=100)).n_updates == 40
    assert Settings(recipe="fast", n_synthetic=70).n_new(rows) == 70
    assert (auto.races, fast.races) == (True, False)


def test_settings_without_a_synthesizer_make_no_rows():
    rows = read_rows(np.arange(20.0)[:, None], np.arange(20) % 2, None, "classification", 5, 0)
    assert Settings(synthesizer=None).n_new(rows) == 0


def test_truth_has_three_thousandths_of_the_loss_by_default():
    X = np.random.default_rng(0).normal(size=(1000, 2))
    rows = read_rows(X, X[:, 0] > 0, None, "classification", 5, 0)
    settings = Settings()
    n_real, n_new = int((~rows.held_out).sum()), settings.n_new(rows)
    share = (1 - settings.distillation_loss(rows.task).alpha) * n_real / (n_real + n_new)
    assert share == pytest.approx((1 - 0.7) / 97)
    for text in (DistilledClassifier.__doc__, DistilledRegressor.__doc__, Settings.__doc__):
        assert f"{share:.1%}".replace("%", " %") in " ".join(text.split())


def test_student_is_held_to_the_bytes_of_an_estimator_but_not_to_those_of_a_handle():
    student = MLPStudent()
    handle = as_teacher(len, Regression())  # a function is pickled by its name
    assert no_bigger_than(handle, student, 1) is student
    assert no_bigger_than(LinearRegression(), student, 1).max_bytes < student.max_bytes


def test_settings_make_a_teacher_of_the_name_of_a_preset():
    found = Settings(teacher="fast", cv=3, n_jobs=2, random_state=5).teacher_of(Regression())
    assert (found.members, found.task, found.cv, found.n_jobs) == ("fast", Regression.name, 3, 2)
    assert found.random_state == 5
    assert Settings(teacher="default").teacher_of(Regression()) is None


def test_estimator_with_the_name_of_a_preset_says_that_it_takes_missing_values():
    assert DistilledClassifier(teacher="fast").__sklearn_tags__().input_tags.allow_nan
