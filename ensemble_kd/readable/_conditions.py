"""What a row must be like to reach a leaf, in words: all tests of one column as one condition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import TreesRecord
from ensemble_kd.schema import TableSchema

# A test of a node, and whether a row passes it to the left.
Step = tuple[int, bool]


@dataclass
class _Allowed:
    """What a column may be."""

    low: float = -np.inf
    high: float = np.inf
    missing: bool = True


def conditions(record: TreesRecord, schema: TableSchema, path: list[Step]) -> tuple[str, ...]:
    """Return one condition for each column that is tested on a path.

    Parameters
    ----------
    record : TreesRecord
        The tree.
    schema : TableSchema
        Its columns.
    path : list of (int, bool)
        The nodes on the way, and whether the row goes left at each.

    Returns
    -------
    tuple of str
        In the order in which the columns are first tested.
    """
    found: dict[int, _Allowed] = {}
    for node, is_left in path:
        allowed = found.setdefault(int(record.feature[node]), _Allowed())
        threshold = float(record.threshold[node])
        allowed.missing &= bool(record.missing_left[node]) == is_left
        if is_left:
            allowed.high = min(allowed.high, threshold)
        else:
            allowed.low = max(allowed.low, threshold)
    return tuple(_in_words(record, schema, j, allowed) for j, allowed in found.items())


def _in_words(record: TreesRecord, schema: TableSchema, j: int, allowed: _Allowed) -> str:
    column = schema.columns[j]
    if column.kind == "numeric":
        text, is_any = _interval(column.name, allowed.low, allowed.high)
    else:
        codes = np.arange(2.0)
        if column.kind == "categorical":
            c = int(np.flatnonzero(record.category_columns == j)[0])
            codes = record.category_rank[slice(*record.category_offsets[c : c + 2])]
        inside = (codes > allowed.low) & (codes <= allowed.high)
        # A category whose rank is missing goes where a missing value goes.
        inside = np.where(np.isnan(codes), allowed.missing, inside)
        if column.kind == "boolean":
            names, is_open = ["false", "true"], None
        else:
            names = [_name(column.categories, code) for code in range(len(codes) - 1)]
            inside, is_open = inside[:-1], bool(inside[-1])
        text, is_any = _members(column.name, names, inside, is_open)
    may_be_missing = column.nullable and allowed.missing
    if is_any:
        return f"{column.name} is known" if not may_be_missing else f"{column.name} is anything"
    if text is None:
        return f"{column.name} is missing"
    return f"{text} or missing" if may_be_missing else text


def _name(categories: tuple[object, ...], code: int) -> str:
    return repr(categories[code]) if code < len(categories) else f"category {code}"


def _interval(name: str, low: float, high: float) -> tuple[str | None, bool]:
    if low >= high:
        return None, False
    if low == -np.inf:
        return f"{name} <= {high:.6g}", high == np.inf
    return (f"{name} > {low:.6g}" if high == np.inf else f"{low:.6g} < {name} <= {high:.6g}"), False


def _members(
    name: str, names: list[str], inside: NDArray[np.bool_], is_open: bool | None
) -> tuple[str | None, bool]:
    """Return the shorter of what is in a set and what is not."""
    within = [text for text, is_in in zip(names, inside, strict=True) if is_in]
    without = [text for text, is_in in zip(names, inside, strict=True) if not is_in]
    if not without and is_open is not False:
        return "", True
    if is_open and len(without) <= len(within):
        return f"{name} is not {_listed(without)}", False
    if is_open:
        return f"{name} is {_listed([*within, 'never seen'])}", False
    return (f"{name} is {_listed(within)}", False) if within else (None, False)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" or {names[-1]}"
