"""Laws of the cards: each parses, names its source, and a broken one is refused by key."""

import dataclasses

import pytest

from ensemble_kd.datasets import list_datasets, read_card
from ensemble_kd.datasets._parse import parse_card
from ensemble_kd.errors import InputError

CARD = """
name = "toy"
title = "Toy"
task = "binary"
target = "target"
source = "Made up"
licence = "CC0"
n_rows = 4
n_numeric = 1
n_categorical = 1
note = "None."

[positive]
label = 1
meaning = "yes"

[load]
kind = "local"
file = "toy.parquet"

[openml]
id = 1
target = "class"
positive = "yes"
note = "The same."

[checksum]
file = "0000000000000000000000000000000000000000000000000000000000000000"
"""


@pytest.mark.parametrize("name", list_datasets())
def test_card_is_complete(name):
    card = read_card(name)
    texts = (card.title, card.source, card.licence, card.note, card.target)
    assert all(text.strip() == text and text for text in texts)
    assert card.n_numeric + card.n_categorical > 0
    assert card.positive is None or card.positive.meaning


def test_list_datasets_parts_into_tasks():
    tasks = ("binary", "multiclass", "regression", "anomaly")
    parts = [name for task in tasks for name in list_datasets(task)]
    assert sorted(parts) == list_datasets()
    assert {"adult", "wine"} <= set(parts)


def test_list_datasets_refuses_unknown_task():
    with pytest.raises(InputError, match=r"task must be one of binary, .* got 'ranking'"):
        list_datasets("ranking")


def test_read_card_names_near_matches():
    with pytest.raises(InputError, match=r"got 'adutl'\. Did you mean 'adult'"):
        read_card("adutl")
    with pytest.raises(InputError, match=r"got '\.\./zzzz'\. See list_datasets\(\)\."):
        read_card("../zzzz")


def test_card_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        read_card("wine").name = "beer"


def test_parse_card_reads_nested_tables():
    card = parse_card("toy", CARD)
    assert card.positive.meaning == "yes"
    assert card.load.files == {"file": "toy.parquet"}
    assert card.openml.positive == "yes"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "Toy"\n', "", "'toy' lacks the key 'title'"),
        ('meaning = "yes"\n', "", "lacks the key 'positive.meaning'"),
        ('title = "Toy"', 'title = "Toy"\ncolour = "red"', "unknown key 'colour'"),
        ("id = 1", "id = 1\nversion = 2", "unknown key 'openml.version'.*use one of: openml.id"),
        ("n_rows = 4", 'n_rows = "4"', "n_rows must be a whole number, got '4'"),
        ("n_rows = 4", "n_rows = true", "n_rows must be a whole number, got True"),
        ("n_rows = 4", "n_rows = 0", "n_rows must be > 0, got 0"),
        ('"binary"', '"ranking"', "task must be one of 'binary', .* got 'ranking'"),
        ('"binary"', '"regression"', "positive is for binary and anomaly tasks"),
        ('positive = "yes"\n', "", "openml.positive is for binary and anomaly tasks"),
        ('"toy"', '"other"', "name must repeat the file name, got 'other'"),
        ('"local"', '"web"', "load.kind must be 'sklearn' or 'local', got 'web'"),
        ('"toy.parquet"', '"toy.parquet"\nsplit = "s"', "must have the keys file, split, got"),
        ('0000"', '"', "SHA-256 of 64"),
        ('0000"', 'zzzz"', "SHA-256 of 64"),
        ('0000"', "", "must be valid TOML"),
    ],
)
def test_parse_card_refuses_a_broken_card(old, new, message):
    assert old in CARD
    broken = CARD.replace(old, new, 1)
    with pytest.raises(InputError, match=message):
        parse_card("toy", broken)
