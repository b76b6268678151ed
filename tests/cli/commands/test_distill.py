import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from ensemble_kd import load
from ensemble_kd.bundle import load_bundle
from ensemble_kd.cli.commands import distill as command
from ensemble_kd.errors import BundleError, InputError
from ensemble_kd.estimators import ESTIMATORS
from ensemble_kd.flow.lessons import LESSONS
from ensemble_kd.rows import draw_test_rows
from ensemble_kd.tasks import Classification

from ..conftest import make_table, make_teacher


def is_test_row(labels, seed):
    task, hard = Classification().read_target(labels.to_numpy())
    X = np.arange(float(len(hard)))[:, None]  # no copies among them
    return draw_test_rows(X, task, hard, 0.2, seed)


def test_distill_writes_a_model_and_says_how_good_it_is(distill, tmp_path):
    result = distill()
    assert result.code == 0
    assert load(tmp_path / "model.ekd").classes_.tolist() == ["no", "yes"]
    for word in ("teacher", "student", "log-loss", "AUC", "fidelity", "fit time", "model.ekd"):
        assert word in result.out
    assert "classification" in result.err
    assert "only open files you trust" in result.err


def test_distill_of_values_gives_rmse_and_r2(distill, tmp_path):
    result = distill("--json", target="spend")
    assert result.code == 0
    outcome = json.loads(result.out)
    assert outcome["task"] == "regression"
    assert outcome["task_inferred"]
    assert outcome["classes"] is None
    assert 0.5 < outcome["quality"]["student"]["r2"] <= outcome["quality"]["teacher"]["r2"] + 0.05
    assert load(tmp_path / "model.ekd").task == "regression"


def test_distill_json_is_all_of_stdout(distill, tmp_path):
    result = distill("--json", "--quiet")
    outcome = json.loads(result.out)
    assert outcome["model"] == str(tmp_path / "model.ekd")
    assert outcome["size_bytes"] == (tmp_path / "model.ekd").stat().st_size
    assert outcome["n_rows"] == {"fit": 192, "test": 48, "unlabeled": 0, "synthetic": 200}
    assert outcome["teacher"] == "Pipeline"
    assert not outcome["teacher_frozen"]
    stages = {"teacher", "synthesis", "labels", "race", "student", "refit"}
    assert set(outcome["fit_times_s"]) == stages
    assert outcome["fidelity_on"] == "test"
    assert result.err.count("\n") == 1  # the warning of files that run code stays


def test_distill_measures_on_rows_that_nothing_was_fitted_on(distill, room, tmp_path):
    outcome = json.loads(distill("--json", "--quiet", "--seed", "3").out)
    frame = room.frame
    is_test = is_test_row(frame["churned"], 3)
    test = frame[is_test]
    proba = load(tmp_path / "model.ekd").predict_proba(test)
    student = outcome["quality"]["student"]
    assert student["log_loss"] == pytest.approx(log_loss(test["churned"], proba))
    assert student["auc"] == pytest.approx(roc_auc_score(test["churned"] == "yes", proba[:, 1]))


def test_distill_reads_csv_as_well(distill, room):
    result = distill("--json", table=room.csv)
    assert result.code == 0
    assert json.loads(result.out)["n_columns"] == 5


def test_distill_without_teacher_or_test(distill, run, room, tmp_path):
    out = tmp_path / "m.ekd"
    result = run(
        *("distill", room.csv, "--target", "churned", "--drop", "spend", "customer"),
        *("--alpha", "0", "--synthesizer", "none", "--student", "tree", "--test-size", "0"),
        *("--out", out),
    )
    assert result.code == 0
    assert "without a teacher" in result.out
    assert "kept apart" not in result.out


@pytest.mark.parametrize(
    ("asked", "given"),
    [([], None), (["--teacher", "auto"], None), (["--teacher", "fast"], "fast"),
     (["--teacher", "default"], "default"), (["--teacher", "best"], "best")],
    ids=str,
)  # fmt: skip
def test_distill_with_a_teacher_of_its_own_needs_no_file(
    asked, given, run, room, monkeypatch, tmp_path
):
    seen = {}

    class Fake:
        def __init__(self, teacher=None, **options):
            seen.update(options, teacher=teacher)

        def fit(self, *args, **kwargs):
            raise InputError("enough")

    monkeypatch.setitem(ESTIMATORS, "classification", Fake)
    result = run(
        *("distill", room.csv, "--target", "churned", "--out", tmp_path / "m.ekd"),
        *("--n-synthetic", "2.5x", "--temperature", "2", "--n-jobs", "2", "--seed", "4"),
        *("--scoring", "recall_at_fpr_0.01"),
        *asked,
    )
    assert result.code == 2
    assert seen["teacher"] == given
    assert seen["n_synthetic"] == 2.5
    assert seen["temperature"] == 2.0
    assert seen["scoring"] == "recall_at_fpr_0.01"
    assert seen["n_jobs"] == 2
    assert seen["random_state"] == 4
    assert seen["verbose"] == 0  # stderr is no terminal here


