"""Which columns of a table, or keys of a row, are those of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ensemble_kd.errors import InputError, shown
from ensemble_kd.schema._columns import listing, near_match
from ensemble_kd.schema._tables import check_unique
from ensemble_kd.schema._values import by_text

if TYPE_CHECKING:
    from ensemble_kd.schema._schema import TableSchema

# What becomes of a name that is no column of the model: None refuses it as a key, where it may be
# a misspelt column, and ignores it as a column of a frame, which has to have all of them.
EXTRA = ("ignore", "error", None)


def check_extra(extra: str | None) -> None:
    """Refuse what `extra` may not be.

    Parameters
    ----------
    extra : {"ignore", "error"} or None
        What becomes of a name that is no column.

    Raises
    ------
    InputError
        If it is another one.
    """
    if extra not in EXTRA:
        raise InputError(f"extra must be 'ignore', 'error' or None, got {extra!r}.")


def positions(
    schema: TableSchema, names: Sequence[str], is_named: bool, extra: str | None
) -> Sequence[int]:
    """Return where each of the model's columns stands in a table."""
    if not (schema.named and is_named):
        if len(names) != len(schema.columns):
            raise InputError(
                f"X has {len(names)} features, but the model was fitted on {len(schema.columns)} "
                f"features as input."
            )
        return range(len(names))
    place = {name: j for j, name in enumerate(names)}
    if len(place) < len(names):
        check_unique([name for name in names if name in schema.known])
    absent = [name for name in schema.names if name not in place]
    if absent:
        raise InputError(
            f"the table must hold the columns the model was fitted on; "
            f"{listing(absent)} missing{near_match(absent[0], names)}."
        )
    if extra == "error" and len(place) > len(schema.columns):
        others = [name for name in names if name not in schema.known]
        raise InputError(
            f"the table must hold no column but those of the model; {listing(others)} none"
            f"{near_match(others[0], schema.names)}; leave out what is not needed, or set "
            f"extra='ignore'."
        )
    return [place[name] for name in schema.names]


def named_row(
    schema: TableSchema, row: Mapping[Any, Any], i: int, extra: str | None
) -> Mapping[Any, Any]:
    """Return a row by the names of the model's columns, if its keys fit."""
    if not isinstance(row, Mapping):
        raise InputError(f"row {i} must be a dict, got {type(row).__name__}.")
    if row.keys() == schema.known:
        return row
    row = by_text(row, schema.names)
    unknown = row.keys() - schema.known
    if unknown and extra != "ignore":
        name = min(unknown, key=shown)
        raise InputError(
            f"row {i} has the key {shown(name)}, which is no column of the model"
            f"{near_match(name, schema.names) if isinstance(name, str) else ''}; remove it."
        )
    absent = [name for name in schema.names if name in schema.required and name not in row]
    if absent:
        raise InputError(
            f"row {i} has no value for {absent[0]!r}, a column that was never "
            f"missing in training; give it, or None to have it treated as missing."
        )
    return row
