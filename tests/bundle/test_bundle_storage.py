"""Arrays kept in fewer bytes: the same bits come back, and a forged file is refused."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import safetensors.numpy

from ensemble_kd.bundle import load_bundle, save_bundle, stored_bytes
from ensemble_kd.bundle._table import MAX_RANK
from ensemble_kd.errors import BundleError
from ensemble_kd.model import Cast, Int8, LowRank, SharedRows, expand

from .forge import members_of, refused, saved, seal, with_entries
from .hand_made import MODELS, f32, selftest_for, version_of
from .test_bundle_round_trip import assert_same_record

RNG = np.random.default_rng(0)


def int8(n_rows, n_columns):
    codes = RNG.integers(-127, 128, (n_rows, n_columns)).astype(np.int8)
    return Int8(codes, RNG.uniform(0.01, 0.1, n_columns).astype(np.float32))


def half(*shape):
    return Cast(RNG.normal(size=shape).astype(np.float16))


def shares(n_rows, n_distinct):
    return (np.arange(n_rows) % n_distinct).astype(np.int16)


def keeping(model, **storage):
    """Return the model with arrays kept like that; two underscores stand for a dot."""
    named = {name.replace("__", "."): stored for name, stored in storage.items()}
    fields, layers = {}, list(getattr(model.body, "layers", ()))
    for name, stored in named.items():
        if name.startswith("layers."):
            i = int(name.split(".")[1])
            layers[i] = dataclasses.replace(layers[i], weight=expand(stored))
        else:
            fields[name] = expand(stored, getattr(model.body, name).dtype)
    if layers:
        fields["layers"] = tuple(layers)
    body = dataclasses.replace(model.body, **fields, storage=named)
    return dataclasses.replace(model, body=body)


NETWORK, TREES = MODELS["mlp_classifier"], MODELS["trees_sigmoid"]
KEPT = {
    "int8": keeping(NETWORK, numeric_weight=int8(3, 4), layers__0__weight=int8(4, 2)),
    "float16": keeping(NETWORK, category_weight=half(10, 4), missing_weight=half(2, 4)),
    "edges": keeping(NETWORK, edges=Cast(f32(-1.5, 10.25, 1e6, 0.0, 99.5))),
    "low_rank": keeping(
        NETWORK,
        category_weight=LowRank(f32(*RNG.normal(size=(10, 2))), f32(*RNG.normal(size=(2, 4)))),
        layers__1__weight=LowRank(int8(2, 1), half(1, 3)),
    ),
    "shared_rows": keeping(
        NETWORK, category_weight=SharedRows(f32(*RNG.normal(size=(4, 4))), shares(10, 4))
    ),
    "shared_rows in int8": keeping(NETWORK, category_weight=SharedRows(int8(4, 4), shares(10, 4))),
    "trees": keeping(
        TREES,
        threshold=Cast(TREES.body.threshold.astype(np.float32)),
        feature=Cast(TREES.body.feature.astype(np.int16)),
        right=Cast(TREES.body.right.astype(np.int16)),
    ),
    "category_rank": keeping(TREES, category_rank=Cast(f32(0, 1, 2, -3.5, 4, np.nan))),
}


def assert_same_storage(left, right):
    assert left.keys() == right.keys()
    for name in left:
        for field in dataclasses.fields(left[name]):
            a, b = getattr(left[name], field.name), getattr(right[name], field.name)
            if isinstance(a, np.ndarray):
                assert a.dtype == b.dtype
                np.testing.assert_array_equal(a, b)
            else:
                assert_same_storage({"part": a}, {"part": b})


@pytest.mark.parametrize("name", KEPT)
def test_storage_comes_back_in_the_same_bits(tmp_path, name):
    model = KEPT[name]
    data = saved(tmp_path, model)
    loaded = load_bundle(data)
    without = dataclasses.replace(model.body, storage={})
    assert_same_record(dataclasses.replace(loaded.model.body, storage={}), without)
    assert_same_storage(loaded.model.body.storage, model.body.storage)
    assert loaded.manifest["format_version"] == loaded.manifest["min_reader"] == 2
    assert saved(tmp_path, loaded.model) == data


def test_stored_bytes_is_the_length_of_the_arrays(tmp_path):
    members = members_of(saved(tmp_path, KEPT["int8"]))
    assert stored_bytes(KEPT["int8"].body) == len(members["model.safetensors"])


def test_expanded_arrays_are_read_only(tmp_path):
    body = load_bundle(saved(tmp_path, KEPT["int8"])).model.body
    with pytest.raises(ValueError, match="read-only"):
        body.numeric_weight[0, 0] = 1


def test_a_plain_model_is_written_as_version_1(bundles):
    for name, data in bundles.items():
        if version_of(name) > 1:
            continue
        manifest = load_bundle(data).manifest
        assert manifest["format_version"] == manifest["min_reader"] == 1
        assert "storage" not in json.loads(members_of(data)["model.json"])


def test_a_product_adds_up_in_the_order_of_the_format():
    left, right = f32([1e8, 1, -1e8]), f32([1], [1], [1])
    assert expand(LowRank(left, right))[0, 0] == 1.0
    assert expand(Int8(np.array([[127]], dtype=np.int8), f32(0.1)))[0, 0] == np.float32(
        np.float32(127) * np.float32(0.1)
    )


# --- what a writer may not say --------------------------------------------------------------------


def test_save_refuses_storage_that_means_something_else(tmp_path):
    body = dataclasses.replace(KEPT["int8"].body, numeric_weight=NETWORK.body.numeric_weight)
    model = dataclasses.replace(NETWORK, body=body)
    with pytest.raises(BundleError, match="storage of numeric_weight must mean what the array"):
        save_bundle(model, tmp_path / "m.ekd", selftest=selftest_for(model))


@pytest.mark.parametrize(
    ("storage", "match"),
    [
        ({"first_bias": Cast(NETWORK.body.first_bias)}, "'first_bias' must be left out"),
        ({"nothing": Cast(f32(1))}, "storage must be of an array of the student, got 'nothing'"),
    ],
)
def test_save_refuses_storage_that_is_not_in_the_format(tmp_path, storage, match):
    body = dataclasses.replace(NETWORK.body, storage=storage)
    model = dataclasses.replace(NETWORK, body=body)
    with pytest.raises(BundleError, match=match):
        save_bundle(model, tmp_path / "m.ekd", selftest=selftest_for(model))


# --- what a forged file says ----------------------------------------------------------------------


def forged(data, **arrays):
    """Replace arrays of the file; two underscores stand for a dot."""
    members = members_of(data)
    kept = dict(safetensors.numpy.load(members["model.safetensors"]))
    kept |= {name.replace("__", "."): array for name, array in arrays.items()}
    return seal(members | {"model.safetensors": safetensors.numpy.save(kept)})


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stored")
    return {name: saved(folder, model) for name, model in KEPT.items()}


@pytest.mark.parametrize("wrong", [0.0, -0.5, np.nan, np.inf])
def test_load_refuses_a_scale_that_is_no_step(small, wrong):
    scale = f32(0.5, wrong, 0.5, 0.5)
    refused(forged(small["int8"], numeric_weight__scale=scale), r"scale must be finite and > 0")


def test_load_refuses_a_scale_of_another_length(small):
    refused(
        forged(small["int8"], numeric_weight__scale=f32(1, 1, 1)),
        r"numeric_weight.scale must have shape \(4,\), got \(3,\)",
    )


def test_load_refuses_a_code_beside_the_scale(small):
    codes = np.full((3, 4), -128, dtype=np.int8)
    refused(forged(small["int8"], numeric_weight__codes=codes), r"in \[-127, 127\], got -128")


def test_load_refuses_numbers_that_overflow(small):
    codes, scale = np.full((3, 4), 127, dtype=np.int8), f32(3e38, 1, 1, 1)
    refused(
        forged(small["int8"], numeric_weight__codes=codes, numeric_weight__scale=scale),
        "numeric_weight must be finite, got inf",
    )
    big = np.full((10, 2), 3e38, dtype=np.float32)
    refused(forged(small["low_rank"], category_weight__left=big), "category_weight must be finite")
    inf = np.full((10, 4), np.inf, dtype=np.float16)
    refused(forged(small["float16"], category_weight=inf), "category_weight must be finite")


def test_load_refuses_codes_of_another_shape(small):
    codes = np.zeros((7, 4), dtype=np.int8)
    refused(
        forged(small["int8"], numeric_weight__codes=codes),
        r"numeric_weight.codes must have shape \(3, 4\), got \(7, 4\)",
    )


def test_load_refuses_edges_that_met_in_float32(small):
    refused(forged(small["edges"], edges=f32(-1.5, 10, 10, 0, 99)), "edges must increase")


def test_load_refuses_parts_that_share_no_rank(small):
    data = forged(small["low_rank"], category_weight__left=np.zeros((10, 3), dtype=np.float32))
    refused(data, r"category_weight.right must have shape \(3, 4\), got \(2, 4\)")
    for rank in (0, MAX_RANK + 1):
        data = forged(
            small["low_rank"],
            category_weight__left=np.zeros((10, rank), dtype=np.float32),
            category_weight__right=np.zeros((rank, 4), dtype=np.float32),
        )
        refused(data, "must share a rank from 1 to 256")


@pytest.mark.parametrize("wrong", [-1, 4, 32767])
def test_load_refuses_an_index_that_is_no_row(small, wrong):
    index = shares(10, 4)
    index[3] = wrong
    refused(
        forged(small["shared_rows"], **{"category_weight.index": index}),
        match=rf"category_weight.index must be in \[0, 4\), got {wrong} at index 3",
    )


def test_load_refuses_an_index_of_another_length(small):
    refused(
        forged(small["shared_rows"], **{"category_weight.index": shares(9, 4)}),
        match="category_offsets",
    )


def wide(data, n_hidden, left, rank=256):
    """A network of so many hidden units, whose category weights are a product in int8."""
    members = members_of(data)
    arrays = dict(safetensors.numpy.load(members["model.safetensors"]))
    arrays = {name: a for name, a in arrays.items() if not name.startswith("category_weight")}
    for name in ("numeric_weight", "missing_weight"):
        arrays[name] = np.zeros((len(arrays[name]), n_hidden), np.float32)
    arrays["first_bias"] = np.zeros(n_hidden, np.float32)
    arrays["layers.0.weight"] = np.zeros((n_hidden, 2), np.float32)
    for side, shape in (("left", (left, rank)), ("right", (rank, n_hidden))):
        arrays[f"category_weight.{side}.codes"] = np.zeros(shape, np.int8)
        arrays[f"category_weight.{side}.scale"] = np.ones(shape[1], np.float32)
    scalars = json.loads(members["model.json"])
    scalars["storage"] |= {f"category_weight.{side}": "int8" for side in ("left", "right")}
    members["model.safetensors"] = safetensors.numpy.save(arrays)
    return seal(members | {"model.json": json.dumps(scalars).encode()})


def test_load_refuses_a_small_file_that_stands_for_a_large_matrix(small):
    refused(
        wide(small["low_rank"], 10_000, 2_000, rank=1),
        "may take at most 67108864 bytes in memory, got 80000024",
    )


def test_load_refuses_a_small_file_that_stands_for_much_work(small):
    refused(
        wide(small["low_rank"], 4096, 4096),
        "products may take at most 268435456 of them to expand, got 4294967302",
    )


@pytest.mark.parametrize(
    ("storage", "match"),
    [
        (
            {"numeric_weight.left": "int8", "numeric_weight": []},
            "must be one of .*, got \\[\\]",
        ),
        ({}, "storage must be an object with an entry"),
        ({"": []}, "storage of '' must be left out"),
        (["int8"], "storage must be an object with an entry"),
        (
            {"numeric_weight": "int4"},
            r"must be one of \('float16', 'int8', .*, got 'int4'",
        ),
        ({"numeric_weight": 8}, "must be one of .*, got 8"),
        ({"numeric_weight": ["int8"]}, "must be one of "),
        ({"edges": "float16"}, r"must be one of \('float32',\), got 'float16'"),
        ({"first_bias": "float16"}, "storage of 'first_bias' must be left out"),
        ({"os.system": "int8"}, "storage of 'os.system' must be left out"),
        ({"numeric_weight.left": "int8"}, "must be left out"),
        ({"layers.9.weight": "int8"}, "must be left out"),
        (
            {"numeric_weight": "low_rank", "numeric_weight.left": "low_rank"},
            r"must be one of \('float16', 'int8'\), got 'low_rank'",
        ),
    ],
)
def test_load_refuses_a_storage_off_the_list(small, storage, match):
    refused(with_entries(small["int8"], "model.json", storage=storage), match)


def test_load_refuses_arrays_that_the_storage_does_not_name(small):
    storage = {"numeric_weight": "int8"}
    refused(
        with_entries(small["int8"], "model.json", storage=storage),
        "must hold 'layers.0.weight', which is missing",
    )


def test_load_refuses_storage_in_a_file_that_claims_version_1(small):
    data = with_entries(small["int8"], "manifest.json", format_version=1, min_reader=1)
    refused(data, "storage needs a min_reader of at least 2, got 1")
