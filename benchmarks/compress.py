"""What each compression costs: ``python -m ensemble_kd.benchmarks.compress --data-dir DIR``.

On each data set the default student is fitted by the fast recipe, on few rows so that all is done
within minutes, and compressed in several ways; AUC, log-loss and bytes of the file are those of the
same test rows. A second table weighs the model file of a made-up table of 30 mixed columns.
"""

from __future__ import annotations

import argparse
import copy
import sys
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from ensemble_kd import DistilledClassifier, MLPStudent
from ensemble_kd.benchmarks.shared import loss_of, markdown_table, mixed_table
from ensemble_kd.compress import FactorizeWeights, PruneNeurons, compress
from ensemble_kd.datasets import load_dataset
from ensemble_kd.flow import FAST_EFFORT, distill
from ensemble_kd.model import CompactModel
from ensemble_kd.rows import REAL
from ensemble_kd.scoring import Scorer
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers import teacher_response

DATASETS = (
    "adult", "bank_full", "magic", "phoneme", "spambase", "telco_churn", "ad_mammography",
    "give_me_some_credit",
)  # fmt: skip
MOST_TEST_ROWS = 20_000
# Bytes of the arrays of a student whose file is to stay under 64 kB.
SMALL_BYTES = 48_000
BIG, SMALL, HARD, TEACHER = "float32", "small", "hard labels", "teacher"
WAYS: dict[str, tuple[str, list[Any]]] = {
    "float16": (BIG, ["float16"]),
    "int8": (BIG, ["int8"]),
    "pruned 50 %": (BIG, [PruneNeurons(0.5)]),
    "pruned 75 %": (BIG, [PruneNeurons(0.25)]),
    "low rank": (BIG, [FactorizeWeights()]),
    "pruned 50 %, int8": (BIG, [PruneNeurons(0.5), "int8"]),
    "pruned 75 %, int8": (BIG, [PruneNeurons(0.25), "int8"]),
    "low rank, int8": (BIG, [FactorizeWeights(), "int8"]),
    "small, int8": (SMALL, ["int8"]),
}
MOST_LOSS = 0.001

Row = dict[str, Any]


def compressed_rows(
    X: Any, y: Any, X_test: Any, y_test: Any, teacher: Any = None
) -> tuple[list[Row], DistilledClassifier]:
    """Return a line for the teacher, each student and each way to compress it, and the estimator.

    Parameters
    ----------
    X, y : DataFrame, array
        Training rows, of two classes 0 and 1.
    X_test, y_test : DataFrame, array
        Test rows.
    teacher : estimator or None, default=None
        Unfitted; None takes the default.

    Returns
    -------
    rows : list of dict
        "way", "auc", "log_loss" and "size_bytes", the bytes of the file.
    estimator : DistilledClassifier
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        estimator = DistilledClassifier(teacher, recipe="fast")
        found = distill(X, y, settings=estimator.settings())
    estimator.adopt(found)
    rows, loss, task = found.transfer_set, found.recipe.loss, found.transfer_set.task
    real = rows.take(rows.origin == REAL)
    truth = replace(real, response=task.truth(real.hard))
    models = {
        BIG: estimator.model_,
        SMALL: _student(SMALL_BYTES).fit_transfer(rows, loss).to_model(),
        HARD: _student().fit_transfer(truth, task.plain_loss()).to_model(),
    }
    for way, (start, steps) in WAYS.items():
        models[way] = compress(models[start], steps, rows, loss).model
    answers = {TEACHER: teacher_response(found.teacher, X_test, task)}
    answers |= {way: Scorer(model).respond(X_test) for way, model in models.items()}
    lines = [
        {"way": way, **_quality(task, y_test, answer)}
        | ({} if way == TEACHER else {"size_bytes": file_bytes(models[way], estimator)})
        for way, answer in answers.items()
    ]
    return lines, estimator


def file_bytes(model: CompactModel, estimator: DistilledClassifier) -> int:
    """Return the bytes of the model's file, with the card and the facts of the estimator."""
    as_saved = copy.copy(estimator)
    as_saved.model_ = model
    with tempfile.TemporaryDirectory() as folder:
        return as_saved.save(Path(folder) / "model.ekd")


def _student(max_bytes: int = MLPStudent().max_bytes) -> MLPStudent:
    student: MLPStudent = MLPStudent(max_bytes=max_bytes, random_state=0).with_effort(FAST_EFFORT)
    return student


def _quality(task: BaseTask, y: Any, answer: Any) -> dict[str, float]:
    auc = float(roc_auc_score(y, answer[:, 1]))
    return {"auc": auc, "log_loss": loss_of(task, np.asarray(y), answer)}


