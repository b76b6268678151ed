"""The end of a search: a few students at full effort, networks like the flow's own among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ensemble_kd._scorer import load
from ensemble_kd.tuning._budget import Budget
from ensemble_kd.tuning._front import Candidate, by_loss, candidates
from ensemble_kd.tuning._space import EVEN, EVEN_BINS, Setting
from ensemble_kd.tuning._trial import TrialRunner
from ensemble_kd.tuning._work import StudyPlace, tally
from ensemble_kd.tuning._workers import run_trials

Params = dict[str, Any]
# Finalists that label for those to follow, and how many these are.
N_PEERS, N_HEIRS = 3, 2
# Parameters of a network that say what it learns and how, not how large it is.
TAUGHT_BY = (
    "synthesizer", "labels", "alpha", "loss", "temperature", "edges", "encoding",
    "mlp_learning_rate",
)  # fmt: skip


def hold_finals(
    runner: TrialRunner,
    place: StudyPlace,
    found: Sequence[Candidate],
    own: Params | None,
    *,
    n_finalists: int,
    n_rows: int,
    **options: Any,
) -> tuple[list[Any], bool]:
    """Train finalists in earnest, then the best of them again with the others as teachers too.

    Parameters
    ----------
    runner : TrialRunner
        Of the trials.
    place : StudyPlace
        Of the trials; each round of the finals is a study beside it, and as safe.
    found : sequence of Candidate
        The trials.
    own : dict or None
        Parameters of the flow's own network, where it lies in the space.
    n_finalists : int
        Of the first round, at most.
    n_rows : int
        Synthetic rows.
    **options
        Of `run_trials`.

    Returns
    -------
    studies : list of optuna.study.Study
        One for each round.
    interrupted : bool
        Whether Ctrl-C ended it.
    """
    earnest, budget = runner.of_finals(n_rows), runner.budget
    place = replace(place, name=f"{place.name}-finals-{n_rows}")
    first = place.open()
    chosen = finalists(found, budget, own, n_finalists, runner.setting_of)
    n_first = enqueue(first, chosen)
    if run_trials(earnest, place, n_trials=n_first, title="finals", **options):
        return [first], True
    peers, heirs = peers_and_heirs(candidates(first), budget)
    if len(peers) < N_PEERS or not heirs:
        return [first], False
    place = replace(place, name=f"{place.name}-{peers[0].sha256[:8]}-{peers[1].sha256[:8]}")
    second = place.open()
    models = [load(str(runner.folder / one.file)).model for one in peers]
    taught = earnest.taught_by([one.params for one in peers], models)
    n_second = enqueue(second, heirs)
    stopped = run_trials(taught, place, n_trials=n_second, title="second round", **options)
    return [first, second], stopped


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
    flow's network of finer steps and of any width, and other trials, the best first.

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
    widths = [params["width"] for params in ranked if params.get("shape") == EVEN]
    if own is None or not widths:
        return distinct(ranked, setting)[:most]
    best = next(params for params in ranked if params["student"] == "mlp")
    taught = {name: best[name] for name in TAUGHT_BY if name in best}
    usual = own | {"width": min(own["width"], max(widths))}
    fine = {"most_bins": max(EVEN_BINS)}
    chosen = [
        usual, *ranked[:1], usual | taught | fine, usual | fine,
        usual | taught | fine | {"width": max(widths)}, *ranked[1:],
    ]  # fmt: skip
    return distinct(chosen, setting)[:most]


def peers_and_heirs(
    found: Sequence[Candidate], budget: Budget
) -> tuple[list[Candidate], list[Params]]:
    """Return the best finalists that learned synthetic rows, and parameters of those to follow.

    Who labels may cost what it likes; who follows is to keep the limits on latency and bytes.
    """
    ranked = sorted((one for one in found if _learns_synthetic_rows(one.params)), key=by_loss)
    costs = budget.costs_alone()
    heirs = [one.params for one in ranked if one.meets(costs)]
    return ranked[:N_PEERS], heirs[:N_HEIRS]


def enqueue(study: Any, points: Sequence[Params]) -> int:
    """Put points that are new to a study in its queue, and return how many trials it is to have."""
    for point in points:
        study.enqueue_trial(point, skip_if_exists=True)
    found = tally(study)
    return found.done + found.running + found.waiting


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


def _learns_synthetic_rows(params: Params) -> bool:
    return (
        params["student"] == "mlp"
        and params["labels"] != "true"
        and params["synthesizer"] != "none"
    )
