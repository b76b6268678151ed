"""The run: what is kept, what goes on after a failure, what a wrong name is answered."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from ensemble_kd import InputError, TeacherEnsemble
from ensemble_kd.benchmarks import run as program
from ensemble_kd.benchmarks.quality import _case, _store, split_dataset
from ensemble_kd.benchmarks.quality.methods import NOT_ASKED
from ensemble_kd.benchmarks.run import run_benchmark
from ensemble_kd.benchmarks.shared import BUNDLED_DATASETS
from ensemble_kd.datasets import Dataset, load_dataset, own_dataset

HARD_TREE = "ensemble_kd.benchmarks.quality.methods.hard_tree.HardTree"
TREES = ["teacher", "hard_tree", "distilled_tree"]


@pytest.fixture
def run(out, cheap, teacher_factory):
    def go(**changes):
        settings = {"datasets": ["iris"], "methods": TREES, "seeds": 2, "max_train": 80, "out": out}
        settings |= {"progress": False, "teacher_factory": teacher_factory}
        return run_benchmark(**(settings | changes))

    return go


def test_run_gives_a_row_for_each_set_seed_and_method(run, out):
    results = run(datasets=["iris", "diabetes"])
    keys = results[["dataset", "seed", "method"]].drop_duplicates()
    assert len(results) == len(keys) == 2 * 2 * 3
    assert results["skipped"].isna().all()
    assert (results["n_train"] == 80).all()
    assert (results["fit_seconds"] >= results["fit_seconds_without_teacher"]).all()
    assert (out / "results.parquet").is_file()


def test_second_run_computes_nothing_and_gives_the_same(run, monkeypatch):
    first = run()

    def refuse(*_, **__):
        raise AssertionError("computed again")

    monkeypatch.setattr(TeacherEnsemble, "fit_beside", refuse)
    monkeypatch.setattr(_case, "load_dataset", refuse)
    second = run()
    assert second["skipped"].isna().all()
    for name in ("loss", "latency_us", "fit_seconds", "size_bytes"):
        np.testing.assert_array_equal(first[name], second[name])


def test_teacher_is_fitted_once_a_seed_and_kept(run, monkeypatch):
    fits = []
    plain = TeacherEnsemble.fit_beside
    monkeypatch.setattr(
        TeacherEnsemble, "fit_beside", lambda *a, **k: fits.append(1) or plain(*a, **k)
    )
    run(methods=["teacher", "distilled_tree"])
    assert len(fits) == 2
    run(methods=["best_member"])
    assert len(fits) == 2


def test_rows_are_made_anew_for_other_settings_and_other_code(run, monkeypatch):
    run(seeds=1)
    assert run(seeds=1, max_train=60)["n_train"].eq(60).all()
    monkeypatch.setattr(_store, "source_digest", lambda _: "other code")
    monkeypatch.setattr(_case, "load_dataset", lambda *_: 1 / 0)
    assert run(seeds=1)["skipped"].notna().all()


def test_failure_of_one_method_is_a_row_with_the_reason(run, monkeypatch):
    monkeypatch.setattr(f"{HARD_TREE}.run", lambda *_: 1 / 0)
    results = run(seeds=1).set_index("method")
    assert results.loc["hard_tree", "skipped"] == "ZeroDivisionError: division by zero"
    assert results["skipped"].isna().sum() == 2


def test_failed_method_is_tried_again(run):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{HARD_TREE}.run", lambda *_: 1 / 0)
        run(seeds=1)
    assert run(seeds=1)["skipped"].isna().all()


def test_failed_teacher_is_not_fitted_again_for_each_method(run):
    calls = []
    results = run(seeds=1, teacher_factory=lambda _: calls.append(1) or 1 / 0)
    assert len(calls) == 1
    assert results["skipped"].eq("ZeroDivisionError: division by zero").all()


def test_method_that_skips_says_why(run, monkeypatch):
    monkeypatch.setattr(
        f"{HARD_TREE}.skip",
        lambda *_: "not for flowers",
    )
    results = run(seeds=1).set_index("method")
    assert results.loc["hard_tree", "skipped"] == "not for flowers"


def test_rival_waits_for_no_teacher_and_tells_no_distance_from_it(run):
    results = run(seeds=1, methods=["tuned_lightgbm"], teacher_factory=lambda _: 1 / 0)
    assert results["skipped"].isna().all()
    assert "fidelity_rmse" not in results


def test_method_for_few_data_sets_is_asked_on_no_other(run, monkeypatch):
    monkeypatch.setattr(f"{HARD_TREE}.datasets", ("diabetes",))
    results = run(datasets=["iris", "diabetes"], seeds=1, methods=["hard_tree"])
    skipped = results.set_index("dataset")["skipped"]
    assert skipped["iris"] == NOT_ASKED
    assert pd.isna(skipped["diabetes"])


def test_unknown_names_are_answered_with_near_ones(run):
    with pytest.raises(InputError, match="Did you mean 'iris'"):
        run(datasets=["irs"])
    with pytest.raises(InputError, match="Did you mean 'hard_tree'"):
        run(methods=["hardtree"])
    with pytest.raises(InputError, match="must be >= 1, got 0"):
        run(seeds=0)


def test_without_a_data_folder_bundled_sets_run_and_it_is_said(run, monkeypatch, capsys):
    monkeypatch.delenv("ENSEMBLE_KD_DATA", raising=False)
    monkeypatch.setattr(_case.Case, "row", lambda self, _: {"dataset": self._source.name})
    results = run(datasets=None)
    assert list(dict.fromkeys(results["dataset"])) == list(BUNDLED_DATASETS)
    assert "No data folder is named" in capsys.readouterr().err


def test_help_is_given():
    command = [sys.executable, "-m", "ensemble_kd.benchmarks.run", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "--max-train" in done.stdout


def test_rendering_kept_rows_writes_tables_and_pictures(results, out, tmp_path, capsys):
    kept = tmp_path / "rows.parquet"
    results.to_parquet(kept)
    assert program.main(["--render", str(kept), "--out", str(out)]) == 0
    text = (out / "results.md").read_text(encoding="utf-8")
    assert text in capsys.readouterr().out
    assert {file.name for file in out.iterdir()} == {"results.md", "results.png", "short.md"}


def test_program_tells_by_its_code_what_went_wrong(results, out, monkeypatch, capsys):
    out.mkdir()
    assert program.main(["--datasets", "irs"]) == 2
    assert "Did you mean 'iris'" in capsys.readouterr().err
    for reason, code in (("ValueError: no", 1), (NOT_ASKED, 0)):
        rows = results.copy()
        rows.loc[0, "skipped"] = reason
        monkeypatch.setattr(program, "run_benchmark", lambda *_, rows=rows: rows)
        assert program.main(["--out", str(out)]) == code


def _with_split(dataset: Dataset) -> Dataset:
    split = np.where(np.arange(len(dataset.y)) % 3 == 0, "test", "train")
    return Dataset(
        *(split if name == "split" else getattr(dataset, name) for name in vars(dataset))
    )


def test_official_split_is_kept_for_every_seed():
    dataset = _with_split(load_dataset("wine"))
    first, second = split_dataset(dataset, 0), split_dataset(dataset, 1)
    assert first.split == "official"
    assert first.X_test.equals(second.X_test)
    assert first.X_test.equals(dataset.X.iloc[::3].reset_index(drop=True))


def test_random_split_follows_the_seed_and_the_classes():
    dataset = load_dataset("iris")
    first, again, other = (split_dataset(dataset, seed) for seed in (0, 0, 1))
    assert first.X_test.equals(again.X_test)
    assert not first.X_test.equals(other.X_test)
    assert np.bincount(first.y_test).tolist() in ([13, 13, 12], [13, 12, 13], [12, 13, 13])
    assert len(first.y_train) + len(first.y_test) == 150


def test_max_train_leaves_the_test_rows_alone():
    dataset = load_dataset("wine")
    full, capped = split_dataset(dataset, 0), split_dataset(dataset, 0, 40)
    assert len(capped.y_train) == 40
    assert capped.X_test.equals(full.X_test)
    assert set(capped.X_train.itertuples(index=False)) <= set(full.X_train.itertuples(index=False))


def test_table_of_ones_own_is_run_by_its_rows_and_not_by_its_name(run, monkeypatch):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=200), "b": rng.normal(size=200)})
    y = np.where(X["a"] > 0, "yes", "no")
    first = run(datasets=None, own=own_dataset("mine", X, y, "y", has_classes=True), seeds=1)
    assert first["skipped"].isna().all() and set(first["dataset"]) == {"mine"}
    assert set(first["method"]) == set(TREES)
    changed = own_dataset("mine", X, np.where(rng.random(200) < 0.5, "yes", "no"), "y",
                          has_classes=True)  # fmt: skip
    second = run(datasets=None, own=changed, seeds=1)
    assert (second["loss"] > first["loss"]).all()
    monkeypatch.setattr(TeacherEnsemble, "fit_beside", None)  # what is kept is found again
    again = run(datasets=None, own=own_dataset("mine", X, y, "y", has_classes=True), seeds=1)
    assert again["loss"].tolist() == first["loss"].tolist()
