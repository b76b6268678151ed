"""Run imodels' distiller in an environment of its own: ``python -P _imodels_worker.py FOLDER``.

FOLDER holds task.npz and task.json; predictions and facts are written beside them. This file
imports nothing of the project, so that the environment needs imodels alone.
"""

import json
import pathlib
import pickle
import sys
import time

import numpy as np

# As many as our own tree.
N_LEAVES, LEAST_ROWS = 64, 10
N_SINGLE_ROWS = 200


class Teacher:
    """Stands for the teacher, which was fitted elsewhere: answers with its labels of the rows."""

    def __init__(self, labels, is_regression):  # type: ignore[no-untyped-def]
        self.labels = labels
        self.prediction_task = "regression" if is_regression else "classification"

    def fit(self, X, y):  # type: ignore[no-untyped-def]
        """Return self."""
        return self

    def predict(self, X):  # type: ignore[no-untyped-def]
        """Return the values."""
        return self.labels[:, 0]

    def predict_proba(self, X):  # type: ignore[no-untyped-def]
        """Return the probabilities."""
        return self.labels


def main() -> None:
    """Distil each student from both kinds of labels, and write what they say of the test rows."""
    from imodels import DistilledRegressor

    folder = pathlib.Path(sys.argv[1])
    task = json.loads((folder / "task.json").read_text())
    arrays = np.load(folder / "task.npz")
    X, y, rows = arrays["X_train"], arrays["y"], arrays["X_test"]
    is_regression = task["kind"] == "regression"
    facts: dict = {"label_seconds": task["label_seconds"], "models": {}}
    for kind in ("labels", "out_of_fold"):
        labels = arrays[kind]
        for name, student in students(len(X), task["seed"]).items():
            distiller = DistilledRegressor(Teacher(labels, is_regression), student)
            start = time.perf_counter()
            distiller.fit(X, y)
            taken = time.perf_counter() - start
            # A sum of trees may go beyond the labels, a probability beyond 0 and 1.
            target = labels[:, -1]
            low, high = target.min(), target.max()
            before = time.perf_counter()
            answers = np.clip(distiller.predict(rows), low, high)
            speed = len(rows) / (time.perf_counter() - before)
            columns = [answers] if is_regression else [1.0 - answers, answers]
            np.save(folder / f"{name}-{kind}.npy", np.column_stack(columns))
            facts["models"][f"{name}-{kind}"] = {
                "role": "student",
                "fit_seconds": taken,
                "latency_us": _latency_us(student, rows),
                "rows_per_second": speed,
                "size_bytes": _size(student),
            }
    (folder / "facts.json").write_text(json.dumps(facts))


def students(n_rows, seed):  # type: ignore[no-untyped-def]
    """Return an unfitted student of each kind."""
    from imodels import FIGSRegressor, GreedyTreeRegressor, HSTreeRegressor
    from sklearn.tree import DecisionTreeRegressor

    size = {"max_leaf_nodes": N_LEAVES, "min_samples_leaf": max(1, min(LEAST_ROWS, n_rows // 4))}
    return {
        "tree": GreedyTreeRegressor(**size, random_state=seed),
        "shrunk": HSTreeRegressor(DecisionTreeRegressor(**size, random_state=seed)),
        "sum": FIGSRegressor(max_rules=N_LEAVES - 1, random_state=seed),
    }


def _latency_us(student, rows):  # type: ignore[no-untyped-def]
    taken = []
    for i in range(min(N_SINGLE_ROWS, len(rows))):
        before = time.perf_counter()
        student.predict(rows[i : i + 1])
        taken.append(time.perf_counter() - before)
    return float(np.median(taken)) * 1e6


def _size(student):  # type: ignore[no-untyped-def]
    """Return the bytes of its pickle, without the training rows that the nodes of FIGS keep."""
    nodes = list(getattr(student, "trees_", []))
    while nodes:
        node = nodes.pop()
        node.idxs = None
        nodes += [child for child in (node.left, node.right) if child is not None]
    return len(pickle.dumps(student))


if __name__ == "__main__":
    main()
