"""Bundles as an attacker would write them: changed inside, with a manifest that fits the change."""

import dataclasses
import hashlib
import json

import pytest
import safetensors.numpy

from ensemble_kd.bundle import body_to_parts, load_bundle, save_bundle
from ensemble_kd.bundle._archive import pack, unpack
from ensemble_kd.errors import BundleError

from .hand_made import CREATED, MODELS, selftest_for

try:
    from ensemble_kd import without_numpy
except ImportError:  # the core in C was not built
    without_numpy = None


def refused(data, match):
    """Both readers refuse the file, the one with numpy in these words."""
    with pytest.raises(BundleError, match=match):
        load_bundle(data)
    if without_numpy is not None:
        with pytest.raises(BundleError):
            without_numpy.load(data)


def saved(directory, model, **options):
    """Return the bytes of a saved bundle."""
    path = directory / "model.ekd"
    save_bundle(model, path, selftest=selftest_for(model), created=CREATED, **options)
    return path.read_bytes()


def members_of(data):
    return {name: bytes(content) for name, content in unpack(data).items()}


def seal(members):
    """Write the digests of `members` into their manifest and pack them."""
    manifest = json.loads(members["manifest.json"])
    manifest["files"] = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in members.items()
        if name not in ("manifest.json", "manifest.sig")
    }
    return pack(members | {"manifest.json": sealed_text(manifest)})


def sealed_text(manifest):
    """Return a manifest as text, with its own digest if it has one."""
    training = manifest.get("training") if isinstance(manifest, dict) else None
    if not isinstance(training, dict) or "manifest_sha256" not in training:
        return json.dumps(manifest).encode()
    training["manifest_sha256"] = "0" * 64
    training["manifest_sha256"] = hashlib.sha256(json.dumps(manifest).encode()).hexdigest()
    return json.dumps(manifest).encode()


def with_member(data, name, content):
    """Replace one member, or leave it out where `content` is None."""
    members = members_of(data) | {name: content}
    return seal({name: content for name, content in members.items() if content is not None})


def with_entries(data, name, **entries):
    """Change entries at the top of one JSON member; a value of `...` removes the entry."""
    value = json.loads(members_of(data)[name]) | entries
    kept = {key: entry for key, entry in value.items() if entry is not ...}
    return with_member(data, name, json.dumps(kept).encode())


def with_fields(data, model, **fields):
    """Replace fields of the student's record, which are not checked on this way into the file."""
    arrays, scalars = body_to_parts(dataclasses.replace(model.body, **fields))
    members = members_of(data) | {
        "model.safetensors": safetensors.numpy.save(arrays),
        "model.json": json.dumps(scalars).encode(),
    }
    return seal(members)


__all__ = [
    "MODELS",
    "members_of",
    "refused",
    "saved",
    "seal",
    "sealed_text",
    "with_entries",
    "with_fields",
    "with_member",
]
