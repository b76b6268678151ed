"""Which data sets there are: one card each in the folder ``cards``."""

from __future__ import annotations

import difflib
from importlib.resources import files

from ensemble_kd.datasets._card import TASKS, DatasetCard, Task
from ensemble_kd.datasets._parse import parse_card
from ensemble_kd.errors import InputError

_SUFFIX = ".toml"


def list_datasets(task: Task | None = None) -> list[str]:
    """Name the data sets that have a card.

    Parameters
    ----------
    task : {"binary", "multiclass", "regression", "anomaly"} or None, default=None
        Keep the data sets of this task; None keeps all.

    Returns
    -------
    list of str
        Names in alphabetical order. Having a card does not mean that the data is at hand.

    Raises
    ------
    InputError
        If the task is unknown.

    Examples
    --------
    >>> from ensemble_kd.datasets import list_datasets
    >>> "diabetes" in list_datasets("regression")
    True
    """
    if task is not None and task not in TASKS:
        raise InputError(f"task must be one of {', '.join(TASKS)}, or None, got {task!r}.")
    entries = (entry.name for entry in files(__package__).joinpath("cards").iterdir())
    names = sorted(entry.removesuffix(_SUFFIX) for entry in entries if entry.endswith(_SUFFIX))
    return [name for name in names if task is None or read_card(name).task == task]


def read_card(name: str) -> DatasetCard:
    """Read the card of one data set.

    Parameters
    ----------
    name : str
        Name of the data set, as `list_datasets` gives it.

    Returns
    -------
    DatasetCard
        Task, source, licence, size, traps, and how it is loaded.

    Raises
    ------
    InputError
        If no data set has this name, or its card breaks a rule.

    Examples
    --------
    >>> from ensemble_kd.datasets import read_card
    >>> read_card("wine").n_rows
    178
    """
    names = list_datasets()
    if name not in names:
        near = difflib.get_close_matches(str(name), names, n=3)
        hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else "See list_datasets()."
        raise InputError(f"name must be a data set with a card, got {name!r}. {hint}")
    card = files(__package__).joinpath("cards", name + _SUFFIX)
    return parse_card(name, card.read_text(encoding="utf-8"))
