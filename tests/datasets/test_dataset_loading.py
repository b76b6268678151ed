"""Laws of loading: where a table is sought, what is checked, how the target is coded."""

import hashlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import sklearn.datasets
from sklearn.utils import Bunch

from ensemble_kd.datasets import _load, list_datasets, load_dataset, read_card
from ensemble_kd.datasets._card import BundledSource, PackageSource
from ensemble_kd.datasets._parse import parse_card
from ensemble_kd.datasets._sources import installed_file
from ensemble_kd.errors import InputError

BUNDLED = [name for name in list_datasets() if isinstance(read_card(name).load, BundledSource)]

TOY = """
name = "toy"
title = "Toy"
task = "{task}"
target = "target"
source = "Made up"
licence = "CC0"
n_rows = 4
n_numeric = 1
n_categorical = 1
note = "None."
{positive}
[load]
kind = "local"
file = "toy.parquet"
split = "toy.split.parquet"
unlabeled = "toy.unlabeled.parquet"

[checksum]
file = "{file}"
split = "{split}"
unlabeled = "{unlabeled}"
"""
POSITIVE = '[positive]\nlabel = 1\nmeaning = "yes"\n'


@pytest.fixture(autouse=True)
def _no_outer_folder(monkeypatch):
    monkeypatch.delenv("ENSEMBLE_KD_DATA", raising=False)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A folder with a toy data set, and a function that writes its card for a task."""
    rows = pd.DataFrame({"a": [0.5, 1.5, None, 3.0], "b": pd.Categorical(list("xyxy"))})
    files = {
        "file": rows.assign(target=np.array([0, 1, 1, 0], dtype=np.int8)),
        "split": pd.DataFrame({"split": pd.Categorical(["train", "train", "test", "test"])}),
        "unlabeled": rows.iloc[:2],
    }
    paths = {role: tmp_path / f"toy.{role}.parquet" for role in files}
    paths["file"] = tmp_path / "toy.parquet"
    for role, frame in files.items():
        frame.to_parquet(paths[role])
    sums = {role: hashlib.sha256(path.read_bytes()).hexdigest() for role, path in paths.items()}

    def use_task(task):
        positive = POSITIVE if task in ("binary", "anomaly") else ""
        card = parse_card("toy", TOY.format(task=task, positive=positive, **sums))
        monkeypatch.setattr(_load, "read_card", lambda name: card)

    use_task("binary")
    return tmp_path, use_task


def fake_openml(monkeypatch, calls, data, target):
    def fetch(**options):
        calls.append(options)
        return Bunch(data=data, target=target)

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_data_matches_its_card(name):
    dataset = load_dataset(name)
    card = dataset.card
    assert dataset.origin == "sklearn"
    assert dataset.X.shape == (card.n_rows, card.n_numeric + card.n_categorical)
    assert len(dataset.y) == card.n_rows
    assert dataset.y.name not in dataset.X.columns
    assert (dataset.split, dataset.unlabeled) == (None, None)


def test_bundled_data_with_other_values_is_refused(monkeypatch):
    bunch = sklearn.datasets.load_wine(as_frame=True)
    bunch.frame.iloc[3, 2] += 1e-9
    monkeypatch.setattr(sklearn.datasets, "load_wine", lambda **options: bunch)
    with pytest.raises(InputError, match=r"sklearn.datasets.load_wine must have the SHA-256"):
        load_dataset("wine")
    assert len(load_dataset("wine", verify=False).X) == 178


def test_local_data_brings_split_and_unlabeled_rows(toy):
    folder, _ = toy
    dataset = load_dataset("toy", data_dir=folder)
    assert dataset.origin == "local"
    assert list(dataset.X.columns) == ["a", "b"]
    assert isinstance(dataset.X["b"].dtype, pd.CategoricalDtype)
    assert dataset.split.tolist() == ["train", "train", "test", "test"]
    assert dataset.unlabeled.shape == (2, 2)


@pytest.mark.parametrize(
    ("task", "dtype"), [("binary", "int64"), ("multiclass", "int8"), ("regression", "float64")]
)
def test_target_is_coded_by_task(toy, task, dtype):
    folder, use_task = toy
    use_task(task)
    dataset = load_dataset("toy", data_dir=folder)
    assert dataset.y.dtype == dtype
    assert dataset.y.tolist() == [0, 1, 1, 0]


def test_environment_names_the_folder(toy, monkeypatch):
    folder, _ = toy
    monkeypatch.setenv("ENSEMBLE_KD_DATA", str(folder))
    assert load_dataset("toy").origin == "local"


@pytest.mark.parametrize("role", ["", ".split", ".unlabeled"])
def test_tampered_file_is_refused(toy, role):
    folder, _ = toy
    path = folder / f"toy{role}.parquet"
    frame = pd.read_parquet(path)
    frame.iloc[::-1].to_parquet(path)
    received = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(InputError, match=rf"toy{role}\.parquet must have .* got {received}"):
        load_dataset("toy", data_dir=folder)
    assert load_dataset("toy", data_dir=folder, verify=False).X.shape == (4, 2)


def test_missing_side_file_is_named(toy):
    folder, _ = toy
    (folder / "toy.split.parquet").unlink()
    with pytest.raises(InputError, match=r"needs the side file toy\.split\.parquet"):
        load_dataset("toy", data_dir=folder)


def test_split_of_another_length_is_refused(toy):
    folder, _ = toy
    pd.DataFrame({"split": ["train"]}).to_parquet(folder / "toy.split.parquet")
    with pytest.raises(InputError, match=r"one row for each of the 4 rows of toy\.parquet, got 1"):
        load_dataset("toy", data_dir=folder, verify=False)


def test_table_without_target_is_refused(toy):
    folder, _ = toy
    path = folder / "toy.parquet"
    pd.read_parquet(path).drop(columns="target").to_parquet(path)
    with pytest.raises(InputError, match=r"must have the target column 'target', got .* a, b"):
        load_dataset("toy", data_dir=folder, verify=False)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1, 2, 0], r"two labels, 1 the positive one, got \[0, 1, 2\]"),
        ([0, 1, None, 0], "got 1"),
    ],
)
def test_target_of_other_labels_is_refused(toy, labels, message):
    folder, _ = toy
    path = folder / "toy.parquet"
    pd.read_parquet(path).assign(target=labels).to_parquet(path)
    with pytest.raises(InputError, match=message):
        load_dataset("toy", data_dir=folder, verify=False)


def test_data_at_hand_nowhere_tells_the_remedy(toy, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputError, match=r"got toy\.parquet not in .*empty.* ENSEMBLE_KD_DATA"):
        load_dataset("toy", data_dir=empty)
    with pytest.raises(InputError, match="sought in no folder, as none is named"):
        load_dataset("toy")


def test_installed_package_brings_the_table_without_being_imported(tmp_path, monkeypatch):
    (tmp_path / "brings" / "data").mkdir(parents=True)
    (tmp_path / "brings" / "__init__.py").write_text("raise AssertionError('imported')")
    text = b"carat,cut,price\n0.25,Ideal,300\n0.5,Fair,900\n"
    (tmp_path / "brings" / "data" / "rows.csv").write_bytes(text)
    monkeypatch.syspath_prepend(tmp_path)
    package = PackageSource("brings", "data/rows.csv", "price", "datasets")
    sums = read_card("diamonds").checksum | {"package": hashlib.sha256(text).hexdigest()}
    card = replace(read_card("diamonds"), package=package, checksum=sums)
    monkeypatch.setattr(_load, "read_card", lambda name: card)
    dataset = load_dataset("diamonds")
    assert dataset.origin == "package"
    assert dataset.X.dtypes.astype(str).to_dict() == {"carat": "float32", "cut": "category"}
    assert dataset.y.tolist() == [300.0, 900.0]
    (tmp_path / "brings" / "data" / "rows.csv").write_bytes(text + b"1.0,Good,5000\n")
    with pytest.raises(InputError, match=r"rows\.csv must have the SHA-256"):
        load_dataset("diamonds")
    (tmp_path / "brings" / "data" / "rows.csv").unlink()
    calls = []
    target = pd.Series([1.0, 2.0], name="price")
    fake_openml(monkeypatch, calls, pd.DataFrame({"carat": [0.25, 0.5]}), target)
    assert load_dataset("diamonds").origin == "openml"


def test_diamonds_of_the_package_are_those_of_the_card():
    if installed_file(read_card("diamonds").package) is None:
        pytest.skip('needs the extra "datasets"')
    dataset = load_dataset("diamonds")
    assert dataset.origin == "package"
    assert dataset.X.shape == (dataset.card.n_rows, 9)
    kinds = dataset.X.dtypes.astype(str).value_counts().to_dict()
    assert kinds == {"float32": dataset.card.n_numeric, "category": dataset.card.n_categorical}


def test_mistyped_folder_is_refused_before_any_download(tmp_path, monkeypatch):
    calls = []
    fake_openml(monkeypatch, calls, pd.DataFrame(), pd.Series())
    with pytest.raises(InputError, match=r"data_dir must name a folder, got .*nowhere"):
        load_dataset("adult", data_dir=tmp_path / "nowhere")
    monkeypatch.setenv("ENSEMBLE_KD_DATA", "nowhere")
    with pytest.raises(InputError, match="the variable ENSEMBLE_KD_DATA must name a folder"):
        load_dataset("adult")
    assert calls == []


def test_openml_is_asked_by_id_when_no_file_is_there(tmp_path, monkeypatch):
    calls = []
    data = pd.DataFrame({"age": [30, 40, 50]})
    target = pd.Series(pd.Categorical([" <=50K", " >50K", "<=50K"]), name="class")
    fake_openml(monkeypatch, calls, data, target)
    dataset = load_dataset("adult", data_dir=tmp_path, openml_cache=tmp_path / "cache")
    assert calls[0]["data_id"] == 1590
    assert calls[0]["target_column"] == "class"
    assert calls[0]["data_home"] == str(tmp_path / "cache")
    assert dataset.origin == "openml"
    assert dataset.y.tolist() == [0, 1, 0]
    assert dataset.y.name == "target"
    assert dataset.split is None


def test_openml_rings_become_numbers(monkeypatch):
    target = pd.Series(pd.Categorical(["15", "7"]))
    fake_openml(monkeypatch, [], pd.DataFrame({"length": [0.4, 0.5]}), target)
    assert load_dataset("abalone").y.tolist() == [15.0, 7.0]


def test_openml_failure_tells_what_was_tried(monkeypatch):
    def fail(**options):
        raise OSError("no route to host")

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fail)
    message = r"OpenML \(id 1590, target 'class'\): OSError: no route to host. Check the network"
    with pytest.raises(InputError, match=message):
        load_dataset("adult")
