import json
from dataclasses import replace

import numpy as np

from ensemble_kd import GBDTStudent, load
from ensemble_kd.bundle import load_bundle, save_bundle
from ensemble_kd.losses import SoftTargetLoss
from ensemble_kd.scoring import save


def test_inspect_tells_what_the_file_holds(run, room):
    result = run("inspect", room.classifier.model)
    assert result.code == 0
    assert result.err == ""
    for words in (
        "classification",
        "2: 'no', 'yes'",
        "passed on 16 rows",
        "fidelity: agreement",
        "alpha 0.7, labels out_of_fold",
        "3 categories",
        "false, true",
        "parameters",
        "numpy",
    ):
        assert words in result.out
    for name in ("age", "income", "city", "vip", "floor"):
        assert f"\n{name} " in result.out


def test_inspect_json(run, room):
    facts = json.loads(run("inspect", room.classifier.model, "--json").out)
    scorer = load(room.classifier.model)
    assert facts["kind"] == "trees"
    assert facts["n_nodes"] == len(scorer.model.body.feature)
    assert facts["n_trees"] == 1
    assert facts["classes"] == ["no", "yes"]
    assert [column["name"] for column in facts["columns"]] == scorer.schema.names
    assert facts["columns"][-1]["categories"] == [1, 2, 10]
    assert facts["columns"][0]["nullable"]
    assert facts["selftest"]["passed"]
    assert facts["training"]["n_synthetic"] == 200
    assert "card" not in facts


def test_inspect_counts_the_numbers_of_a_network(run, tmp_path):
    rng = np.random.default_rng(0)
    from ensemble_kd import DistilledRegressor, MLPStudent

    X = rng.normal(size=(80, 2))
    student = MLPStudent(hidden=(4,), n_bins=2, n_updates=5)
    model = DistilledRegressor(student=student, alpha=0, n_synthetic=0).fit(X, X[:, 0])
    model.save(tmp_path / "m.ekd")
    facts = json.loads(run("inspect", tmp_path / "m.ekd", "--json").out)
    assert facts["kind"] == "mlp"
    body = model.model_.body
    n_first = len(body.edges) - 2 + 2 + 1  # intervals, missing values, bias: 4 weights each
    assert facts["n_parameters"] == 4 * n_first + 4 + 1
    assert "network" in run("inspect", tmp_path / "m.ekd").out


def test_inspect_prints_the_card(run, room):
    result = run("inspect", room.classifier.model, "--card")
    assert result.out.rstrip("\n") == load_bundle(room.classifier.model).card.rstrip("\n")
    facts = json.loads(run("inspect", room.classifier.model, "--card", "--json").out)
    assert "# Distilled classification model" in facts["card"]


def test_inspect_refuses_what_is_no_model(run, tmp_path):
    (tmp_path / "no.ekd").write_bytes(b"nonsense")
    for name in ("no.ekd", "absent.ekd"):
        result = run("inspect", tmp_path / name, "--json")
        assert result.code == 3
        assert result.out == ""
        assert result.err.startswith("error: ")


def _save_again(room, path, **changes):
    bundle = load_bundle(room.classifier.model)
    parts = {"selftest": bundle.selftest, "model": bundle.model, "card": bundle.card} | changes
    save_bundle(parts.pop("model"), path, **parts)
    return path


def test_inspect_tells_of_a_failed_self_test(run, room, tmp_path):
    good = load_bundle(room.classifier.model).selftest
    wrong = replace(good, expected=good.expected[:, ::-1].copy())
    path = _save_again(room, tmp_path / "m.ekd", selftest=wrong)
    result = run("inspect", path, "--json")
    assert result.code == 3
    facts = json.loads(result.out)
    assert not facts["selftest"]["passed"]
    assert "FAILED" in run("inspect", path).out


def test_inspect_prints_no_control_characters(run, room, tmp_path):
    bundle = load_bundle(room.classifier.model)
    columns = list(bundle.model.schema.columns)
    columns[0] = replace(columns[0], name="a\x1b[2Jge\n")
    schema = replace(bundle.model.schema, columns=tuple(columns))
    model = replace(bundle.model, schema=schema)
    path = _save_again(room, tmp_path / "m.ekd", model=model, card="---\n---\n\x1b]0;title\x07")
    assert "\x1b" not in run("inspect", path).out
    assert "\\x1b]0;title" in run("inspect", path, "--card").out


def test_inspect_prints_the_rules_of_a_tree(run, room):
    result = run("inspect", room.classifier.model, "--rules")
    assert result.code == 0
    n_leaves = int((load(room.classifier.model).model.body.feature < 0).sum())
    lines = result.out.splitlines()
    assert len(lines) == n_leaves
    assert all(line.startswith("if ") for line in lines)
    told = json.loads(run("inspect", room.classifier.model, "--rules", "--json").out)
    assert len(told["rules"]) == n_leaves


def test_inspect_refuses_rules_of_what_has_none(run, tmp_path, make_transfer_set):
    rows = make_transfer_set("binary", n_rows=100)
    student = GBDTStudent(n_estimators=3, n_jobs=1).fit_transfer(rows, SoftTargetLoss())
    save(student.to_model(), tmp_path / "boosted.ekd")
    result = run("inspect", tmp_path / "boosted.ekd", "--rules")
    assert result.code == 2
    assert "rules are those of one tree" in result.err
