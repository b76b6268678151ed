"""All that is shown of results, as files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ensemble_kd.benchmarks.quality.report._above_picture import render_above
from ensemble_kd.benchmarks.quality.report._claims import check_claims
from ensemble_kd.benchmarks.quality.report._picture import render_picture
from ensemble_kd.benchmarks.quality.report._rank_picture import render_ranks
from ensemble_kd.benchmarks.quality.report._ranks import mean_ranks
from ensemble_kd.benchmarks.quality.report._render import render_markdown
from ensemble_kd.benchmarks.quality.report._short_tables import short_tables
from ensemble_kd.benchmarks.quality.report._singles import above_the_best, single_ranks
from ensemble_kd.files import write_atomically


def write_report(results: pd.DataFrame, out: Path, before: pd.DataFrame | None = None) -> str:
    """Write what is shown of results, and return the Markdown.

    Parameters
    ----------
    results : DataFrame
        As `run_benchmark` returns it.
    out : Path
        Gets results.md, results.png and, with enough to compare, ranks.png, above.png (single
        models beside the best of all) and short.md, which has the README's tables.
    before : DataFrame or None, default=None
        Rows of an earlier state, to be compared with.

    Returns
    -------
    str
    """
    text = render_markdown(results, before)
    write_atomically(text.encode(), out / "results.md")
    if results["skipped"].isna().any():
        render_picture(results, out / "results.png")
    ranks, of_singles = mean_ranks(results), single_ranks(results)
    if ranks is not None:
        render_ranks(ranks, out / "ranks.png")
    if of_singles is not None:
        render_above(above_the_best(results), of_singles, out / "above.png")
    if check_claims(results) and "best_member" in set(results["method"]):
        write_atomically(short_tables(results, before).encode(), out / "short.md")
    return text
