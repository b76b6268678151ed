"""The program that tells what missing synthesis costs, small."""

from __future__ import annotations

import pytest

from ensemble_kd.benchmarks.quality import logged_scores


def row(way, to_teacher, n_synthetic=0):
    return {
        "dataset": "made_up", "seed": 0, "method": way, "loss": 0.5, "teacher_loss": 0.4,
        "to_teacher": to_teacher, "n_synthetic": n_synthetic, "seconds": 1.0,
    }  # fmt: skip


def test_cost_of_missing_synthesis_by_hand():
    rows = [
        row(way, found) for way, found in zip(logged_scores.WAYS, (0.3, 0.22, 0.2), strict=True)
    ]
    last = logged_scores.report(rows).splitlines()[-1]
    assert [cell.strip() for cell in last.split("|")[6:9]] == ["+50%", "+10%", "no"]


@pytest.mark.slow
def test_finished_rows_are_not_made_again(tmp_path, monkeypatch, capsys):
    argv = ["--datasets", "breast_cancer", "--out", str(tmp_path)]
    assert logged_scores.main(argv) == 0
    first = capsys.readouterr().out
    monkeypatch.setattr(logged_scores, "run_dataset", None)
    assert logged_scores.main(argv) == 0
    assert capsys.readouterr().out == first
