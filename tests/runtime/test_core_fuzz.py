"""The core in C under the sanitizers of addresses and of undefined behaviour: it stays in bounds.

Each check that keeps it there is also taken out in turn, and a sanitizer must then find it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import ensemble_kd

HERE = Path(__file__).parent
CORE = Path(ensemble_kd.__file__).parent / "runtime" / "core"
HAND_MADE = HERE.parent / "bundle"


def sanitizer() -> str:
    """Return the path of gcc's sanitizer library, or skip."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    asked = ["gcc", "-print-file-name=libasan.so"]
    library = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    if not Path(library).is_absolute():
        pytest.skip("gcc has no address sanitizer here")
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").exists():
        pytest.skip("Python.h is not installed")
    return str(Path(library).resolve())


def fuzz(
    folder: Path, seed: int, n_models: int, *more: str, changed: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Build the core, changed as asked, with the sanitizer; fuzz it in a process of its own."""
    library = sanitizer()
    chapters = {path.name: path.read_text(encoding="utf-8") for path in CORE.glob("*.[ch]")}
    for needed, instead in (changed or {}).items():
        assert sum(text.count(needed) for text in chapters.values()) == 1
        chapters = {name: text.replace(needed, instead) for name, text in chapters.items()}
    for name, text in chapters.items():
        (folder / name).write_text(text, encoding="utf-8")
    include = f"-I{sysconfig.get_paths()['include']}"
    flags = ["-O0", "-g", "-std=gnu11", "-fPIC", "-shared", "-pthread"]
    flags += ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
    core = folder / "_core.abi3.so"
    subprocess.run(["gcc", *flags, include, str(folder / "module.c"), "-o", str(core)], check=True)
    paths = [str(HAND_MADE), *filter(None, sys.path)]
    environment = os.environ | {
        "LD_PRELOAD": library,
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": os.pathsep.join(paths),
    }
    command = [
        sys.executable,
        str(HERE / "fuzz_core.py"),
        str(core),
        str(seed),
        str(n_models),
        *more,
    ]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_core_stays_in_bounds_whatever_it_is_given(tmp_path):
    done = fuzz(tmp_path, 0, 4000)
    assert done.returncode == 0, done.stderr[-3000:]
    # Some mutants must be sound, or nothing was scored.
    assert int(done.stdout) > 200


def test_core_stays_in_bounds_whatever_hypothesis_draws(tmp_path):
    done = fuzz(tmp_path, 0, 150, "properties")
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) > 20


@pytest.mark.parametrize("n_files", [250, pytest.param(20_000, marks=pytest.mark.slow)])
def test_core_stays_in_bounds_whatever_a_file_holds(tmp_path, n_files):
    (tmp_path / "files").mkdir()
    for path in (HERE.parent / "golden").glob("*.ekd"):
        shutil.copy(path, tmp_path / "files")
    done = fuzz(tmp_path, 0, n_files, "files", str(tmp_path / "files"))
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) > n_files / 10


# What is taken out, and what stands there then.
CHECKS = {
    "the index of a column": ("j < 0 || j >= n_columns", "0"),
    "the feature of a split": ("feature >= n_columns", "0"),
    "the right child": ("int_at(&given[RIGHT], parent) != i + 1", "0"),
    "the length of an array": ("array->length != wanted", "0"),
    "the ends of offsets": (
        "int_at(offsets, 0) != 0 || int_at(offsets, n_parts) != total",
        "0",
    ),
    "the player of a column": ("one < 0 || one >= n_columns", "0"),
    "two edges at least": ("end - begin < 2", "0"),
    "a row for each code": ("part != columns[int_at(categorical, k)].n_codes + 1", "0"),
    "the sum of a tree": ("output < -1 || output >= n_sums ||", "0 ||"),
    "the code of a category": ("code >= 0 && code < (double)n_codes", "1"),
    "the code in a set": ("code >= 0 && code < MISSING_BIT", "1"),
    "a height for each knot": ("check_length(&given[1], &forms[1], n_knots) < 0", "0"),
    "a bias for each sum": (
        "status = check_length(&array, &form, response->n_sums);",
        "status = 0;",
    ),
    "the number of outputs": (
        "response->n_sums != (response->link == SIGMOID ? 1 : response->n_outputs)",
        "0",
    ),
}


# One of them in the plain run shows that the fuzzing sees what a missing check lets through.
@pytest.mark.parametrize(
    "check",
    [
        check if check == "the right child" else pytest.param(check, marks=pytest.mark.slow)
        for check in CHECKS
    ],
)
def test_core_without_a_check_is_caught(check, tmp_path):
    needed, instead = CHECKS[check]
    changed = {needed: instead}
    if check == "the right child":  # then what was given is followed
        changed["nodes[parent].right = (int32_t)step"] = TRUSTING
    done = fuzz(tmp_path, 0, 6000, changed=changed)
    assert done.returncode != 0
    assert "AddressSanitizer" in done.stderr or "shift exponent" in done.stderr


TRUSTING = (
    "nodes[parent].right = (int32_t)(16u * (uint32_t)(int_at(&given[RIGHT], parent) - parent))"
)
