"""Names that differ: one that is taken gets a number."""

from __future__ import annotations

from collections.abc import Iterable


class Names:
    """Gives each name once; with many of one beginning, too, in time that grows as their number.

    Parameters
    ----------
    taken : iterable of str
        Names that are not given.

    Examples
    --------
    >>> names = Names(["label"])
    >>> [names.fresh(name) for name in ("label", "x", "x", "x_2", "x")]
    ['label_2', 'x', 'x_2', 'x_2_2', 'x_3']
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._last: dict[str, int] = {}

    def fresh(self, name: str) -> str:
        """Return the name, or with ``_2`` or a higher number after it, as no other one is."""
        unique, n = name, self._last.get(name, 1)
        while unique in self._taken:
            n += 1
            unique = f"{name}_{n}"
        self._last[name] = n
        self._taken.add(unique)
        return unique
