"""A file whose categories are salted hashes answers as one that names them, and names none."""

from __future__ import annotations

import copy
import hashlib
import json
import pickle
import struct

import numpy as np
import pandas as pd
import pytest

from ensemble_kd import DistilledClassifier, load
from ensemble_kd.bundle._archive import unpack
from ensemble_kd.cli.main import main
from ensemble_kd.errors import InputError, InputTypeError
from ensemble_kd.export import export_c, export_json, export_onnx
from ensemble_kd.hashing import category_hash
from ensemble_kd.scoring import save
from ensemble_kd.table_files import read_chunks

N = 240
RNG = np.random.default_rng(0)
MIXED = [1, 2, "x", True, 2.5]
TABLE = pd.DataFrame(
    {
        "city": RNG.choice(["Oslo", "Rome", "NA", "Åre"], N),
        "mixed": pd.Series([MIXED[i % 5] for i in range(N)], dtype=object),
        "grade": pd.Categorical(RNG.choice(["A", "B", None], N)),
        "amount": RNG.normal(size=N),
    }
)
Y = (TABLE["city"] == "Oslo").to_numpy().astype(int)


@pytest.fixture(scope="module", params=["tree", "mlp"])
def paths(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hashed")
    fitted = DistilledClassifier(
        student=request.param, recipe="fast", alpha=0, n_synthetic=0, random_state=0
    ).fit(TABLE, Y)
    fitted.save(folder / "plain.ekd")
    fitted.save(folder / "hashed.ekd", hash_categories=True)
    return folder / "plain.ekd", folder / "hashed.ekd"


def rows():
    for city in ("Oslo", "Rome", "NA", "Åre", "nowhere", None, "a\ud800", np.str_("Rome")):
        for mixed in (1, 1.0, True, np.int64(2), "1", "x", 2.5, np.float32(2.5), 3, np.nan, None):
            yield {"city": city, "mixed": mixed, "grade": "A", "amount": 0.5}


def test_file_of_hashes_names_no_category(paths):
    members = {name: bytes(content) for name, content in unpack(paths[1].read_bytes()).items()}
    whole = b"".join(members.values())
    for city in ("Oslo", "Rome", "\\u00c5re", "Åre"):
        assert city.encode() not in whole
    manifest = json.loads(members["manifest.json"])
    assert (manifest["format_version"], manifest["min_reader"]) == (4, 4)
    assert json.loads(unpack(paths[0].read_bytes())["manifest.json"].tobytes())["min_reader"] < 4


@pytest.mark.parametrize("runtime", ["c", "numpy"])
def test_file_of_hashes_answers_as_the_one_with_names(paths, runtime, monkeypatch):
    monkeypatch.setenv("ENSEMBLE_KD_RUNTIME", runtime)
    try:
        plain, hashed = map(load, paths)
    except InputError:
        pytest.skip("the core in C was not built")
    np.testing.assert_array_equal(hashed.predict_proba(TABLE), plain.predict_proba(TABLE))
    as_text = TABLE.astype({"city": "category", "grade": "object"})
    np.testing.assert_array_equal(hashed.predict_proba(as_text), plain.predict_proba(TABLE))
    np.testing.assert_array_equal(
        hashed.predict_proba(TABLE.to_dict("records")), plain.predict_proba(TABLE)
    )
    for row in rows():
        assert hashed.predict_proba_one(row) == plain.predict_proba_one(row)


def test_file_of_hashes_answers_without_numpy(paths):
    without_numpy = pytest.importorskip("ensemble_kd.without_numpy")
    plain, hashed = load(paths[0]), without_numpy.load(paths[1])
    for row in rows():
        assert hashed.predict_proba_one(row) == plain.predict_proba_one(row)
    with pytest.raises(InputTypeError):
        hashed.predict_one({"city": ["Oslo"], "mixed": 1, "grade": "A", "amount": 0.5})


def test_hash_itself_is_no_category(paths):
    scorer = load(paths[1])
    column = scorer.schema.columns[0]
    row = {"mixed": 1, "grade": "A", "amount": 0.5}
    unseen = scorer.schema.encode_one(row | {"city": "nowhere"})[0, 0]
    assert unseen == len(column.categories)
    for value in column.categories:
        assert scorer.schema.encode_one(row | {"city": value})[0, 0] == unseen
        assert scorer.predict_proba_one(row | {"city": value}) == scorer.predict_proba_one(
            row | {"city": "nowhere"}
        )


def test_csv_is_read_by_hashes_as_by_names(paths, tmp_path):
    TABLE.head(40).to_csv(tmp_path / "t.csv", index=False)
    given = []
    for scorer in map(load, paths):
        (chunk,) = read_chunks(str(tmp_path / "t.csv"), scorer.schema, [], 100)
        given.append(scorer.predict_proba(chunk))
    np.testing.assert_array_equal(*given)


def test_two_saves_have_different_hashes(paths, tmp_path):
    model = load(paths[0]).model
    for name in "ab":
        save(model, tmp_path / f"{name}.ekd", hash_categories=True)
    first, second = (load(tmp_path / f"{name}.ekd").schema.columns[0] for name in "ab")
    assert not set(first.categories) & set(second.categories)
    assert all(len(value) == 32 for value in first.categories)


def test_hashes_survive_a_save_a_pickle_and_a_copy(paths, tmp_path):
    scorer = load(paths[1])
    save(scorer.model, tmp_path / "again.ekd", hash_categories=True)
    again = load(tmp_path / "again.ekd")
    assert again.schema == scorer.schema
    for other in (again, pickle.loads(pickle.dumps(scorer)), copy.deepcopy(scorer)):
        np.testing.assert_array_equal(other.predict_proba(TABLE), scorer.predict_proba(TABLE))


@pytest.mark.parametrize("export", [export_json, export_c, export_onnx])
def test_hashes_are_not_exported(paths, export):
    if export is export_onnx:
        pytest.importorskip("onnx")
    with pytest.raises(InputError, match="saved without hash_categories"):
        export(load(paths[1]).model)


def test_command_line_writes_hashes(tmp_path, capsys):
    table = TABLE.drop(columns="mixed").assign(y=Y)
    table.to_csv(tmp_path / "t.csv", index=False)
    how = [
        "--target",
        "y",
        "--student",
        "tree",
        "--alpha",
        "0",
        "--n-synthetic",
        "0",
        "--hash-categories",
        "--out",
    ]
    assert main(["distill", str(tmp_path / "t.csv"), *how, str(tmp_path / "m.ekd")]) == 0
    assert load(tmp_path / "m.ekd").schema.is_hashed
    assert main(["inspect", str(tmp_path / "m.ekd")]) == 0
    assert main(["compress", str(tmp_path / "m.ekd"), "--to", "float16", "--out",
                 str(tmp_path / "n.ekd")]) == 0  # fmt: skip
    assert load(tmp_path / "n.ekd").schema.is_hashed


SALT = "000102030405060708090a0b0c0d0e0f"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("NO", b"sNO"),
        ("Å", "sÅ".encode()),
        ("", b"s"),
        (3, b"n3"),
        (-3.0, b"n-3"),
        (True, b"n1"),
        (2.5, b"f" + struct.pack(">d", 2.5).hex().encode()),
        (2**63, b"n9223372036854775808"),
        (float("inf"), b"f7ff0000000000000"),
    ],
)
def test_hash_is_that_of_the_page(value, text):
    wanted = hashlib.sha256(bytes(range(16)) + text).hexdigest()[:32]
    assert category_hash(SALT, value) == wanted


def test_hash_of_a_number_that_no_file_holds_is_none():
    assert category_hash(SALT, 10**5000) == ""
