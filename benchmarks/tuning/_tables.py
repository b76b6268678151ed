"""What the tuning benchmark found, as tables: budgets, the default recipe, plain boosters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ensemble_kd.benchmarks.shared import markdown_table

Row = dict[str, Any]
LATENCIES_US, SIZES = (5, 20, 100), (10_000, 50_000, 500_000)
# What a student costs that is set beside a rival.
COSTS = ("latency_p50_us", "size_bytes")


def point(told: Row) -> Row:
    """Return the tuned or the default student as a line like those of front and rivals."""
    return {"certified_loss": told["loss"], "latency_p50_us": told["latency_p50_us"],
            "size_bytes": told["bytes"]}  # fmt: skip


def beats(found: Row) -> bool:
    """Tell whether the tuned student has a lower loss than the default at no more microseconds."""
    tuned, auto = found.get("tuned"), found["auto"]
    return bool(tuned and tuned["loss"] < auto["loss"] and tuned["us"] <= auto["us"])


def is_dominated(rival: Row, own: Sequence[Row]) -> bool:
    """Tell whether some student is no worse in loss, microseconds and bytes at once."""
    return any(all(one[key] <= rival[key] for key in ("certified_loss", *COSTS)) for one in own)


def budget_table(results: Sequence[Row]) -> str:
    """Return the gain kept, time and size of each budget's student."""
    header = ["budget", *(found["dataset"] for found in results)]
    body = []
    for i, (us, size) in enumerate((us, size) for us in LATENCIES_US for size in SIZES):
        cells = []
        for found in results:
            told = found["budgets"][i]
            mark = "" if told["right"] else " **missed**"
            if told["refused"]:
                cells.append(f"refused ({told['bytes'] / 1e3:.1f} kB){mark}")
                continue
            kept = told["gain_kept"]
            cells.append(
                f"{'-' if kept != kept else f'{kept:.0%}'}, {told['us']:.1f} us, "
                f"{told['bytes'] / 1e3:.0f} kB{mark}"
            )
        body.append([f"{us} us, {size // 1000} kB", *cells])
    return markdown_table(header, body)


def duel_table(results: Sequence[Row]) -> str:
    """Return the tuned student beside the default one."""
    body = []
    for found in results:
        auto, tuned = found["auto"], found.get("tuned")
        lines = [found["dataset"], f"{found['n_rows']:,}", *(f"{found[k]:.5g}" for k in
                 ("teacher", "plain")), f"{auto['loss']:.5g}"]  # fmt: skip
        lines += (
            ["refused"] + 3 * ["-"] if tuned is None
            else [f"{tuned['loss']:.5g}", f"{auto['us']:.2f} / {tuned['us']:.2f}",
                  f"{auto['bytes'] / 1e3:.0f} / {tuned['bytes'] / 1e3:.0f}",
                  f"{tuned['optimism']:+.2g}"]
        )  # fmt: skip
        body.append([*lines, "yes" if beats(found) else "no"])
    return markdown_table(
        ["data set", "rows", "teacher", "plain", "auto", "tuned", "us", "kB", "optimism",
         "tuned beats auto"],
        body,
    )  # fmt: skip


def rival_table(results: Sequence[Row]) -> str:
    """Return how many plainly trained trees are beaten in loss, time and bytes at once.

    By the front as its trials made it, and once a few of it are refitted, as the tuned one is.
    """
    ways = sorted({r["model"] for found in results for r in found.get("rivals", ())})
    body = []
    for found in results:
        if "rivals" not in found:
            continue
        tuned = [point(found["tuned"])] if "tuned" in found else []
        refitted = [*found["front"], *found["refitted"], *tuned]
        cells = []
        for way in ways:
            rivals = [line for line in found["rivals"] if line["model"] == way]
            as_made, again = (
                sum(is_dominated(rival, own) for rival in rivals)
                for own in (found["front"], refitted)
            )
            cells.append(f"{as_made} / {again} of {len(rivals)}")
        body.append([found["dataset"], *cells])
    return markdown_table(["dominated by the front / refitted", *ways], body)


def verdicts(results: Sequence[Row]) -> str:
    """Return what was to be shown, and whether it is."""
    cells = [cell for found in results for cell in found["budgets"]]
    kept = sum(cell["right"] for cell in cells)
    won = sum(map(beats, results))
    return (
        f"budgets kept when measured again, or rightly refused: {kept} of {len(cells)}\n"
        f"tuned beats recipe='auto' at equal or lower latency: {won} of {len(results)} sets"
    )