def test_lessons_are_taught_and_told_of(distill, tmp_path):
    plain, taught = (
        json.loads(distill("--json", *options).out) for options in ([], ["--lessons", "hard_rows"])
    )
    assert taught["n_rows"]["synthetic"] > plain["n_rows"]["synthetic"]


def test_unknown_lessons_are_refused_before_the_fit(distill, monkeypatch):
    monkeypatch.setattr(command, "fit", _never)
    result = distill("--lessons", "assistant", "hard_row")
    assert result.code == 2
    names = ", ".join(LESSONS)
    assert f"--lessons must be among {names}, got 'hard_row' (did you" in result.err


# --- teachers from files --------------------------------------------------------------------------


def test_frozen_teacher_is_used_as_it_is(distill, room, tmp_path):
    frame = make_table(seed=7)
    names = ["age", "income", "city", "vip", "floor"]
    teacher = make_teacher(LogisticRegression(max_iter=1000)).fit(frame[names], frame["churned"])
    joblib.dump(FrozenEstimator(teacher), tmp_path / "fitted.joblib")
    # It was fitted on fewer columns, in another order.
    result = distill("--json", "--teacher", tmp_path / "fitted.joblib")
    assert result.code == 0
    outcome = json.loads(result.out)
    assert outcome["teacher_frozen"]
    assert outcome["teacher"] == "Pipeline"
    assert "used as it is" in result.err
    is_test = is_test_row(room.frame["churned"], 0)
    proba = teacher.predict_proba(room.frame.loc[is_test, names])
    expected = log_loss(room.frame.loc[is_test, "churned"], proba)
    assert outcome["quality"]["teacher"]["log_loss"] == pytest.approx(expected)


@pytest.mark.filterwarnings("always:the teacher Pipeline is fitted:UserWarning")
def test_fitted_teacher_that_is_not_frozen_is_fitted_again_with_a_note(distill, room, tmp_path):
    names = ["age", "income", "city", "vip", "floor"]
    wrong = make_teacher(LogisticRegression(max_iter=1000)).fit(
        room.frame[names], ~(room.frame["churned"] == room.frame["churned"].iloc[0])
    )
    joblib.dump(wrong, tmp_path / "fitted.joblib")
    result = distill("--json", "--teacher", tmp_path / "fitted.joblib")
    assert result.code == 0
    outcome = json.loads(result.out)
    assert not outcome["teacher_frozen"]
    assert "Pipeline is fitted, and is fitted again on these rows" in result.err
    assert outcome["quality"]["teacher"]["auc"] > 0.5


class Predictor:
    """Answers rows by a frame, and is no scikit-learn estimator."""

    def __init__(self, model):
        self.model = model

    def predict_proba(self, rows):
        known = self.model.feature_names_in_
        return pd.DataFrame(self.model.predict_proba(rows[known]), columns=self.model.classes_)


def test_object_with_predict_proba_in_a_file_is_used_as_it_is(distill, room, tmp_path):
    model = LogisticRegression().fit(room.frame[["income"]], room.frame["churned"])
    joblib.dump(Predictor(model), tmp_path / "predictor.joblib")
    result = distill("--json", "--teacher", tmp_path / "predictor.joblib")
    assert result.code == 0, result.err
    assert json.loads(result.out)["teacher"] == "Predictor"
    assert "used as it is" in result.err


def test_frozen_teacher_leaves_out_columns_it_does_not_know(distill, room, tmp_path):
    frame = room.frame[["income"]]
    fitted = FrozenEstimator(LogisticRegression().fit(frame, room.frame["churned"]))
    joblib.dump(fitted, tmp_path / "t.joblib")
    result = distill("--teacher", tmp_path / "t.joblib")
    assert result.code == 0
    assert "'age', 'city', 'vip', 'floor'; left out" in result.err
    assert load(tmp_path / "model.ekd").schema.names == ["income"]


