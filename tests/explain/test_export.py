"""Reasons in C: those of Python, and contributions that sum to what the program answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.explain import Explainer
from ensemble_kd.export import export_c
from ensemble_kd.model import CompactModel, LogitScaling, ReasonGroup, Reasons

from .oracle import SCHEMA, encoded_rows, random_network
from .program import assert_tells_what_python_tells, told_by_program
from .test_values import NETWORKS

N_ROWS = 60
BACKGROUND = encoded_rows(5, seed=9)
GROUPS = (ReasonGroup("where", (5, 0), "R1", 'Far "away".'), ReasonGroup("how", (2,), "R2"))


def told(body, task="classification", classes=("no", "yes"), calibrator=None, **how):
    reasons = Reasons(BACKGROUND, **({"output": 1} | how))
    return CompactModel(task, SCHEMA, body, classes, calibrator, reasons=reasons)


MODELS = {
    "two_classes": told(random_network(2, (8, 6)), n_steps=3),
    "one_by_one": told(random_network(2, (8, 6)), groups=GROUPS, excluded=(1, 4), output=0),
    "one_hidden": told(random_network(2, (12,)), n_steps=2, raises=False),
    "one_step": told(random_network(2, (9, 9, 7)), n_steps=1),
    "calibrated": told(
        random_network(2, (8, 8)), n_steps=4,
        calibrator=LogitScaling(1.3, np.array([0.1, -0.2])),
    ),
    "value": told(
        random_network(1, (9, 9, 9), output_scale=2.5, output_mean=-4.0), "regression", (),
        output=0, n_steps=2, groups=GROUPS,
    ),
}  # fmt: skip


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_program_tells_the_reasons_of_python(model, tmp_path):
    X = encoded_rows(N_ROWS, seed=3, missing=0.15)
    told = told_by_program(model, X, tmp_path)
    assert_tells_what_python_tells(model, told, Explainer(model).explain(X))


def test_file_without_reasons_is_as_it_was():
    model = MODELS["two_classes"]
    assert export_c(model) == export_c(replace(model, reasons=None))


@pytest.mark.parametrize(
    ("model", "how", "message"),
    [
        (replace(MODELS["value"], reasons=None), {}, "the model has no reasons"),
        (NETWORKS["outside"], {}, "networks with hidden layers"),
        (told(random_network(2)), {}, "networks with hidden layers"),
        (told(random_network(2, (8,)), excluded=range(6)), {}, "got all of them excluded; leave"),
        (MODELS["value"], {"dtype": "int8"}, "reasons in C need dtype float32, got 'int8'"),
    ],
)
def test_reasons_are_refused_where_c_has_none(model, how, message):
    with pytest.raises(InputError, match=message):
        export_c(model, reasons=True, **how)
