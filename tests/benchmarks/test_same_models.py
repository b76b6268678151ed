"""The digest of a model: the same for the same code and rows, another where something changed."""

from __future__ import annotations

import functools
import json

import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ensemble_kd.benchmarks import same_models
from ensemble_kd.benchmarks.shared import BUNDLED_DATASETS, estimator_for

SMALL = ["--datasets", "iris", "diabetes", "--students", "tree", "--rows", "80"]


@pytest.fixture
def small_teacher(cheap: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def of(task):
        kind = DecisionTreeClassifier if task.has_classes else DecisionTreeRegressor
        return functools.partial(estimator_for(task), kind(max_depth=3, random_state=0))

    monkeypatch.setattr(same_models, "estimator_for", of)


def test_same_models_have_the_digests_of_an_earlier_run(small_teacher, tmp_path, capsys):
    kept = tmp_path / "digests.jsonl"
    assert same_models.main([*SMALL, "--out", str(kept)]) == 0
    assert same_models.main([*SMALL, "--against", str(kept)]) == 0
    assert capsys.readouterr().out.count(" same\n") == 2
    rows = [json.loads(line) for line in kept.read_text().splitlines()]
    rows[1]["sha256"] = "0" * 64
    kept.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert same_models.main([*SMALL, "--against", str(kept)]) == 1
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()[1:]] == [
        "same",
        "DIFFERS",
    ]


def test_same_models_digest_depends_on_the_rows(small_teacher):
    digests = {same_models.model_digest("iris", "tree", n)["sha256"] for n in (80, 81)}
    assert len(digests) == 2


def test_same_models_take_the_sets_at_hand_without_a_data_folder(monkeypatch, capsys):
    monkeypatch.delenv("ENSEMBLE_KD_DATA", raising=False)
    taken = []
    monkeypatch.setattr(
        same_models,
        "model_digest",
        lambda *of: taken.append(of[0]) or {"sha256": "0", "recipe": "default"},
    )
    assert same_models.main(["--students", "tree"]) == 0
    assert taken == list(BUNDLED_DATASETS)
    assert "No data folder is named" in capsys.readouterr().err
