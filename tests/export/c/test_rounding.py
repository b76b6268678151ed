"""The C file's test of itself allows what single precision takes, and no more."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from ensemble_kd.export import export_c

from ..hand_made import MODELS
from ..wide import wide_network, wide_trees


def one_after_the_other(n):
    """A network whose sums go up to hundreds and come back to nothing."""
    model = wide_network(n, "boolean", n_hidden=4)
    weight = np.where(np.arange(len(model.body.category_weight)) < 3 * n // 2, 1.1, -1.1)
    each = weight[:, None] * np.linspace(0.9, 1.1, 4)
    return replace(model, body=replace(model.body, category_weight=each.astype(np.float32)))


WIDE = {
    "network of 1,000 booleans": wide_network(1000, "boolean"),
    "network of 4,000 booleans": wide_network(4000, "boolean"),
    "network of 2,000 categories": wide_network(2000, "categorical"),
    "network of 2,000 numbers": wide_network(2000, "numeric"),
    "network of sums that cancel": one_after_the_other(2000),
    "1,000 stumps": wide_trees(1000, "boolean", scale=1.0),
    "4,000 stumps": wide_trees(4000, "categorical", scale=0.3),
    "4,000 stumps of a value": wide_trees(4000, "boolean", "regression", scale=1e6),
}


def self_test(gcc, source, path):
    path.write_text(source)
    return gcc(path, options=["-DENSEMBLE_KD_MAIN"])


def allowed_by(source):
    """Return by how much each number of an answer may be off."""
    return [float(n) for n in re.search(r"_allowed\[\w+\] = {(.*)};", source)[1].split(", ")]


@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize("name", WIDE)
def test_wide_model_passes_its_test(gcc, tmp_path, name, dtype):
    done = self_test(gcc, export_c(WIDE[name], dtype=dtype), tmp_path / "m.c")
    assert done.stdout.startswith("OK: 0 of "), done.stdout


@pytest.mark.parametrize("name", MODELS)
def test_model_of_few_columns_is_allowed_as_little_as_ever(name):
    allowed = allowed_by(export_c(MODELS[name]))
    model = MODELS[name]
    assert len(allowed) == model.n_outputs
    if model.has_classes:
        assert set(allowed) == {1e-5}
    elif name == "tree_of_values":  # a leaf and the base, which is the largest number
        largest = np.abs(model.body.base) + np.abs(model.body.value).max(axis=0)
        assert np.all(allowed <= 1e-5 * largest)
    else:
        assert max(allowed) < 1e-3


@pytest.mark.parametrize(("n", "scale"), [(1000, 0.03), (4000, 0.01)])
def test_wide_model_with_a_wrong_number_fails(gcc, tmp_path, n, scale):
    source = export_c(wide_trees(n, "boolean", scale=scale))
    assert source.count("0.25f") == 1
    wrong = source.replace("0.25f", "0.252f")
    done = self_test(gcc, wrong, tmp_path / "m.c")
    assert done.returncode == 1 and done.stdout.startswith("FAILED: "), done.stdout


@pytest.mark.parametrize("n", [250, 1000, 4000])
def test_allowance_is_far_below_what_a_wrong_answer_is_off(n):
    for make in (wide_network, wide_trees):
        assert max(allowed_by(export_c(make(n, "boolean")))) < 5e-3
