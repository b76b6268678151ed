"""Run a rival's distiller in an environment of its own: ``python -P _taught_worker.py FOLDER``.

FOLDER holds task.npz and task.json; predictions and facts are written beside them. This file
imports nothing of the project, so that the environment needs the rivals alone.
"""

import copy
import json
import pathlib
import pickle
import sys
import time

import numpy as np

# As many as our own tree.
N_LEAVES, LEAST_ROWS = 64, 10
N_SINGLE_ROWS = 100


class Teacher:
    """Stands for the teacher, which was fitted elsewhere: answers with its labels of the rows."""

    # TabTune asks such a pipeline for its labels as it is, and does not fit it again.
    model_name, tuning_strategy = "shared teacher", "finetuned"

    def __init__(self, labels, is_regression):
        self.labels = labels
        self.prediction_task = "regression" if is_regression else "classification"

    def fit(self, X, y):
        """Return self."""
        return self

    def predict(self, X):
        """Return the values."""
        return self.labels[:, 0]

    def predict_proba(self, X):
        """Return the probabilities."""
        return self.labels


class IModelsTree:
    """`imodels.DistilledRegressor` with one of its trees."""

    # It asks its teacher for the rows of the fit; out of fold is what it might better have.
    kinds = ("labels", "out_of_fold")

    def __init__(self, student):
        self.student = student

    def fit(self, X, y, labels, is_regression):
        """Distil."""
        from imodels import DistilledRegressor

        self.is_regression = is_regression
        # A sum of trees may go beyond the labels, and a probability beyond 0 and 1.
        self.low, self.high = labels[:, -1].min(), labels[:, -1].max()
        self.distiller = DistilledRegressor(Teacher(labels, is_regression), self.student)
        self.distiller.fit(X, y)

    def respond(self, X):
        """Return values or probabilities."""
        answers = np.clip(self.distiller.predict(X), self.low, self.high)
        return np.column_stack([answers] if self.is_regression else [1.0 - answers, answers])

    def size_bytes(self, folder):
        """Return the bytes of a pickle, without the training rows and trial splits FIGS keeps."""
        if hasattr(self.student, "Y"):
            self.student.Y = None
        nodes = list(getattr(self.student, "trees_", []))
        while nodes:
            node = nodes.pop()
            node.idxs = node.left_temp = node.right_temp = None
            nodes += [child for child in (node.left, node.right) if child is not None]
        return len(pickle.dumps(self.student))


class TabTune:
    """`tabtune.distillation.TabDistiller` as it comes, with one of its students."""

    # Of a teacher that it fits itself it takes the labels out of fold.
    kinds = ("out_of_fold",)

    def __init__(self, student, seed):
        self.student, self.seed = student, seed

    def fit(self, X, y, labels, is_regression):
        """Distil."""
        import pandas as pd
        from tabtune.distillation import TabDistiller

        self.distiller = TabDistiller(
            teachers=[Teacher(labels, is_regression)],
            student=self.student,
            task_type="regression" if is_regression else "classification",
            random_state=self.seed,
        )
        self.distiller.fit(pd.DataFrame(X), pd.Series(y))

    def respond(self, X):
        """Return values or probabilities."""
        if self.distiller.task_type == "regression":
            return np.asarray(self.distiller.predict(X), dtype=float)[:, None]
        return np.asarray(self.distiller.predict_proba(X), dtype=float)

    def size_bytes(self, folder):
        """Return the bytes of its own file."""
        self.distiller.save(folder / "student.pkl")
        return (folder / "student.pkl").stat().st_size


def distillers(task, n_rows):
    """Return an unfitted distiller for each kind of student that the rival has."""
    seed = task["seed"]
    if task["peer"] == "TabTune":
        # It does not standardise values, so its network says 311 of all power plants (mean: 454).
        names = ["lgbm"] if task["kind"] == "regression" else ["lgbm", "mlp"]
        return {name: TabTune(name, seed) for name in names}
    from imodels import FIGSRegressor, GreedyTreeRegressor, HSTreeRegressor
    from sklearn.tree import DecisionTreeRegressor

    size = {"max_leaf_nodes": N_LEAVES, "min_samples_leaf": max(1, min(LEAST_ROWS, n_rows // 4))}
    trees = {
        "tree": GreedyTreeRegressor(**size, random_state=seed),
        "shrunk": HSTreeRegressor(DecisionTreeRegressor(**size, random_state=seed)),
        "sum": FIGSRegressor(max_rules=N_LEAVES - 1, random_state=seed),
    }
    return {name: IModelsTree(tree) for name, tree in trees.items()}


def main() -> None:
    """Distil each student, and write what it says of the test rows."""
    folder = pathlib.Path(sys.argv[1])
    task = json.loads((folder / "task.json").read_text())
    arrays = np.load(folder / "task.npz")
    X, y, rows = arrays["X_train"], arrays["y"], arrays["X_test"]
    facts: dict = {"label_seconds": task["label_seconds"], "models": {}}
    for name, unfitted in distillers(task, len(X)).items():
        for kind in unfitted.kinds:
            distiller = copy.deepcopy(unfitted)
            start = time.perf_counter()
            distiller.fit(X, y, arrays[kind], task["kind"] == "regression")
            fitted = time.perf_counter()
            answers = distiller.respond(rows)
            answered = time.perf_counter()
            np.save(folder / f"{name}-{kind}.npy", answers)
            facts["models"][f"{name}-{kind}"] = {
                "role": "student",
                "kind": kind,
                "fit_seconds": fitted - start,
                "latency_us": _latency_us(distiller, rows),
                "rows_per_second": len(rows) / (answered - fitted),
                "size_bytes": distiller.size_bytes(folder),
            }
    (folder / "facts.json").write_text(json.dumps(facts))


def _latency_us(distiller, rows):
    taken = []
    for i in range(min(N_SINGLE_ROWS, len(rows))):
        before = time.perf_counter()
        distiller.respond(rows[i : i + 1])
        taken.append(time.perf_counter() - before)
    return float(np.median(taken)) * 1e6


if __name__ == "__main__":
    main()
