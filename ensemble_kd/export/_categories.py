"""How a category is given as text, to a program that has no mixed types.

In a table 7, 7.0 and "7" are written alike, but the first two are one category and the third
another. Where both are categories of one column, text cannot tell them apart.
"""

from __future__ import annotations

import math

from ensemble_kd.errors import InputError, shown
from ensemble_kd.schema import Category, Column, TableSchema


def texts_of(value: Category) -> tuple[str, ...]:
    """Return the texts that stand for a category, the usual one first.

    A text is itself; a number is its shortest decimals, with or without ``.0`` if it is whole; and
    as True equals 1 and False equals 0, those have each other's texts.

    Examples
    --------
    >>> texts_of("Oslo"), texts_of(7), texts_of(2.5)
    (('Oslo',), ('7', '7.0'), ('2.5',))
    >>> texts_of(True)
    ('true', 'True', '1', '1.0')
    """
    if isinstance(value, str):
        return (value,)
    if isinstance(value, bool):
        number, word = int(value), "true" if value else "false"
        return (word, word.capitalize(), *texts_of(number)[:2])
    if isinstance(value, int):
        texts = [str(value)]
        if abs(value) < 2**53:
            texts.append(repr(float(value)))
    else:
        texts = [repr(value)]
        if math.isfinite(value) and value == int(value) and abs(value) < 2**53:
            texts.insert(0, str(int(value)))
    if value in (0, 1):
        word = "true" if value else "false"
        texts += [word, word.capitalize()]
    return tuple(texts)


def codes_by_text(column: Column) -> dict[str, int]:
    """Return the code of every text that stands for a category of the column.

    Parameters
    ----------
    column : Column
        A categorical column.

    Returns
    -------
    dict of str to int

    Raises
    ------
    InputError
        If one text would stand for two categories, or cannot be written as UTF-8.
    """
    codes: dict[str, int] = {}
    for code, category in enumerate(column.categories):
        for text in texts_of(category):
            if codes.setdefault(text, code) != code:
                other = column.categories[codes[text]]
                raise InputError(
                    f"categories given as text must differ as text, but column {column.name!r} has "
                    f"{shown(other)} and {shown(category)}, which are both {shown(text)}; make "
                    f"them one category before training, or export to JSON."
                )
            check_unicode(text, f"column {column.name!r}")
    return codes


def refuse_hashes(schema: TableSchema) -> None:
    """Refuse a model whose categories are hashes, which no export can look up.

    Raises
    ------
    InputError
        If there are some.
    """
    if schema.is_hashed:
        raise InputError(
            "a model whose categories are hashed cannot be exported, as nobody but ensemble_kd "
            "looks them up; export the model itself, or one saved without hash_categories."
        )


def check_unicode(text: str, where: str) -> None:
    """Refuse a text that cannot be written as UTF-8.

    Raises
    ------
    InputError
        If it holds a lone surrogate.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(
            f"texts must be valid Unicode, got {shown(text)} in {where}; rename it before "
            f"training, or export to JSON."
        ) from error
