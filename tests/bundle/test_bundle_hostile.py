"""A forged file is refused by the check it was made for, with a message naming the cause."""

import io
import json
import pickle
import resource
import struct
import time
import warnings
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ensemble_kd.bundle import load_bundle
from ensemble_kd.bundle._archive import pack
from ensemble_kd.bundle._audit import _audit_structure
from ensemble_kd.bundle._table import MAX_TREE_DEPTH
from ensemble_kd.errors import BundleError
from ensemble_kd.model import Dense

from .forge import members_of, refused, seal, sealed_text, with_entries, with_fields, with_member
from .hand_made import FIVE_NODES, MODELS, f32, f64, i32, regressor, trees_body


def zipped(entries, method=zipfile.ZIP_STORED):
    """Pack with Python's own ZIP writer, under the fixed date and permissions of a bundle."""
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore", UserWarning)
        for name, content in entries:
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, 0o100644 << 16
            info.compress_type = method
            archive.writestr(info, content)
    return out.getvalue()


class Armed:
    """Fails the test if anything unpickles it."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was executed",)


# --- the archive ----------------------------------------------------------------------------------


@pytest.fixture
def data(bundles):
    return bundles["trees_sigmoid"]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "the file is empty"),
        (b"hello, world", "not a bundle: it must begin with"),
        (pickle.dumps(Armed()), "not a bundle"),
        (zipped([]), "not a bundle"),
        (zipped([("a.txt", b"a")]), "members must be README.md, .*got 'a.txt'"),
        (zipped([("model.safetensors", pickle.dumps(Armed()))]), "README.md is missing"),
    ],
)
def test_load_refuses_a_foreign_file(content, match):
    refused(content, match)


@pytest.mark.parametrize(
    "name", ["../evil.py", "/etc/passwd", "C:\\evil", "a/../../b", "model.pkl", "README.MD", ""]
)
def test_load_refuses_a_name_off_the_list(data, name):
    refused(seal(members_of(data) | {name: b"x"}), "the members must be README.md")


def test_load_refuses_a_pickle_among_the_members(data):
    refused(seal(members_of(data) | {"model.pkl": pickle.dumps(Armed())}), "got 'model.pkl'")
    refused(with_member(data, "model.json", pickle.dumps(Armed())), "model.json is not valid JSON")
    refused(
        with_member(data, "model.safetensors", pickle.dumps(Armed()) + b"\0" * 99),
        "model.safetensors: the header must be at most",
    )


@pytest.mark.parametrize(
    "name", sorted(["README.md", "model.json", "schema.json", "selftest.json"])
)
def test_load_refuses_a_missing_member(data, name):
    refused(with_member(data, name, None), f"the member {name} is missing")


def test_load_refuses_a_name_twice(data):
    entries = list(members_of(data).items())
    refused(zipped([*entries, entries[0]]), "unique, got 'README.md' more than once")


def test_load_refuses_too_many_members(data):
    extra = {f"x{i}": b"" for i in range(100)}
    refused(seal(members_of(data) | extra), "at most 64 members")


def test_load_refuses_a_compressed_member(data):
    entries = members_of(data).items()
    refused(zipped(entries, zipfile.ZIP_DEFLATED), "stored, not compressed, got 'README.md'")
    bomb = zipped([("README.md", b"\0" * 10**7)], zipfile.ZIP_DEFLATED)
    refused(bomb, "stored, not compressed")


def test_load_refuses_a_name_that_is_not_ascii(data):
    refused(data.replace(b"README.md", b"README.m\xe4", 1), "member names must be ASCII")


def test_load_refuses_an_encrypted_member(data):
    forged = bytearray(data)
    forged[6] |= 1
    refused(forged, "must not be encrypted")


def test_load_refuses_two_sizes(data):
    forged = bytearray(data)
    forged[22:26] = struct.pack("<L", 2**31)
    refused(forged, "one size, got .* and 2147483648 bytes")


def test_load_refuses_a_size_beyond_the_file(data):
    forged = bytearray(data)
    forged[18:26] = struct.pack("<LL", 2**31, 2**31)
    refused(forged, "the file ends after .* of at least 21474.* inside 'README.md'")


def test_load_refuses_overlapping_entries(data):
    """Two names in the directory for one content, as an overlap bomb has them."""
    start = data.index(b"PK\x01\x02")
    directory = bytearray(data[start:])
    second = directory.index(b"PK\x01\x02", 4)
    directory[second + 42 : second + 46] = struct.pack("<L", 0)
    refused(data[:start] + directory, "directory must list .* overlaps")


def test_load_refuses_a_hidden_member(data):
    start = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", start + 4)
    directory = data[second:-22] + struct.pack(
        "<4sHHHHLLH", b"PK\x05\x06", 0, 0, 5, 5, len(data) - 22 - second, start, 0
    )
    refused(data[:start] + directory, "directory must list .* hides")


def test_load_refuses_a_gap_between_members(data):
    second = data.index(b"PK\x03\x04", 4)
    refused(data[:second] + b"\0" * 8 + data[second:], "directory must list")


def test_load_refuses_a_prefix_and_a_suffix(data):
    refused(b"#!/bin/sh\n" + data, "not a bundle: it must begin with")
    refused(data + b"x" * 7, "must end with its ZIP directory, got 7 more bytes")


def test_load_refuses_a_comment_and_extra_fields(data):
    refused(data[:-2] + b"\1\0x", "holds a comment")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("README.md", (2026, 1, 31, 12, 0, 0))
        info.extra = b"\x99\x99\x04\0abcd"
        archive.writestr(info, b"")
    refused(out.getvalue(), "ZIP header of 'README.md' must be plain")


def test_load_refuses_a_damaged_member(data):
    refused(data.replace(b"ensemble_kd\npipe", b"ensemble_xx\npipe"), "README.md is damaged")


# --- the manifest and JSON ------------------------------------------------------------------------


def manifest_with(data, **entries):
    members = members_of(data)
    manifest = json.loads(members["manifest.json"]) | entries
    kept = {key: entry for key, entry in manifest.items() if entry is not ...}
    return pack(members | {"manifest.json": sealed_text(kept)})


@pytest.mark.parametrize(
    ("entries", "match"),
    [
        ({"format": "other"}, "must name the format 'ensemble_kd'"),
        (
            {"format_version": 5, "min_reader": 5},
            "needs a reader of at least 5.*update ensemble_kd",
        ),
        ({"format_version": 0, "min_reader": 0}, "1 <= min_reader <= format_version, got 0 and 0"),
        ({"format_version": 1, "min_reader": 2}, "got 1 and 2"),
        ({"format_version": "1"}, "whole numbers"),
        ({"format_version": True}, "whole numbers"),
        ({"min_reader": ...}, "whole numbers"),
        ({"extra": 1}, "must not hold 'extra'"),
        ({"training": ...}, "must hold 'training'"),
        ({"training": []}, "training must be of type dict"),
        ({"libraries": {"numpy": 2}}, "version of 'numpy' must be a string, got 2"),
        ({"name": ""}, "name must have 1 to 200"),
        ({"name": "a\nb"}, "printable"),
        ({"created": "yesterday"}, "created must be a UTC time"),
        ({"created": "2026-01-31T12:00:00+01:00"}, "created must be a UTC time"),
        (
            {"task": "ranking"},
            "task must be classification, multilabel, regression or outliers, got 'ranking'",
        ),
        ({"classes": ["no", "no"]}, "classes must be unique"),
        ({"classes": ["no", ["yes"]]}, r"class must be a plain .*got \['yes'\]"),
        ({"classes": ["no"]}, "at least two classes"),
        ({"classes": ["a", "b", "c"]}, "sigmoid needs two classes, got 3"),
        ({"task": "regression"}, "the task regression has no classes"),
        ({"files": {}}, r"must list the files \['README.md', .*got \[\]"),
    ],
)
def test_load_refuses_a_wrong_manifest(data, entries, match):
    refused(manifest_with(data, **entries), match)


def test_load_reads_a_later_version_that_allows_it(data):
    later = manifest_with(data, format_version=5, further="ignored")
    assert "further" not in load_bundle(later).manifest


def test_load_refuses_a_wrong_digest(data):
    files = json.loads(members_of(data)["manifest.json"])["files"]
    wrong = files | {"model.json": files["model.json"] | {"sha256": "0" * 64}}
    refused(manifest_with(data, files=wrong), "model.json was altered: its SHA-256 is")
    wrong = files | {"model.json": files["model.json"] | {"bytes": 5}}
    refused(manifest_with(data, files=wrong), "model.json has .* the manifest says 5")
    refused(manifest_with(data, files=files | {"x": {}}), "must list the files")
    refused(manifest_with(data, files=files | {"model.json": 1}), "must have sha256 and bytes")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b'{"a": NaN}', "numbers must be finite, got NaN"),
        (b'{"a": -Infinity}', "numbers must be finite, got -Infinity"),
        (b'{"a": 1e999}', "numbers must be finite, got 1e999"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "whole numbers must fit in 64 bits"),
        (b'{"a": 1, "a": 2}', "keys must be unique, got 'a'"),
        (b"[" * 10**5 + b"]" * 10**5, "nested too deeply"),
        (b'{"a":' * 10**5, "nested too deeply"),
        (b"\xff\xfe{\0}\0", "is not valid JSON"),
        (b"\xef\xbb\xbf{}", "is not valid JSON"),
        (b"{} {}", "is not valid JSON"),
        (b"", "is not valid JSON"),
    ],
)
@pytest.mark.parametrize("name", ["manifest.json", "schema.json", "selftest.json"])
def test_load_refuses_json_of_two_meanings(data, name, content, match):
    members = members_of(data) | {name: content}
    forged = pack(members) if name == "manifest.json" else seal(members)
    refused(forged, f"{name} .*{match}")


def test_load_refuses_a_long_json_member(data):
    refused(with_member(data, "model.json", b" " * 10**5), "model.json must have at most 65536")


def test_load_refuses_a_card_that_is_no_text(data):
    refused(with_member(data, "README.md", b"\xff"), "README.md must be UTF-8")


# --- schema, scalars, self-test -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "match"),
    [
        ({"columns": []}, "at least one column"),
        ({"columns": [{"name": "a", "kind": "date", "nullable": True}]}, "got 'date'"),
        ({"columns": 3}, "schema.json: columns must be of type list, got 3"),
        ({"extra": 3}, "schema.json must not hold 'extra'"),
        (
            {
                "columns": [
                    {"name": "a", "kind": "categorical", "nullable": True, "categories": "ab"}
                ]
            },
            "column 0: categories must be of type list, got 'ab'",
        ),
    ],
)
def test_load_refuses_a_wrong_schema(data, entries, match):
    refused(with_entries(data, "schema.json", **entries), match)


@pytest.mark.parametrize(
    ("name", "entries", "match"),
    [
        ("trees_sigmoid", {"kind": "os.system"}, r"kind .* must be one of .*, got 'os.system'"),
        ("trees_sigmoid", {"kind": ...}, "got None"),
        ("trees_sigmoid", {"kind": ["trees"]}, r"got \['trees'\]"),
        ("trees_sigmoid", {"module": "os"}, "must not hold 'module'"),
        ("trees_sigmoid", {"link": "logit"}, "link must be one of .*, got 'logit'"),
        ("trees_sigmoid", {"link": ["sigmoid"]}, "link must be of type str"),
        ("trees_sigmoid", {"link": "softmax"}, r"base must have shape \(2,\), got \(1,\)"),
        ("trees_softmax", {"link": "sigmoid"}, "sigmoid needs two classes, got 3"),
        ("trees_regressor", {"link": "sigmoid"}, "identity without classes, got 'sigmoid'"),
        ("mlp_regressor", {"n_layers": 10**9}, "n_layers must be from 0 to 64"),
        ("mlp_regressor", {"n_layers": -1}, "n_layers must be from 0 to 64"),
        ("mlp_regressor", {"n_layers": True}, "n_layers must be of type int"),
        ("mlp_regressor", {"n_layers": 2}, "must hold 'layers.1.bias', which is missing"),
        ("mlp_regressor", {"n_layers": 0}, "must not hold 'layers.0.bias'"),
        ("mlp_regressor", {"output_scale": "1"}, "output_scale must be of type float"),
        ("mlp_classifier", {"output_mean": 3.0}, "output_mean must be 0.0 in a classification"),
        ("mlp_several", {"n_values": 2}, r"last layer must have 2 output\(s\), got 3"),
        ("mlp_several", {"n_values": ...}, r"last layer must have 1 output\(s\), got 3"),
        ("mlp_several", {"n_values": 1}, "n_values must be from 2 to 65536, or left out .*got 1"),
        ("mlp_several", {"n_values": 3.0}, "n_values must be from 2 .*got 3.0"),
        ("trees_several", {"n_values": 2**40}, "n_values must be from 2 to 65536"),
        ("mlp_regressor", {"n_values": 2}, "n_values needs a min_reader of at least 4, got 1"),
        ("mlp_labels", {"labels": ...}, "labels must be true for the task multilabel"),
        ("mlp_labels", {"labels": 1}, "labels must be true or left out, got 1"),
        ("mlp_several", {"labels": True}, "else left out; the task is regression"),
        ("mlp_classifier", {"labels": True}, "labels needs a min_reader of at least 4, got 1"),
        ("trees_labels", {"link": "softmax"}, "must be sigmoids of labels alone, got 'softmax'"),
        ("trees_softmax", {"link": "sigmoids"}, "must be sigmoids of labels alone, got 'sigmo"),
        ("mlp_labels", {"decision_threshold": 0.5}, "a threshold are for a classification"),
        ("mlp_detector", {"n_values": 2}, "n_values is for the task regression, got outliers"),
    ],
)
def test_load_refuses_wrong_scalars(bundles, name, entries, match):
    refused(with_entries(bundles[name], "model.json", **entries), match)


@pytest.mark.parametrize(
    ("entries", "match"),
    [
        ({"rows": [[1, True, "Oslo"]]}, "row 0 must be a list of 4 values, got .*Oslo"),
        ({"rows": [[1, True, "Oslo", [2]]] * 3}, r"strings, numbers, booleans or None, got \[2\]"),
        ({"rows": [[1, True, "Oslo", 2]] * 33}, "at most 32 rows, got 33"),
        ({"rows": [[1, True, "Oslo", 2]] * 2}, "an answer for each of the 2 rows, got 3"),
        ({"rows": "abcd"}, "rows must be of type list, got 'abcd'"),
        ({"rows": ["abcd"] * 3}, "row 0 must be a list of 4 values, got 'abcd'"),
        ({"expected": [[0.5]] * 3}, "list of lists of 2 number"),
        ({"expected": [[0.5, "1"]] * 3}, "list of lists of 2 number"),
        ({"tolerance": -1e-9}, "tolerance must be finite and >= 0, got -1e-09"),
        ({"tolerance": None}, "tolerance must be of type float, got None"),
        ({"extra": 0}, "selftest.json must not hold 'extra'"),
    ],
)
def test_load_refuses_a_wrong_selftest(data, entries, match):
    refused(with_entries(data, "selftest.json", **entries), match)


# --- the header of the arrays ---------------------------------------------------------------------


def with_header(data, name=None, **entries):
    raw = members_of(data)["model.safetensors"]
    n_header = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + n_header])
    if name is None:
        header |= entries
    else:
        header[name] |= entries
    text = json.dumps(header).encode()
    forged = len(text).to_bytes(8, "little") + text + raw[8 + n_header :]
    return with_member(data, "model.safetensors", forged)


@pytest.mark.parametrize(
    ("entries", "match"),
    [
        ({"shape": [10**12, 1]}, "value: shape .* takes 4000000000000 bytes"),
        ({"shape": [10**12]}, r"value must have 2 dimension\(s\), got \[10+\]"),
        ({"shape": [-5, -2]}, "dimension"),
        ({"shape": [10, 1.0]}, "dimension"),
        ({"dtype": "F64"}, "value must be F32, got 'F64'"),
        ({"dtype": "BF16"}, "value must be F32, got 'BF16'"),
        ({"data_offsets": [0, 40]}, "value must begin at byte"),
        ({"data_offsets": [4, 4]}, "takes 40 bytes, but the data_offsets span 0"),
        ({"data_offsets": [1]}, "must have two data_offsets"),
        ({"more": 1}, "must not hold 'more'"),
    ],
)
def test_load_refuses_a_wrong_tensor_header(data, entries, match):
    refused(with_header(data, "value", **entries), match)


def test_load_refuses_other_tensors(data):
    refused(with_header(data, __metadata__={"a": "b"}), "must not hold '__metadata__'")
    refused(with_header(data, value=[]), "described by a JSON object")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "header needs 8 bytes, got 0"),
        (b"\xff" * 8, "header must be at most 1048576 bytes, got 18446744073709551615"),
        ((100).to_bytes(8, "little"), "header needs 108 bytes, got 8"),
        ((2).to_bytes(8, "little") + b"[]", "must be a JSON object"),
        ((2).to_bytes(8, "little") + b"{}", "must hold 'base'"),
    ],
)
def test_load_refuses_a_wrong_tensor_file(data, content, match):
    refused(with_member(data, "model.safetensors", content), match)


def test_load_refuses_bytes_after_the_tensors(data):
    raw = members_of(data)["model.safetensors"]
    refused(with_member(data, "model.safetensors", raw + b"\0" * 8), "must fill")


# --- the trees ------------------------------------------------------------------------------------


def changed(array, *pairs):
    out = np.array(array)
    for index, value in pairs:
        out[index] = value
    return out


RIGHT, FEATURE, THRESHOLD = FIVE_NODES["right"], FIVE_NODES["feature"], FIVE_NODES["threshold"]
ALL_LEAVES = {
    "feature": np.full(5, -1, dtype=np.int32),
    "threshold": np.zeros(5),
    "right": np.zeros(5, dtype=np.int32),
}


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        (
            {"right": changed(RIGHT, (1, 0))},
            "right child must come after the node.*got 0 at index 1",
        ),
        ({"right": changed(RIGHT, (0, 0))}, "right child must come after the node"),
        ({"right": changed(RIGHT, (1, 2))}, "right child must come after .* its left child, got 2"),
        ({"right": changed(RIGHT, (0, 5))}, r"a node in \[0, 5\), got 5 at index 0"),
        ({"right": changed(RIGHT, (0, -1))}, r"a node in \[0, 5\), got -1"),
        ({"right": changed(RIGHT, (0, 3))}, "after the whole left subtree, got 3 at index 0"),
        ({"right": changed(RIGHT, (1, 4))}, "after the whole left subtree, got 4 at index 1"),
        ({"right": changed(RIGHT, (4, 1))}, "right must be 0 at a leaf, got 1 at index 4"),
        ({"feature": changed(FEATURE, (0, 4))}, "one of the 4 columns, got 4 at index 0"),
        ({"feature": changed(FEATURE, (0, -2))}, "one of the 4 columns, got -2"),
        (
            {"feature": changed(FEATURE, (4, 0)), "value": f32([0], [0], [1], [1], [0])},
            "right child",
        ),
        (
            {
                "feature": changed(FEATURE, (1, -1)),
                "threshold": changed(THRESHOLD, (1, 0)),
                "right": changed(RIGHT, (1, 0)),
            },
            r"where trees begin, \[0, 3, 4\], got \[0\]",
        ),
        (ALL_LEAVES, r"roots must be the nodes where trees begin, \[0, 1, 2, 3, 4\], got \[0\]"),
        ({"roots": i32(1)}, r"where trees begin, \[0\], got \[1\]"),
        ({"roots": i32(0, 2), "tree_output": i32(0, 0)}, r"where trees begin, \[0\], got \[0, 2\]"),
        ({"roots": i32(5)}, r"roots must be in \[0, 5\), got 5"),
        ({"roots": i32(-1)}, r"roots must be in \[0, 5\), got -1"),
        ({"roots": i32(), "tree_output": i32()}, "there must be a tree, got 0 roots"),
        ({"threshold": changed(THRESHOLD, (0, np.nan))}, "threshold must not be NaN, got nan"),
        ({"threshold": changed(THRESHOLD, (3, 1))}, "threshold must be 0 at a leaf"),
        ({"threshold": f64(0, 0)}, r"threshold must have shape \(5,\), got \(2,\)"),
        ({"missing_left": np.full(5, 2, dtype=np.uint8)}, "missing_left must be 0 or 1, got 2"),
        ({"value": f32([0], [0], [np.nan], [1], [1])}, r"value must be finite, got nan at .*2, 0"),
        (
            {"value": f32([0], [1], [1], [1], [1])},
            r"value must be 0 at a split, got \[1.\] at index 1",
        ),
        ({"value": np.zeros((5, 2), dtype=np.float32)}, "value must have 1 column where a tree"),
        (
            {"value": np.zeros((5, 2), dtype=np.float32), "tree_output": i32(-1)},
            "1 columns, .*got 2",
        ),
        ({"tree_output": i32(1)}, r"tree_output must be -1 or in \[0, 1\), got 1"),
        ({"tree_output": i32(-2)}, "tree_output must be -1 or in"),
        ({"tree_output": i32(0, 0)}, r"tree_output must have shape \(1,\), got \(2,\)"),
        ({"base": f64(np.inf)}, "base must be finite, got inf"),
        ({"base": f64(0, 0)}, r"base must have shape \(1,\), got \(2,\)"),
        (
            {"category_columns": i32(0)},
            "category_columns must be columns of kind categorical, got .* 0",
        ),
        ({"category_columns": i32(4)}, r"category_columns must be in \[0, 4\), got 4"),
        (
            {"category_columns": i32(2, 2), "category_offsets": i32(0, 3, 6)},
            r"unique, got \[2, 2\]",
        ),
        ({"category_offsets": i32(0, 5)}, "category_offsets must run from 0 to 6, got from 0 to 5"),
        ({"category_offsets": i32(0)}, r"category_offsets must have shape \(2,\), got \(1,\)"),
        ({"category_rank": f64(0, 1), "category_offsets": i32(0, 2)}, "an entry for each code"),
        ({"category_rank": f64(0, 1, 2, 3, 4, np.inf)}, "category_rank must not be infinite"),
    ],
)
def test_load_refuses_wrong_trees(bundles, fields, match):
    model = regressor(trees_body(1, (0,), (0.0,), "identity"))
    refused(with_fields(bundles["trees_regressor"], model, **fields), match)


def chain(depth):
    """A tree whose every left child is a leaf."""
    feature = np.tile(i32(0, -1), depth + 1)[:-1]
    feature[-1] = -1
    nodes = np.arange(len(feature))
    is_leaf = feature == -1
    return {
        "feature": feature,
        "threshold": np.zeros(len(feature)),
        "right": np.where(is_leaf, 0, nodes + 2).astype(np.int32),
        "missing_left": np.zeros(len(feature), dtype=np.uint8),
        "value": np.zeros((len(feature), 1), dtype=np.float32),
    }


def test_load_refuses_a_bottomless_tree(bundles):
    data, model = bundles["trees_regressor"], regressor(trees_body(1, (0,), (0.0,), "identity"))
    load_bundle(with_fields(data, model, **chain(MAX_TREE_DEPTH)))
    refused(with_fields(data, model, **chain(MAX_TREE_DEPTH + 1)), "at most 512 deep")


@st.composite
def forests(draw):
    """Leaf masks and right children of whole trees in preorder."""
    is_leaf, right, roots = [], [], []

    def grow(depth):
        node = len(is_leaf)
        is_leaf.append(depth == 0 or draw(st.booleans()))
        right.append(0)
        if not is_leaf[node]:
            grow(depth - 1)
            right[node] = len(is_leaf)
            grow(depth - 1)

    for _ in range(draw(st.integers(1, 3))):
        roots.append(len(is_leaf))
        grow(4)
    return np.array(is_leaf), np.array(right), np.array(roots)


@settings(max_examples=150, deadline=None)
@given(forest=forests(), data=st.data())
def test_audit_accepts_one_right_child_only(forest, data):
    is_leaf, right, roots = forest
    _audit_structure(is_leaf, right, roots)
    splits = np.flatnonzero(~is_leaf)
    if len(splits) == 0:
        return
    split = data.draw(st.sampled_from(splits.tolist()))
    other = data.draw(st.integers(-2, len(is_leaf) + 2).filter(lambda node: node != right[split]))
    with pytest.raises(BundleError, match="right"):
        _audit_structure(is_leaf, changed(right, (split, other)), roots)


# --- the network ----------------------------------------------------------------------------------

MLP = MODELS["mlp_regressor"].body
LAYER = MLP.layers[0]
NARROW = Dense(np.zeros((3, 0), np.float32), f32())
WIDENING = Dense(np.zeros((0, 1), np.float32), f32(0))
EMPTY = {
    **{name: getattr(MLP, name)[:, :0] for name in ("numeric_weight", "missing_weight")},
    "category_weight": MLP.category_weight[:, :0],
    "first_bias": MLP.first_bias[:0],
    "layers": (WIDENING,),
}


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"edge_offsets": i32(0, 4, 5)}, "at least two edges, got 1 at index 1"),
        ({"edge_offsets": i32(0, 6, 5)}, "must not decrease, .*got -1 at index 1"),
        ({"edge_offsets": i32(0, 2**31 - 1, -(2**31))}, "must not decrease"),
        ({"edge_offsets": i32(1, 3, 5)}, "edge_offsets must run from 0 to 5, got from 1"),
        ({"edge_offsets": i32(0, 3, 6)}, "edge_offsets must run from 0 to 5, got from 0 to 6"),
        ({"edge_offsets": i32(0, 5)}, r"edge_offsets must have shape \(3,\), got \(2,\)"),
        ({"edge_offsets": i32()}, r"edge_offsets must have shape \(3,\), got \(0,\)"),
        ({"edges": f64(0, 2, 1, 0, 1)}, "edges must increase within a column.*got -1.0 at index 1"),
        ({"edges": f64(0, 1, 1, 0, 1)}, "edges must increase within a column"),
        (
            {"edges": f64(-1.7e308, 0, 1.7e308, -1.7e308, 1.7e308)},
            "by a finite step, got inf at index 3",
        ),
        ({"edges": f64(0, 1, np.nan, 0, 1)}, "edges must be finite, got nan at index 2"),
        ({"numeric_columns": i32(0, 0)}, r"numeric_columns must be unique, got \[0, 0\]"),
        ({"numeric_columns": i32(0, 4)}, r"numeric_columns must be in \[0, 4\), got 4"),
        ({"numeric_columns": i32(0, -1)}, r"numeric_columns must be in \[0, 4\), got -1"),
        ({"numeric_columns": i32(0, 1)}, "kind numeric, got column 1 of kind boolean"),
        ({"category_columns": i32(1, 3)}, "boolean or categorical, got column 3 of kind numeric"),
        (
            {"category_columns": i32(2, 1)},
            "a row for each code of a column and one for missing, got 3",
        ),
        ({"category_offsets": i32(0, 2, 10)}, "a row for each code"),
        ({"numeric_weight": MLP.numeric_weight[:2]}, r"numeric_weight must have shape \(3, 3\)"),
        (
            {"numeric_weight": MLP.numeric_weight * np.float32(np.nan)},
            "numeric_weight must be finite",
        ),
        ({"missing_weight": MLP.missing_weight[:, :2]}, "missing_weight must have shape"),
        ({"category_weight": MLP.category_weight[:, :2]}, "category_weight must have shape"),
        ({"first_bias": MLP.first_bias[:2]}, r"numeric_weight must have shape \(3, 2\)"),
        ({"first_bias": MLP.first_bias[:0]}, r"numeric_weight must have shape \(3, 0\)"),
        (EMPTY, "first_bias must not be empty"),
        ({"layers": (NARROW, WIDENING)}, "layers.0.bias must not be empty"),
        ({"first_bias": f32(0, np.inf, 0)}, "first_bias must be finite, got inf at index 1"),
        ({"layers": (LAYER, LAYER)}, r"layers.1.weight must have shape \(1, 1\), got \(3, 1\)"),
        ({"layers": ()}, r"last layer must have 1 output\(s\), got 3"),
    ],
)
def test_load_refuses_a_wrong_network(bundles, fields, match):
    refused(with_fields(bundles["mlp_regressor"], MODELS["mlp_regressor"], **fields), match)


def test_load_refuses_a_non_finite_output_scale(bundles):
    members = members_of(bundles["mlp_regressor"])
    forged = members["model.json"].replace(b"0.1", b"1e400")
    assert forged != members["model.json"]
    refused(seal(members | {"model.json": forged}), "numbers must be finite, got 1e400")


# --- all of them ----------------------------------------------------------------------------------


def test_load_names_the_file_it_refuses(tmp_path, data):
    path = tmp_path / "forged.ekd"
    path.write_bytes(data + b"x")
    with pytest.raises(BundleError, match=r"forged\.ekd: the file must end"):
        load_bundle(path)
    refused(data + b"x", "^the bundle in memory: ")


def test_load_refuses_in_little_time_and_memory(data):
    """Files that claim much, or hold much that is refused unread."""
    megabytes = b"[" + b"[]," * 2_000_000 + b"[]]"
    hostile = [
        zipped([("README.md", b"\0" * 10**7)], zipfile.ZIP_DEFLATED),
        with_header(data, "value", shape=[10**12, 1]),
        with_member(data, "model.json", megabytes),
        with_member(data, "README.md", megabytes),
        data[:30] + b"\xff" * 10**6,
    ]
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    for content in hostile:
        with pytest.raises(BundleError):
            load_bundle(content)
    assert time.process_time() - start < 1.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


def test_crc_is_no_protection_against_forgery(data):
    """A change with a fitting CRC-32 is still refused, by its SHA-256."""
    members = members_of(data)
    forged = members["README.md"].replace(b"tabular", b"fabular")
    assert zlib.crc32(forged) != zlib.crc32(members["README.md"])
    refused(pack(members | {"README.md": forged}), "README.md was altered")
