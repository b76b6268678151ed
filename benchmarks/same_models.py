"""Whether a change of the code changes a model: ``python -m ensemble_kd.benchmarks.same_models``.

Distils the same rows with the same seed and prints a digest of what each file holds of the model;
with ``--against`` it says which of them differ from those of an earlier run, made by other code.
Without a data folder it takes the small data sets that come with scikit-learn.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ensemble_kd
from ensemble_kd.benchmarks.shared import chosen_datasets, estimator_for
from ensemble_kd.bundle import load_bundle
from ensemble_kd.datasets import load_dataset
from ensemble_kd.tasks import task_named

# Two of each task: two classes, several, values.
DATASETS = ("phoneme", "telco_churn", "satimage", "car", "california_housing", "wine_quality")
STUDENTS = ("mlp", "gbdt", "tree")
# The parts of a file that hold the model; the others tell of its making.
PARTS = ("model.json", "model.safetensors", "schema.json", "selftest.json")


def model_digest(dataset: str, student: str, n_rows: int) -> dict[str, Any]:
    """Distil some rows of a data set by default and return a digest of the model.

    Parameters
    ----------
    dataset : str
        Name of its card.
    student : {"mlp", "gbdt", "tree"}
        The student.
    n_rows : int
        Rows at most, drawn at random.

    Returns
    -------
    dict
        "dataset", "student", "sha256" of the model's parts in its file, and the "recipe" chosen.
    """
    loaded = load_dataset(dataset)
    rows = loaded.y.sample(min(n_rows, len(loaded.y)), random_state=0).index
    kind = estimator_for(task_named(loaded.card.estimator_task))
    estimator = kind(student=student).fit(loaded.X.loc[rows], loaded.y.loc[rows])
    with tempfile.TemporaryDirectory() as folder:
        estimator.save(Path(folder) / "model.ekd")
        files = load_bundle(Path(folder) / "model.ekd").manifest["files"]
    parts = "".join(files[part]["sha256"] for part in PARTS)
    recipe = estimator.recipe_
    return {
        "dataset": dataset,
        "student": student,
        "sha256": hashlib.sha256(parts.encode()).hexdigest(),
        "recipe": recipe.loc[recipe["chosen"], "recipe"].iloc[-1],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Distil, print a line for each model, and compare; return 1 where a model differs."""
    parser = argparse.ArgumentParser(prog="python -m ensemble_kd.benchmarks.same_models")
    parser.add_argument("--datasets", nargs="+", metavar="NAME")
    parser.add_argument("--students", nargs="+", default=list(STUDENTS), choices=STUDENTS)
    parser.add_argument("--rows", type=int, default=1500, help="at most so many of each data set")
    parser.add_argument("--out", type=Path, help="write the digests here, as JSON lines")
    parser.add_argument("--against", type=Path, help="digests of an earlier run")
    args = parser.parse_args(arguments)
    earlier = {}
    if args.against is not None:
        found = [json.loads(line) for line in args.against.read_text().splitlines()]
        earlier = {(row["dataset"], row["student"]): row["sha256"] for row in found}
    print(f"ensemble_kd {ensemble_kd.__version__}, at most {args.rows:,} rows of each data set")
    n_different = 0
    for dataset in chosen_datasets(args.datasets, DATASETS):
        for student in args.students:
            row = model_digest(dataset, student, args.rows)
            if args.out is not None:
                with args.out.open("a") as file:
                    file.write(json.dumps(row) + "\n")
            before = earlier.get((dataset, student))
            verdict = "" if before is None else "same" if before == row["sha256"] else "DIFFERS"
            n_different += verdict == "DIFFERS"
            print(
                f"{dataset:20} {student:5} {row['sha256'][:16]} {row['recipe']:18} {verdict}",
                flush=True,
            )
    return int(n_different > 0)


if __name__ == "__main__":
    sys.exit(main())
