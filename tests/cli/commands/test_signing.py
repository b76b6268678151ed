"""`keygen`, `sign`, `verify`, and the one option by which every command asks for a signature."""

from __future__ import annotations

import argparse
import json
import os
import stat
from pathlib import Path

import pytest

from ensemble_kd import load
from ensemble_kd.cli.main import COMMANDS, build_parser

pytest.importorskip("cryptography")


@pytest.fixture
def keys(run, tmp_path):
    assert run("keygen", tmp_path / "ours").code == run("keygen", tmp_path / "theirs").code == 0
    return tmp_path


@pytest.fixture
def signed(run, room, keys):
    path = keys / "signed.ekd"
    assert run("sign", room.classifier.model, "--key", keys / "ours.key", "--out", path).code == 0
    return path


def test_keygen_makes_a_private_file_and_a_public_one(run, tmp_path):
    done = run("keygen", tmp_path / "k", "--json")
    facts = json.loads(done.out)
    assert facts["private"] == str(tmp_path / "k.key")
    assert stat.S_IMODE(os.stat(facts["private"]).st_mode) == 0o600
    assert facts["public"] == str(tmp_path / "k.pub")
    assert len(facts["key_id"]) == 16
    again = run("keygen", tmp_path / "k")
    assert again.code == 2
    assert "never written over" in again.err


def test_sign_writes_in_place_or_elsewhere(run, room, keys):
    path = keys / "m.ekd"
    path.write_bytes(Path(room.classifier.model).read_bytes())
    assert run("sign", path, "--key", keys / "ours.key").code == 0
    assert run("verify", path, "--key", keys / "ours.pub").code == 0
    assert load(room.classifier.model).bundle.key_id is None


def test_sign_refuses_to_write_over_its_key(run, room, keys):
    before = (keys / "ours.key").read_bytes()
    done = run(
        "sign", room.classifier.model, "--key", keys / "ours.key", "--out", keys / "ours.key"
    )
    assert (done.code, (keys / "ours.key").read_bytes()) == (2, before)


def test_verify_tells_by_its_exit_code(run, room, keys, signed):
    done = run("verify", signed, "--key", keys / "ours.pub")
    assert done.code == 0
    assert "signed by the key" in done.out
    for path, key, message in [
        (signed, "theirs.pub", "got a signature of the key"),
        (room.classifier.model, "ours.pub", "got no signature"),
    ]:
        done = run("verify", path, "--key", keys / key)
        assert (done.code, done.out) == (3, "")
        assert message in done.err
    assert run("verify", signed, "--key", keys / "ours.key").code == 2


def test_inspect_tells_who_signed_and_whether_that_was_checked(run, room, keys, signed):
    assert "not verified" in run("inspect", signed).out
    assert ", verified" in run("inspect", signed, "--require-signature", keys / "ours.pub").out
    facts = json.loads(run("inspect", signed, "--json").out)
    assert facts["signature"]["verified"] is False
    assert json.loads(run("inspect", room.classifier.model, "--json").out)["signature"] is None


def model_commands() -> list[str]:
    """Return the commands that read a model file, by their parsers."""
    parser = build_parser()
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return [
        name
        for name in COMMANDS
        if any(action.dest == "model" for action in commands.choices[name]._actions)
    ]


def arguments(command: str, room, folder) -> list[object]:
    """Return what a command needs besides the model."""
    rows = ["--rows", room.csv, "--target", "churned", "--out", folder / "out.ekd"]
    return {
        "score": [room.csv],
        "inspect": [],
        "export": ["--to", "json", "--out", folder / "out.json"],
        "compress": ["--out", folder / "out.ekd"],
        "calibrate": rows,
        "reasons": ["--rows", room.csv, "--out", folder / "out.ekd"],
        "sign": ["--key", folder / "ours.key", "--out", folder / "out.ekd"],
        "threshold": [room.csv, "--alert-budget", "0.2", "--out", folder / "out.ekd"],
        "evaluate": [room.csv, "--target", "churned"],
    }[command]


@pytest.mark.parametrize("command", [name for name in model_commands() if name != "verify"])
def test_command_that_reads_a_model_refuses_it_without_the_signature(
    command, run, room, keys, signed
):
    further = arguments(command, room, keys)
    required = ["--require-signature", keys / "ours.pub"]
    for path, key in ((room.classifier.model, "ours.pub"), (signed, "theirs.pub")):
        done = run(command, path, *further, "--require-signature", keys / key)
        assert (done.code, done.out) == (3, "")
        assert "must be signed by the key" in done.err
        assert not list(keys.glob("out.*"))
    assert run(command, signed, *further, *required).code == 0


@pytest.mark.parametrize(("old", "new"), [(0, 1), (1, 0)])
def test_carry_over_refuses_either_model_without_the_signature(run, room, keys, signed, old, new):
    models, out = (signed, room.classifier.model), keys / "out.ekd"
    required = ["--require-signature", keys / "ours.pub", "--out", out]
    done = run("carry-over", models[old], models[new], room.csv, *required)
    assert (done.code, done.out) == (3, "") and "must be signed by the key" in done.err
    assert run("carry-over", signed, signed, room.csv, *required).code == 0


@pytest.mark.parametrize("command", ["compress", "calibrate", "threshold"])
def test_command_that_writes_a_model_says_that_it_is_not_signed(command, run, room, keys, signed):
    done = run(command, signed, *arguments(command, room, keys))
    assert "the new file is not signed" in done.err
    assert load(keys / "out.ekd").bundle.key_id is None
    done = run(command, room.classifier.model, *arguments(command, room, keys))
    assert "not signed" not in done.err
