"""Files changed inside and sealed anew: both readers take them, and answer alike, or neither."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ensemble_kd.bundle import save_bundle
from ensemble_kd.scoring import make_selftest

from .hand_made import CREATED, MODELS
from .test_bundle_storage import KEPT

pytest.importorskip("ensemble_kd._core", reason="the core in C was not built")
from .fuzz_files import fuzz

GOLDEN = Path(__file__).parents[1] / "golden"


def save_all(folder: Path) -> None:
    """Write a file of every kind of student, storage and decision, and of every version."""
    for name, model in (MODELS | KEPT).items():
        path = folder / f"{name}.ekd"
        save_bundle(model, path, selftest=make_selftest(model), created=CREATED)
    # Random bytes there would make every run another one.
    schema = MODELS["mlp_decided"].schema.hash_categories("0123456789abcdef" * 2)
    hashed = replace(MODELS["mlp_decided"], schema=schema)
    save_bundle(hashed, folder / "hashed.ekd", selftest=make_selftest(hashed), created=CREATED)
    for path in GOLDEN.glob("*.ekd"):
        shutil.copy(path, folder)


@pytest.fixture(scope="module")
def bases(tmp_path_factory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("bases")
    save_all(folder)
    return [path.read_bytes() for path in sorted(folder.glob("*.ekd"))]


@pytest.mark.parametrize("n_files", [800, pytest.param(20_000, marks=pytest.mark.slow)])
def test_readers_differ_in_no_file(bases, n_files):
    found = fuzz(bases, 0, n_files)
    assert not found["differences"]
    # Both must come often, or little was tried.
    assert min(found["taken"], found["refused"]) > n_files / 8
    assert found["slowest"][0] < 2.0
