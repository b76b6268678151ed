"""A claim, what was found of it, and whether it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ensemble_kd.benchmarks.shared import markdown_table

WORDS = {True: "holds", False: "does not hold", None: "not run"}


@dataclass(frozen=True)
class Claim:
    """One claim of a paper.

    Parameters
    ----------
    paper : str
        Whose it is.
    text : str
        What it says, for tables.
    found : str
        What was measured.
    holds : bool or None
        By the law that the text states; None where there is nothing to judge by.
    """

    paper: str
    text: str
    found: str
    holds: bool | None


def claims_table(claims: Sequence[Claim]) -> str:
    """Return a line for each claim, and how many hold.

    Parameters
    ----------
    claims : sequence of Claim
        In order.

    Returns
    -------
    str
        Markdown.
    """
    body = [[one.paper, one.text, one.found, WORDS[one.holds]] for one in claims]
    judged = [one.holds for one in claims if one.holds is not None]
    table = markdown_table(["paper", "claim", "found", "verdict"], body, n_left=4)
    return f"{table}\n\n{sum(judged)} of {len(judged)} hold."
