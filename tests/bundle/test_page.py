"""docs/bundle_format.md is enough to score a file: a reader written from it agrees with ours."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ensemble_kd import Scorer, load
from ensemble_kd.bundle import save_bundle
from ensemble_kd.scoring import make_selftest

from .hand_made import MODELS, PROBABILITIES, ROWS, classifier, f32, trees_body
from .reader_from_the_page import read, respond
from .test_bundle_storage import KEPT

GOLDEN = Path(__file__).parents[1] / "golden"
KNOWN = json.loads((GOLDEN / "answers.json").read_text(encoding="utf-8"))
# Leaves that a compression rounded, so that they do not sum to 1.
ROUNDED = trees_body(1, (-1,), (0, 0, 0), "identity", value=PROBABILITIES * f32(1.01, 0.9, 0.97))
ALL = MODELS | KEPT | {"tree of rounded shares": classifier(ROUNDED, ("a", "b", "c"))}
CELLS = [
    [31, 2.5, -1e300, 99, 0, float("inf"), None],
    [True, False, 0, 1.0, None],
    ["Oslo", "Rome", 7, 7.0, True, 1, 2.5, "7", "never", None],
    [1000.5, -1.5, 10.0, 1e6, float("-inf"), None],
]


def drawn_rows(n_rows=60):
    """Return rows of every kind of cell, missing and unseen ones among them."""
    rng = np.random.default_rng(0)
    return [*ROWS, *([c[rng.integers(len(c))] for c in CELLS] for _ in range(n_rows))]


@pytest.mark.parametrize("name", sorted(KNOWN["answers"]))
def test_reader_from_the_page_gives_the_answers_of_golden_files(name):
    parts, arrays = read((GOLDEN / name).read_bytes())
    names = [column["name"] for column in parts["schema"]["columns"]]
    rows = [[row.get(n) for n in names] if isinstance(row, dict) else row for row in KNOWN["rows"]]
    found = [respond(parts, arrays, row) for row in rows]
    np.testing.assert_allclose(found, KNOWN["answers"][name], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found, load(GOLDEN / name).respond(KNOWN["rows"]), atol=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_reader_from_the_page_scores_as_the_runtime_does(name, tmp_path):
    model = ALL[name]
    save_bundle(model, tmp_path / "m.ekd", selftest=make_selftest(model))
    parts, arrays = read((tmp_path / "m.ekd").read_bytes())
    rows = drawn_rows()
    found = [respond(parts, arrays, row) for row in rows]
    np.testing.assert_allclose(found, Scorer(model).respond(rows), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_reader_from_the_page_keeps_the_promise_of_the_self_test(name, tmp_path):
    model = ALL[name]
    save_bundle(model, tmp_path / "m.ekd", selftest=make_selftest(model))
    parts, arrays = read((tmp_path / "m.ekd").read_bytes())
    test = parts["selftest"]
    for row, expected in zip(test["rows"], np.array(test["expected"]), strict=True):
        off = np.abs(respond(parts, arrays, row) - expected)
        assert (off <= test["tolerance"] * np.maximum(1.0, np.abs(expected))).all()
