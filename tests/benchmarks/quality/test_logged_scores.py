"""The program that tells what missing synthesis costs, small."""

from __future__ import annotations

import pytest

from ensemble_kd.benchmarks.quality import logged_scores


def row(way, to_teacher, n_synthetic=0, seed=0):
    return {
        "dataset": "made_up", "seed": seed, "method": way, "loss": 0.5, "teacher_loss": 0.4,
        "to_teacher": to_teacher, "n_synthetic": n_synthetic, "seconds": 1.0,
    }  # fmt: skip


def test_cost_of_missing_synthesis_by_hand():
    rows = [
        row(way, found) for way, found in zip(logged_scores.WAYS, (0.3, 0.22, 0.2), strict=True)
    ]
    last = logged_scores.report(rows).splitlines()[-1]
    assert [cell.strip() for cell in last.split("|")[6:9]] == ["+50%", "+10%", "no"]


def test_cost_over_seeds_is_of_means_by_hand():
    rows = [row(way, found) for way, found in zip(logged_scores.WAYS, (3, 2, 1), strict=True)]
    rows += [
        row(way, found, 90 * (way == logged_scores.SURROGATE), seed=1)
        for way, found in zip(logged_scores.WAYS, (5, 4, 3), strict=True)
    ]
    last = logged_scores.report(rows).splitlines()[-1]
    cells = [cell.strip() for cell in last.split("|")[2:9]]
    assert cells == ["2", "4.000", "3.000", "2.000", "+100%", "+50%", "1 of 2"]


@pytest.mark.slow
def test_finished_rows_are_not_made_again(tmp_path, monkeypatch, capsys):
    argv = ["--datasets", "breast_cancer", "--out", str(tmp_path)]
    assert logged_scores.main(argv) == 0
    first = capsys.readouterr().out
    monkeypatch.setattr(logged_scores, "run_dataset", None)
    assert logged_scores.main(argv) == 0
    assert capsys.readouterr().out == first
