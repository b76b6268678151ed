"""Scoring needs numpy and safetensors alone, and importing the package costs next to nothing."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ensemble_kd
from ensemble_kd import DistilledClassifier, GBDTStudent, MLPStudent, TreeStudent

PACKAGE = Path(ensemble_kd.__file__).parent
BLOCKED = [
    "torch", "sklearn", "scipy", "joblib", "pandas", "xgboost", "lightgbm", "optuna", "tqdm",
    "pyarrow",
]  # fmt: skip

BLOCK = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {name!r} (blocked)", name=name)

sys.meta_path.insert(0, Blocker())
"""


def run(code: str, *arguments: str, blocked: Sequence[str] = BLOCKED) -> str:
    """Run code in a fresh process, by default without the training libraries; return its output."""
    code = f"BLOCKED = {blocked!r}" + BLOCK + code
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


STUDENTS = {
    "mlp": MLPStudent(n_updates=20),
    "gbdt": GBDTStudent(n_estimators=5, n_jobs=1),
    "tree": TreeStudent(),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    """A saved model of two numbers and a category, named and not, with its answers."""
    folder = tmp_path_factory.mktemp("saved")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=80), "b": ["x", "y"] * 40})
    y = (frame["a"] > 0).to_numpy()
    plain = {"student": TreeStudent(), "alpha": 0.0, "n_synthetic": 0}
    DistilledClassifier(**plain).fit(frame, y).save(folder / "frame.ekd")
    for name, student in STUDENTS.items():
        table = frame[["a"]].to_numpy()
        given = DistilledClassifier(**plain | {"student": student}).fit(table[:40], y[:40])
        given.save(folder / f"{name}.ekd")
        np.save(folder / f"{name}.npy", given.predict_proba(table))
    np.save(folder / "table.npy", table)
    return folder


@pytest.mark.parametrize(
    "statement",
    [
        "import ensemble_kd",
        "import ensemble_kd.runtime",
        "import ensemble_kd.bundle",
        "import ensemble_kd.model",
        "import ensemble_kd.errors",
        "from ensemble_kd import load, Scorer, InputError, BundleError",
    ],
)
def test_imports_of_the_score_side_need_no_training_library(statement):
    run(statement)


@pytest.mark.parametrize("name", ["mlp", "gbdt", "tree"])
def test_imports_let_a_saved_model_score_an_array_without_a_training_library(saved, name):
    run(
        "import numpy as np; from ensemble_kd import load; from pathlib import Path\n"
        "folder, name = Path(sys.argv[1]), sys.argv[2]\n"
        "answers = load(folder / f'{name}.ekd').predict_proba(np.load(folder / 'table.npy'))\n"
        "np.testing.assert_allclose(answers, np.load(folder / f'{name}.npy'), atol=1e-7)\n",
        str(saved),
        name,
    )


def test_imports_let_a_saved_model_score_dicts_without_a_training_library(saved):
    out = run(
        "from ensemble_kd import load\n"
        "model = load(sys.argv[1])\n"
        "rows = [{'a': 2.5, 'b': 'x'}, {'a': -2.5, 'b': 'new'}]\n"
        "print(model.predict(rows).tolist(), [model.predict_one(row) for row in rows])\n"
        "print(sorted(model.predict_proba_one(rows[0])))\n",
        str(saved / "frame.ekd"),
    )
    assert out.splitlines() == ["[True, False] [True, False]", "[False, True]"]


def test_imports_let_a_saved_model_be_timed_without_a_training_library(saved):
    out = run(
        "import io, runpy\n"
        'sys.stdin = io.StringIO(\'[{"a": 0.5, "b": "x"}]\')\n'
        "sys.argv[1:] = [sys.argv[1], '{\"seconds\": 0.1}']\n"
        "runpy.run_module('ensemble_kd.scoring.latency', run_name='__main__')\n",
        str(saved / "frame.ekd"),
    )
    assert json.loads(out)["p50_us"] > 0


def test_imports_of_the_package_alone_load_neither_numpy_nor_a_training_library():
    heavy = [*BLOCKED, "numpy", "safetensors"]
    code = f"import sys, ensemble_kd; print([m for m in {heavy!r} if m in sys.modules])"
    assert run(code, blocked=()).strip() == "[]"


def test_imports_of_load_bring_numpy_and_safetensors_alone():
    code = (
        "import sys; from ensemble_kd import load;"
        f"print([m for m in {BLOCKED!r} if m in sys.modules])"
    )
    assert run(code, blocked=()).strip() == "[]"


