"""The local files are the ones their cards describe; runs where the folder is at hand."""

import os
from pathlib import Path

import pandas as pd
import pytest

from ensemble_kd.datasets import list_datasets, load_dataset, read_card
from ensemble_kd.datasets._card import LocalSource
from ensemble_kd.datasets._sources import file_sha256

LOCAL = [name for name in list_datasets() if isinstance(read_card(name).load, LocalSource)]

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(
        not os.environ.get("ENSEMBLE_KD_DATA"),
        reason="ENSEMBLE_KD_DATA is not set: no folder of Parquet files to compare with the cards",
    ),
]


@pytest.mark.parametrize("name", LOCAL)
def test_local_files_match_their_card(name):
    card = read_card(name)
    folder = Path(os.environ["ENSEMBLE_KD_DATA"])
    missing = [file for file in card.load.files.values() if not (folder / file).is_file()]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not in the folder that ENSEMBLE_KD_DATA names")
    dataset = load_dataset(name)
    kinds = [isinstance(dtype, pd.CategoricalDtype) for dtype in dataset.X.dtypes]
    assert dataset.origin == "local"
    assert len(dataset.X) == len(dataset.y) == card.n_rows
    assert (len(kinds) - sum(kinds), sum(kinds)) == (card.n_numeric, card.n_categorical)
    assert (dataset.split is None) == (card.load.split is None)
    assert (dataset.unlabeled is None) == (card.load.unlabeled is None)
    for role, file in card.load.files.items():
        assert file_sha256(folder / file) == card.checksum[role]
    for role in {"attack", "groups"} & set(card.load.files):
        assert len(pd.read_parquet(folder / card.load.files[role])) == card.n_rows


def test_unlabeled_rows_have_the_columns_of_the_labelled():
    dataset = load_dataset("sales_fraud")
    assert list(dataset.unlabeled.columns) == list(dataset.X.columns)
