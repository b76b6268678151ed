"""How one raw value becomes a number: without numpy, so that both readers read it alike."""

from __future__ import annotations

import sys
from functools import cached_property

from ensemble_kd.errors import InputError, InputTypeError, shown

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

# The text for a category never seen where rows are made up.
UNSEEN = "<unseen>"
# From here on float64 cannot tell every whole number from the next.
FIRST_INEXACT = 2**53
_NUMBERS = (float, int, bool)
_MISSING, _INFINITE = float("nan"), float("inf")


class CategoryCodes:
    """What follows from the categories of a column.

    Attributes
    ----------
    categories : tuple
        In code order; empty of a column that is not categorical.
    salt : str or None
        Where `categories` holds hashes in their place: the salt of these.
    """

    categories: tuple[Any, ...]
    salt: str | None

    @cached_property
    def code_of(self) -> dict[Any, float]:
        """Code of each category that was seen."""
        return {category: float(code) for code, category in enumerate(self.categories)}

    def key_of(self, value: Any) -> Any:
        """Return what stands for a value among the categories, None for one that cannot be one."""
        if self.salt is None:
            return value
        value = plain(value)
        if not isinstance(value, str | int | float) or value != value:
            return None
        from ensemble_kd.hashing import category_hash

        return category_hash(self.salt, value)

    def find(self, value: Any) -> float | None:
        """Return the code of a category that was seen, None of any other value."""
        return self.code_of.get(self.key_of(value))

    @property
    def n_codes(self) -> int:
        """Number of codes of a categorical column, the last one for categories never seen."""
        return len(self.categories) + 1

    @cached_property
    def holds_text(self) -> bool | None:
        """Whether all categories are texts (True), or none is (False); None for some of both.

        None, too, of hashes.
        """
        if self.salt is not None:
            return None
        found = {isinstance(category, str) for category in self.categories}
        return found.pop() if len(found) == 1 else None

    @cached_property
    def is_inexact_as_float(self) -> bool:
        """Whether a category is a whole number that float64 cannot tell from the next one."""
        return any(
            isinstance(category, int) and abs(category) >= FIRST_INEXACT
            for category in self.categories
        )


