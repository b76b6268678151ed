"""A model file scored without numpy: the answers of `load`, and its refusals."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import OrderedDict
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
import safetensors.numpy

import ensemble_kd
from ensemble_kd import BundleError, InputError, Scorer
from ensemble_kd.bundle import save_bundle
from ensemble_kd.scoring import make_selftest

from .forge import members_of, seal, with_entries, with_fields, with_member
from .hand_made import MODELS, SCHEMA, f32, f64, i32
from .test_bundle_storage import KEPT

pytest.importorskip("ensemble_kd._core", reason="the core in C was not built")
without_numpy = pytest.importorskip("ensemble_kd.without_numpy")


@pytest.fixture(scope="module")
def promised(tmp_path_factory) -> dict[str, bytes]:
    """Bundles that keep the promise of their self-test."""
    path = tmp_path_factory.mktemp("promised") / "model.ekd"
    out = {}
    for name, model in MODELS.items():
        save_bundle(model, path, selftest=make_selftest(model))
        out[name] = path.read_bytes()
    return out


ROW = {"age": 31, "member": True, "city": "Oslo", "income": 1000.5}
CHANGES = [
    {},
    {"age": None, "city": math.nan, "member": None},
    {"age": 2**60, "city": 7.0},
    {"age": np.float32(2.5), "city": np.str_("Rome")},
    {"age": np.int64(3), "income": np.float64(7)},
    {"city": "Bergen", "member": 0.0},
    {"member": 2},
    {"member": "yes"},
    {"income": "1"},
    {"income": [1]},
    {"income": Decimal(1)},
    {"income": 10**400},
    {"incme": 1.0},
    {"income": np.datetime64("2020-01-01", "ns")},
    {"income": np.datetime64("NaT")},
    {"income": np.timedelta64(5, "ns")},
    {"income": np.timedelta64("NaT")},
    {"income": np.longdouble(2.5)},
    {"age": np.longdouble("nan")},
    {"income": np.array(1.0)},
    {"income": 1 + 0j},
    {"income": np.complex64(1)},
    {"member": np.timedelta64(1, "ns")},
    {"member": np.longdouble(1)},
    {"city": np.datetime64("NaT")},
    {"city": np.timedelta64(5)},
    {"city": Decimal(7)},
    {"city": Decimal(8)},
    {"city": Fraction(5, 2)},
    {"city": 7 + 0j},
    {"city": np.longdouble(7)},
    {"city": b"Oslo"},
    {"city": []},
    {"city": pd.NaT, "age": pd.NA},
]
ROWS = [ROW | change for change in CHANGES]
ROWS += [{name: ROW[name] for name in ROW if name != left} for left in ROW]
ROWS += [OrderedDict(ROW), [1, 2], None, dict(enumerate(ROW.values())), {7: 1} | ROW, {}]
ROWS += [OrderedDict(ROW), [1, 2], None, pd.Series(ROW), MappingProxyType(ROW)]


class RowLike:
    """Has what a mapping has, but is none."""

    keys, get = ROW.keys, ROW.get


ROWS.append(RowLike())


def outcome(score, row) -> object:
    """Return the answer, or the kind of error."""
    try:
        return score(row)
    except InputError as error:
        return type(error)


@pytest.mark.parametrize("name", MODELS)
def test_without_numpy_answers_like_load(promised, name):
    scorer, small = Scorer(MODELS[name]), without_numpy.load(promised[name])
    assert (small.task, small.classes) == (scorer.task, MODELS[name].classes)
    for row in ROWS:
        assert outcome(small.predict_one, row) == outcome(scorer.predict_one, row)
        if small.classes:
            expected = outcome(scorer.predict_proba_one, row)
            assert outcome(small.predict_proba_one, row) == expected
        if scorer.model.n_outputs == 1 or len(small.classes) == 2:
            assert outcome(small.score_one, row) == outcome(scorer.score_one, row)


TYPED = {
    "texts": (("Oslo", "Rome"), [7, True, 2.5, np.int64(7)], ["Rome", "Lima", None]),
    "numbers": ((7, 2.5), ["7", "Oslo", np.str_("7")], [7.0, 9, True, None, "<unseen>"]),
    "both": (("Oslo", 7), [], ["7", 9, True, None]),
    "ids": ((2**53, 2**53 + 1), [2.0**53, 1e300], [2**53 + 1, 2**53 + 2, np.inf]),
}


@pytest.mark.parametrize("kind", TYPED)
def test_without_numpy_refuses_the_values_that_load_refuses(tmp_path, kind):
    categories, refused_values, taken = TYPED[kind]
    body = replace(
        MODELS["mlp_regressor"].body,
        category_columns=i32(2),
        category_offsets=i32(0, len(categories) + 2),
        category_weight=np.arange(3.0 * (len(categories) + 2), dtype=np.float32).reshape(-1, 3),
    )
    columns = list(MODELS["mlp_regressor"].schema.columns)
    columns[2] = replace(columns[2], categories=categories)
    model = replace(
        MODELS["mlp_regressor"], body=body, schema=replace(SCHEMA, columns=tuple(columns))
    )
    save_bundle(model, tmp_path / "m.ekd", selftest=make_selftest(model))
    scorer, small = Scorer(model), without_numpy.load(tmp_path / "m.ekd")
    for value in refused_values:
        for one in (scorer, small):
            with pytest.raises(
                InputError, match=r"column 'city' has (texts|numbers|whole numbers)"
            ):
                one.predict_one(ROW | {"city": value})
    for value in taken:
        row = ROW | {"city": value}
        assert small.predict_one(row) == scorer.predict_one(row)
        assert scorer.predict_one(row) == pytest.approx(scorer.predict([row])[0], abs=1e-4)


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> dict[str, bytes]:
    """Bundles whose arrays are kept in fewer bytes, of every kind."""
    path = tmp_path_factory.mktemp("kept") / "model.ekd"
    out = {}
    for name, model in KEPT.items():
        save_bundle(model, path, selftest=make_selftest(model))
        out[name] = path.read_bytes()
    return out


@pytest.mark.parametrize("name", KEPT)
def test_without_numpy_answers_like_load_whatever_the_storage(kept, name):
    scorer, small = Scorer(KEPT[name]), without_numpy.load(kept[name])
    for row in ROWS:
        # To the bit: what is kept means the same numbers.
        expected = outcome(scorer.predict_proba_one, row)
        assert outcome(small.predict_proba_one, row) == expected


def test_without_numpy_expands_every_half_as_numpy_does():
    from ensemble_kd._core import expand

    halves = np.arange(2**16, dtype=np.uint16)
    given = np.frombuffer(expand("float16", halves), np.float32)
    expected = halves.view(np.float16).astype(np.float32)
    np.testing.assert_array_equal(given, expected)
    np.testing.assert_array_equal(np.signbit(given), np.signbit(expected))


def test_without_numpy_imports_no_numpy(promised, tmp_path):
    path = tmp_path / "model.ekd"
    path.write_bytes(promised["mlp_classifier"])
    code = (
        "import sys; from ensemble_kd.without_numpy import load\n"
        f"print(load({str(path)!r}).predict_proba_one({ROW!r}))\n"
        "assert not {'numpy', 'safetensors', 'dataclasses'} & sys.modules.keys()\n"
    )
    # Without site, whose .pth files may import anything.
    parent = next(p for p in ensemble_kd.__path__).rsplit("/", 1)[0]
    code = f"import sys; sys.path.insert(0, {parent!r})\n" + code
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(eval(done.stdout)) == set(MODELS["mlp_classifier"].classes)


@pytest.mark.parametrize("names", [["3", "7"], ["7", "3"], ["1", "0"]])
def test_without_numpy_reads_keys_that_are_numbers_like_load(tmp_path, names):
    model = MODELS["trees_sigmoid"]
    columns = tuple(
        replace(column, name=name)
        for column, name in zip(SCHEMA.columns, [*names, "c", "d"], strict=True)
    )
    model = replace(model, schema=replace(SCHEMA, columns=columns))
    save_bundle(model, tmp_path / "m.ekd", selftest=make_selftest(model))
    scorer, expected = without_numpy.load(tmp_path / "m.ekd"), Scorer(model)
    values = list(ROW.values())
    for keys in ([*map(int, names), "c", "d"], range(4), [*names, "c", "d"], [7, "7", "c", "d"]):
        row = dict(zip(keys, values, strict=True))
        assert outcome(scorer.predict_proba_one, row) == outcome(expected.predict_proba_one, row)


def test_without_numpy_says_what_to_use_where_there_is_no_core():
    code = (
        "import sys; sys.modules['ensemble_kd._core'] = None\n"
        "import ensemble_kd\n"
        "try: import ensemble_kd.without_numpy\n"
        "except ensemble_kd.MissingDependencyError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "or use ensemble_kd.load" in done.stdout


# --- refusals -------------------------------------------------------------------------------------


def refused(data: bytes | str, match: str) -> None:
    with pytest.raises(BundleError, match=match):
        without_numpy.load(data)


def test_without_numpy_refuses_damage(promised):
    data = promised["mlp_classifier"]
    refused("missing.ekd", "there is no such file")
    refused(b"", "empty")
    refused(data[:-5], "the file ends after")
    rng = np.random.default_rng(0)
    for place in rng.integers(len(data), size=200):
        flipped = bytearray(data)
        flipped[place] ^= 1 << rng.integers(8)
        with pytest.raises(BundleError):
            without_numpy.load(bytes(flipped))


def test_without_numpy_refuses_what_was_altered(promised):
    data = promised["mlp_classifier"]
    members = members_of(data)
    longer = members | {"model.json": members["model.json"] + b" "}
    refused(repack(longer), "the manifest says .*: copy the file again")
    altered = members | {"model.json": members["model.json"].replace(b" ", b"\t", 1)}
    refused(repack(altered), "model.json was altered")
    refused(with_entries(data, "manifest.json", format="zip"), "must name the format")
    refused(with_entries(data, "manifest.json", format_version=5, min_reader=5), "update")
    refused(with_entries(data, "manifest.json", classes=[]), "at least two classes")
    refused(with_entries(data, "manifest.json", classes=[1, 1.0, "c"]), "must be unique")
    refused(
        with_member(data, "model.json", b'{"kind": "pickle"}'), "kind of student must be one of"
    )
    refused(seal({**members, "selftest.json": b"[]"}), "must be a JSON object")


def repack(members: dict[str, bytes]) -> bytes:
    """Pack members as they are."""
    from ensemble_kd.bundle._archive import pack

    return pack(members)


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("mlp_classifier", {"numeric_columns": i32(3, 4)}, "must be indices of columns"),
        ("mlp_classifier", {"numeric_columns": i32(3, 1)}, "of a fitting kind"),
        ("mlp_classifier", {"numeric_columns": i32(3, 3)}, "must be unique"),
        ("mlp_classifier", {"edge_offsets": i32(0, 3, 9)}, "must run from 0"),
        ("mlp_classifier", {"edges": f64(0, 0, 1, 2, 3)}, "must increase"),
        ("mlp_classifier", {"first_bias": f32(1, 2, np.nan, 3)}, "must be finite"),
        ("trees_softmax", {"feature": i32(*[9, 0, -1, -1, -1] * 3)}, "the index of a column"),
        ("trees_softmax", {"roots": i32(0, 5, 11)}, "where trees begin"),
        ("trees_softmax", {"tree_output": i32(0, 1, 3)}, "tree_output"),
        ("trees_softmax", {"right": i32(*[3, 3, 0, 0, 0] * 3)}, "after the whole left"),
        ("trees_softmax", {"category_rank": f64(0, 1, 2, 3, 4)}, "must run from 0"),
    ],
)
def test_without_numpy_refuses_an_unsound_model(promised, name, fields, message):
    refused(with_fields(promised[name], MODELS[name], **fields), message)


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("int8", {"numeric_weight.scale": f32(1, 0, 1, 1)}, "above 0; the index"),
        ("int8", {"numeric_weight.scale": f32(1, np.inf, 1, 1)}, "above 0; the index"),
        ("int8", {"numeric_weight.scale": f32(1, 1, 1, 1, 1)}, r"shape \(4,\), got \(5,\)"),
        ("int8", {"numeric_weight.codes": np.full((3, 4), -128, np.int8)}, r"in \[-127, 127\]"),
        ("int8", {"numeric_weight.codes": np.zeros(12, np.int8)}, "must have 2 dimension"),
        ("low_rank", {"category_weight.right": np.ones((3, 4), np.float32)}, r"shape \(2, 4\)"),
        ("low_rank", {"category_weight.left": np.ones((10, 0), np.float32)}, r"shape \(0, 4\)"),
        ("shared_rows", {"category_weight.index": np.full(10, 4, np.int16)}, "of a row, got 4"),
        ("shared_rows", {"category_weight.index": np.full(10, -1, np.int16)}, "of a row, got -1"),
        ("trees", {"right": np.int16([4, 4, *[0] * 3, 9, 8, *[0] * 3])}, "after the whole left"),
        ("trees", {"right": np.full(10, 9, np.int16)}, "must be 0 at a leaf"),
        ("trees", {"threshold": f32(np.nan, *range(9))}, "must not be NaN"),
    ],
)
def test_without_numpy_refuses_wrong_storage(kept, name, changes, message):
    members = members_of(kept[name])
    arrays = safetensors.numpy.load(members["model.safetensors"]) | changes
    refused(with_member(kept[name], "model.safetensors", safetensors.numpy.save(arrays)), message)


@pytest.mark.parametrize(
    ("storage", "message"),
    [
        ({}, "with an entry"),
        ([], "with an entry"),
        ({"numeric_weight": "zip"}, "must be one of .* got 'zip'"),
        ({"numeric_weight": ["int8"]}, "must be one of"),
        ({"nothing": "int8"}, "'nothing' must be left out"),
        ({"numeric_weight": "low_rank", "numeric_weight.left": "low_rank"}, "must be one of"),
    ],
)
def test_without_numpy_refuses_unknown_storage(kept, storage, message):
    refused(with_entries(kept["int8"], "model.json", storage=storage), message)


def test_without_numpy_refuses_storage_in_version_1(kept):
    refused(
        with_entries(kept["int8"], "manifest.json", min_reader=1),
        "needs a min_reader of at least 2",
    )


def test_without_numpy_refuses_a_broken_promise(tmp_path):
    model = MODELS["trees_sigmoid"]
    selftest = make_selftest(model)
    wrong = replace(selftest, expected=selftest.expected + 0.01)
    save_bundle(model, tmp_path / "m.ekd", selftest=wrong)
    refused(tmp_path / "m.ekd", "must answer its self-test rows")
