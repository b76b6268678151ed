"""What chose a threshold goes through a file whole, and is refused where it is of another form."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from ensemble_kd.bundle import _table as table
from ensemble_kd.bundle import load_bundle

from .forge import members_of, refused, saved, with_entries, with_member
from .hand_made import MODELS

PAGE = (Path(__file__).parents[2] / "docs" / "bundle_format.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> bytes:
    return saved(tmp_path_factory.mktemp("m"), MODELS["mlp_policy"])


@pytest.mark.parametrize("name", ["mlp_policy", "trees_policy"])
def test_policy_and_its_curve_come_back_as_they_were(tmp_path, name):
    found, given = load_bundle(saved(tmp_path, MODELS[name])).model.policy, MODELS[name].policy
    assert (found.kind, found.asked, str(found)) == (given.kind, dict(given.asked), str(given))
    for field in fields(given.curve):
        ours, theirs = (getattr(policy.curve, field.name) for policy in (given, found))
        np.testing.assert_array_equal(ours, theirs)


def test_file_with_a_policy_is_of_version_4(data):
    manifest = json.loads(members_of(data)["manifest.json"])
    assert manifest["format_version"] == manifest["min_reader"] == 4
    refused(with_entries(data, "manifest.json", format_version=3, min_reader=3), "min_reader")


def test_policy_needs_a_threshold(data):
    refused(with_entries(data, "model.json", decision_threshold=...), "decision_threshold, which")


def test_policy_may_be_left_out(data):
    assert load_bundle(with_member(data, "policy.json", None)).model.policy is None


def curve(**changes):
    whole = json.loads(members_of(saved_once())["policy.json"])["operating_curve"] | changes
    return {"operating_curve": {key: v for key, v in whole.items() if v is not ...}}


def saved_once():
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as directory:
        return saved(Path(directory), MODELS["mlp_policy"])


def policy(kind="fpr", **asked):
    return {"policy": {"kind": kind, "asked": asked}}


@pytest.mark.parametrize(
    ("entries", "match"),
    [
        ({"more": 1}, "must not hold 'more'"),
        ({"policy": ...}, "policy"),
        ({"policy": [1]}, "policy must be an object"),
        (policy("rule", fpr=0.1), "kind of policy must be one of"),
        (policy(["fpr"], fpr=0.1), "kind of policy must be one of"),
        (policy(fpr="0.1"), "fpr must be a number"),
        (policy(fpr=None), "fpr must be a number"),
        (policy(), "fpr"),
        (policy("alert_budget", alert_budget=1, rows_a_day="many"), "rows_a_day must be a number"),
        (policy("cost", false_alarm=1, missed="a" * 201), "missed must be a number"),
        ({"policy": {"kind": "fpr", "asked": 3}}, "asked must be an object"),
        ({"n_rows": 0}, "n_rows must be a number > 0"),
        ({"n_positives": 81}, "n_positives must be null or a number up to n_rows"),
        ({"n_positives": None}, "recall|precision|cost"),
        ({"operating_curve": []}, "operating_curve must be an object"),
        (curve(threshold=[]), "threshold must be a list of 1 to 512 numbers"),
        (curve(threshold=[0.5, 0.5, 1.0]), "threshold must increase"),
        (curve(threshold=[-1.0, 0.5, 1.0]), "threshold must be numbers of its range"),
        (curve(alert_rate=[0.5, 0.5]), "alert_rate must have 3 entries, got 2"),
        (curve(alert_rate=[0.1, 0.2, 0.3]), "alert_rate must have more alerts"),
        (curve(alert_rate=[1.1, 0.2, 0.1]), "alert_rate must be numbers of its range"),
        (curve(recall=[1, None, 0]), "recall must be numbers of its range"),
        (curve(precision=[0.1, 0.2, "0"]), "precision must be numbers of its range"),
        (curve(cost=...), "cost"),
        (curve(cost=[-1, 0, 0]), "cost must be numbers of its range"),
    ],
)
def test_policy_of_another_form_is_refused(data, entries, match):
    refused(with_entries(data, "policy.json", **entries), match)


def test_page_has_the_policies_of_the_table():
    section = PAGE.split("### 9.5 `policy.json`, how the threshold was chosen\n")[1].split(
        "\n### "
    )[0]
    found = re.findall(r'^\| `"?(\w+)"?` \|', section, re.M)
    assert found == [*table.POLICY_ENTRIES, "kind", *table.POLICIES]
    lists = (*table.CURVE_LISTS, *table.CURVE_OF_LABELS, *table.CURVE_OF_COSTS)
    asked = {name for names in table.POLICIES.values() for name in names}
    for name in (*lists, *asked):
        assert f"`{name}`" in section
    assert f"1 to {table.MAX_POINTS}, a point" in section
