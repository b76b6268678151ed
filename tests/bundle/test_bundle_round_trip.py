"""What is saved is what is loaded, in the same bytes each time, in a file that ZIP tools read."""

import dataclasses
import io
import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from ensemble_kd.bundle import load_bundle, save_bundle
from ensemble_kd.bundle._table import MEMBER_MAX_BYTES
from ensemble_kd.errors import BundleError

from .forge import saved
from .hand_made import CREATED, MODELS, ROWS, regressor, selftest_for, trees_body, version_of


def assert_same_record(left, right):
    assert type(left) is type(right)
    for field in dataclasses.fields(left):
        a, b = getattr(left, field.name), getattr(right, field.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
        elif dataclasses.is_dataclass(a):
            assert_same_record(a, b)
        elif field.name == "layers":
            assert len(a) == len(b)
            for one, other in zip(a, b, strict=True):
                assert_same_record(one, other)
        else:
            assert a == b and type(a) is type(b), field.name


@pytest.mark.parametrize("name", MODELS)
def test_bundle_holds_what_was_saved(tmp_path, name):
    model, path = MODELS[name], tmp_path / "student.ekd"
    size = save_bundle(
        model,
        path,
        selftest=selftest_for(model),
        card="# A card, ünïcode\n",
        training={"data_sha256": "ab" * 32, "n_rows": 1000, "nested": {"x": [1.5, None, True]}},
        created=CREATED,
    )
    bundle = load_bundle(path)
    assert_same_record(bundle.model, model)
    assert [type(label) for label in bundle.model.classes] == [type(c) for c in model.classes]
    assert size == bundle.size_bytes == path.stat().st_size
    assert bundle.selftest.rows == ROWS
    np.testing.assert_array_equal(bundle.selftest.expected, selftest_for(model).expected)
    assert bundle.selftest.tolerance == 1e-6
    assert bundle.card.endswith("---\n# A card, ünïcode\n")
    assert bundle.manifest["training"]["nested"] == {"x": [1.5, None, True]}
    assert bundle.manifest["name"] == "student" and bundle.manifest["created"] == CREATED
    assert bundle.manifest["format_version"] == version_of(name)
    assert bundle.manifest["libraries"].keys() == {"ensemble_kd", "numpy", "safetensors"}


@pytest.mark.parametrize("name", MODELS)
def test_bundle_of_same_content_has_same_bytes(tmp_path, bundles, name):
    assert saved(tmp_path, MODELS[name]) == bundles[name]
    loaded = load_bundle(bundles[name])
    path = tmp_path / "model.ekd"
    save_bundle(loaded.model, path, selftest=loaded.selftest, card=loaded.card, created=CREATED)
    assert path.read_bytes() == bundles[name]


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
def test_bundle_loads_from_memory(bundles, form):
    bundle = load_bundle(form(bundles["trees_sigmoid"]))
    assert_same_record(bundle.model, MODELS["trees_sigmoid"])


def test_bundle_is_a_zip_file_as_python_writes_it(bundles):
    data = bundles["mlp_classifier"]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(MEMBER_MAX_BYTES)
        again = io.BytesIO()
        with zipfile.ZipFile(again, "w") as rewritten:
            for name in archive.namelist():
                info = zipfile.ZipInfo(name)
                info.create_system, info.external_attr = 3, 0o100644 << 16
                rewritten.writestr(info, archive.read(name))
    assert again.getvalue() == data


def test_bundle_arrays_are_read_only(bundles):
    bundle = load_bundle(bundles["trees_sigmoid"])
    with pytest.raises(ValueError, match="read-only"):
        bundle.model.body.value[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        bundle.selftest.expected[0, 0] = 1


def test_bundle_card_keeps_front_matter_of_its_own(tmp_path):
    card = "---\nlicense: mit\n---\n# Mine\n"
    data = saved(tmp_path, MODELS["mlp_regressor"], card=card)
    assert load_bundle(data).card == card


def test_bundle_card_front_matter_names_the_task(bundles):
    assert "pipeline_tag: tabular-regression\n" in load_bundle(bundles["mlp_regressor"]).card
    assert "pipeline_tag: tabular-classification\n" in load_bundle(bundles["mlp_additive"]).card


def test_bundle_takes_non_contiguous_arrays(tmp_path):
    body = trees_body(1, (0,), (0.0,), "identity")
    body = dataclasses.replace(body, value=np.repeat(body.value, 2, axis=1)[:, ::2])
    loaded = load_bundle(saved(tmp_path, regressor(body)))
    np.testing.assert_array_equal(loaded.model.body.value, body.value)


def test_bundle_keeps_an_infinite_threshold(tmp_path):
    body = trees_body(1, (0,), (0.0,), "identity")
    body.threshold[0] = np.inf
    assert load_bundle(saved(tmp_path, regressor(body))).model.body.threshold[0] == np.inf


def test_bundle_may_have_no_selftest_rows(tmp_path):
    model, path = MODELS["mlp_classifier"], tmp_path / "model.ekd"
    save_bundle(model, path, selftest=selftest_for(model, rows=(), expected=np.empty((0, 3))))
    assert load_bundle(path).selftest.expected.shape == (0, 3)


def test_bundle_created_defaults_to_now_in_utc(tmp_path):
    model, path = MODELS["mlp_additive"], tmp_path / "model.ekd"
    save_bundle(model, path, selftest=selftest_for(model), name="a name")
    manifest = load_bundle(path).manifest
    assert manifest["name"] == "a name" and manifest["created"].endswith("Z")


def test_bundle_needs_no_training_library(tmp_path, bundles):
    path = tmp_path / "model.ekd"
    path.write_bytes(bundles["mlp_classifier"])
    blocked = ["sklearn", "torch", "pandas", "scipy", "joblib", "lightgbm", "xgboost"]
    program = f"""
import sys
for name in {blocked!r}:
    sys.modules[name] = None
from ensemble_kd.bundle import load_bundle, save_bundle
bundle = load_bundle({str(path)!r})
save_bundle(bundle.model, {str(path)!r}, selftest=bundle.selftest)
assert "pickle" not in vars(sys.modules["ensemble_kd.bundle._load"])
"""
    subprocess.run([sys.executable, "-c", program], check=True)


# --- what cannot be loaded for outer reasons ------------------------------------------------------


def test_load_names_a_missing_file(tmp_path):
    with pytest.raises(BundleError, match=r"absent\.ekd: there is no such file") as raised:
        load_bundle(tmp_path / "absent.ekd")
    assert isinstance(raised.value.__cause__, FileNotFoundError)


def test_load_refuses_what_is_no_regular_file(tmp_path):
    with pytest.raises(BundleError, match="must be a regular file"):
        load_bundle(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BundleError, match="must be a regular file"):
        load_bundle(tmp_path / "pipe")


@pytest.mark.parametrize("source", ["a\0b", 3, None])
def test_load_refuses_what_is_no_path(source):
    with pytest.raises(BundleError, match="neither a path nor bytes"):
        load_bundle(source)


def test_load_refuses_more_than_max_bytes(tmp_path, bundles):
    data = bundles["mlp_additive"]
    path = tmp_path / "model.ekd"
    path.write_bytes(data)
    for source in (path, data):
        assert load_bundle(source, max_bytes=len(data)).size_bytes == len(data)
        with pytest.raises(BundleError, match=f"at most {len(data) - 1} bytes, got {len(data)}"):
            load_bundle(source, max_bytes=len(data) - 1)


def test_manifest_is_plain_json(bundles):
    bundle = load_bundle(bundles["tree_of_probabilities"])
    assert json.loads(json.dumps(bundle.manifest)) == bundle.manifest


def test_each_public_name_may_be_the_first_to_be_imported():
    code = (
        "import importlib, sys\n"
        "for name in importlib.import_module('ensemble_kd.bundle').__all__:\n"
        "    for module in [m for m in sys.modules if m.startswith('ensemble_kd')]:\n"
        "        del sys.modules[module]\n"
        "    getattr(importlib.import_module('ensemble_kd.bundle'), name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
