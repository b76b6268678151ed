"""One student for several labels beside one for each:
``python -m ensemble_kd.benchmarks.quality.multilabel``.

The labels are what customers of an internet provider have taken, and whether they left: seven
yes/no columns of telco_churn, told from the others. The teacher is the same for both ways, an
ensemble of the fast preset for each label.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from ensemble_kd import DistilledClassifier
from ensemble_kd.benchmarks.shared import markdown_table, number
from ensemble_kd.datasets import load_dataset

SERVICES = (
    *("online_security", "online_backup", "device_protection", "tech_support"),
    *("streaming_tv", "streaming_movies"),
)
CHURN = "left"
N_TIMED = 2000

Row = dict[str, Any]


def labelled_table() -> tuple[Any, Any]:
    """Return the customers without the services, and a data frame of the labels."""
    data = load_dataset("telco_churn")
    labels = data.X[list(SERVICES)].eq("Yes").astype(int)
    return data.X.drop(columns=list(SERVICES)), labels.assign(**{CHURN: np.asarray(data.y)})


def mean_log_loss(Y: Any, chance: NDArray[np.float64]) -> float:
    """Return the mean over labels."""
    pairs = zip(Y.to_numpy().T, chance.T, strict=True)
    return float(np.mean([log_loss(true, told) for true, told in pairs]))


def run(seed: int, n_train: int, student: str, teacher: Any = "fast") -> list[Row]:
    """Return a row for the teacher, the student of all labels, and the students of one each.

    Parameters
    ----------
    seed : int
        Of the cut, the teachers and the students.
    n_train : int
        Training rows; the others are the test.
    student : str
        Of both ways.
    teacher : estimator or str, default="fast"
        Fitted to each label.

    Returns
    -------
    list of dict
        "log_loss" and "exact", the share of rows with all labels right, on test rows; "bytes" of
        the files, and "us", microseconds for all labels of a row.
    """
    X, Y = labelled_table()
    X, X_test, Y, Y_test = train_test_split(X, Y, train_size=n_train, random_state=seed)
    options: dict[str, Any] = {
        "teacher": teacher, "student": student, "recipe": "fast", "random_state": seed,
    }  # fmt: skip
    one = DistilledClassifier(**options).fit(X, Y)
    each = [DistilledClassifier(**options).fit(X, Y[label]) for label in Y]
    answers = {
        "teacher": one.teacher_.predict_proba(X_test),
        "one student": one.predict_proba(X_test),
        f"{len(each)} students": np.column_stack(
            [model.predict_proba(X_test)[:, 1] for model in each]
        ),
    }
    made = {"one student": [one], f"{len(each)} students": each}
    return [
        {
            "method": name,
            "log_loss": mean_log_loss(Y_test, chance),
            "exact": float(((chance > 0.5) == Y_test.to_numpy()).all(axis=1).mean()),
            "bytes": sum(map(_file_bytes, made[name])) if name in made else None,
            "us": sum(_row_us(model, X_test) for model in made[name]) if name in made else None,
        }
        for name, chance in answers.items()
    ]  # fmt: skip


def _file_bytes(model: DistilledClassifier) -> int:
    with tempfile.TemporaryDirectory() as folder:
        return model.save(Path(folder) / "model.ekd")


def _row_us(model: DistilledClassifier, X: Any) -> float:
    """Return the median time of a row in microseconds."""
    score, taken = model._scorer.predict_proba_one, []
    rows = X.astype(object).where(X.notna(), None).head(500).to_dict("records")
    for k in range(N_TIMED):
        start = perf_counter()
        score(rows[k % len(rows)])
        taken.append(perf_counter() - start)
    return 1e6 * float(np.median(taken))


def report(rows: list[Row]) -> str:
    """Return a table with a line a model."""
    return markdown_table(
        ["", "mean log-loss", "all labels right", "bytes", "us a row"],
        [
            [row["method"], number(row["log_loss"]), f"{row['exact']:.1%}",
             "" if row["bytes"] is None else f"{row['bytes']:,}",
             "" if row["us"] is None else f"{row['us']:.1f}"]
            for row in rows
        ],
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(prog="python -m ensemble_kd.benchmarks.quality.multilabel")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=int, default=5000, help="training rows")
    parser.add_argument("--student", default="mlp")
    args = parser.parse_args(arguments)
    print(report(run(args.seed, args.rows, args.student)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
