"""A C program that tells answers, contributions and reasons of rows, and what it prints."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass

import numpy as np
import pytest

from ensemble_kd.export import export_c
from ensemble_kd.export.c._main import cells

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


@dataclass(frozen=True)
class Told:
    """What the program says of a row."""

    answer: np.ndarray
    contributions: np.ndarray
    rest: float
    base: float
    codes: list[str]
    text: str


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


def told_by_program(model, X, folder, inputs="float64"):
    """Return what the exported program says of encoded rows."""
    columns = [
        cells(column, X[:, j], inputs == "float64") for j, column in enumerate(model.schema.columns)
    ]
    rows = ",\n".join("    {" + ", ".join(row) + "}" for row in zip(*columns, strict=True))
    export_c(model, folder / "model.c", inputs=inputs, reasons=True)
    driver = folder / "driver.c"
    driver.write_text(DRIVER.replace("@", rows.replace("@", "model")))
    return [_told(line, model.n_outputs) for line in output_of(driver, folder).splitlines()]


def _told(line, n_outputs):
    numbers, codes, text = line.split("|")
    given = np.array(numbers.split(), dtype=float)
    found = given[n_outputs:]
    return Told(given[:n_outputs], found[:-2], found[-2], found[-1], codes.split(), text.strip())


def explained_of(model, answer):
    """Return the number that is explained of what a program answers."""
    if not model.has_classes:
        return answer[0]
    output = model.reasons.output
    if model.link == "identity":
        return answer[output]
    logits = np.log(answer)
    return logits[output] - np.delete(logits, output).mean()


def assert_tells_what_python_tells(model, told, wanted):
    """Compare what a program says of rows with the `Contributions` of Python."""
    reasons = wanted.reasons()
    assert len(told) == len(wanted.values)
    for i, one in enumerate(told):
        np.testing.assert_allclose(one.contributions, wanted.values[i], atol=5e-6)
        np.testing.assert_allclose([one.rest, one.base], [wanted.rest[i], wanted.base], atol=5e-6)
        total = one.contributions.sum() + one.rest + one.base
        assert total == pytest.approx(explained_of(model, one.answer), abs=1e-5)
        assert one.codes == [reason.code or reason.name for reason in reasons[i]]
        assert one.text == ((reasons[i][0].text or "-") if reasons[i] else "-")
