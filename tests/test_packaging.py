"""The wheel holds every package of the tree, and what stands beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.version import Version

import ensemble_kd

ROOT = Path(__file__).parents[1]


def test_wheel_lists_every_package_of_the_tree() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = set(settings["tool"]["setuptools"]["packages"])
    in_tree = set()
    for folder, name in (
        ("ensemble_kd", "ensemble_kd"),
        ("benchmarks", "ensemble_kd.benchmarks"),
        ("datasets", "ensemble_kd.datasets"),
    ):
        for marker in (ROOT / folder).rglob("__init__.py"):
            below = marker.parent.relative_to(ROOT / folder).parts
            in_tree.add(".".join((name, *below)))
    assert listed == in_tree


def test_extension_is_left_out_where_there_is_no_compiler(tmp_path: Path) -> None:
    command = [sys.executable, "setup.py", "-q", "build_ext", "--force"]
    folders = ["--build-lib", str(tmp_path / "lib"), "--build-temp", str(tmp_path / "temp")]
    environment = os.environ | {"CC": "false", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        command + folders, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.rglob("_core*.so"))


def test_version_stands_in_one_place_that_imports_nothing() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" in settings["project"]["dynamic"]
    place = settings["tool"]["setuptools"]["dynamic"]["version"]["attr"]
    assert place == "ensemble_kd._version.__version__"
    namespace: dict[str, Any] = {"__builtins__": {}}
    exec((ROOT / "ensemble_kd" / "_version.py").read_text(encoding="utf-8"), namespace)
    assert namespace["__version__"] == ensemble_kd.__version__


def test_oldest_versions_are_the_lower_bounds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    given = list(project["dependencies"])
    for extra in ("train", "tune", "tables", "onnx", "sign", "scoring"):
        given += project["optional-dependencies"][extra]
    bounds = {
        need.name: Version(specifier.version)
        for need in map(Requirement, given)
        for specifier in need.specifier
        if need.marker is None or need.marker.evaluate({"sys_platform": "linux"})
    }
    lines = (ROOT / "constraints-oldest.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert {name: Version(pinned[name]) for name in bounds} == bounds
