"""A signature covers every byte, and where one is required no file without it passes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ensemble_kd
from ensemble_kd import BundleError, InputError
from ensemble_kd.bundle import load_bundle, save_bundle, sign_bundle
from ensemble_kd.bundle._archive import pack
from ensemble_kd.scoring import make_selftest
from ensemble_kd.signing import make_keys

from .forge import members_of, seal, with_entries, with_member
from .hand_made import CREATED, MODELS, ROWS
from .test_bundle_damage import JSON_VALUES, paths_in, replaced

pytest.importorskip("cryptography")
pytest.importorskip("ensemble_kd._core", reason="the core in C was not built")
from ensemble_kd import without_numpy

GOLDEN = Path(__file__).parents[1] / "golden"
READERS = {
    "load_bundle": load_bundle,
    "load": ensemble_kd.load,
    "without_numpy": without_numpy.load,
}
MODEL = MODELS["trees_sigmoid"]


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """Two pairs of keys."""
    folder = tmp_path_factory.mktemp("signed")
    return {name: make_keys(folder / name) for name in ("ours", "theirs")}


def saved(model, path) -> bytes:
    save_bundle(model, path, selftest=make_selftest(model), created=CREATED)
    return path.read_bytes()


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> bytes:
    return saved(MODEL, tmp_path_factory.mktemp("plain") / "m.ekd")


def signed(data: bytes, key, tmp_path) -> bytes:
    (tmp_path / "signed.ekd").write_bytes(data)
    assert sign_bundle(tmp_path / "signed.ekd", key.private) == key.id
    return (tmp_path / "signed.ekd").read_bytes()


@pytest.fixture
def ours(plain, room, tmp_path) -> bytes:
    """A file signed by us."""
    return signed(plain, room["ours"], tmp_path)


@pytest.fixture(params=READERS.values(), ids=READERS.keys())
def read(request):
    return request.param


def refused(read, data: bytes, message: str, key=None) -> None:
    with pytest.raises(BundleError, match=message):
        read(data, require_signature=None if key is None else key.public)


@pytest.mark.parametrize("name", MODELS)
def test_signed_file_answers_as_before(name, room, tmp_path):
    before = saved(MODELS[name], tmp_path / "m.ekd")
    after = signed(before, room["ours"], tmp_path)
    for required in (None, room["ours"].public):
        scorer = ensemble_kd.load(after, require_signature=required)
        small = without_numpy.load(after, require_signature=required)
        expected = ensemble_kd.load(before)
        np.testing.assert_array_equal(scorer.respond(ROWS), expected.respond(ROWS))
        row = dict(zip(scorer.schema.names, ROWS[0], strict=True))
        assert small.predict_one(row) == expected.predict_one(row)
    assert scorer.bundle.key_id == room["ours"].id
    assert expected.bundle.key_id is None


def test_signed_file_is_of_version_4(plain, ours):
    before, after = load_bundle(plain).manifest, load_bundle(ours).manifest
    assert after["format_version"] == after["min_reader"] == 4
    assert before | {"format_version": 4, "min_reader": 4} == after


def test_signing_again_gives_the_same_bytes(ours, room, tmp_path):
    assert signed(ours, room["ours"], tmp_path) == ours


def test_signing_anew_takes_the_place_of_the_signature(ours, room, read, tmp_path):
    theirs = signed(ours, room["theirs"], tmp_path)
    read(theirs, require_signature=room["theirs"].public)
    refused(read, theirs, f"by the key {room['ours'].id}, got a signature of the key", room["ours"])


def test_signature_may_be_asked_for_by_the_content_of_a_key(ours, room, read):
    with open(room["ours"].public, "rb") as file:
        read(ours, require_signature=file.read())


def test_signing_leaves_a_file_that_is_no_model_as_it_is(plain, room, tmp_path):
    path = tmp_path / "m.ekd"
    path.write_bytes(plain[:-9])
    with pytest.raises(BundleError, match="the file ends after"):
        sign_bundle(path, room["ours"].private)
    assert path.read_bytes() == plain[:-9]


# --- no way down ----------------------------------------------------------------------------------


def test_required_signature_refuses_a_file_without(plain, ours, room, read):
    refused(read, plain, f"by the key {room['ours'].id}, got no signature", room["ours"])
    stripped = with_member(ours, "manifest.sig", None)
    refused(read, stripped, "got no signature", room["ours"])
    older = {"format_version": 1, "min_reader": 1}
    stripped = with_entries(stripped, "manifest.json", **older)
    read(stripped)  # which asks for none
    refused(read, stripped, "got no signature", room["ours"])


def test_required_signature_refuses_that_of_another_key(ours, room, read):
    refused(read, ours, "got a signature of the key", room["theirs"])
    entries = json.loads(members_of(ours)["manifest.sig"])
    entries["key_id"] = room["theirs"].id
    forged = with_member(ours, "manifest.sig", json.dumps(entries).encode())
    refused(read, forged, "does not fit manifest.json", room["theirs"])


def test_required_signature_refuses_that_of_another_file(ours, room, read, tmp_path):
    other = signed(saved(MODELS["mlp_additive"], tmp_path / "o.ekd"), room["ours"], tmp_path)
    swapped = pack(members_of(other) | {"manifest.sig": members_of(ours)["manifest.sig"]})
    refused(read, swapped, "does not fit manifest.json", room["ours"])


def test_required_signature_refuses_what_was_altered_and_sealed_anew(ours, room, read):
    classes = list(MODEL.classes)[::-1]
    refused(read, with_entries(ours, "manifest.json", classes=classes), "fit", room["ours"])
    card = with_member(ours, "README.md", members_of(ours)["README.md"] + b"trust me")
    read(card)
    refused(read, card, "does not fit manifest.json", room["ours"])
    members = members_of(ours)
    kept = pack(members | {"README.md": members["README.md"] + b"trust me"})
    refused(read, kept, "README.md", room["ours"])


def test_required_signature_refuses_every_changed_bit(ours, room, read):
    rng = np.random.default_rng(0)
    members = members_of(ours)
    for name in ("manifest.json", "manifest.sig", "model.json"):
        for place in rng.integers(len(members[name]), size=40):
            content = bytearray(members[name])
            content[place] ^= 1 << rng.integers(8)
            # The CRC-32 is made to fit, so it is the signature that tells.
            refused(read, pack(members | {name: bytes(content)}), ".", room["ours"])


def test_wrong_key_is_a_mistake_of_the_caller(ours, read, tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read(ours, require_signature=tmp_path / "none.pub")
    with pytest.raises(InputError, match="a public Ed25519 key"):
        read(ours, require_signature=b"")


# --- form -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"algorithm": "none"}, "algorithm must be 'Ed25519', got 'none'"),
        ({"key_id": 7}, "key_id must be 16 hexadecimal digits, got 7"),
        ({"key_id": "0" * 15}, "key_id must be 16"),
        ({"signature": ""}, "signature must be 128 hexadecimal digits"),
        ({"signature": "A" * 128}, "signature must be 128 hexadecimal digits"),
        ({"signature": "٠" * 128}, "signature must be 128 hexadecimal digits"),
        ({"signature": ...}, "must hold 'signature', which is missing"),
        ({"more": 1}, "must not hold 'more'"),
    ],
)
def test_signature_of_another_form_is_refused_unasked(ours, read, changes, message):
    refused(read, with_entries(ours, "manifest.sig", **changes), message)


def test_signature_that_is_no_object_or_too_long_is_refused(ours, read):
    refused(read, with_member(ours, "manifest.sig", b"[]"), "manifest.sig must")
    long = members_of(ours)["manifest.sig"] + b" " * 4096
    refused(read, with_member(ours, "manifest.sig", long), "at most 4096 bytes")


def test_signature_needs_a_reader_of_version_4(ours, read):
    older = {"format_version": 3, "min_reader": 3}
    data = with_entries(ours, "manifest.json", **older)
    refused(read, data, "manifest.sig needs a min_reader of at least 4, got 3")


def test_signature_is_read_without_cryptography(ours, read, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "cryptography", None)
    read(ours)


def test_seal_keeps_a_file_readable(ours, read):
    read(seal(members_of(ours)))


def accepts(read, data, key) -> bool:
    try:
        read(data, require_signature=key)
    except BundleError:
        return False
    return True


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_readers_agree_on_signed_files_whatever_is_changed(data):
    known = json.loads((GOLDEN / "answers.json").read_text(encoding="utf-8"))
    members = members_of((GOLDEN / "v4_mlp_binary_int8_platt_threshold_signed.ekd").read_bytes())
    name = data.draw(st.sampled_from(["manifest.sig", "manifest.json", "model.json"]))
    value = json.loads(members[name])
    path = data.draw(st.sampled_from(list(paths_in(value))))
    members[name] = json.dumps(replaced(value, path, data.draw(JSON_VALUES))).encode()
    sealed = data.draw(st.booleans()) and name != "manifest.json"
    changed = seal(members) if sealed else pack(members)
    for key in (None, known["public_key"].encode("ascii")):
        # Not load_bundle, which leaves the self-test to whoever scores.
        assert accepts(ensemble_kd.load, changed, key) == accepts(without_numpy.load, changed, key)
