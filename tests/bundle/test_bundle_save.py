"""A save leaves the old file or the new one, whatever stops it, and writes nothing unreadable."""

import dataclasses
import errno
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ensemble_kd.bundle import load_bundle, save_bundle
from ensemble_kd.errors import BundleError
from ensemble_kd.schema import Column, TableSchema

from .hand_made import CREATED, MODELS, classifier, mlp_body, regressor, selftest_for, trees_body

OLD, NEW = MODELS["mlp_classifier"], MODELS["trees_sigmoid"]


def save(model, path, **options):
    return save_bundle(model, path, selftest=selftest_for(model), created=CREATED, **options)


def assert_only_the_old_file(path, content):
    assert path.read_bytes() == content
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert load_bundle(path).model.n_outputs == OLD.n_outputs


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "model.ekd"
    save(OLD, path)
    return path


# --- when the disk or the process fails -----------------------------------------------------------


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_save_that_fails_keeps_the_old_file(old, monkeypatch, call):
    content = old.read_bytes()

    def fail(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(BundleError, match=r"model\.ekd: No space left .* has room") as raised:
            save(NEW, old)
    assert raised.value.__cause__.errno == errno.ENOSPC
    assert_only_the_old_file(old, content)


def test_save_that_is_cut_off_by_the_system_keeps_the_old_file(old):
    """The kernel refuses the write half way, as a full disk does."""
    content = old.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(BundleError, match="File too large"):
            save(NEW, old)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert_only_the_old_file(old, content)


def test_save_that_is_interrupted_keeps_the_old_file(old, monkeypatch):
    content = old.read_bytes()

    def interrupt(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            save(NEW, old)
    assert_only_the_old_file(old, content)


def test_save_says_when_the_directory_cannot_be_synced(old, monkeypatch):
    calls = []

    def fail_second(descriptor):
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail_second)
        with pytest.raises(BundleError, match="the new file is in place, but may be lost"):
            save(NEW, old)
    assert load_bundle(old).model.n_outputs == NEW.n_outputs


def test_save_names_a_missing_directory(tmp_path):
    with pytest.raises(BundleError, match="No such file or directory; make sure") as raised:
        save(NEW, tmp_path / "absent" / "model.ekd")
    assert isinstance(raised.value.__cause__, FileNotFoundError)


def test_save_refuses_to_replace_a_directory(tmp_path):
    (tmp_path / "model.ekd").mkdir()
    with pytest.raises(BundleError, match="directory"):
        save(NEW, tmp_path / "model.ekd")
    assert [file.name for file in tmp_path.iterdir()] == ["model.ekd"]


def test_save_gives_the_file_ordinary_permissions(old):
    plain = old.parent / "plain"
    plain.touch()
    assert old.stat().st_mode == plain.stat().st_mode


def test_save_sweeps_stale_temporaries_only(tmp_path):
    names = [".ekd-stale.tmp", ".ekd-young.tmp", ".other-stale.tmp", "model.tmp"]
    for name in names:
        (tmp_path / name).touch()
        if name != ".ekd-young.tmp":
            os.utime(tmp_path / name, (time.time() - 4000,) * 2)
    save(NEW, tmp_path / "model.ekd")
    assert {file.name for file in tmp_path.iterdir()} == {*names[1:], "model.ekd"}


def test_save_survives_kill(tmp_path):
    """One process forks a child that saves without end, kills it, and looks at the file."""
    done = subprocess.run(
        [sys.executable, "-m", "bundle.kill_saves"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["2"]


# --- when the model is not sound ------------------------------------------------------------------


def refused(tmp_path, model, match, **options):
    options = {"selftest": selftest_for(model), "created": CREATED} | options
    with pytest.raises(BundleError, match=match):
        save_bundle(model, tmp_path / "model.ekd", **options)
    assert list(tmp_path.iterdir()) == []


def test_save_refuses_a_model_that_would_not_load(tmp_path):
    body = mlp_body(1)
    body.first_bias[0] = np.nan
    refused(tmp_path, regressor(body), r"saving .*model\.ekd: first_bias must be finite, got nan")
    body = trees_body(1, (0,), (0.0,), "identity")
    refused(
        tmp_path,
        regressor(dataclasses.replace(body, threshold=body.threshold.astype(np.float32))),
        "threshold must be float64 with 1 dimension.*got float32",
    )
    refused(
        tmp_path,
        regressor(dataclasses.replace(body, roots=[0])),
        "roots must be a numpy array, got list",
    )
    refused(tmp_path, regressor(None), "must be an MLPRecord or a TreesRecord, got NoneType")
    refused(
        tmp_path,
        regressor(dataclasses.replace(mlp_body(1), output_mean=np.float32(1))),
        "output_mean must be of type float",
    )


def test_save_refuses_values_that_json_cannot_hold(tmp_path):
    labels = tuple(np.arange(2))
    refused(tmp_path, classifier(mlp_body(2), labels), r"manifest.json .*use int\(\)")
    refused(tmp_path, NEW, "manifest.json must hold plain finite", training={"x": float("nan")})
    refused(tmp_path, NEW, "manifest.json must hold plain finite", training={"x": object()})
    refused(tmp_path, NEW, "saving .*", training=5)
    refused(tmp_path, NEW, "surrogates not allowed", card="\ud800")
    refused(tmp_path, NEW, "created must be a UTC time", created="now")
    row = (1, True, "Oslo", float("nan"))
    refused(tmp_path, NEW, "None for a missing", selftest=selftest_for(NEW, rows=(row,) * 3))
    flat = selftest_for(NEW, expected=np.zeros(3))
    refused(tmp_path, NEW, "list of lists of 2 number", selftest=flat)
    wide = TableSchema((Column("c", "categorical", categories=(float("inf"),)),))
    refused(tmp_path, dataclasses.replace(NEW, schema=wide), "schema.json must hold plain finite")


def test_save_leaves_the_model_as_it_was(tmp_path):
    body = trees_body(1, (0,), (0.0,), "identity")
    save(regressor(body), tmp_path / "model.ekd")
    assert body.value.flags.writeable
