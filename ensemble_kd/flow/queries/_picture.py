"""What queries bought, as a picture: the student's distance to the teacher by rows asked for."""

from __future__ import annotations

from typing import Any

from ensemble_kd._optional import require
from ensemble_kd.files import replacing


def draw_queries(tables: Any, path: Any, *, title: str | None = None) -> None:
    """Draw the held-out distance to the teacher against the queries that were spent.

    Parameters
    ----------
    tables : data frame, or dict of str to data frame
        As `queries_` of an estimator; of several, each by its name.
    path : str or path
        PNG to write.
    title : str or None, default=None
        Above the picture.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    figures = require("matplotlib.figure", extra="tune")
    figure = figures.Figure(figsize=(5.5, 4), layout="constrained")
    axis = figure.subplots()
    several = tables if isinstance(tables, dict) else {"student": tables}
    for name, table in several.items():
        axis.plot(table["queries"], table["rmse"], marker="o", ms=4, label=name)
    axis.set_xlabel("rows the teacher was asked for")
    axis.set_ylabel("root mean squared difference to it, held-out rows")
    axis.set_ylim(bottom=0)
    if len(several) > 1:
        axis.legend()
    if title is not None:
        axis.set_title(title)
    with replacing(path, binary=True) as file:
        figure.savefig(file, format="png", dpi=120)
