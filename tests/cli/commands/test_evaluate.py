"""`evaluate`: a model file beside its teacher, its best member and plain training."""

import json

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, root_mean_squared_error
from sklearn.model_selection import GridSearchCV

from ensemble_kd import DistilledClassifier, load
from ensemble_kd.cli.main import COMMANDS
from ensemble_kd.teachers import TeacherEnsemble

from ..conftest import make_table, make_teacher

COLUMNS = ["age", "income", "city", "vip", "floor"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Rows that nothing was fitted on, some without a target."""
    path = tmp_path_factory.mktemp("kept") / "kept.parquet"
    frame = make_table(300, seed=9)
    frame.loc[::50, "churned"] = None
    frame.to_parquet(path)
    return path, frame


def evaluate(run, model, table, *options, target="churned"):
    result = run("evaluate", model, table, "--target", target, "--json", *options)
    assert result.code == 0, result.err
    return json.loads(result.out), result.err


def test_student_alone_has_the_figures_of_its_own_answers(run, room, kept):
    path, frame = kept
    told, notes = evaluate(run, room.classifier.model, path)
    rows = frame[frame["churned"].notna()]
    assert told["n_rows"] == len(rows) == 294
    assert "6 row(s) without 'churned' are left out" in notes
    proba = load(room.classifier.model).predict_proba(rows[COLUMNS])
    loss = log_loss(rows["churned"], proba)
    assert list(told["quality"]) == ["student"]
    assert told["quality"]["student"]["log_loss"] == pytest.approx(loss)
    assert told["fidelity"] is told["gain_kept"] is told["best_member"] is None
    shown = run("evaluate", room.classifier.model, path, "--target", "churned").out
    assert f"{loss:.4f}" in shown and "give --teacher and --plain" in shown


def test_teacher_that_distill_kept_and_a_plain_student_stand_beside_it(
    run, distill, kept, tmp_path
):
    path, frame = kept
    model, plain, teacher = (tmp_path / name for name in ("m.ekd", "plain.ekd", "t.joblib"))
    assert distill("--keep-teacher", teacher, out=model).code == 0
    assert distill("--alpha", "0", "--n-synthetic", "0", out=plain).code == 0
    told, _ = evaluate(run, model, path, "--teacher", teacher, "--plain", plain)
    assert list(told["quality"]) == ["teacher", "plain", "student"]
    rows = frame[frame["churned"].notna()]
    loss = log_loss(rows["churned"], joblib.load(teacher).predict_proba(rows[COLUMNS]))
    assert told["quality"]["teacher"]["log_loss"] == pytest.approx(loss)
    above, low, high = told["above_student"]["teacher"]
    assert above == pytest.approx(loss - told["quality"]["student"]["log_loss"])
    assert low < above < high
    shown = run(
        "evaluate", model, path, "--target", "churned", "--teacher", teacher, "--plain", plain
    ).out
    assert "log-loss above the student's (95 %)" in shown
    assert told["gain_kept"]["text"] in shown and "give --" not in shown


def test_best_member_is_that_of_the_teachers_training(run, room, kept, tmp_path):
    path, _ = kept
    members = [
        ("shy", make_teacher(LogisticRegression(C=1e-4, max_iter=1000))),
        ("lr", make_teacher(LogisticRegression(max_iter=1000))),
    ]
    X, y = room.frame[COLUMNS], room.frame["churned"].to_numpy()
    joblib.dump(TeacherEnsemble(members, cv=2).fit(X, y), tmp_path / "t.joblib")
    told, _ = evaluate(run, room.classifier.model, path, "--teacher", tmp_path / "t.joblib")
    assert told["best_member"] == "lr"
    assert list(told["quality"]) == ["teacher", "best_member", "student"]


def test_teacher_of_a_distilled_estimator_is_taken_and_it_is_said(run, room, kept, tmp_path):
    X, y = room.frame[COLUMNS], room.frame["churned"]
    teacher = make_teacher(LogisticRegression(max_iter=1000))
    clf = DistilledClassifier(teacher, student="tree", recipe="fast", n_synthetic=100, cv=2)
    joblib.dump(clf.fit(X, y), tmp_path / "clf.joblib")
    told, notes = evaluate(
        run, room.classifier.model, kept[0], "--teacher", tmp_path / "clf.joblib"
    )
    assert "holds a DistilledClassifier: its teacher_ is asked" in notes
    assert told["fidelity"]["rmse"] > 0


def test_values_are_evaluated_in_their_unit(run, room, kept, tmp_path):
    path, frame = kept
    told, _ = evaluate(run, room.regressor.model, path, "--plain", room.regressor.model,
                       target="spend")  # fmt: skip
    found = load(room.regressor.model).predict(frame[COLUMNS])
    error = root_mean_squared_error(frame["spend"], found)
    assert told["quality"]["student"]["rmse"] == pytest.approx(error)
    assert told["above_student"]["plain"] == [0.0, 0.0, 0.0]


def test_weights_and_threshold_count(run, room, kept, tmp_path):
    path, frame = kept
    frame = frame[frame["churned"].notna()].assign(w=lambda f: np.arange(len(f)) % 2)
    frame.to_parquet(tmp_path / "w.parquet")
    frame[frame["w"] == 1].to_parquet(tmp_path / "half.parquet")
    model = tmp_path / "m.ekd"
    done = run("calibrate", room.classifier.model, "--rows", path, "--target", "churned",
               "--threshold", "0.2", "--out", model)  # fmt: skip
    assert done.code == 0, done.err
    weighted, _ = evaluate(run, model, tmp_path / "w.parquet", "--weight", "w")
    half, _ = evaluate(run, model, tmp_path / "half.parquet")
    for name in ("log_loss", "auc", "average_precision", "accuracy"):  # bins have as many rows each
        of_weighted, of_half = (told["quality"]["student"][name] for told in (weighted, half))
        assert of_weighted == pytest.approx(of_half)
    assert weighted["at_threshold"] == pytest.approx(half["at_threshold"])
    says = load(model).predict(frame[frame["w"] == 1][COLUMNS]) == "yes"
    true = (frame[frame["w"] == 1]["churned"] == "yes").to_numpy()
    assert half["at_threshold"]["missed_positive_rate"] == pytest.approx((~says)[true].mean())
    assert half["at_threshold"]["false_positive_rate"] == pytest.approx(says[~true].mean())
    assert "'yes' from 0.2 on" in run("evaluate", model, path, "--target", "churned").out


def test_rare_class_has_base_rate_and_intervals(run, tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=3000), "b": rng.normal(size=3000)})
    frame["fraud"] = (frame["a"] + 0.5 * rng.normal(size=3000) > 2.6).astype(int)
    frame.to_csv(tmp_path / "t.csv", index=False)
    options = ["--alpha", "0", "--n-synthetic", "0", "--student", "tree"]
    result = run("distill", tmp_path / "t.csv", "--target", "fraud", *options,
                 "--out", tmp_path / "m.ekd")  # fmt: skip
    assert result.code == 0, result.err
    told, _ = evaluate(run, tmp_path / "m.ekd", tmp_path / "t.csv", target="fraud")
    n = int(frame["fraud"].sum())
    assert told["rare"] == {"label": 1, "n_rows": n, "base_rate": n / 3000}
    low, high = told["bounds"]["student"]["recall_at_1_percent_fpr"]
    assert low < told["quality"]["student"]["recall_at_1_percent_fpr"] < high
    shown = run("evaluate", tmp_path / "m.ekd", tmp_path / "t.csv", "--target", "fraud").out
    inspected = run("inspect", tmp_path / "m.ekd").out
    for text in (result.out, shown):
        assert "recall at 1 % FPR" in text and "1 is rare:" in text and "base rate" in text
    assert "recall at 1 % FPR" in inspected and "base rate" in inspected and " to " in inspected
    first = frame.assign(fraud=np.where(frame["fraud"], "fraud", "legit"))
    first.to_csv(tmp_path / "t.csv", index=False)
    result = run("distill", tmp_path / "t.csv", "--target", "fraud", *options,
                 "--out", tmp_path / "m.ekd")  # fmt: skip
    assert "'fraud' is rare, but AUC, average precision and thresholds are of" in result.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--target", "churn"], "did you mean 'churned'"),
        (["--target", "city"], "must hold classes of the model"),
        (["--target", "churned", "--weight", "wait"], "--weight must be a column"),
        (["--target", "churned", "--teacher", "none.joblib"], "found no file 'none.joblib'"),
        (
            ["--target", "churned", "--teacher", "{unfitted}"],
            "must hold a fitted model, got a Pipe",
        ),
        (["--target", "churned", "--plain", "{other}"], "--plain must predict what the model does"),
    ],
)
def test_evaluate_refuses(run, room, options, message):
    places = {"unfitted": room.classifier.teacher, "other": room.regressor.model}
    options = [option.format(**places) for option in options]
    result = run("evaluate", room.classifier.model, room.parquet, *options)
    assert result.code == 2, result.err
    assert message in result.err


def test_help_teaches(run):
    assert "evaluate" in COMMANDS
    text = " ".join(run("evaluate", "--help").out.split())
    for words in ("distill --keep-teacher", "--alpha 0 --n-synthetic 0", "open files you trust",
                  "Recall at 1 % FPR", "0 is in it, the rows do not tell"):  # fmt: skip
        assert words in text


def test_model_of_nameless_columns_takes_a_table_with_a_target(run, tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = (X[:, 0] + 0.3 * rng.normal(size=300) > 0).astype(int)
    clf = DistilledClassifier(student="gbdt", alpha=0.0, n_synthetic=0).fit(X, y)
    clf.save(tmp_path / "m.ekd")
    teacher = LogisticRegression().fit(X, y)
    joblib.dump(teacher, tmp_path / "t.joblib")
    frame = pd.DataFrame(X, columns=list("pqr")).assign(y=y, w=1.0)
    frame.to_parquet(tmp_path / "t.parquet")
    options = ("--weight", "w", "--teacher", tmp_path / "t.joblib")
    told, _ = evaluate(run, tmp_path / "m.ekd", tmp_path / "t.parquet", *options, target="y")
    for who, model in (("student", clf), ("teacher", teacher)):
        loss = log_loss(y, model.predict_proba(X))
        assert told["quality"][who]["log_loss"] == pytest.approx(loss)
    frame.drop(columns="w").to_parquet(tmp_path / "t.parquet")
    rows = ("--rows", tmp_path / "t.parquet", "--target", "y", "--out", tmp_path / "out.ekd")
    for command in ("calibrate", "compress"):
        done = run(command, tmp_path / "m.ekd", *rows)
        assert done.code == 0, done.err


def test_teacher_that_wraps_another_is_asked_itself(run, room, kept, tmp_path):
    path, frame = kept
    X, y = room.frame[COLUMNS], room.frame["churned"]
    inner = make_teacher(LogisticRegression(max_iter=1000))
    wrapped = GridSearchCV(inner, {"logisticregression__C": [0.01]}, cv=2).fit(X, y)
    rows = frame[frame["churned"].notna()]
    for teacher in (wrapped, FrozenEstimator(wrapped)):
        joblib.dump(teacher, tmp_path / "t.joblib")
        told, _ = evaluate(run, room.classifier.model, path, "--teacher", tmp_path / "t.joblib")
        loss = log_loss(rows["churned"], wrapped.predict_proba(rows[COLUMNS]))
        assert told["quality"]["teacher"]["log_loss"] == pytest.approx(loss)
