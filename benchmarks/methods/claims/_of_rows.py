"""Claims that the rows of the benchmark of methods answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t

from ensemble_kd.benchmarks.methods.claims._claim import Claim
from ensemble_kd.benchmarks.methods.compared import (
    DEGREES,
    FEW,
    HARD,
    NOISY,
    PLAIN,
    SIGNIFICANCE,
    SMALL,
    USUAL,
    judge,
)

NOTHING = "there are no rows of it"


@dataclass(frozen=True)
class RowClaim:
    """A method lowers the loss under a condition.

    Parameters
    ----------
    paper : str
        Whose claim it is.
    text : str
        In words.
    method : str
        In `METHODS`.
    condition : str
        In `CONDITIONS`.
    datasets : tuple of str, default=()
        Where it is claimed; empty for all.
    is_of_classes : bool, default=False
        Whether it is claimed of three classes or more.
    """

    paper: str
    text: str
    method: str
    condition: str = USUAL
    datasets: tuple[str, ...] = ()
    is_of_classes: bool = False


ROW_CLAIMS = [
    RowClaim("Zhao 2022", "decoupled is better than soft targets, three classes or more",
             "decoupled", is_of_classes=True),
    RowClaim("Huang 2022", "correlation is better than soft targets for a student far smaller",
             "dist", SMALL, is_of_classes=True),
    RowClaim("Huang 2022", "and for the usual one, three classes or more", "dist",
             is_of_classes=True),
    RowClaim("Park 2019", "distances help where rows are few", "relational_distance", FEW),
    RowClaim("Park 2019", "angles help where rows are few", "relational_angle", FEW),
    RowClaim("Tung 2019", "likeness helps where rows are few", "similarity", FEW),
    RowClaim("Romero 2015", "hints help", "hints"),
    RowClaim("Gao 2020", "residual hints help a small student", "residual", SMALL),
    RowClaim("Czarnecki 2017", "derivatives help where rows are few", "sobolev", FEW),
    RowClaim("Zagoruyko 2017", "attention lowers the loss", "attention"),
    RowClaim("Furlanello 2018", "born again, a student is better than the first one", "born_again"),
    RowClaim("Furlanello 2018", "the ensemble of generations is a better teacher",
             "born_again_ensemble"),
    RowClaim("Bagherinezhad 2018", "refined labels are better", "refinement"),
    RowClaim("Mirzadeh 2020", "assistants help a student far smaller", "assistant_chain", SMALL),
    RowClaim("Jafari 2021", "an annealed temperature helps a student far smaller", "annealed",
             SMALL),
    RowClaim("Bengio 2009", "easy rows first help where labels are wrong", "easy_to_hard", NOISY),
    RowClaim("Northcutt 2021", "doubted rows help where labels are wrong", "doubted_rows", NOISY),
    RowClaim("Woods 1997", "local competence makes a better teacher", "competence"),
    RowClaim("Kwon 2020", "confidence makes a better teacher", "confidence"),
    RowClaim("Ross 2011", "more rows where the student errs help", "hard_rows"),
    RowClaim("Pereira 2026", "rows at pairs of cuts help", "cut_pairs"),
    RowClaim("Bucilua 2006", "squared error on probabilities is better than soft targets",
             "squared_probabilities"),
    RowClaim("Ba 2014", "logits are better than probabilities", "logit_matching"),
]  # fmt: skip


def judge_rows(results: pd.DataFrame) -> list[Claim]:
    """Return what the rows say of each claim.

    A method "helps" where the mean over data sets of its gain beside plain soft targets is above 0
    by a one-sided t-test at 5 %, with the standard errors of `judge`.

    Parameters
    ----------
    results : DataFrame
        As `run_methods` gives them.

    Returns
    -------
    list of Claim
    """
    judged = judge(results).merge(_n_outputs(results), on="dataset")
    found = [_regularises(judged), _keeps_the_gap(judged)]
    found += [_helps(judged, claim) for claim in ROW_CLAIMS]
    return [*found, *(_looks(results, judged, name) for name in ("attention", "sobolev"))]


def _n_outputs(results: pd.DataFrame) -> pd.DataFrame:
    return results.groupby("dataset", sort=False)["n_outputs"].first().reset_index()


def _helps(judged: pd.DataFrame, claim: RowClaim) -> Claim:
    own = (judged["method"] == claim.method) & (judged["condition"] == claim.condition)
    if claim.datasets:
        own &= judged["dataset"].isin(claim.datasets)
    if claim.is_of_classes:
        own &= judged["n_outputs"] > 2
    rows = judged[own & (judged["n_seeds"] > 1)]
    text = f"{claim.text} (`{claim.method}`)"
    if rows.empty:
        return Claim(claim.paper, text, NOTHING, None)
    gain, error = _over_sets(rows)
    found = (
        f"loss {-100 * gain:+.1f} % (standard error {100 * error:.1f}), lower on "
        f"{(rows['gain'] > 0).sum()} of {len(rows)} sets"
    )
    return Claim(claim.paper, text, found, _is_sure(gain, error))


def _over_sets(rows: pd.DataFrame) -> tuple[float, float]:
    """Return the mean gain over data sets and its standard error."""
    return float(rows["gain"].mean()), float(np.sqrt((rows["error"] ** 2).sum()) / len(rows))


def _is_sure(gain: float, error: float) -> bool:
    return bool(t.sf(gain / max(error, 1e-12), DEGREES) < SIGNIFICANCE)


def _regularises(judged: pd.DataFrame) -> Claim:
    """Hinton's table 5: with 3 % of the data soft targets keep what hard ones lose."""
    text = "with 3 % of the rows soft targets are better than true labels, covtype (table 5)"
    few = (judged["condition"] == FEW) & (judged["dataset"] == "covtype")
    rows = judged[few & (judged["method"] == HARD)]
    if rows.empty:
        return Claim("Hinton 2015", text, NOTHING, None)
    gain, error = _over_sets(rows)
    line = rows.iloc[0]
    found = f"loss {line['plain_loss']:.3f} beside {line['loss']:.3f}"
    return Claim("Hinton 2015", text, found, _is_sure(-gain, error))