@pytest.mark.parametrize(
    ("student", "others"),
    [
        ("MLPStudent(n_updates=20)", "lightgbm"),
        ("GBDTStudent()", "torch"),
        ("TreeStudent()", "torch"),
    ],
)
def test_imports_of_students_bring_no_library_of_another(student, others):
    code = (
        "import sys, numpy as np\n"
        "from ensemble_kd import DistilledClassifier, GBDTStudent, MLPStudent, TreeStudent\n"
        f"model = DistilledClassifier(student={student}, alpha=0.0, n_synthetic=0)\n"
        "model.fit(np.arange(240.0)[:, None], np.arange(240) % 2)\n"
        f"print({others!r} in sys.modules)\n"
    )
    assert run(code, blocked=()).strip() == "False"


@pytest.mark.parametrize(
    "name",
    [
        "DistilledClassifier",
        "DistilledRegressor",
        "distill",
        "TeacherEnsemble",
        "MLPStudent",
        "GBDTStudent",
        "TreeStudent",
        "MungeSynthesizer",
        "MarginalSynthesizer",
    ],
)
def test_imports_without_training_libraries_name_the_extra(name):
    out = run(
        "import ensemble_kd\n"
        f"try: ensemble_kd.{name}\n"
        "except ensemble_kd.MissingDependencyError as error: print(error)\n"
    )
    assert out.startswith(f"ensemble_kd.{name} needs ")
    assert 'pip install "ensemble_kd[train]"' in out


def test_imports_name_the_extra_where_torch_alone_is_missing():
    out = run(
        "import numpy as np\n"
        "from ensemble_kd import DistilledClassifier, MissingDependencyError\n"
        "model = DistilledClassifier(student='mlp', alpha=0.0, n_synthetic=0)\n"
        "try: model.fit(np.arange(240.0)[:, None], np.arange(240) % 2)\n"
        "except MissingDependencyError as error: print(error)\n",
        blocked=("torch",),
    )
    assert 'pip install "ensemble_kd[train]"' in out


# --- the whole package ----------------------------------------------------------------------------


def test_imports_offer_every_public_name():
    assert sorted(ensemble_kd.__all__) == sorted(set(ensemble_kd.__all__))
    for name in ensemble_kd.__all__:
        assert getattr(ensemble_kd, name).__name__ == name
    assert set(ensemble_kd.__all__) <= set(dir(ensemble_kd))


def test_imports_refuse_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="module 'ensemble_kd' has no attribute 'Distiller'"):
        ensemble_kd.Distiller  # noqa: B018


def imported_by(path: Path) -> Iterator[str]:
    """Yield the top-level packages that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def required_by(path: Path) -> Iterator[str]:
    """Yield the packages that a file asks `require` for."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        named = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "require"
        if named and isinstance(node.args[0], ast.Constant):
            yield node.args[0].value.split(".")[0]


def files_with(package: str, found_in: Callable[[Path], Iterator[str]]) -> set[str]:
    """Return the files of the library for which the function yields the package."""
    return {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if package in found_in(path)
    }


def test_imports_of_torch_stand_in_few_files():
    networks = (
        "_encoded_network", "_modes", "_periodic", "_side_by_side", "_soft_tree",
        "training/_attributions", "training/_fine_tune", "training/_hints", "training/_kept",
        "training/_muon", "training/_objective", "training/_pace", "training/_plan",
        "training/_training",
    )  # fmt: skip
    losses = (
        "_annealed", "_base", "_beside", "_decoupled", "_dist", "_labels", "_logit_matching",
        "_ranking", "_soft_targets", "_squared_error", "_squared_probabilities",
        "attention/_attention", "attention/_base", "attention/_sobolev",
        "relations/_angle", "relations/_base", "relations/_distance", "relations/_similarity",
    )  # fmt: skip
    files = {f"networks/{name}.py" for name in networks} | {f"losses/{name}.py" for name in losses}
    assert files_with("torch", imported_by) == files


@pytest.mark.parametrize("package", ["xgboost", "lightgbm", "catboost"])
def test_imports_of_boosting_libraries_go_through_require(package):
    assert files_with(package, imported_by) == set()


@pytest.mark.parametrize(
    ("package", "files"),
    [
        ("xgboost", {"teachers/members/_xgboost.py"}),
        ("lightgbm", {"teachers/members/_lightgbm.py", "students/_gbdt.py"}),
        ("catboost", {"teachers/members/_catboost.py"}),
    ],
)
def test_imports_of_a_boosting_library_stand_in_its_own_files(package, files):
    assert files_with(package, required_by) == files
