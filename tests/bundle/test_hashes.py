"""Hashed categories in a file: where the page allows them, and nowhere else, in both readers."""

from __future__ import annotations

import dataclasses
import json

import pytest

from ensemble_kd.bundle import load_bundle
from ensemble_kd.scoring._selftest import make_selftest

from .forge import members_of, refused, with_entries
from .hand_made import CREATED, MODELS

SALT = "0123456789abcdef" * 2
HAS_CATEGORIES = [
    name for name, model in MODELS.items() if model.schema.is_discrete.any() and any(
        column.kind == "categorical" for column in model.schema.columns
    )
]  # fmt: skip


@pytest.fixture(params=HAS_CATEGORIES)
def data(request, tmp_path):
    from ensemble_kd.bundle import save_bundle

    model = MODELS[request.param]
    model = dataclasses.replace(model, schema=model.schema.hash_categories(SALT))
    save_bundle(model, tmp_path / "m.ekd", selftest=make_selftest(model), created=CREATED)
    return (tmp_path / "m.ekd").read_bytes()


def changed(data, change):
    """Return the file with its categorical column changed."""
    columns = json.loads(members_of(data)["schema.json"])["columns"]
    change(next(column for column in columns if column["kind"] == "categorical"))
    return with_entries(data, "schema.json", columns=columns)


def test_hashes_are_read_as_they_were_written(data):
    bundle = load_bundle(data)
    assert bundle.manifest["min_reader"] == 4
    assert bundle.model.schema.is_hashed
    schema = json.loads(members_of(data)["schema.json"])
    assert bundle.model.schema.to_dict() == schema


@pytest.mark.parametrize("salt", ["", SALT[:-1], SALT.upper(), SALT + "0", 7, None, [SALT]])
def test_salt_is_of_32_digits(data, salt):
    refused(with_entries(data, "schema.json", salt=salt), "salt must be 32 hexadecimal digits")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c["category_hashes"].append("0" * 31), "must each be 32 hexadecimal digits"),
        (lambda c: c["category_hashes"].append(7), "must each be 32 hexadecimal digits"),
        (lambda c: c["category_hashes"].append(c["category_hashes"][0]), "must be unique"),
        (lambda c: c.update(category_hashes="0" * 32), "category_hashes must be"),
        (lambda c: c.update(categories=[]), "must not hold 'categories'"),
        (lambda c: c.update(kind="boolean"), "must not hold 'category_hashes'"),
    ],
)
def test_hashes_are_as_the_page_says(data, change, words):
    refused(changed(data, change), words)


def test_hashes_need_a_reader_of_version_4(data):
    entries = {"format_version": 3, "min_reader": 3}
    refused(with_entries(data, "manifest.json", **entries), "need a min_reader of at least 4")


def test_salt_without_hashes_is_refused(data):
    def name(column):
        column["categories"] = column.pop("category_hashes")

    if (
        sum("category_hashes" in c for c in json.loads(members_of(data)["schema.json"])["columns"])
        == 1
    ):
        refused(changed(data, name), "where a column has category_hashes, and there alone")