def _keeps_the_gap(judged: pd.DataFrame) -> Claim:
    """Bucila's compression: the student keeps most of what the ensemble gains."""
    text = "a student keeps more than half of what its teacher gains over true labels"
    usual = judged[judged["condition"] == USUAL]
    hard = usual[usual["method"] == HARD].set_index("dataset")
    gap = hard["loss"] - hard["teacher_loss"]
    kept = ((hard["loss"] - hard["plain_loss"]) / gap)[gap > 0.01 * hard["loss"]]
    if kept.empty:
        return Claim("Bucilua 2006", text, NOTHING, None)
    found = f"median of {len(kept)} sets {100 * kept.median():.0f} %"
    return Claim("Bucilua 2006", text, found, bool(kept.median() > 0.5))


def _looks(results: pd.DataFrame, judged: pd.DataFrame, name: str) -> Claim:
    """Agreement of explanations rises, and the loss does not."""
    paper = {"attention": "Zagoruyko 2017", "sobolev": "Czarnecki 2017"}[name]
    text = f"explanations agree more, and nowhere is the loss higher (`{name}`)"
    had = results[(results["condition"] == USUAL) & results["agreement"].notna()]
    wide = had.pivot_table(index=["dataset", "seed"], columns="method", values="agreement")
    if name not in wide or PLAIN not in wide:
        return Claim(paper, text, NOTHING, None)
    change = (wide[name] - wide[PLAIN]).dropna()
    error = change.std(ddof=1) / np.sqrt(len(change))
    own = judged[(judged["method"] == name) & (judged["condition"] == USUAL)]
    hurt = list(own[own["verdict"] == "hurts"]["dataset"])
    found = f"rank correlation {change.mean():+.3f} (standard error {error:.3f}), loss higher on "
    found += ", ".join(hurt) or "none"
    return Claim(paper, text, found, _is_sure(float(change.mean()), float(error)) and not hurt)
