"""What reasons are counted from and called: from the model to `reasons.json`, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ensemble_kd.model import ReasonGroup, Reasons


def reasons_to_dict(reasons: Reasons) -> dict[str, Any]:
    """Return what `reasons.json` says.

    Parameters
    ----------
    reasons : Reasons
        Of the model.

    Returns
    -------
    dict
    """
    rows = np.asarray(reasons.background, dtype=np.float64).tolist()
    return {
        "background": [[_plain(value) for value in row] for row in rows],
        "output": reasons.output,
        "raises": reasons.raises,
        "groups": [
            {
                "name": group.name,
                "columns": list(group.columns),
                "code": group.code,
                "text": group.text,
            }
            for group in reasons.groups
        ],
        "excluded": list(reasons.excluded),
        "n_steps": reasons.n_steps,
    }


def reasons_from_dict(entries: Mapping[str, Any]) -> Reasons:
    """Return what `reasons.json` says as a record; its form was checked.

    Parameters
    ----------
    entries : mapping
        The content of the member.

    Returns
    -------
    Reasons
    """
    background = np.array(entries["background"], dtype=np.float64)  # null becomes NaN
    background.flags.writeable = False
    return Reasons(
        background=background,
        output=entries["output"],
        raises=entries["raises"],
        groups=tuple(
            ReasonGroup(group["name"], tuple(group["columns"]), group["code"], group["text"])
            for group in entries["groups"]
        ),
        excluded=tuple(entries["excluded"]),
        n_steps=entries["n_steps"],
    )


def _plain(value: float) -> float | int | None:
    """Return a number in its shortest form; a missing one as None."""
    if value != value:
        return None
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
