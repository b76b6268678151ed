"""The member `reasons.json`: read back as it was, refused by name where it is otherwise."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from ensemble_kd.bundle import load_bundle
from ensemble_kd.errors import BundleError
from ensemble_kd.model import ReasonGroup, Reasons
from ensemble_kd.scoring import save

from .forge import members_of, saved, with_entries, with_member
from .hand_made import MODELS

REASONS = Reasons(
    np.array([[31.0, 1.0, 5.0, 1000.5], [np.nan, np.nan, np.nan, -1.0]]),
    output=1,
    groups=(ReasonGroup("who", (0, 2), "R1", "Age and city are unusual."), ReasonGroup("m", (1,))),
    excluded=(3,),
    n_steps=4,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    model = replace(MODELS["trees_sigmoid"], reasons=REASONS)
    return saved(tmp_path_factory.mktemp("reasons"), model)


def test_reasons_are_read_back_as_they_were(data):
    bundle = load_bundle(data)
    assert bundle.manifest["min_reader"] == bundle.manifest["format_version"] == 4
    found = bundle.model.reasons
    np.testing.assert_array_equal(found.background, REASONS.background)
    assert not found.background.flags.writeable
    assert replace(found, background=REASONS.background) == REASONS


def test_model_without_reasons_is_a_file_of_its_old_version(tmp_path):
    bundle = load_bundle(saved(tmp_path, MODELS["trees_sigmoid"]))
    assert bundle.manifest["format_version"] == 1
    assert bundle.model.reasons is None


def test_reader_without_numpy_takes_a_file_with_reasons(tmp_path):
    without_numpy = pytest.importorskip("ensemble_kd.without_numpy")
    row = {"age": 50, "member": True, "city": "Oslo", "income": 3.0}
    scores = []
    for reasons in (None, REASONS):
        save(replace(MODELS["trees_sigmoid"], reasons=reasons), tmp_path / "model.ekd")
        scores.append(without_numpy.load(tmp_path / "model.ekd").score_one(row))
    assert scores[0] == scores[1]


GROUP = {"name": "who", "columns": [0], "code": None, "text": None}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"output": 2}, "output must be in [0, 2), got 2"),
        ({"output": True}, "output must be of type int"),
        ({"raises": 1}, "raises must be of type bool"),
        ({"n_steps": 0}, "n_steps must be in [1, 256] or null, got 0"),
        ({"n_steps": 2.0}, "n_steps must be of type int"),
        ({"background": []}, "from 1 to 256 rows, got 0"),
        ({"background": [[1, 1, 1]]}, "must be a list of 4 values"),
        ({"background": [[1, 2, 1, 1]]}, "null or a code in [0, 2), got 2"),
        ({"background": [[1, 1, 6, 1]]}, "null or a code in [0, 6), got 6"),
        ({"background": [[1, 1, 0.5, 1]]}, "null or a code in [0, 6), got 0.5"),
        ({"background": [["x", 1, 1, 1]]}, "null or a number, got 'x'"),
        ({"groups": [GROUP | {"columns": []}]}, "a group must have a column"),
        ({"groups": [GROUP | {"columns": [4]}]}, "an index in [0, 4), in one group or"),
        ({"groups": [GROUP | {"columns": [3]}]}, "in one group or excluded, got 3"),
        ({"groups": [GROUP, GROUP | {"name": "b"}]}, "in one group or excluded, got 0"),
        ({"groups": [GROUP, GROUP | {"columns": [1]}]}, "groups must have names of their own"),
        ({"groups": [GROUP | {"name": "city"}]}, "groups must have names of their own"),
        ({"groups": [GROUP | {"code": ""}]}, "code must be a text of 1 to 1000 characters"),
        ({"groups": [GROUP | {"name": None}]}, "name must be of type str"),
        ({"groups": [{"name": "who"}]}, "must hold 'code'"),
        ({"excluded": [3, 3]}, "in one group or excluded, got 3"),
    ],
)
def test_reasons_of_another_form_are_refused(data, changes, message):
    with pytest.raises(BundleError) as error:
        load_bundle(with_entries(data, "reasons.json", **changes))
    assert message in str(error.value)


def test_reasons_need_a_reader_of_version_4(data):
    older = with_entries(data, "manifest.json", format_version=3, min_reader=3)
    with pytest.raises(BundleError, match=r"reasons\.json needs a min_reader of at least 4, got 3"):
        load_bundle(older)


@pytest.mark.parametrize("name", ["mlp_several", "trees_several", "mlp_labels", "tree_of_labels"])
def test_reasons_of_several_values_or_labels_are_refused(name, data, tmp_path):
    told = r"reasons\.json is of models of one value or of classes, got 3 outputs of the task"
    reasons = members_of(data)["reasons.json"].replace(b'"output":1', b'"output":0')
    plain = with_entries(saved(tmp_path, MODELS[name]), "manifest.json", min_reader=4)
    with pytest.raises(BundleError, match=told):
        load_bundle(with_member(plain, "reasons.json", reasons))
    with pytest.raises(BundleError, match=told):
        saved(tmp_path, replace(MODELS[name], reasons=replace(REASONS, output=0)))


def test_reasons_are_listed_with_their_digest(data):
    assert "reasons.json" in json.loads(members_of(data)["manifest.json"])["files"]
