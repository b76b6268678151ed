"""The code and the commands of the page of card fraud run, small, and do what the page says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ensemble_kd import MLPStudent, load
from ensemble_kd.cli.main import main
from ensemble_kd.students import STUDENTS

PAGE = Path(__file__).parents[1] / "docs" / "card_fraud.md"
TEXT = PAGE.read_text(encoding="utf-8")
SMALL = {"6_000": "700", "20_000": "2_500"}


def test_code_and_commands_of_the_page_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    small = STUDENTS | {"mlp": lambda: MLPStudent(hidden=(16,), n_updates=40)}
    monkeypatch.setattr("ensemble_kd.students.STUDENTS", small)
    monkeypatch.setattr("ensemble_kd.flow.settings._amounts.FEWEST", 800)
    monkeypatch.setattr("ensemble_kd.flow.settings._amounts.MULTIPLE", 1)
    monkeypatch.chdir(tmp_path)
    pyplot.switch_backend("Agg")
    code = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(code) == 6
    names: dict[str, Any] = {}
    for block in code:
        for large, few in SMALL.items():
            block = block.replace(large, few)
        exec(compile(block, str(PAGE), "exec"), names)
    pyplot.close("all")
    promised = names["clf"].model_.policy.curve.at(names["old_threshold"])["alert_rate"][0]
    now = names["later"].predict(names["X_fresh"]).mean()
    assert promised == pytest.approx(0.01, abs=0.001)
    assert names["before"] > 5 * promised and now < 3 * promised
    told = names["told"]
    assert {reason.code for reason in told.reasons} <= {"R01", "R02", "R03", "R04"}
    assert set(told.contributions) == {"amount", "place_and_time", "shop", "last_hour"}
    total = told.base + sum(told.contributions.values()) + told.rest
    assert total == pytest.approx(told.score, abs=1e-9)
    assert "that chose the threshold" in capsys.readouterr().out
    _commands_run(names)


def _commands_run(names: dict[str, Any]) -> None:
    """Run the commands of the page on the same rows; distilling stands above."""
    for name, rows in {"cards": ("X", "y"), "kept": ("X_kept", "y_kept"),
                       "fresh": ("X_fresh", "y_fresh")}.items():  # fmt: skip
        table = names[rows[0]].assign(fraud=names[rows[1]])
        table.to_csv(f"{name}.csv", index=False)
    names["later"].save("next_year.ekd")
    (dictionary,) = re.findall(r"```\n(column,code,text,group\n.*?)```", TEXT, re.DOTALL)
    Path("reasons.csv").write_text(dictionary, encoding="utf-8")
    commands = re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)[0].splitlines()
    assert [shlex.split(line)[1] for line in commands] == [
        "distill", "threshold", "threshold", "evaluate", "carry-over", "reasons", "score",
    ]  # fmt: skip
    for line in commands[1:]:
        assert main(shlex.split(line)[1:]) == 0, line
    scores = np.genfromtxt("scores.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    reasons = {text for k in range(1, 5) for text in scores[f"reason_{k}"]}
    assert {"R01"} < reasons <= {"R01", "R02", "R03", "R04", ""}
    assert load("cards_told.ekd").model.threshold == load("cards_alarm.ekd").model.threshold
