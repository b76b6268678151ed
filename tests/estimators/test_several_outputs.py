"""A regression of several outputs: as of one, in whatever units they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.exceptions import DataConversionWarning
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.tree import DecisionTreeRegressor

from ensemble_kd import (
    AdditiveStudent,
    DistilledRegressor,
    GBDTStudent,
    InputError,
    MLPStudent,
    NotDistillableError,
    SoftTreeStudent,
    TeacherEnsemble,
    TreeStudent,
    TrepanStudent,
    load,
)
from ensemble_kd.compress import PruneNeurons
from ensemble_kd.teachers.outputs import PerOutput

RNG = np.random.default_rng(0)
N = 300
X = pd.DataFrame({"a": RNG.normal(size=N), "b": RNG.normal(size=N)})
X["c"] = pd.Categorical(RNG.choice(["u", "v", "w"], N))
NUMBERS = X[["a", "b"]].to_numpy()
# Three outputs in units a million apart, the last of which never changes.
Y = np.column_stack([
    0.01 * (2 * NUMBERS[:, 0] - NUMBERS[:, 1]), 5e6 + 1e4 * NUMBERS[:, 0], np.full(N, 7.0)
])  # fmt: skip
STUDENTS = {
    "mlp": MLPStudent(hidden=(16,), n_updates=150),
    "gbdt": GBDTStudent(n_estimators=60, num_leaves=6, n_jobs=1),
    "tree": TreeStudent(),
    "trepan": TrepanStudent(),
    "soft_tree": SoftTreeStudent(n_updates=400),
    "additive": AdditiveStudent(max_iter=60),
}


def small(teacher=None, **parameters):
    """Return an estimator that fits in a moment."""
    teacher = LinearRegression() if teacher is None else teacher
    defaults = {"student": TreeStudent(), "n_synthetic": 200, "cv": 3, "recipe": "fast"}
    return DistilledRegressor(teacher, **defaults | parameters)


@pytest.fixture(scope="module")
def network():
    return small(student=STUDENTS["mlp"]).fit(NUMBERS, Y)


@pytest.mark.parametrize("name", STUDENTS)
def test_student_learns_every_output_whatever_its_unit(name, tmp_path):
    model = small(student=STUDENTS[name]).fit(NUMBERS, Y)
    answer = model.predict(NUMBERS)
    assert answer.shape == Y.shape
    assert answer.dtype == np.float64
    assert min(r2_score(Y[:, :2], answer[:, :2], multioutput="raw_values")) > 0.7
    np.testing.assert_allclose(answer[:, 2], 7.0, rtol=1e-6)
    own = model.student_.respond(model.transfer_set_.X[:N])
    np.testing.assert_allclose(answer[:, :2] / Y.std(axis=0)[:2], own[:, :2] / Y.std(axis=0)[:2],
                               atol=2e-4)  # fmt: skip
    model.save(tmp_path / "model.ekd")
    np.testing.assert_array_equal(load(tmp_path / "model.ekd").predict(NUMBERS), answer)


@pytest.mark.parametrize("name", ["mlp", "tree"])
def test_unit_of_an_output_changes_its_own_answers_alone(name):
    turned = Y * [1.0, 1e-3, 2.0] + [0.0, 40.0, 0.0]
    one, other = (small(student=STUDENTS[name]).fit(NUMBERS, y).predict(NUMBERS)
                  for y in (Y, turned))  # fmt: skip
    wanted = one * [1.0, 1e-3, 2.0] + [0.0, 40.0, 0.0]
    far = np.abs(other - wanted) / np.maximum(turned.std(axis=0), 1.0 * (turned.std(axis=0) == 0))
    assert far.max() < 0.02


@pytest.mark.parametrize("name", ["tree", "gbdt", "additive"])
def test_outputs_in_another_order_give_the_same_answers_in_that_order(name):
    order = [1, 2, 0]
    one, other = (small(student=STUDENTS[name]).fit(NUMBERS, y).predict(NUMBERS)
                  for y in (Y, Y[:, order]))  # fmt: skip
    np.testing.assert_allclose(other, one[:, order], rtol=1e-5, atol=1e-6)


def test_equal_outputs_get_equal_answers_and_those_of_one():
    one = small().fit(NUMBERS, Y[:, 0]).predict(NUMBERS)
    both = small().fit(NUMBERS, Y[:, [0, 0]]).predict(NUMBERS)
    np.testing.assert_array_equal(both[:, 0], both[:, 1])
    np.testing.assert_allclose(both[:, 0], one, rtol=1e-6)


def test_single_column_is_one_output():
    flat = small().fit(NUMBERS, Y[:, 0])
    with pytest.warns(DataConversionWarning):
        column = small().fit(NUMBERS, Y[:, :1])
    np.testing.assert_array_equal(column.predict(NUMBERS), flat.predict(NUMBERS))
    assert column.predict(NUMBERS).shape == (N,)


@pytest.mark.runtimes
def test_row_alone_is_answered_as_among_others(network):
    scorer = network._scorer
    answer = scorer.predict(NUMBERS[:5])
    for row, wanted in zip(NUMBERS[:5].tolist(), answer, strict=True):
        named = dict(zip(scorer.schema.names, row, strict=True))
        found = scorer.predict_one(named)
        assert isinstance(found, list)
        np.testing.assert_allclose(found, wanted, rtol=1e-6)
        with pytest.raises(AttributeError, match="this model has several"):
            scorer.score_one(named)


def test_same_seed_gives_the_same_model(network):
    again = small(student=STUDENTS["mlp"]).fit(NUMBERS, Y)
    np.testing.assert_array_equal(again.predict(NUMBERS), network.predict(NUMBERS))


def test_teacher_of_one_output_is_fitted_to_each():
    model = small(GradientBoostingRegressor(n_estimators=5)).fit(NUMBERS, Y)
    assert isinstance(model.teacher_, PerOutput)
    assert len(model.teacher_.estimators_) == 3
    assert isinstance(
        small(RandomForestRegressor(3)).fit(NUMBERS, Y).teacher_, RandomForestRegressor
    )


@pytest.mark.parametrize("members", [DecisionTreeRegressor(), [("tree", DecisionTreeRegressor())]],
                         ids=["several by itself", "an ensemble for each"])  # fmt: skip
def test_no_row_is_labelled_by_a_model_that_has_seen_it(members):
    noise = RNG.normal(size=(N, 2))  # which a tree remembers, and nobody can know
    ids = np.arange(N)[:, None].astype(float)
    model = small(members, alpha=1.0).fit(ids, noise)
    rows = model.transfer_set_
    labels, truth = rows.response[rows.origin == 0], rows.hard[rows.origin == 0]
    assert (labels != truth).all(axis=1).mean() > 0.99


def test_ensemble_is_fitted_to_each_output_with_weights():
    members = [("tree", DecisionTreeRegressor(max_depth=4)), ("linear", LinearRegression())]
    model = small(members, cv=2).fit(NUMBERS, Y[:, :2], sample_weight=np.linspace(0.5, 1.5, N))
    assert all(isinstance(one, TeacherEnsemble) for one in model.teacher_.estimators_)
    assert model.score(NUMBERS, Y[:, :2]) > 0.8


def test_default_teacher_reads_the_raw_table():
    member = TeacherEnsemble("fast", task="regression", cv=2)
    model = small(member, student=TreeStudent()).fit(X.head(120), Y[:120, :2])
    assert r2_score(Y[:120, :2], model.predict(X.head(120))) > 0.6


@pytest.mark.filterwarnings("ignore:.* in-sample:UserWarning")
@pytest.mark.parametrize("kind", ["frozen", "function"])
def test_fitted_teacher_of_several_outputs_is_used_as_it_is(kind):
    fitted = LinearRegression().fit(NUMBERS, Y)
    teacher = FrozenEstimator(fitted) if kind == "frozen" else fitted.predict
    model = small(teacher, alpha=1.0).fit(NUMBERS, Y)
    np.testing.assert_allclose(model.transfer_set_.response[:N], fitted.predict(NUMBERS))


@pytest.mark.filterwarnings("ignore:.* in-sample:UserWarning")
def test_fitted_teacher_of_other_outputs_is_refused():
    fitted = FrozenEstimator(LinearRegression().fit(NUMBERS, Y[:, :2]))
    with pytest.raises(NotDistillableError, match=r"must predict 3 finite values a row, got .*2"):
        small(fitted).fit(NUMBERS, Y)


@pytest.mark.parametrize("step", [PruneNeurons(0.5, n_updates=60), "int8", "float16"], ids=str)
def test_compression_keeps_small_units(step):
    y = Y[:, [0, 1]]
    model = small(student=STUDENTS["mlp"], compression=step).fit(NUMBERS, y)
    assert min(r2_score(y, model.predict(NUMBERS), multioutput="raw_values")) > 0.6


def test_race_and_gate_judge_all_outputs():
    model = small(LinearRegression(), recipe="auto", student=TreeStudent())
    table, y = np.tile(NUMBERS, (4, 1)), np.tile(Y, (4, 1))
    table += RNG.normal(scale=0.01, size=table.shape)
    model.fit(table, y)
    assert len(model.recipe_) > 1
    assert model.fidelity_.correlation > 0.8
    assert model.fidelity_.rmse < 1  # in deviations of each output


def test_measure_tells_quality_over_all_outputs(network):
    found = small(student=STUDENTS["mlp"]).fit(NUMBERS, Y, test_size=0.2).test_
    assert found.quality["student"]["r2"] > 0.7
    assert found.quality["student"]["rmse"] < 0.6
    with pytest.raises(InputError, match="y must be one value for each of"):
        network.measure(NUMBERS, Y[:, 0])


def test_score_is_that_of_scikit_learn(network):
    assert network.score(NUMBERS, Y) == r2_score(Y, network.predict(NUMBERS))


@pytest.mark.parametrize(
    ("y", "told"),
    [
        (np.vstack([Y[:-1], np.full((1, 3), np.nan)]), "NaN"),
        (Y * [1, 1e30, 1], "within 1e\\+30"),
        (Y[:-1], "samples"),
    ],
)
def test_targets_that_cannot_be_learned_are_refused(y, told):
    with pytest.raises(InputError, match=told):
        small().fit(NUMBERS, y)


def test_what_tells_one_value_refuses_several(network):
    with pytest.raises(InputError, match="reasons are those of one value, got 3"):
        network.add_reasons(NUMBERS)
    with pytest.raises(InputError, match="rules tell one value, got 3"):
        small().fit(NUMBERS, Y).student_.rules()
    with pytest.raises(InputError, match="1d array"):
        TeacherEnsemble("fast", task="regression").fit(NUMBERS, Y)
