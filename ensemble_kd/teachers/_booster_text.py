"""The text of a LightGBM model, tree by tree: `dump_model` takes seconds, this milliseconds."""

from __future__ import annotations

from collections.abc import Iterator


def tree_fields(text: str) -> Iterator[dict[str, str]]:
    """Yield the fields of each tree, by LightGBM's names for them.

    Parameters
    ----------
    text : str
        As `Booster.model_to_string` gives it.
    """
    for part in text.partition("\nend of trees")[0].split("\nTree=")[1:]:
        lines = (line.partition("=") for line in part.splitlines())
        yield {name: value for name, equals, value in lines if equals}