def test_teacher_file_must_hold_a_distillable_estimator(distill, tmp_path):
    path = tmp_path / "t.joblib"
    assert "found no file" in distill("--teacher", path).err
    path.write_bytes(b"not a pickle")
    assert "cannot be opened" in distill("--teacher", path).err
    joblib.dump({"no": "estimator"}, path)
    assert "must hold a scikit-learn estimator, got dict" in distill("--teacher", path).err
    joblib.dump(NoProba(), path)
    result = distill("--teacher", path)
    assert result.code == 2
    assert "predict_proba" in result.err
    assert not (tmp_path / "model.ekd").exists()


class NoProba(BaseEstimator):
    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.zeros(len(X))


# --- rows without a target ------------------------------------------------------------------------


def test_rows_without_target_and_unlabeled_rows_are_labelled_by_the_teacher(distill, tmp_path):
    frame = make_table()
    frame.loc[:9, "churned"] = None
    frame.to_csv(tmp_path / "t.csv", index=False)
    more = make_table(30, seed=1).drop(columns=["churned", "spend"])
    more.to_csv(tmp_path / "more.csv", index=False)
    result = distill("--json", "--unlabeled", tmp_path / "more.csv", table=tmp_path / "t.csv")
    assert result.code == 0
    assert json.loads(result.out)["n_rows"]["unlabeled"] == 40
    assert "10 row(s) have no 'churned'; the teacher labels them" in result.err


def test_unlabeled_codes_are_read_as_those_of_the_table(run, tmp_path):
    codes = ["00501", "10001", "20002"] * 30
    table = pd.DataFrame({"zip": codes, "n": range(90), "y": np.arange(90) % 2})
    table.to_csv(tmp_path / "t.csv", index=False)
    table[["zip", "n"]].query("zip != '00501'").to_csv(tmp_path / "u.csv", index=False)
    result = run(
        "distill", tmp_path / "t.csv", "--target", "y", "--unlabeled", tmp_path / "u.csv",
        "--teacher", "auto", "--student", "tree", "--recipe", "fast", "--n-synthetic", "50",
        "--cv", "2", "--out", tmp_path / "m.ekd", "--json",
    )  # fmt: skip
    assert result.code == 0, result.err
    assert json.loads(result.out)["n_rows"]["unlabeled"] == 60
    assert load(tmp_path / "m.ekd").schema.text_columns == ["zip"]


@pytest.mark.filterwarnings("default:column 'day'")
def test_dates_as_text_are_told_even_when_quiet(run, tmp_path):
    days = pd.date_range("2020", periods=90).strftime("%Y-%m-%d")
    table = pd.DataFrame({"day": days, "n": range(90), "y": np.arange(90) % 2})
    table.to_csv(tmp_path / "t.csv", index=False)
    result = run(
        "distill", tmp_path / "t.csv", "--target", "y", "--alpha", "0", "--synthesizer", "none",
        "--student", "tree", "--out", tmp_path / "m.ekd", "--quiet",
    )  # fmt: skip
    assert result.code == 0, result.err
    assert result.err.count("warning: column 'day' holds texts that look like dates") == 1


def test_unlabeled_table_must_hold_the_columns(distill, tmp_path):
    make_table(30).rename(columns={"income": "incomes"}).to_csv(tmp_path / "u.csv", index=False)
    result = distill("--unlabeled", tmp_path / "u.csv")
    assert result.code == 2
    assert "'income' (did you mean 'incomes'?)" in result.err


def test_weights_are_taken_and_checked(distill, run, tmp_path):
    frame = make_table().assign(w=1.0)
    frame.to_csv(tmp_path / "t.csv", index=False)
    argv = [
        *("distill", tmp_path / "t.csv", "--target", "churned", "--drop", "spend", "customer"),
        *("--weight", "w", "--alpha", "0", "--synthesizer", "none", "--student", "tree"),
        *("--out", tmp_path / "m.ekd", "--json"),
    ]
    outcome = json.loads(run(*argv).out)
    assert outcome["weighted"]
    assert outcome["n_columns"] == 5
    frame.assign(w=-1.0).to_csv(tmp_path / "t.csv", index=False)
    result = run(*argv)
    assert result.code == 2
    assert "at least 0" in result.err


# --- the gate -------------------------------------------------------------------------------------


def test_missed_gate_has_code_4_and_still_writes(distill, tmp_path):
    result = distill("--min-agreement", "1", "--json")
    gate = json.loads(result.out)["gate"]
    assert result.code == 4
    assert not gate["passed"]
    assert gate["agreement"] < 1
    assert load(tmp_path / "model.ekd").task == "classification"
    assert (
        f"error: student and teacher name the same class on {gate['agreement']:.2%}" in result.err
    )
    assert distill("--min-agreement", "0.5").code == 0


