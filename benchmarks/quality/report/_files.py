"""All that is shown of results, as files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ensemble_kd.benchmarks.quality.report._claims import check_claims
from ensemble_kd.benchmarks.quality.report._picture import render_picture
from ensemble_kd.benchmarks.quality.report._rank_picture import render_ranks
from ensemble_kd.benchmarks.quality.report._ranks import mean_ranks
from ensemble_kd.benchmarks.quality.report._render import render_markdown
from ensemble_kd.benchmarks.quality.report._short_tables import short_tables
from ensemble_kd.files import write_atomically


def write_report(results: pd.DataFrame, out: Path) -> str:
    """Write results.md, results.png and, with enough to compare, ranks.png and short.md, which has
    the README's tables; return the Markdown.
    """
    text = render_markdown(results)
    write_atomically(text.encode(), out / "results.md")
    if results["skipped"].isna().any():
        render_picture(results, out / "results.png")
    ranks = mean_ranks(results)
    if ranks is not None:
        render_ranks(ranks, out / "ranks.png")
    if check_claims(results) and "best_member" in set(results["method"]):
        write_atomically(short_tables(results).encode(), out / "short.md")
    return text
