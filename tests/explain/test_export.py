"""Reasons in C: those of Python, and contributions that sum to what the program answers."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.explain import Explainer
from ensemble_kd.export import export_c
from ensemble_kd.export.c._main import cells
from ensemble_kd.model import CompactModel, LogitScaling, ReasonGroup, Reasons

from .oracle import SCHEMA, encoded_rows, random_network, random_trees

N_ROWS = 60
BACKGROUND = encoded_rows(5, seed=9)
GROUPS = (ReasonGroup("where", (5, 0), "R1", 'Far "away".'), ReasonGroup("how", (2,), "R2"))
DRIVER = """
#include <stdio.h>
#include "model.c"

static const struct model_row ROWS[] = {
@
};

int main(void)
{
    float out[model_N_OUTPUTS], told[model_N_REASONS + 2];
    int reason[model_MOST_REASONS], i, k, n;
    for (i = 0; i < (int)(sizeof ROWS / sizeof ROWS[0]); i++) {
        model_predict(&ROWS[i], out);
        model_explain(&ROWS[i], told);
        n = model_reasons(told, reason);
        for (k = 0; k < model_N_OUTPUTS; k++)
            printf("%.9g ", out[k]);
        for (k = 0; k < model_N_REASONS + 2; k++)
            printf("%.9g ", told[k]);
        printf("| ");
        for (k = 0; k < n; k++)
            printf("%s ", model_reason_code(reason[k]));
        printf("| %s\\n", n && model_reason_text(reason[0]) ? model_reason_text(reason[0]) : "-");
    }
    return 0;
}
"""


def output_of(driver, folder):
    """Return what a program prints, compiled with all warnings as errors."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no gcc on this machine")
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsanitize=address,undefined"]
    program = folder / "program"
    command = [compiler, *flags, str(driver), "-o", str(program), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout


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
    columns = [cells(column, X[:, j], True) for j, column in enumerate(SCHEMA.columns)]
    rows = ",\n".join("    {" + ", ".join(row) + "}" for row in zip(*columns, strict=True))
    export_c(model, tmp_path / "model.c", reasons=True)
    driver = tmp_path / "driver.c"
    driver.write_text(DRIVER.replace("@", rows.replace("@", "model")))
    lines = output_of(driver, tmp_path).splitlines()
    wanted = Explainer(model).explain(X)
    for i, line in enumerate(lines):
        numbers, codes, text = line.split("|")
        given = np.array(numbers.split(), dtype=float)
        answer, found = given[: model.n_outputs], given[model.n_outputs :]
        n = len(wanted.groups)
        np.testing.assert_allclose(found[:n], wanted.values[i], atol=5e-6)
        np.testing.assert_allclose(found[n:], [wanted.rest[i], wanted.base], atol=5e-6)
        served = answer[0]
        if model.has_classes:
            other = 1 - model.reasons.output
            served = np.log(answer[1 - other] / answer[other])
        assert found.sum() == pytest.approx(served, abs=1e-5)
        reasons = wanted.reasons()[i]
        assert codes.split() == [reason.code or reason.name for reason in reasons]
        assert text.strip() == ((reasons[0].text or "-") if reasons else "-")
    assert len(lines) == N_ROWS


def test_file_without_reasons_is_as_it_was():
    model = MODELS["two_classes"]
    assert export_c(model) == export_c(replace(model, reasons=None))


@pytest.mark.parametrize(
    ("model", "how", "message"),
    [
        (replace(MODELS["value"], reasons=None), {}, "the model has no reasons"),
        (told(random_trees(3, 1, "sigmoid")), {}, "networks with hidden layers"),
        (told(random_network(2)), {}, "networks with hidden layers"),
        (MODELS["value"], {"dtype": "int8"}, "reasons in C need dtype float32, got 'int8'"),
    ],
)
def test_reasons_are_refused_where_c_has_none(model, how, message):
    with pytest.raises(InputError, match=message):
        export_c(model, reasons=True, **how)