@pytest.mark.parametrize("option", [("--min-agreement", "0.9"), ("--temperature", "2")])
def test_options_of_classifications_are_refused_for_regressions(distill, option):
    result = distill(*option, target="spend")
    assert result.code == 2
    assert f"{option[0]} is for classifications" in result.err


# --- where the model goes -------------------------------------------------------------------------


def test_unwritable_out_is_refused_before_the_fit(distill, room, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "read_data", _never)
    (tmp_path / "file").write_text("")
    for out in [
        tmp_path / "absent" / "m.ekd",
        tmp_path / "file" / "m.ekd",
        tmp_path,
        "/dev/null",
        tmp_path / f"{'x' * 300}.ekd",
        room.parquet,
        room.classifier.teacher,
    ]:
        result = distill(out=out)
        assert result.code == 2, out
        assert "error: --out " in result.err


def _never(*args):
    raise AssertionError("too late")


def test_out_is_replaced_and_nothing_else_left(distill, tmp_path):
    out = tmp_path / "model.ekd"
    out.write_text("old")
    assert distill().code == 0
    assert load(out).task == "classification"
    assert [path.name for path in tmp_path.iterdir()] == ["model.ekd"]


def test_interrupted_fit_leaves_the_old_model(distill, tmp_path, monkeypatch):
    out = tmp_path / "model.ekd"
    out.write_text("old")
    monkeypatch.setattr(command, "fit", _interrupt)
    assert distill().code == 130
    assert out.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["model.ekd"]


def _interrupt(*args):
    raise KeyboardInterrupt


@pytest.mark.parametrize("late", ["measure", "render"])
def test_model_is_written_even_if_telling_fails(distill, tmp_path, monkeypatch, late):
    def fail(*args):
        raise RuntimeError("late")

    monkeypatch.setattr(command, late, fail)
    result = distill()
    assert result.code == 1
    assert "the model is written to" in result.err
    assert load(tmp_path / "model.ekd").task == "classification"


def test_failure_to_save_is_a_failure_of_running(distill, monkeypatch):
    def fail(self, path):
        raise BundleError("saving: no room")

    monkeypatch.setattr("ensemble_kd.estimators._base.DistilledEstimator.save", fail)
    assert distill().code == 1


# --- tables ---------------------------------------------------------------------------------------


def test_near_match_of_a_wrong_name_is_told(distill, run, room, tmp_path):
    result = run("distill", room.csv, "--target", "churnd", "--out", tmp_path / "m.ekd")
    assert result.code == 2
    assert "--target" in result.err
    assert "did you mean 'churned'?" in result.err
    assert "did you mean 'income'?" in distill("--drop", "incomes").err
    assert "--weight must be a column" in distill("--weight", "w").err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty file"),
        ("a,y\n", "at least one row"),
        ("a,a,y\n1,2,3\n", "more than once"),
        ("a,y\n1,2\n1,2,3\n", "cannot be read"),
        (b"a,y\n\xff\xfe,1\n", "UTF-8"),
        ("y\n1\n0\n", "besides the target"),
        ("a,y\n1,\n2,NA\n", "some row"),
        ("a,y\n1,x\n2,x\n3,x\n", "two classes"),
    ],
)
def test_bad_tables_are_refused(run, table_file, tmp_path, text, words):
    result = run("distill", table_file(text), "--target", "y", "--out", tmp_path / "m.ekd")
    assert result.code == 2
    assert words in result.err
    assert not (tmp_path / "m.ekd").exists()


def test_absent_and_foreign_tables_are_refused(run, tmp_path):
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 nonsense")
    (tmp_path / "t.xlsx").write_bytes(b"")
    for name, words in [
        ("absent.csv", "there is no file"),
        ("bad.parquet", "cannot be read"),
        ("t.xlsx", "must end in"),
    ]:
        result = run("distill", tmp_path / name, "--target", "y", "--out", tmp_path / "m.ekd")
        assert result.code == 2
        assert words in result.err


@pytest.mark.filterwarnings("default:column 'customer'")
def test_columns_without_name_and_keys_are_told(run, tmp_path):
    frame = make_table().drop(columns="spend")
    frame.to_csv(tmp_path / "t.csv")  # with a row number
    result = run(
        *("distill", tmp_path / "t.csv", "--target", "churned", "--out", tmp_path / "m.ekd"),
        *("--alpha", "0", "--synthesizer", "none", "--student", "tree"),
    )
    assert result.code == 0
    assert "without a name" in result.err
    assert "warning: column 'customer' holds 192 categories in 192 values" in result.err
    assert "customer" in load(tmp_path / "m.ekd").schema.names
    assert len(load(tmp_path / "m.ekd").schema.names) == 6


