"""How a card is read from TOML: every key known, none missing, each of its type."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from ensemble_kd.datasets._card import (
    BundledSource,
    DatasetCard,
    LocalSource,
    OpenMLSource,
    PackageSource,
    Positive,
)
from ensemble_kd.errors import InputError

_SHA256 = re.compile(r"[0-9a-f]{64}")

Record = TypeVar("Record")


def parse_card(name: str, text: str) -> DatasetCard:
    """Read a card and hold it to its rules.

    Parameters
    ----------
    name : str
        Name of the data set, which the card must repeat.
    text : str
        The card in TOML.

    Returns
    -------
    DatasetCard
        The record.

    Raises
    ------
    InputError
        If the text is no TOML, a key is unknown or missing, or a value breaks a rule.
    """
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"The card of {name!r} must be valid TOML, got: {error}.") from error
    if "load" in table:
        table["load"] = _read_source(name, table["load"])
    for key, kind in (
        ("positive", Positive),
        ("package", PackageSource),
        ("openml", OpenMLSource),
    ):
        if key in table:
            table[key] = _read_record(name, kind, table[key], f"{key}.")
    card = _read_record(name, DatasetCard, table)
    _check_rules(name, card)
    return card


def _read_source(name: str, table: object) -> BundledSource | LocalSource:
    keys = dict(table) if isinstance(table, Mapping) else {}
    kind = keys.pop("kind", None)
    if kind == "sklearn":
        return _read_record(name, BundledSource, keys, "load.")
    if kind == "local":
        return _read_record(name, LocalSource, keys, "load.")
    raise InputError(f"The card of {name!r}: load.kind must be 'sklearn' or 'local', got {kind!r}.")


def _read_record(name: str, kind: type[Record], table: object, prefix: str = "") -> Record:
    """Build ``kind`` from a table that has its keys and no other."""
    if not isinstance(table, Mapping):
        raise InputError(f"The card of {name!r}: {prefix[:-1]} must be a table, got {table!r}.")
    hints = get_type_hints(kind)
    for key, value in table.items():
        if key not in hints:
            raise InputError(
                f"The card of {name!r} has the unknown key {prefix + key!r}. "
                f"Remove it, or use one of: {', '.join(prefix + known for known in hints)}."
            )
        if not _fits(value, hints[key]):
            raise InputError(
                f"The card of {name!r}: {prefix}{key} must be {_wording(hints[key])}, "
                f"got {value!r}."
            )
    for field in fields(kind):  # type: ignore[arg-type]
        if field.default is MISSING and field.name not in table:
            raise InputError(f"The card of {name!r} lacks the key {prefix + field.name!r}. Add it.")
    return kind(**table)


def _fits(value: object, hint: Any) -> bool:
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) is Mapping:
        return isinstance(value, Mapping)
    return isinstance(value, hint) and not isinstance(value, bool)


def _wording(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(repr, get_args(hint)))
    return {str: "a string", int: "a whole number"}.get(hint, "a table or a string")


def _check_rules(name: str, card: DatasetCard) -> None:
    """Hold the keys of a card against each other."""
    rules = [
        (card.name == name, "name must repeat the file name", card.name),
        (card.n_rows > 0, "n_rows must be > 0", card.n_rows),
        (
            (card.positive is not None) == card.two_classes,
            "positive is for binary and anomaly tasks, and these need it",
            card.positive,
        ),
        (
            card.openml is None or (card.openml.positive is not None) == card.two_classes,
            "openml.positive is for binary and anomaly tasks, and these need it",
            card.openml,
        ),
        (
            set(card.checksum) == set(card.checked),
            f"checksum must have the keys {', '.join(card.checked)}",
            sorted(card.checksum),
        ),
        (
            all(_SHA256.fullmatch(str(value)) for value in card.checksum.values()),
            "each checksum must be a SHA-256 of 64 lower-case hexadecimal digits",
            dict(card.checksum),
        ),
    ]
    for holds, rule, received in rules:
        if not holds:
            raise InputError(f"The card of {name!r}: {rule}, got {received!r}.")
