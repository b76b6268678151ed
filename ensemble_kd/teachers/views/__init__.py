"""How a teacher sees rows, beside what it answers: one kind of view a file, by object or name."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone

from ensemble_kd.errors import InputError
from ensemble_kd.teachers.views._attributions import AttributionView
from ensemble_kd.teachers.views._auto import AutoView
from ensemble_kd.teachers.views._base import View
from ensemble_kd.teachers.views._hidden import HiddenView
from ensemble_kd.teachers.views._leaves import LeafView
from ensemble_kd.teachers.views._outputs import OutputsView

VIEWS: dict[str, type[View]] = {
    "auto": AutoView,
    "leaves": LeafView,
    "hidden": HiddenView,
    "outputs": OutputsView,
    "attributions": AttributionView,
}


def as_view(view: Any) -> View:
    """Return the unfitted view that a name or an object stands for.

    Parameters
    ----------
    view : View or str
        What was chosen.

    Returns
    -------
    View

    Raises
    ------
    InputError
        If it is neither a view nor the name of one.
    """
    if isinstance(view, str) and view in VIEWS:
        return VIEWS[view]()
    if isinstance(view, View):
        found: View = clone(view)
        return found
    raise InputError(f"view must be one of {list(VIEWS)} or a View object, got {view!r}.")


__all__ = [
    "VIEWS",
    "AttributionView",
    "AutoView",
    "HiddenView",
    "LeafView",
    "OutputsView",
    "View",
    "as_view",
]
