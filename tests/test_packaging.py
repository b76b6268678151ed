"""The wheel holds every package of the tree, and what stands beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
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
    assert "ensemble_kd is built WITHOUT its core in C" in done.stderr


def test_extension_that_fails_leaves_none_of_an_earlier_build(tmp_path: Path) -> None:
    stale = tmp_path / "lib" / "ensemble_kd" / "_core.abi3.so"
    stale.parent.mkdir(parents=True)
    stale.touch()
    command = [sys.executable, "setup.py", "-q", "build_ext", "--force"]
    folders = ["--build-lib", str(tmp_path / "lib"), "--build-temp", str(tmp_path / "temp")]
    environment = os.environ | {"CC": "false", "PYTHONWARNINGS": "ignore"}
    subprocess.run(command + folders, cwd=ROOT, env=environment, check=True, capture_output=True)
    assert not stale.exists()


def built_wheel(folder: Path, **environment: str) -> Path:
    """Build a wheel of the tree, all that is made on the way in a folder."""
    words = ["egg_info", "--egg-base", folder, "build", "--build-base", folder / "build"]
    words += ["bdist_wheel", "--bdist-dir", folder / "wheel", "--dist-dir", folder / "dist"]
    command = [sys.executable, "setup.py", "-q", *map(str, words)]
    ours = os.environ | {"PYTHONWARNINGS": "ignore"} | environment
    subprocess.run(command, cwd=ROOT, env=ours, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


def names_and_tag(wheel: Path) -> tuple[list[str], str]:
    """Return the files of a wheel, and what it says of itself."""
    with ZipFile(wheel) as archive:
        (told,) = (name for name in archive.namelist() if name.endswith(".dist-info/WHEEL"))
        return archive.namelist(), archive.read(told).decode()


def test_wheel_without_the_core_is_one_of_python_alone(tmp_path: Path) -> None:
    wheel = built_wheel(tmp_path, CC="false")
    assert wheel.name.endswith("-py3-none-any.whl")
    names, told = names_and_tag(wheel)
    assert not [name for name in names if "_core." in name and not name.endswith(".pyi")]
    assert "Root-Is-Purelib: true" in told
    assert "Tag: py3-none-any" in told


@pytest.mark.slow
def test_wheel_with_the_core_is_one_of_its_machine(tmp_path: Path) -> None:
    wheel = built_wheel(tmp_path)
    assert "-cp311-abi3-" in wheel.name
    names, told = names_and_tag(wheel)
    assert [name for name in names if name.startswith("ensemble_kd/_core.") and "pyi" not in name]
    assert "Root-Is-Purelib: false" in told


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