def auc_table(found: dict[str, list[Row]]) -> str:
    """Return AUC of the student as it is, and how much less each compressed one has."""
    ways = [row["way"] for row in next(iter(found.values()))]
    compressed = [way for way in ways if way in WAYS]
    body = []
    for name, rows in found.items():
        auc = {row["way"]: row["auc"] for row in rows}
        start = {way: auc[WAYS[way][0]] for way in compressed}
        changes = [f"{auc[way] - start[way]:+.4f}" for way in compressed]
        body.append([name, f"{auc[TEACHER]:.4f}", f"{auc[BIG]:.4f}", f"{auc[SMALL]:.4f}", *changes])
    return markdown_table(["AUC", TEACHER, BIG, SMALL, *compressed], body)


def gain_table(found: dict[str, list[Row]]) -> str:
    """Return log-loss, and the share of the teacher's gain over hard labels that is kept."""
    body = []
    for name, rows in found.items():
        loss = {row["way"]: row["log_loss"] for row in rows}
        gain = loss[HARD] - loss[TEACHER]
        ways = [
            BIG,
            "int8",
            "pruned 50 %, int8",
            "pruned 75 %, int8",
            "low rank, int8",
            SMALL,
            "small, int8",
        ]
        shares = {w: f" ({(loss[HARD] - loss[w]) / gain:.0%})" if gain > 0 else "" for w in ways}
        kept = [f"{loss[way]:.4f}{shares[way]}" for way in ways]
        body.append([name, f"{loss[TEACHER]:.4f}", f"{loss[HARD]:.4f}", *kept])
    return markdown_table(["log-loss (gain kept)", TEACHER, HARD, *ways], body)


def size_table(found: dict[str, list[Row]]) -> str:
    """Return kilobytes of each file."""
    ways = [row["way"] for row in next(iter(found.values())) if row["way"] not in (TEACHER, HARD)]
    body = []
    for name, rows in found.items():
        size = {row["way"]: row["size_bytes"] for row in rows if row["way"] in ways}
        body.append([name, *(f"{size[way] / 1000:.1f}" for way in ways)])
    return markdown_table(["kB", *ways], body)


def verdict(found: dict[str, list[Row]]) -> tuple[str, bool]:
    """Return whether int8 costs at most 0.001 AUC on each data set, in words too."""
    lost = {}
    for name, rows in found.items():
        auc = {row["way"]: row["auc"] for row in rows}
        lost[name] = auc[BIG] - auc["int8"]
    worst = max(lost, key=lambda name: lost[name])
    passed = lost[worst] <= MOST_LOSS
    return (
        f"int8 {'loses' if passed else 'does NOT lose'} at most {MOST_LOSS} AUC against float32 on "
        f"{len(lost)} data sets: the most is {lost[worst]:.5f}, on {worst}."
    ), passed


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code is 1 if int8 loses more than it may."""
    parser = argparse.ArgumentParser(prog="python -m ensemble_kd.benchmarks.compress")
    parser.add_argument("--data-dir", help="folder of the data sets (default: ENSEMBLE_KD_DATA)")
    parser.add_argument("--datasets", nargs="+", default=list(DATASETS), help="which ones")
    parser.add_argument(
        "--rows", type=int, default=5000, help="most training rows (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the split (default: %(default)s)")
    options = parser.parse_args(arguments)
    found = {}
    for name in options.datasets:
        dataset = load_dataset(name, options.data_dir)
        found[name], _ = compressed_rows(*_split(dataset, options.rows, options.seed))
        print(f"{name} done", file=sys.stderr, flush=True)
    X, y = mixed_table(5000, 30)
    made_up = {"30 mixed columns": compressed_rows(X[:4000], y[:4000], X[4000:], y[4000:])[0]}
    text, passed = verdict(found)
    print(f"{options.rows:,} training rows at most, recipe 'fast', seed {options.seed}.\n")
    print(auc_table(found), gain_table(found), size_table(found | made_up), text, sep="\n\n")
    return 0 if passed else 1


def _split(dataset: Any, most_rows: int, seed: int) -> tuple[Any, Any, Any, Any]:
    """Return rows drawn at random: at most so many to fit on, and 20,000 of the others to test."""
    order = np.random.default_rng(seed).permutation(len(dataset.y))
    n_train = min(most_rows, len(order) * 7 // 10)
    train, test = order[:n_train], order[n_train : n_train + MOST_TEST_ROWS]
    return (
        dataset.X.iloc[train].reset_index(drop=True),
        dataset.y.iloc[train].to_numpy(),
        dataset.X.iloc[test].reset_index(drop=True),
        dataset.y.iloc[test].to_numpy(),
    )


if __name__ == "__main__":
    sys.exit(main())