class PlainColumn(CategoryCodes):
    """A column of a table, for a reader without numpy; as `Column`.

    Parameters
    ----------
    name : str
        Name of the column.
    kind : {"numeric", "boolean", "categorical"}
        What its values mean.
    nullable : bool
        Whether missing values were seen.
    categories : iterable, default=()
        The categories seen, in code order.
    salt : str or None, default=None
        Where `categories` holds hashes in their place: the salt of these.
    """

    def __init__(
        self,
        name: str,
        kind: str,
        nullable: bool,
        categories: Iterable[Any] = (),
        salt: str | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.nullable = nullable
        self.categories = tuple(categories)
        self.salt = salt


def core_column(column: Any) -> tuple[str, str, bool, tuple[Any, ...] | None, bool]:
    """Return what the core in C needs to know of a column.

    Parameters
    ----------
    column : Column or PlainColumn
        The column.

    Returns
    -------
    tuple
        Name, kind, whether it may be missing, its categories, and whether these are hashes.
    """
    categories = column.categories if column.kind == "categorical" else None
    return column.name, column.kind, column.nullable, categories, bool(column.salt)


def value_code(column: Any, value: Any) -> float:
    """Return the code of one raw value.

    Parameters
    ----------
    column : Column or PlainColumn
        What the value may be.
    value : object
        The value.

    Returns
    -------
    float
        A number, 0 or 1, the code of a category, or NaN where the value is missing.

    Raises
    ------
    InputError
        If the value is none that the column holds.
    """
    if column.kind == "numeric" and type(value) in _NUMBERS and abs(value) < FIRST_INEXACT:
        return float(value)
    if column.kind == "categorical":
        check_exact(column, value)
        code = category_code(column, value)
        if code == len(column.categories):
            check_type(column, [value])
        return code
    if is_missing(value):
        return _MISSING
    number = number_of(column.name, column.kind, value)
    if column.kind == "boolean" and number not in (0.0, 1.0):
        raise InputError(f"column {column.name!r} must be true or false, got {shown(number)}.")
    return number


def number_of(name: str, kind: str, value: Any) -> float:
    """Return a value that is not missing as a float."""
    check_scalar(name, value)
    if isinstance(value, str):
        wanted = "true or false" if kind == "boolean" else "a number"
        raise InputError(f"column {name!r} must be {wanted}, got {shown(value)}.")
    try:
        return float(value)
    except OverflowError as error:
        raise InputError(f"column {name!r}: an integer is too large for float64.") from error


def category_code(column: Any, value: Any) -> float:
    """Return the code of a category, or that of one never seen."""
    try:
        code: float | None = column.find(value)
    except (TypeError, ValueError):  # it has no hash
        code = None
    if code is not None:
        return code
    if is_missing(value):
        return _MISSING
    check_scalar(column.name, value)
    return float(len(column.categories))


# --- what a value is ------------------------------------------------------------------------------


def _numpy_kind(value: Any) -> str:
    """Return the kind of a scalar of numpy's, as its dtype has it; nothing for any other value."""
    numpy = sys.modules.get("numpy")  # who has none of it has no such value
    return value.dtype.kind if numpy is not None and isinstance(value, numpy.generic) else ""


def is_missing(value: Any) -> bool:
    """Tell whether a value stands for none: None, NaN, NA or NaT of pandas."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return _is_float(value) and bool(value != value)


def _is_float(value: Any) -> bool:
    return isinstance(value, float) or _numpy_kind(value) == "f"


def check_scalar(name: str, value: Any) -> None:
    """Refuse what is neither a text nor a real number, such as a date or a list."""
    if not isinstance(value, str | int | float) and _numpy_kind(value) not in tuple("biuf"):
        # scikit-learn's rule for the wording: "argument must be a string or a number".
        raise InputTypeError(
            f"column {name!r}: argument must be a string or a real number, got "
            f"{type(value).__name__[:40]}; turn it into one first (for a date: a year, an age)."
        )


def plain(value: Any) -> Any:
    """Return a scalar of numpy's as Python has it, and any other value as it is."""
    return value.item() if _numpy_kind(value) else value


def check_exact(column: Any, value: Any) -> None:
    """Refuse a float that may have been one of two categories.

    Parameters
    ----------
    column : Column or PlainColumn
        A categorical one.
    value : object
        The value.

    Raises
    ------
    InputError
        If it is one.
    """
    is_float = column.is_inexact_as_float and _is_float(value)
    if is_float and FIRST_INEXACT <= abs(float(value)) < _INFINITE:
        raise InputError(
            f"column {column.name!r} has whole numbers from 2**53 on as categories, which a float "
            f"cannot tell apart, got {shown(float(value))}; give integers, of a nullable dtype "
            f"such as Int64 where some are missing."
        )


def check_type(column: Any, present: Iterable[Any]) -> None:
    """Refuse values none of which is of a type that any category has."""
    first = None
    for value in present:
        if column.holds_text in (None, isinstance(value, str)) or value == UNSEEN:
            return
        first = value if first is None else first
    if first is not None:
        known, given = column.categories[0], plain(first)
        raise InputError(
            f"column {column.name!r} has {type_word(known)} as categories, such as "
            f"{shown(known)}, but got {type_word(given)}, such as {shown(given)}, which can be "
            f"none of them; give {type_word(known)}."
        )


def type_word(value: Any) -> str:
    """Return what values of its type are called."""
    if isinstance(value, str):
        return "texts"
    return "booleans" if isinstance(value, bool) else "numbers"


# --- the keys of a row ----------------------------------------------------------------------------


def by_text(row: Mapping[Any, Any], names: Sequence[str]) -> Mapping[Any, Any]:
    """Return a row with its keys as a frame has them that was made of it; see `split_columns`.

    Parameters
    ----------
    row : mapping
        Keys of any kind; the numbers 0, 1, ... of all columns in order are positions.
    names : sequence of str
        Names of the columns.

    Returns
    -------
    mapping
        With texts as keys.

    Raises
    ------
    InputError
        If two keys are the same text.
    """
    if all(isinstance(key, str) for key in row):
        return row
    keys = list(row)
    if keys == list(range(len(names))):
        return dict(zip(names, row.values(), strict=True))
    out: dict[Any, Any] = {}
    for key, value in zip(map(_text, keys), row.values(), strict=True):
        if key in out:
            raise InputError(f"column names must be unique, got {shown(key)} more than once.")
        out[key] = value
    return out


def _text(key: Any) -> Any:
    try:
        return str(key)
    except Exception:  # of a caller's object, or a number of thousands of digits: no name
        return key
