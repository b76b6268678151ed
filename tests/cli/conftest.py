from types import SimpleNamespace

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ensemble_kd.cli.main import main

FAST = ["--student", "tree", "--n-synthetic", "200", "--cv", "2"]


def make_table(n_rows=240, seed=0):
    """Numbers with gaps, texts, booleans and whole-number categories; two targets."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "customer": [f"c{i}" for i in range(n_rows)],
            "age": rng.integers(18, 80, n_rows).astype(float),
            "income": rng.normal(30, 10, n_rows),
            "city": rng.choice(["Rome", "Oslo", "Lima, Peru"], n_rows),
            "vip": rng.random(n_rows) < 0.4,
            "floor": pd.Categorical(rng.choice([1, 2, 10], n_rows), categories=[1, 2, 10]),
        }
    )
    z = (frame["age"] - 45) / 15 + (frame["city"] == "Oslo") - frame["vip"]
    z = z + rng.normal(0, 0.5, n_rows)
    frame["churned"] = np.where(z > 0, "yes", "no")
    frame["spend"] = (10 * z).round(3)
    frame.loc[::17, "age"] = np.nan
    frame.loc[5::40, "city"] = None
    return frame


def make_teacher(last):
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["city", "vip", "floor"]),
        (make_pipeline(SimpleImputer(), StandardScaler()), ["age", "income"]),
    )
    return make_pipeline(columns, last)


@pytest.fixture(scope="session")
def room(tmp_path_factory):
    """A table in both formats, a teacher for each task, and a model made from them for each."""
    folder = tmp_path_factory.mktemp("cli")
    frame = make_table()
    frame.to_csv(folder / "table.csv", index=False)
    frame.to_parquet(folder / "table.parquet")
    paths = {name: str(folder / name) for name in ("table.csv", "table.parquet")}
    made = {}
    for name, target, other, last in [
        ("classifier", "churned", "spend", LogisticRegression(max_iter=1000)),
        ("regressor", "spend", "churned", LinearRegression()),
    ]:
        teacher, model = str(folder / f"{name}.joblib"), str(folder / f"{name}.ekd")
        joblib.dump(make_teacher(last), teacher)
        options = ["--drop", other, "customer", "--teacher", teacher, "--out", model, *FAST]
        assert main(["distill", paths["table.parquet"], "--target", target, *options]) == 0
        made[name] = SimpleNamespace(teacher=teacher, model=model)
    return SimpleNamespace(
        folder=folder,
        frame=frame,
        csv=paths["table.csv"],
        parquet=paths["table.parquet"],
        **made,
    )


@pytest.fixture
def run(capsys):
    """Run a command; return its exit code and what it wrote."""

    def _run(*argv):
        capsys.readouterr()
        code = main([str(word) for word in argv])
        captured = capsys.readouterr()
        return SimpleNamespace(code=code, out=captured.out, err=captured.err)

    return _run


@pytest.fixture
def distill(run, room, tmp_path):
    """Run `distill` on the session's table with a fast teacher and student."""

    def _distill(*argv, table=None, target="churned", out=None):
        kind, other = ("classifier", "spend") if target == "churned" else ("regressor", "churned")
        teacher = getattr(room, kind).teacher
        return run(
            "distill",
            table or room.parquet,
            *("--target", target, "--drop", other, "customer", "--teacher", teacher, *FAST),
            *("--out", out or tmp_path / "model.ekd", *argv),
        )

    return _distill


@pytest.fixture
def table_file(tmp_path):
    """Write text as a CSV file."""

    def _write(text, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return _write
