"""What a file costs to load, by its shapes alone: found before most of it is paid."""

from __future__ import annotations

from collections import namedtuple
from math import prod

from ensemble_kd.bundle._table import (
    CATEGORY_BYTES,
    COLUMN_BYTES,
    DTYPES,
    MAX_EXPANDED_BYTES,
    MAX_MEMORY_BYTES,
    MAX_MEMORY_TIMES,
    MAX_PRODUCTS,
    MAX_RANK,
    SELFTEST_VALUE_BYTES,
    array_forms,
    length_of,
)
from ensemble_kd.bundle.parts._columns import number_of_categories
from ensemble_kd.errors import BundleError

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# As the core lays out rows of weights, and the last layer where it has few outputs.
_WIDTH_STEP, _NARROW = 16, 4


class Costs(namedtuple("Costs", ["n_bytes", "work"])):
    """What a student costs.

    Parameters
    ----------
    n_bytes : int
        Memory that it takes, ready to score, and that its expanded arrays take beside.
    work : int
        How many weights a row may go through, a node of trees counting as four.
    """

    __slots__ = ()


def costs_of(scalars: Mapping[str, Any], lengths: Mapping[str, int]) -> Costs:
    """Return what a student costs.

    Parameters
    ----------
    scalars : mapping
        What `model.json` holds, checked.
    lengths : mapping of str to int
        By their words in the table.

    Returns
    -------
    Costs

    Raises
    ------
    BundleError
        If expanding its arrays takes more memory or products than the format allows.
    """
    n_expanded, n_products = _expanding(scalars, lengths)
    if n_products > MAX_PRODUCTS:
        raise BundleError(
            f"arrays that are stored as products may take at most {MAX_PRODUCTS} of them to "
            f"expand, got {n_products}."
        )
    if n_expanded > MAX_EXPANDED_BYTES:
        raise BundleError(
            f"arrays that are stored in fewer bytes may take at most {MAX_EXPANDED_BYTES} bytes in "
            f"memory, got {n_expanded}."
        )
    return Costs(n_expanded + _laid_out(scalars, lengths), _work(scalars, lengths))


def check_memory(
    student: Costs, schema: Mapping[str, Any], selftest: Mapping[str, Any], n_bytes: int
) -> None:
    """Check what comes of all parts of a file in memory.

    Parameters
    ----------
    student : Costs
        Those of the arrays.
    schema, selftest : mapping
        What the members hold, checked.
    n_bytes : int
        Length of the file.

    Raises
    ------
    BundleError
        If it is more than the format allows.
    """
    columns = schema["columns"]
    n_values = sum(map(len, selftest["rows"])) + sum(map(len, selftest["expected"]))
    taken = student.n_bytes + COLUMN_BYTES * len(columns)
    taken += CATEGORY_BYTES * number_of_categories(schema) + SELFTEST_VALUE_BYTES * n_values
    most = MAX_MEMORY_BYTES + MAX_MEMORY_TIMES * n_bytes
    if taken > most:
        raise BundleError(
            f"a file of {n_bytes} bytes may take at most {most} bytes ready to score, got {taken}."
        )


def _expanding(scalars: Mapping[str, Any], lengths: Mapping[str, int]) -> tuple[int, int]:
    """Return the bytes that come of arrays kept in fewer, and the products that it takes."""
    n_bytes = n_products = 0
    storage = scalars.get("storage", {})
    for name, (dtype, words) in array_forms(scalars).items():
        shape = [length_of(word, lengths) for word in words]
        kind = storage.get(name)
        parts = [0]
        if kind == "low_rank":
            rank = lengths[f"{name}.rank"]
            if not 1 <= rank <= MAX_RANK:
                raise BundleError(
                    f"{name}.left and {name}.right must share a rank from 1 to {MAX_RANK}, got "
                    f"{rank}."
                )
            n_products += rank * prod(shape)
            parts = [8 * rank * n for n in shape]  # they are taken in float64
        elif kind == "shared_rows":
            parts = [4 * lengths[f"{name}.n_rows"] * shape[1]]
        if kind is not None:
            n_bytes += max(DTYPES[dtype][2] * prod(shape), *parts)
    return n_bytes, n_products


def _laid_out(scalars: Mapping[str, Any], lengths: Mapping[str, int]) -> int:
    """Return the bytes that a student takes as it is scored, or a little more."""
    if scalars["kind"] == "trees":
        n_nodes, n_trees, n_values = (lengths[w] for w in ("n_nodes", "n_trees", "n_values"))
        n_leaf_values = 0 if n_values == 1 else (n_nodes + n_trees) // 2 * n_values
        return 16 * (n_nodes + n_trees) + 4 * n_leaf_values + 8 * lengths["n_ranks"]
    n_edges, n_numeric, width = (lengths[w] for w in ("n_edges", "n_numeric", "n_hidden"))
    n_bytes = 4 * (n_edges + n_numeric + lengths["n_rows"]) * _padded(width)
    n_bytes += 48 * n_edges + 192 * n_numeric  # where a number lies among the edges
    n_bytes += 48 * lengths.get("n_outside", 0)
    for i in range(scalars["n_layers"]):
        n_inputs, width = width, lengths[f"width_{i}"]
        is_narrow = i == scalars["n_layers"] - 1 and width <= _NARROW
        n_bytes += 4 * (width * _padded(n_inputs) if is_narrow else n_inputs * _padded(width))
    return n_bytes


def _padded(width: int) -> int:
    return -(-width // _WIDTH_STEP) * _WIDTH_STEP


def _work(scalars: Mapping[str, Any], lengths: Mapping[str, int]) -> int:
    if scalars["kind"] == "trees":
        return 4 * lengths["n_nodes"]
    width = lengths["n_hidden"]
    n_weights = (lengths["n_edges"] + lengths["n_rows"]) * width
    for i in range(scalars["n_layers"]):
        n_weights += width * lengths[f"width_{i}"]
        width = lengths[f"width_{i}"]
    return n_weights
