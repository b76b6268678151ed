"""A damaged file is refused with a `BundleError`; it never loads as something else."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ensemble_kd.bundle import load_bundle
from ensemble_kd.bundle._archive import pack
from ensemble_kd.errors import BundleError

from .forge import members_of, seal, sealed_text
from .hand_made import MODELS
from .test_bundle_round_trip import assert_same_record


def test_load_refuses_every_truncation(bundles):
    for data in (bundles["trees_sigmoid"], bundles["mlp_classifier"]):
        for length in range(len(data)):
            with pytest.raises(BundleError, match=r"the file (is empty|ends after)"):
                load_bundle(data[:length])


@pytest.mark.parametrize("name", ["trees_sigmoid", "mlp_additive"])
def test_load_refuses_every_flipped_bit(bundles, name):
    damaged = bytearray(bundles[name])
    for position in range(len(damaged)):
        for bit in range(8):
            damaged[position] ^= 1 << bit
            with pytest.raises(BundleError):
                load_bundle(damaged)
            damaged[position] ^= 1 << bit


@pytest.mark.parametrize("junk", [b"\0", b"PK\x03\x04", b"PK\x05\x06" + b"\0" * 18])
def test_load_refuses_bytes_around_the_archive(bundles, junk):
    data = bundles["trees_sigmoid"]
    with pytest.raises(BundleError):
        load_bundle(junk + data)
    with pytest.raises(BundleError):
        load_bundle(data + junk)
    with pytest.raises(BundleError):
        load_bundle(data + data)


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_load_survives_random_mutations(bundles, data):
    name = data.draw(st.sampled_from(sorted(bundles)))
    original = bundles[name]
    damaged = bytearray(original)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(damaged)))
        length = data.draw(st.integers(0, 64))
        damaged[start : start + length] = data.draw(st.binary(max_size=64))
    if bytes(damaged) == original:
        return
    with pytest.raises(BundleError):
        load_bundle(bytes(damaged))


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 8)
    | st.sampled_from([2**31, 2**63, 10**12, -(2**63), 10**30])
    | st.floats(allow_nan=True)
    | st.sampled_from(["", "mlp", "trees", "identity", "numeric", "F64", "\ud800", "x" * 300]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


def paths_in(value, path=()):
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths_in(inner, (*path, key))
    if isinstance(value, list):
        for i, inner in enumerate(value):
            yield from paths_in(inner, (*path, i))


def replaced(value, path, new):
    if not path:
        return new
    out = value.copy()
    out[path[0]] = replaced(value[path[0]], path[1:], new)
    return out


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_load_survives_any_json_value_anywhere(bundles, data):
    """The digests fit, so that the value reaches the check behind them."""
    members = members_of(bundles[data.draw(st.sampled_from(sorted(bundles)))])
    name = data.draw(st.sampled_from(sorted(set(members) - {"README.md"})))
    raw = members[name]
    n_header = int.from_bytes(raw[:8], "little") if name == "model.safetensors" else 0
    head = raw[8 : 8 + n_header] if n_header else raw
    value = json.loads(head)
    path = data.draw(st.sampled_from(list(paths_in(value))))
    changed_value = replaced(value, path, data.draw(JSON_VALUES))
    changed = json.dumps(changed_value).encode()
    if name == "manifest.json" and path[-1:] != ("manifest_sha256",):
        changed = sealed_text(changed_value)
    if n_header:
        changed = len(changed).to_bytes(8, "little") + changed + raw[8 + n_header :]
    members |= {name: changed}
    with contextlib.suppress(BundleError):
        load_bundle(pack(members) if name == "manifest.json" else seal(members))


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_load_survives_any_array_values(bundles, data):
    """The digests fit: the student is refused, or is a sound one with other numbers."""
    members = members_of(bundles[data.draw(st.sampled_from(sorted(bundles)))])
    raw = bytearray(members["model.safetensors"])
    first = 8 + int.from_bytes(raw[:8], "little")
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(first, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BundleError):
        load_bundle(seal(members | {"model.safetensors": bytes(raw)}))


def test_undamaged_bundles_load(bundles):
    for name, data in bundles.items():
        assert_same_record(load_bundle(data).model, MODELS[name])
