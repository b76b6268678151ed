"""Version 4: the manifest vouches for itself, and places that wait are refused by name."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

import ensemble_kd
from ensemble_kd.bundle import _table as table
from ensemble_kd.bundle import load_bundle, save_bundle
from ensemble_kd.bundle._archive import pack
from ensemble_kd.scoring import make_selftest

from .forge import members_of, refused, sealed_text, with_entries, with_member
from .hand_made import CREATED, MODELS, version_of

PAGE = (Path(__file__).parents[2] / "docs" / "bundle_format.md").read_text(encoding="utf-8")
GOLDEN = Path(__file__).parents[1] / "golden"
CHANGES = {
    "the order of the classes": lambda manifest: manifest["classes"].reverse(),
    "the name": lambda manifest: manifest.update(name="another"),
    "the time": lambda manifest: manifest.update(created="2020-01-01T00:00:00Z"),
    "a version": lambda manifest: manifest["libraries"].update(numpy="1.26.0"),
    "the training": lambda manifest: manifest["training"].update(alpha=0.5),
    "an indent": lambda manifest: None,
}


def saved(model, path, **options) -> bytes:
    save_bundle(model, path, selftest=make_selftest(model), created=CREATED, **options)
    return path.read_bytes()


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> bytes:
    return saved(MODELS["trees_sigmoid"], tmp_path_factory.mktemp("m") / "m.ekd")


def manifest_of(data: bytes) -> dict:
    return json.loads(members_of(data)["manifest.json"])


def with_manifest(data: bytes, text: bytes) -> bytes:
    """Put another manifest in, whose CRC-32 fits, as a tool that packs anew would."""
    return pack(members_of(data) | {"manifest.json": text})


# --- the digest of the manifest -------------------------------------------------------------------


@pytest.mark.parametrize("change", CHANGES)
def test_manifest_that_was_altered_is_refused_whatever_its_crc(data, change):
    manifest = manifest_of(data)
    CHANGES[change](manifest)
    refused(with_manifest(data, json.dumps(manifest).encode()), "manifest.json was altered")


def test_manifest_with_any_bit_flipped_is_refused_whatever_its_crc(data):
    text = members_of(data)["manifest.json"]
    # Where its name is damaged a file of an older version has no digest, but all else is right.
    named = text.index(b"manifest_sha256")
    for place in set(range(len(text))) - set(range(named, named + len("manifest_sha256"))):
        flipped = bytearray(text)
        flipped[place] ^= 1 << place % 8
        refused(with_manifest(data, bytes(flipped)), ".")


@pytest.mark.parametrize("name", MODELS)
def test_manifest_of_every_file_holds_its_digest_and_keeps_the_lowest_version(name, tmp_path):
    data = saved(MODELS[name], tmp_path / "m.ekd", training={"alpha": 0.5})
    text = members_of(data)["manifest.json"]
    digest = json.loads(text)["training"]["manifest_sha256"]
    zeros = text.replace(digest.encode(), b"0" * 64)
    assert hashlib.sha256(zeros).hexdigest() == digest
    manifest = load_bundle(data).manifest
    assert manifest["training"] == {"alpha": 0.5}
    assert manifest["min_reader"] == manifest["format_version"] == version_of(name)


def test_digest_is_found_whatever_else_the_manifest_holds(tmp_path):
    training = {"a": {"manifest_sha256": "0" * 64}, "manifest_sha256": "mine", "z": "0" * 64}
    data = saved(MODELS["trees_sigmoid"], tmp_path / "m.ekd", training=training)
    training.pop("manifest_sha256")
    assert load_bundle(data).manifest["training"] == training


def test_files_of_older_versions_need_no_digest(data):
    manifest = manifest_of(data)
    del manifest["training"]["manifest_sha256"]
    load_bundle(with_manifest(data, json.dumps(manifest).encode()))
    for path in GOLDEN.glob("v[123]_*.ekd"):
        assert b"manifest_sha256" not in path.read_bytes()


def test_files_of_version_4_need_a_digest(data):
    manifest = manifest_of(data) | {"format_version": 4, "min_reader": 4}
    load_bundle(with_manifest(data, sealed_text(manifest)))
    del manifest["training"]["manifest_sha256"]
    refused(
        with_manifest(data, json.dumps(manifest).encode()),
        "training must hold 'manifest_sha256', which is missing",
    )


@pytest.mark.parametrize("digest", ["", "0" * 63, "A" * 64, None, 7, ["0"] * 64, "٠" * 64])
def test_digest_of_another_form_is_refused(data, digest):
    manifest = manifest_of(data)
    manifest["training"]["manifest_sha256"] = digest
    refused(with_manifest(data, json.dumps(manifest).encode()), "must be 64 hexadecimal digits")


def test_digest_that_stands_twice_or_in_other_words_is_refused(data):
    manifest = manifest_of(data)
    digest = manifest["training"]["manifest_sha256"]
    twice = json.dumps(manifest | {"name": digest}).encode()
    refused(with_manifest(data, twice), "stand in it once")
    escaped = json.dumps(manifest).replace(digest, f"{digest[:-1]}\\u00{ord(digest[-1]):02x}")
    refused(with_manifest(data, escaped.encode()), "stand in it once")


# --- named places ---------------------------------------------------------------------------------


def with_place(data: bytes, where: str, name: str) -> bytes:
    """Return a file of version 4 that uses a place."""
    data = with_entries(data, "manifest.json", format_version=4, min_reader=4)
    if where == "member":
        return with_member(data, name, b"{}")
    if where == "manifest.json, task":
        return with_entries(data, "manifest.json", task=name, classes=[])
    if where == "schema.json, column":
        columns = json.loads(members_of(data)["schema.json"])["columns"]
        column = next(column for column in columns if column["kind"] == "categorical")
        column[name] = ["0" * 32 for _ in column.pop("categories")]
        return with_entries(data, "schema.json", columns=columns)
    return with_entries(data, where, **{name: 0.5})


@pytest.mark.parametrize(
    ("where", "name"), [(where, name) for where, names in table.WAITING.items() for name in names]
)
def test_place_that_is_not_served_is_refused_by_name(data, where, name):
    without_numpy = pytest.importorskip("ensemble_kd.without_numpy")
    for read in (load_bundle, ensemble_kd.load, without_numpy.load):
        with pytest.raises(ensemble_kd.BundleError) as error:
            read(with_place(data, where, name))
        text = str(error.value)
        assert table.WAITING[where][name] in text
        assert re.search(rf"\({where}: {name}\).* does not serve yet: update ensemble_kd\.", text)


def test_page_has_the_places_of_the_table():
    section = PAGE.split("### 9.3 Named places\n")[1]
    found = re.findall(r"^\| [^|]+ \| `\"?([a-z_.]+)\"?` \|", section, re.M)
    served = {
        table.SALT, table.HASHES, table.TASK_OF_SCORES, "score_quantiles", table.POLICY,
        table.REASONS,
    }  # fmt: skip
    waiting = {name for names in table.WAITING.values() for name in names}
    assert sorted(found) == sorted(waiting | served)


def test_page_has_the_signature_of_the_table():
    section = PAGE.split("### 9.2 `manifest.sig`, the signature\n")[1].split("\n### ")[0]
    assert f"at most {table.SIGNATURE_MAX_BYTES >> 10} KiB" in section
    found = re.findall(r"^\| `(\w+)` \|", section, re.M)
    assert found == ["algorithm", *table.SIGNATURE_DIGITS]
    for n_digits in table.SIGNATURE_DIGITS.values():
        assert f"{n_digits} hexadecimal digits" in section
