"""Class labels are the same in every answer, whatever numpy makes of them side by side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ensemble_kd import DistilledClassifier, InputError, Scorer, TreeStudent, load
from ensemble_kd.export import export_onnx
from ensemble_kd.model import given_labels, label_array
from ensemble_kd.scoring import save

from ..bundle.hand_made import MODELS

MODEL = MODELS["trees_sigmoid"]
ROWS = [
    {"age": age, "member": member, "city": "Oslo", "income": income}
    for age in (0, 31, 99)
    for member in (False, True)
    for income in (-1e6, 10.0, 1e6)
]
LABELS = [
    ("a", "a\0"),
    ("a\0", 1),
    ("b'a'", "a"),
    (2**53 + 1, 0.5),
    (2**53, 2**53 + 1),
    (2**64 - 1, 1),
    (-1, 2**63),
    (True, 2),
    (0.5, True),
    (1, 2.5),
    ("1", 1),
    (True, "True"),
]


def same(given, expected) -> bool:
    return list(map(repr, given)) == list(map(repr, expected))


@pytest.mark.runtimes
@pytest.mark.parametrize("labels", LABELS, ids=repr)
def test_scorer_names_the_same_labels_for_one_row_and_for_many(labels, tmp_path):
    save(replace(MODEL, classes=labels), tmp_path / "m.ekd")
    for scorer in (Scorer(replace(MODEL, classes=labels)), load(tmp_path / "m.ekd")):
        many = scorer.predict(ROWS).tolist()
        assert same(many, [scorer.predict_one(row) for row in ROWS])
        assert same(scorer.classes_.tolist(), labels)
        assert same(scorer.predict_proba_one(ROWS[0]), labels)
        assert len(set(many)) == 2


@pytest.mark.parametrize("labels", LABELS[:1] + LABELS[3:8], ids=repr)
def test_onnx_names_no_label_that_the_model_has_not(labels, tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    model = replace(MODEL, classes=labels)
    export_onnx(model, tmp_path / "m.onnx")
    graph = runtime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    columns = pd.DataFrame(ROWS)
    types = {"tensor(string)": object, "tensor(double)": np.float64, "tensor(float)": np.float32}
    feeds = {
        one.name: columns[[one.name]].to_numpy(dtype=types.get(one.type))
        for one in graph.get_inputs()
    }
    (given,) = graph.run(["label"], feeds)
    expected = Scorer(model).predict(ROWS).tolist()
    as_text = given.dtype == object and not all(isinstance(label, str) for label in labels)
    assert given.tolist() == (list(map(str, expected)) if as_text else expected)


@pytest.mark.parametrize("labels", [("a", "b"), (0, 1), (0.5, 1.5), (False, True)], ids=repr)
def test_label_array_of_one_type_is_that_of_numpy(labels):
    assert label_array(labels).dtype == np.array(labels).dtype


def test_given_labels_keeps_what_numpy_would_change():
    assert given_labels(["a", "a\0"]).tolist() == ["a", "a\0"]
    assert given_labels([2**53 + 1, 0.5]).tolist() == [2**53 + 1, 0.5]
    assert given_labels(["a", "b"]).dtype.kind == "U"
    assert given_labels([1, 2.5]).dtype == np.float64


X = np.arange(60.0).reshape(30, 2)
IS_SECOND = np.arange(30) % 2 == 1


@pytest.mark.parametrize("kind", [list, pd.Series, lambda y: np.array(y, dtype=object)])
def test_classifier_tells_texts_apart_that_differ_in_a_last_nul(kind):
    y = kind(["a\0" if second else "a" for second in IS_SECOND])
    model = DistilledClassifier(student=TreeStudent(), alpha=0, n_synthetic=0, random_state=0)
    model.fit(np.column_stack([X, IS_SECOND]), y)
    assert model.classes_.tolist() == ["a", "a\0"]
    assert model.predict(np.column_stack([X, IS_SECOND])).tolist() == list(y)


@pytest.mark.parametrize("first", [2**53 + 1, 2**63 + 1])
def test_classifier_refuses_numbers_that_numpy_would_change(first):
    y = [first if second else (0.0 if first < 2**63 else -1) for second in IS_SECOND]
    with pytest.raises(InputError, match=f"got {first}, .* give them as texts"):
        DistilledClassifier(student=TreeStudent()).fit(X, y)


def test_classifier_refuses_texts_beside_numbers_in_a_list():
    with pytest.raises(InputError, match=r"strings alone or numbers alone"):
        DistilledClassifier(student=TreeStudent()).fit(X, ["a" if s else 1 for s in IS_SECOND])
