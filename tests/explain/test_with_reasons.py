"""What is kept of rows and of what a user says; the file, Python and one row tell the same."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import ensemble_kd
from ensemble_kd.errors import InputError
from ensemble_kd.explain import contributions, with_reasons
from ensemble_kd.explain._background import quantile_rows
from ensemble_kd.model import CompactModel, ScoreQuantiles
from ensemble_kd.schema import TableSchema
from ensemble_kd.scoring import Scorer, save

from .oracle import SCHEMA, encoded_rows, random_network, random_trees


def frame_of(n_rows, seed=0):
    rows = SCHEMA.decode_rows(encoded_rows(n_rows, seed))
    frame = pd.DataFrame(rows, columns=SCHEMA.names)
    return frame.astype(dict.fromkeys("abcd", float))


MODELS = {
    "network": CompactModel("classification", SCHEMA, random_network(2, (8, 8)), ("no", "yes")),
    "trees": CompactModel("classification", SCHEMA, random_trees(5, 1, "sigmoid"), ("no", "yes")),
    "classes": CompactModel("classification", SCHEMA, random_network(3, (8,)), (1, 2, 3)),
    "value": CompactModel("regression", SCHEMA, random_trees(5, 1, "identity")),
    "outliers": CompactModel(
        "outliers", SCHEMA, random_network(1, (8, 8)), threshold=-0.5,
        quantiles=ScoreQuantiles(np.array([0.0]), np.array([0.5])),
    ),
}  # fmt: skip
FRAME = frame_of(400)


def made(name, **how):
    how = ({"explained": 2} if name == "classes" else {}) | how
    return with_reasons(MODELS[name], FRAME, **how)


@pytest.mark.parametrize("name", MODELS)
def test_file_explains_as_the_model_it_was_saved_from(name, tmp_path):
    model = made(name, texts={"a": ("R1", "Too much of a."), "city": "Far away."}, excluded=["b"])
    save(model, tmp_path / "m.ekd")
    scorer = ensemble_kd.load(tmp_path / "m.ekd")
    rows = frame_of(50, seed=1)
    here, there = contributions(model, rows), scorer.explain(rows)
    assert (here.values == there.values).all()
    assert here.reasons() == there.reasons()
    assert pickle.loads(pickle.dumps(scorer)).explain(rows).reasons() == there.reasons()


@pytest.mark.parametrize("name", MODELS)
def test_explain_one_is_the_row_of_a_batch(name):
    scorer = Scorer(made(name, excluded=["b"]))
    rows = SCHEMA.decode_rows(encoded_rows(20, seed=2))
    dicts = [dict(zip(SCHEMA.names, row, strict=True)) for row in rows]
    batch = scorer.explain(dicts)
    for i, row in enumerate(dicts):
        one = scorer.explain_one(row)
        assert one.score == pytest.approx(batch.score[i], abs=1e-12)
        assert one.base + sum(one.contributions.values()) + one.rest == pytest.approx(one.score)
        assert [r.name for r in one.reasons] == [r.name for r in batch.reasons()[i]]
        assert "b" not in one.contributions


@pytest.mark.parametrize("name", MODELS)
def test_reasons_change_no_answer(name):
    rows = frame_of(50, seed=3)
    answers = [Scorer(model).respond(rows) for model in (MODELS[name], made(name))]
    assert (answers[0] == answers[1]).all()


@pytest.mark.parametrize("name", MODELS)
def test_reasons_move_the_score_their_way_the_strongest_first(name):
    found = contributions(made(name), frame_of(200, seed=4))
    sign = -1 if name == "outliers" else 1
    for row, values in zip(found.reasons(3), found.values, strict=True):
        told = [sign * reason.contribution for reason in row]
        assert told == sorted(told, reverse=True)
        assert len(told) == min(3, (sign * np.round(values, 9) > 0).sum())
        assert all(value > 0 for value in told)


def test_excluded_columns_are_nowhere_to_be_read():
    model = made("network", excluded=["a", "flag"], groups={"place": ["city", "b"]})
    found = contributions(model, frame_of(300, seed=5))
    assert found.names == ["place", "c", "d"]
    assert {reason.name for row in found.reasons() for reason in row} <= {"place", "c", "d"}
    one = Scorer(model).explain_one(SCHEMA_ROW)
    assert "flag" not in repr(one) and "'a'" not in repr(one)


SCHEMA_ROW = dict(zip(SCHEMA.names, SCHEMA.decode_rows(encoded_rows(1, seed=6))[0], strict=True))


def test_reasons_have_the_code_and_the_sentence_that_were_given():
    texts = {"place": ("R7", "The place is unusual."), "c": "C is high."}
    model = made("network", texts=texts, groups={"place": ["city", "b"]})
    told = {
        reason.name: (reason.code, reason.text)
        for row in contributions(model, frame_of(300, seed=5)).reasons()
        for reason in row
    }
    assert told["place"] == ("R7", "The place is unusual.")
    assert told["c"] == (None, "C is high.")
    assert told["d"] == (None, None)


def test_other_class_and_direction_turn_contributions_round():
    rows = frame_of(40, seed=7)
    second, first = (contributions(made("network", explained=c), rows) for c in ("yes", "no"))
    np.testing.assert_allclose(first.values, -second.values, atol=1e-9)
    lowers = contributions(made("network", explained="yes", raises=False), rows)
    names = [[reason.name for reason in row] for row in lowers.reasons()]
    assert names == [[reason.name for reason in row] for row in first.reasons()]


def test_background_has_the_quantiles_of_each_column_and_no_row():
    codes = encoded_rows(2000, seed=8)
    model = with_reasons(MODELS["trees"], SCHEMA.decode_rows(codes), n_background=20)
    background = model.reasons.background
    assert background.shape == (20, 6)
    for j in range(4):
        wanted = np.nanquantile(codes[:, j].clip(-3, 3), [0.25, 0.5, 0.75])
        np.testing.assert_allclose(
            np.nanquantile(background[:, j], [0.25, 0.5, 0.75]), wanted, atol=0.25
        )
        assert np.isnan(background[:, j]).mean() == pytest.approx(0.1, abs=0.051)
        assert (background[:, j] == np.round(background[:, j], 2))[
            ~np.isnan(background[:, j])
        ].all()
    real = {tuple(row) for row in np.nan_to_num(codes, nan=-9).tolist()}
    assert not real & {tuple(row) for row in np.nan_to_num(background, nan=-9).tolist()}


def test_columns_of_the_background_do_not_go_together():
    rows = np.random.default_rng(0).normal(size=(5000, 1)) + np.zeros(30)
    schema = TableSchema.infer(pd.DataFrame(rows))
    ranks = quantile_rows(schema, schema.encode(rows), 32).argsort(axis=0).argsort(axis=0)
    between = np.corrcoef(ranks.T) - np.eye(30)
    assert np.abs(between).max() < 0.1


def test_background_of_few_rows_has_ten_rows_a_slice():
    assert len(with_reasons(MODELS["trees"], FRAME.iloc[:45]).reasons.background) == 4
    assert len(with_reasons(MODELS["trees"], FRAME.iloc[:3]).reasons.background) == 1


def test_background_is_the_same_for_the_same_rows_in_any_order():
    shuffled = FRAME.sample(frac=1, random_state=0)
    one, other = (with_reasons(MODELS["trees"], rows).reasons.background
                  for rows in (FRAME, shuffled))  # fmt: skip
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"excluded": ["nobody"]}, "excluded must name columns that the model takes, got 'nobody'"),
        ({"texts": {"nobody": "x"}}, "texts must name columns"),
        ({"excluded": "ab"}, "excluded must be a list of columns, got 'ab'"),
        ({"texts": {"a": "x"}, "excluded": ["a"]}, "got a text for 'a', which is in excluded"),
        ({"groups": {"g": ["a"], "h": ["a"]}}, "in one group, or excluded, got 'a' in 'h'"),
        ({"groups": {"g": ["a"]}, "excluded": ["a"]}, "got 'a' in 'g' and excluded"),
        ({"groups": {"b": ["a"]}}, "must not have the name of another column, got 'b'"),
        ({"groups": {"g": "ab"}}, "a group must be a list of columns, got 'ab'"),
        ({"groups": {"g": []}}, "a group must be a list of columns"),
        ({"explained": "maybe"}, "explained must be one of ('no', 'yes'), got 'maybe'"),
        ({"texts": ["a"]}, "texts must be a mapping by name, got "),
        ({"texts": {"a": ("R1", "A.", "B.")}}, "the text for 'a' must be a sentence, or a code"),
        ({"texts": {"a": ""}}, "the text for 'a' must be a sentence, or a code"),
        ({"texts": {"a": 3}}, "of 1 to 1000 characters each, got 3"),
        ({"groups": {"g": 3}}, "a group must be a list of columns, got 3"),
        ({"excluded": 3}, "excluded must be a list of columns, got 3"),
        ({"n_background": 2.5}, "n_background must be from 1 to 256, got 2.5"),
        ({"n_background": "5"}, "n_background must be from 1 to 256, got '5'"),
        ({"n_background": 0}, "n_background must be from 1 to 256, got 0"),
    ],
)
def test_with_reasons_refuses(how, message):
    with pytest.raises(InputError) as error:
        with_reasons(MODELS["network"], FRAME, **how)
    assert message in str(error.value)


def test_more_classes_need_the_one_that_is_explained():
    with pytest.raises(InputError, match="explained must be one of the 3 classes"):
        with_reasons(MODELS["classes"], FRAME)


def test_model_without_reasons_says_how_to_come_by_them():
    with pytest.raises(InputError, match="the model has no reasons: make it one that has them"):
        Scorer(MODELS["network"]).explain(FRAME)


@pytest.mark.parametrize("n", [0, 5, True])
def test_row_has_from_one_to_four_reasons(n):
    with pytest.raises(InputError, match="a row has from 1 to 4 reasons"):
        contributions(made("trees"), FRAME).reasons(n)


def test_no_rows_have_no_reasons():
    for name in MODELS:
        found = contributions(made(name), FRAME.iloc[:0])
        assert found.values.shape == (0, 6)
        assert found.reasons() == []


def test_column_that_no_tree_splits_by_contributes_nothing():
    body = random_trees(1, 1, "identity", depth=1)
    model = with_reasons(replace(MODELS["value"], body=body), FRAME)
    used = {SCHEMA.names[j] for j in body.feature if j >= 0}
    found = contributions(model, FRAME)
    others = [k for k, name in enumerate(found.names) if name not in used]
    assert (found.values[:, others] == 0).all()
