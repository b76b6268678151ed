"""docs/bundle_format.md and the core in C say what the table says that both readers check by."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ensemble_kd
from ensemble_kd.bundle import _table as table

PACKAGE = Path(ensemble_kd.__file__).parent
PAGE = (Path(__file__).parents[2] / "docs" / "bundle_format.md").read_text(encoding="utf-8")
WORDS = " ".join(PAGE.split())


def section(title: str) -> str:
    """Return the text from a heading to the next one of its rank or above."""
    rank, rest = PAGE.split(f" {title}\n", 1)
    depth = len(rank) - len(rank.rstrip("#"))
    return re.split(rf"\n#{{2,{depth}}} ", rest)[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of every row of a section's tables, without heads and code marks."""
    heads = re.findall(r"^(.+)\n\|---", text, re.M)
    lines = [line for line in text.splitlines() if line.startswith("| `") and line not in heads]
    return [[c.strip().replace("`", "") for c in line.strip("|").split(" | ")] for line in lines]


def names(text: str) -> set[str]:
    return {row[0] for row in rows(text)}


def test_page_has_the_members_of_the_table():
    found = {row[0]: row[2] for row in rows(section("1. The file"))}
    largest = {
        name: "the file" if n is None else f"{n >> 20} MiB" if n >> 20 else f"{n >> 10} KiB"
        for name, n in table.MEMBER_MAX_BYTES.items()
    }
    assert found == largest


def test_page_has_the_manifest_of_the_table():
    assert names(section("3. `manifest.json`")) == table.MANIFEST_ENTRIES.keys()


def test_page_has_the_columns_of_the_table():
    found = {row[0]: set(re.findall(r"[a-z]+(?=,| \(|$)", row[1])) for row in rows(section(
        "4. `schema.json`"
    ))}  # fmt: skip
    for kind, entries in table.COLUMN_KINDS.items():
        assert entries.keys() <= found.pop(kind) | {"categories"}
    assert not found


@pytest.mark.parametrize("kind", table.KINDS)
def test_page_has_the_arrays_of_the_table(kind):
    forms = dict(table.ARRAYS[kind])
    if kind == "mlp":
        forms |= {f"layers.i.{name}": form for name, form in table.LAYER_ARRAYS.items()}
    arrays = {row[0].split(",")[0]: row[1:3] for row in rows(section(TITLES[kind])) if len(row) > 3}
    wanted = {name: [shape_of(form), table.DTYPES[form[0]][0]] for name, form in forms.items()}
    assert arrays == wanted


TITLES = {
    "mlp": "5.1 `mlp`: a network over a piecewise-linear encoding",
    "trees": "5.2 `trees`: a tree or a sum of trees",
}


def shape_of(form: table.Form) -> str:
    """Return the words for the lengths, as the page writes a shape."""
    return f"({form[1][0]},)" if len(form[1]) == 1 else f"({', '.join(form[1])})"


def test_page_has_the_storage_of_the_table():
    kinds = {kind for allowed in table.STORAGE_OF.values() for kind in allowed}
    text = section("5.3 Arrays kept in fewer bytes (version 2)")
    assert {row[0].strip('"') for row in rows(text)} == kinds
    for kind, may_be, *_ in rows(text):
        code, n_dimensions = re.match(r"(\w+) with (\d)", may_be).groups()
        dtype = next(name for name, known in table.DTYPES.items() if known[0] == code)
        form = dtype, int(n_dimensions)
        assert kind.strip('"') in table.STORAGE_OF[form]
        assert ("or a part" in may_be) == (kind.strip('"') in table.STORAGE_OF_PART)


def test_page_has_the_calibrators_of_the_table():
    found = {row[0].strip('"'): set(row[1].split(", ")) for row in rows(section(
        "5.4 Calibrator and threshold (version 3)"
    ))}  # fmt: skip
    assert found == {kind: set(entries) for kind, entries in table.CALIBRATORS.items()}


def test_page_has_the_self_test_of_the_table():
    assert names(section("6. `selftest.json`")) == table.SELFTEST_ENTRIES.keys()


def log2(power: float) -> int:
    return int(power).bit_length() - 1


LIMITS = [
    ("at most {} MiB unless", table.MAX_BYTES >> 20),
    ("stops at {} members", table.MAX_MEMBERS),
    ("1 to {} printable", table.MAX_NAME_LENGTH),
    ("must** be at most {} MiB, hold the arrays", table.MAX_TENSOR_HEADER_BYTES >> 20),
    ("`n_layers` (whole, 0 to {})", table.MAX_LAYERS),
    ("more than {} splits below its root", table.MAX_TREE_DEPTH),
    ("A_i is above 2^{}.", log2(table.LARGEST_SUM)),
    ("r **must** be from 1 to {}", table.MAX_RANK),
    ("take at most {} MiB once they are expanded", table.MAX_EXPANDED_BYTES >> 20),
    ("same length, 2 to {}", table.MAX_KNOTS),
    ("at most {} rows, and 2^20", table.MAX_SELFTEST_ROWS),
    ("rows, and 2^{} values in all", log2(table.MAX_SELFTEST_VALUES)),
    ("response; at most 2^{} in all", log2(table.MAX_SELFTEST_VALUES)),
    ("of trees, **must** be at most 2^{}.", log2(table.MAX_SELFTEST_WORK)),
    ("at most 2^{} commas", log2(table.MAX_JSON_MARKS)),
    ("with 1 to {} columns", table.MAX_COLUMNS),
    ("at most {} categories in all", table.MAX_CATEGORIES),
    ("be at most {} MiB and 2 times", table.MAX_MEMORY_BYTES >> 20),
    ("MiB and {} times the length", table.MAX_MEMORY_TIMES),
    ("{} bytes a column", table.COLUMN_BYTES),
    ("{} a category,", table.CATEGORY_BYTES),
    ("and {} a value of the self-test", table.SELFTEST_VALUE_BYTES),
    ("take more than 2^{} multiplications", log2(table.MAX_PRODUCTS)),
    ("versions 1 to {}", table.FORMAT_VERSION),
]


@pytest.mark.parametrize(("words", "limit"), LIMITS)
def test_page_has_the_limits_of_the_table(words, limit):
    assert words.format(limit) in WORDS


@pytest.mark.parametrize("name", ["MAX_LAYERS", "MAX_TREE_DEPTH", "MAX_KNOTS"])
def test_core_has_the_limits_of_the_table(name):
    text = (PACKAGE / "runtime" / "core" / "machine.h").read_text(encoding="utf-8")
    assert f"{name} = {getattr(table, name)}," in text
    assert float.fromhex(re.search(r"LARGEST_SUM (\S+)", text)[1]) == table.LARGEST_SUM
