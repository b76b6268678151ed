"""What is to be shown as a table."""

from __future__ import annotations

import pandas as pd

from ensemble_kd.benchmarks.quality.report._against import Claim
from ensemble_kd.benchmarks.quality.report._claims import check_claims
from ensemble_kd.benchmarks.shared import markdown_table

HEADER = ["what is to be shown", "found", "reached?"]


def claims_table(
    results: pd.DataFrame, before: pd.DataFrame | None = None, *, with_open: bool = False
) -> str:
    """Return the claims with what was found, as Markdown.

    Parameters
    ----------
    results : DataFrame
        As `run_benchmark` returns it.
    before : DataFrame or None, default=None
        Rows of an earlier state, as `check_claims` takes them.
    with_open : bool, default=False
        Whether those are told that there are no results to judge by.

    Returns
    -------
    str
        Empty where there is nothing to judge.
    """
    claims = [
        claim
        for claim in check_claims(results, before)
        if with_open or claim.is_told or claim.reached is not None
    ]
    body = [[claim.text, claim.found, _verdict(claim)] for claim in claims]
    return markdown_table(HEADER, body, n_left=3) if claims else ""


def _verdict(claim: Claim) -> str:
    if claim.reached is None:
        return "-"
    verdict = "yes" if claim.reached else "no"
    if not claim.missed_by:
        return verdict
    return f"{verdict}; not on {', '.join(claim.missed_by)}"
