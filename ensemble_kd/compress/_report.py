"""What a model weighs, and what it costs in quality: on held-out real rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ensemble_kd.bundle import stored_bytes
from ensemble_kd.compress._rows import judging_rows
from ensemble_kd.model import CompactModel
from ensemble_kd.rows import TransferSet
from ensemble_kd.runtime import respond

# The columns of a report.
FIELDS = ("step", "size_bytes", "loss", "fidelity_rmse", "agreement", "n_rows")


def report_row(step: str, model: CompactModel, rows: TransferSet | None) -> dict[str, Any]:
    """Return a line of the report.

    Parameters
    ----------
    step : str
        What was done.
    model : CompactModel
        What came of it.
    rows : TransferSet or None
        Rows in the codes of the model's schema; those held out are looked at, or, if there are
        none, all real ones.

    Returns
    -------
    dict
        "step"; "size_bytes" of the arrays in a file; and on the rows "loss" (mean log-loss in nats,
        or mean squared error, against the true target), "fidelity_rmse" (root mean squared
        difference from the teacher's response), "agreement" (share of rows with the same class),
        "n_rows". None where there is nothing to measure by.
    """
    row: dict[str, Any] = dict.fromkeys(FIELDS)
    row |= {"step": step, "size_bytes": stored_bytes(model.body)}
    judged = None if rows is None else judging_rows(rows)
    if judged is None or not len(judged):
        return row
    answers = respond(model, judged.X)
    row["n_rows"] = len(judged)
    weight = judged.sample_weight
    if weight.sum() > 0:
        squares = ((answers - judged.response) ** 2).mean(axis=1)
        row["fidelity_rmse"] = float(np.sqrt(np.average(squares, weights=weight)))
        row["agreement"] = judged.task.agreement(answers, judged.response, weight)
    known = judged.task.has_target(judged.hard)
    weight = judged.sample_weight[known]
    if weight.sum() > 0:
        truth = judged.task.truth(judged.hard[known])
        row["loss"] = judged.task.mean_loss(answers[known], truth, weight)
    return row


def report_table(report: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the lines of a report as a table, NaN where there was nothing to measure by.

    Parameters
    ----------
    report : list of dict
        Lines, as `report_row` gives them.

    Returns
    -------
    DataFrame
    """
    table = pd.DataFrame(report, columns=list(FIELDS))
    measured = ["loss", "fidelity_rmse", "agreement"]
    return table.astype(dict.fromkeys(measured, "float64"))
