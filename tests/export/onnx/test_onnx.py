"""An ONNX graph answers raw rows as the model does, and needs nothing of this package."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ensemble_kd.errors import InputError, MissingDependencyError
from ensemble_kd.export import export_onnx, onnx_difference
from ensemble_kd.export._rows import answers
from ensemble_kd.schema import Column, TableSchema
from ensemble_kd.scoring import Scorer

from ..conftest import STUDENTS, TASKS
from ..hand_made import MODELS, constant_models, one_split


def session_of(content):
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def feed_of(model, table, missing=""):
    """Return a data frame as the graph takes it, by docs/export.md."""
    feed = {}
    for column in model.schema.columns:
        values = table[column.name]
        if column.kind == "categorical":
            texts = [missing if v is None or v != v else str(v) for v in values.astype(object)]
            feed[column.name] = np.array(texts, dtype=object)[:, None]
        else:
            feed[column.name] = values.astype("Float64").to_numpy(np.float64, na_value=np.nan)[
                :, None
            ]
    return feed


def assert_parity(model, table, content=None, missing=""):
    session = session_of(export_onnx(model) if content is None else content)
    output = "probabilities" if model.classes else "value"
    given_answers = session.run([output], feed_of(model, table, missing))[0]
    wanted = answers(model, model.schema.encode(table))
    assert given_answers.shape == wanted.shape
    scale = np.maximum(1.0, np.abs(wanted).max(initial=0.0))
    assert np.abs(given_answers - wanted).max(initial=0.0) / scale <= 1e-6


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", STUDENTS)
def test_onnx_answers_as_the_model_does(trained, odd_frame, kind, task):
    model = trained(kind, task)
    for table in (odd_frame, odd_frame[:1], odd_frame[:0]):
        assert_parity(model, table)


@pytest.mark.parametrize("name", MODELS)
def test_onnx_of_a_hand_made_model_answers_as_it_does(name):
    model = MODELS[name]
    assert onnx_difference(model, export_onnx(model)) <= 1e-5


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_onnx_label_is_the_likeliest_class(trained, odd_frame, task):
    model = trained("gbdt", task)
    label = session_of(export_onnx(model)).run(["label"], feed_of(model, odd_frame))[0]
    np.testing.assert_array_equal(label, Scorer(model).predict(odd_frame))


@pytest.mark.parametrize(
    ("classes", "kind"),
    [(("no", "yes"), str), ((3, 7), np.integer), ((False, True), np.bool_), ((0.5, 2.0), float)],
)
def test_onnx_label_has_the_type_of_the_classes(classes, kind):
    model = replace(MODELS["mlp_additive"], classes=classes)
    row = {"age": [[1.0]], "member": [[1.0]], "city": [["Oslo"]], "income": [[2.0]]}
    feed = {k: np.array(v, dtype=object if k == "city" else float) for k, v in row.items()}
    label = session_of(export_onnx(model)).run(["label"], feed)[0]
    assert isinstance(label[0], kind)
    assert label[0] in classes


@settings(max_examples=30, deadline=None)
@example(threshold=1.7976931348623157e308, missing_left=True)
@example(threshold=np.inf, missing_left=False)
@example(threshold=5e-324, missing_left=False)
@given(threshold=st.floats(allow_nan=False, width=64), missing_left=st.booleans())
def test_onnx_splits_float64_values_next_to_a_threshold_as_the_model_does(threshold, missing_left):
    with np.errstate(over="ignore"):
        below, above = np.nextafter(threshold, [-np.inf, np.inf])
    values = np.array([-np.inf, below, threshold, above, np.inf, np.nan])
    model = one_split(threshold, missing_left)
    session = session_of(export_onnx(model))
    given_answers = session.run(None, {"x": values[:, None]})[0]
    np.testing.assert_array_equal(
        given_answers, answers(model, model.schema.encode(values[:, None]))
    )


def test_onnx_of_a_constant_model_answers_every_row():
    for model in constant_models():
        for n_rows in (0, 1, 3):
            value = session_of(export_onnx(model)).run(None, {"x": np.full((n_rows, 1), np.nan)})[0]
            np.testing.assert_array_equal(value, np.full((n_rows, 1), 4.5))


def test_onnx_orders_a_category_without_ranks_by_its_code():
    schema = TableSchema((Column("c", "categorical", categories=("a", "b", "d")),))
    model = replace(one_split(1.0, False), schema=schema)
    feed = {"c": np.array([["a"], ["b"], ["d"], ["new"], [""]], dtype=object)}
    value = session_of(export_onnx(model)).run(None, feed)[0]
    np.testing.assert_array_equal(value.ravel(), [1.5, 1.5, 2.5, 2.5, 2.5])


# --- names and texts ------------------------------------------------------------------------------


def named(names, categories=()):
    columns = [Column(name, "numeric") for name in names]
    columns.append(Column("c", "categorical", categories=categories))
    return replace(one_split(0.5, False), schema=TableSchema(tuple(columns)))


def test_onnx_metadata_tells_the_column_of_inputs_that_cannot_have_its_name():
    content = export_onnx(named(["value", "", "a\0b", "é x", "\ud800"]))
    session = session_of(content)
    facts = json.loads(session.get_modelmeta().custom_metadata_map["ensemble_kd.inputs"])
    assert [fact["input"] for fact in facts] == [i.name for i in session.get_inputs()]
    assert [fact["column"] for fact in facts] == ["value", "", "a\0b", "é x", "\ud800", "c"]
    assert facts[0]["input"] == "value_2"
    assert facts[3]["input"] == "é x"


def test_onnx_states_opset_producer_and_missing_text_and_holds_its_arrays(trained):
    model = onnx.load_from_string(export_onnx(trained("mlp", "binary"), name="churn", missing="?"))
    assert {o.domain: o.version for o in model.opset_import} == {"": 17, "ai.onnx.ml": 3}
    assert model.producer_name == "ensemble_kd"
    assert model.graph.name == "churn"
    props = {p.key: json.loads(p.value) for p in model.metadata_props}
    assert props["ensemble_kd.missing"] == "?"
    assert props["ensemble_kd.classes"] == [0, 1]
    assert not any(tensor.external_data for tensor in model.graph.initializer)


def test_onnx_takes_another_text_for_missing(trained, odd_frame):
    model = trained("mlp", "binary")
    assert_parity(model, odd_frame, export_onnx(model, missing="<NA>"), missing="<NA>")


def test_onnx_refuses_a_missing_text_that_is_a_category():
    with pytest.raises(InputError, match=r"'' is one of column 'c'; give another one"):
        export_onnx(named([], categories=("", "a")))
    export_onnx(named([], categories=("", "a")), missing="?")


def test_onnx_refuses_categories_of_one_text():
    with pytest.raises(InputError, match="which are both '1'"):
        export_onnx(named([], categories=("1", 1)))


def test_onnx_refuses_texts_that_are_no_unicode():
    with pytest.raises(InputError, match="valid Unicode"):
        export_onnx(named([], categories=("\ud800",)))
    with pytest.raises(InputError, match="valid Unicode"):
        export_onnx(MODELS["mlp_additive"], missing="\ud800")
    with pytest.raises(InputError, match="valid Unicode"):
        export_onnx(replace(MODELS["mlp_additive"], classes=("a", "\ud800")))


# --- without this package, without onnx -----------------------------------------------------------


def test_onnx_runs_where_this_package_is_not(trained, odd_frame, tmp_path):
    model = trained("gbdt", "multiclass")
    export_onnx(model, tmp_path / "model.onnx")
    np.savez(tmp_path / "feed.npz", **feed_of(model, odd_frame))
    code = (
        "import sys; sys.modules['ensemble_kd'] = None\n"
        "import numpy as np, onnxruntime\n"
        "feed = dict(np.load('feed.npz', allow_pickle=True))\n"
        "run = onnxruntime.InferenceSession('model.onnx').run\n"
        "np.save('answers.npy', run(['probabilities'], feed)[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    wanted = answers(model, model.schema.encode(odd_frame))
    np.testing.assert_allclose(np.load(tmp_path / "answers.npy"), wanted, atol=1e-6)


def test_onnx_names_the_extra_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "ensemble_kd\[onnx\]"'):
        export_onnx(MODELS["mlp_additive"])


def test_onnx_is_not_compared_without_a_runtime(monkeypatch):
    model = MODELS["mlp_additive"]
    content = export_onnx(model)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert onnx_difference(model, content) is None


def test_onnx_answers_where_a_piece_is_too_narrow_for_its_slope():
    model = MODELS["mlp_additive"]
    edges = np.array([0.0, 5e-324, 3.0, *model.body.edges[3:]])
    model = replace(model, body=replace(model.body, edges=edges))
    income = np.array([-1.0, 0.0, 5e-324, 3.0, np.inf])[:, None]
    feed = {"age": 0 * income.clip(0, 1), "member": 0 * income.clip(0, 1), "income": income}
    feed["city"] = np.full((5, 1), "Oslo", dtype=object)
    given = session_of(export_onnx(model)).run(["probabilities"], feed)[0]
    codes = np.column_stack([feed["age"], feed["member"], feed["age"], income])
    np.testing.assert_allclose(given, answers(model, codes), atol=1e-6)