# --- the target -----------------------------------------------------------------------------------


def test_task_must_suit_the_target(distill):
    assert "must hold numbers, got" in distill("--task", "regression").err
    result = distill("--task", "classification", target="spend")
    assert result.code == 2
    assert "--task regression" in result.err


def test_default_out_is_in_the_working_directory(tmp_path):
    make_table(300).to_csv(tmp_path / "whole.csv", index=False)
    os.symlink(tmp_path / "whole.csv", tmp_path / "t.csv")
    result = subprocess.run(
        [
            *(sys.executable, "-W", "error", "-m", "ensemble_kd", "distill", "t.csv", "--json"),
            *("--target", "churned", "--drop", "spend", "customer", "--student", "tree"),
            *("--alpha", "0", "--synthesizer", "none"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["model"] == "model.ekd"
    assert load(tmp_path / "model.ekd").classes_.tolist() == ["no", "yes"]


@pytest.mark.filterwarnings("default:.*tested by no fold")
def test_groups_and_time_are_kept_whole_and_not_learned_from(distill, room, tmp_path):
    frame = room.frame.assign(shop=np.arange(len(room.frame)) // 10, day=np.arange(240.0))
    frame.to_parquet(tmp_path / "t.parquet")
    result = distill("--json", "--groups", "shop", table=tmp_path / "t.parquet")
    outcome = json.loads(result.out)
    assert outcome["n_columns"] == 6  # with the day
    assert outcome["n_rows"]["test"] % 10 == 0
    result = distill("--json", "--time", "day", "--drop", "shop", table=tmp_path / "t.parquet")
    assert result.code == 0, result.err
    outcome = json.loads(result.out)
    assert outcome["n_columns"] == 5
    assert outcome["n_rows"]["test"] == 48
    proba = load(tmp_path / "model.ekd").predict_proba(frame.tail(48))
    wanted = log_loss(frame["churned"].tail(48), proba)
    assert outcome["quality"]["student"]["log_loss"] == pytest.approx(wanted)
    assert "tested by no fold" in result.err


def test_a_table_of_its_own_is_the_test_and_goes_into_the_file(distill, room, tmp_path):
    test = make_table(90, seed=5)
    test.loc[3, "churned"] = None
    test.to_csv(tmp_path / "test.csv", index=False)
    outcome = json.loads(distill("--json", "--test", tmp_path / "test.csv").out)
    assert outcome["n_rows"]["fit"] == 240
    assert outcome["n_rows"]["test"] == 89
    scorer = load(tmp_path / "model.ekd")
    rows = test.drop(index=3)
    wanted = log_loss(rows["churned"], scorer.predict_proba(rows))
    assert outcome["quality"]["student"]["log_loss"] == pytest.approx(wanted)
    told = load_bundle(tmp_path / "model.ekd").manifest["training"]["test"]
    assert told["student"] == outcome["quality"]["student"]
    assert told["teacher"] == outcome["quality"]["teacher"]


def test_what_a_test_table_must_hold(distill, room, tmp_path):
    test = make_table(20, seed=5)
    test.drop(columns="age").to_csv(tmp_path / "less.csv", index=False)
    result = distill("--test", tmp_path / "less.csv")
    assert result.code == 2
    assert "less.csv must hold the column 'age'" in result.err
    test.assign(churned="maybe").to_csv(tmp_path / "other.csv", index=False)
    result = distill("--test", tmp_path / "other.csv")
    assert result.code == 2
    assert "must hold classes of the model" in result.err
    result = distill("--test", room.csv, "--test-size", "0.5")
    assert result.code == 2
    assert "give --test or --test-size, not both" in result.err


def test_teacher_is_kept_in_a_file_of_its_own(distill, room, tmp_path):
    for place in (tmp_path / "m.ekd", room.parquet, room.classifier.teacher):
        result = distill("--keep-teacher", place, out=tmp_path / "m.ekd")
        assert result.code == 2 and "--keep-teacher must be a file of its own" in result.err
    result = distill("--keep-teacher", tmp_path / "none" / "t.joblib")
    assert result.code == 2 and "cannot be written" in result.err
    assert not (tmp_path / "m.ekd").exists()


def test_distill_writes_one_model_into_a_pipe(distill, tmp_path):
    pipe, heard = tmp_path / "pipe.ekd", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: heard.append(pipe.read_bytes()), daemon=True)
    reader.start()
    assert distill(out=pipe).code == 0
    reader.join()
    assert load(heard[0]).classes_.tolist() == ["no", "yes"]
    assert [path.name for path in tmp_path.iterdir()] == ["pipe.ekd"]
