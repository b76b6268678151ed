"""The end of a search: a few students at full effort, networks like the flow's own among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ensemble_kd.tuning._budget import Budget
from ensemble_kd.tuning.finish._front import Candidate, by_loss
from ensemble_kd.tuning.trial import EVEN, EVEN_BINS, EVEN_WIDTHS, Setting

Params = dict[str, Any]
# Parameters of a network that say what it learns and how, not how large it is.
TAUGHT_BY = (
    "synthesizer", "labels", "alpha", "loss", "temperature", "edges", "encoding",
    "mlp_learning_rate",
)  # fmt: skip


def finalists(
    found: Sequence[Candidate],
    budget: Budget,
    own: Params | None,
    most: int,
    setting: Callable[[Params], Setting],
) -> list[Params]:
    """Return the parameters of those that are trained in earnest.

    A short training on few rows favours small networks and coarse weights, so the best trials alone
    would leave out what a long one makes better. First comes the flow's own network, of the
    greatest width that has kept the latency; then the best trial, what it was taught by in the
    flow's network of finer steps, also cut from one twice as wide, and other trials, the best
    first.

    Parameters
    ----------
    found : sequence of Candidate
        The trials.
    budget : Budget
        The limits; the gain to keep is not asked of a short training.
    own : dict or None
        Parameters of the flow's own network, where it lies in the space.
    most : int
        Finalists.
    setting : callable
        From parameters to a setting, so that no student is trained twice.
    """
    affordable = budget.costs_alone()
    within = sorted((one for one in found if one.meets(affordable)), key=by_loss)
    ranked = [one.params for one in within]
    widths = [p["width"] for p in ranked if p.get("shape") == EVEN and p["keep"] == 1]
    if own is None or not widths:
        return distinct(ranked, setting)[:most]
    best = next(params for params in ranked if params["student"] == "mlp")
    taught = {name: best[name] for name in TAUGHT_BY if name in best}
    usual = own | {"width": min(own["width"], max(widths))}
    fine = {"most_bins": max(EVEN_BINS)}
    pruned = {"width": min(2 * usual["width"], max(EVEN_WIDTHS)), "keep": 0.5}
    chosen = [
        usual, *ranked[:1], usual | taught | fine, usual | fine, usual | taught | fine | pruned,
        usual | taught | fine | {"width": max(widths)}, *ranked[1:],
    ]  # fmt: skip
    return distinct(chosen, setting)[:most]


def distinct(points: Sequence[Params], setting: Callable[[Params], Setting]) -> list[Params]:
    """Return the points that differ in what they train, the first of equals."""
    seen: set[str] = set()
    kept = []
    for point in points:
        made = setting(point)
        name = repr((made.student, made.steps, made.recipe))
        if name not in seen:
            seen.add(name)
            kept.append(point)
    return kept
