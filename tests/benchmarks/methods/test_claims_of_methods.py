"""Claims of papers: the laws by which they hold, by hand and on tiny tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.benchmarks.methods import claims as room_of_claims
from ensemble_kd.benchmarks.methods.claims import (
    ROW_CLAIMS,
    TRIALS,
    claims_table,
    judge_rows,
    judge_trials,
    run_trials,
)
from ensemble_kd.benchmarks.methods.claims import __main__ as program
from ensemble_kd.benchmarks.methods.compared import (
    CONDITIONS,
    FEW,
    HARD,
    METHODS,
    PLAIN,
    USUAL,
    Size,
)
from ensemble_kd.benchmarks.methods.driving import drive, policy

TINY = Size(n_train=200, n_test=80, n_synthetic=60, n_updates=8, n_trees=4, n_rounds=4)


def rows_of(method, gains, *, condition=USUAL, dataset="covtype", n_outputs=7, agreement=None):
    """Return rows of a method by hand, one a seed."""
    return pd.DataFrame(
        [
            {
                "condition": condition, "dataset": dataset, "seed": seed, "method": method,
                "skipped": None, "gain": gain, "row_error": 1e-4, "is_official": False,
                "loss": 1 - gain, "plain_loss": 1.0, "teacher_loss": 0.9, "seconds": 1.0,
                "plain_seconds": 1.0, "from_teacher": 0.1, "n_outputs": n_outputs,
                "agreement": np.nan if agreement is None else agreement[seed],
            }
            for seed, gain in enumerate(gains)
        ]
    )  # fmt: skip


def found(rows, words):
    """Return the verdict on the claim with these words."""
    (claim,) = [one for one in judge_rows(rows) if words in one.text]
    return claim.holds


def test_claims_name_methods_that_are_run_under_their_conditions():
    for claim in ROW_CLAIMS:
        method = METHODS[claim.method]
        assert claim.condition in CONDITIONS
        assert claim.condition == USUAL or claim.condition in method.conditions, claim


@pytest.mark.parametrize(
    ("gains", "holds"),
    [([0.02, 0.03, 0.025], True), ([-0.02, -0.03, -0.02], False), ([0.1, -0.1, 0.01], False)],
)
def test_method_helps_where_its_mean_gain_is_surely_above_none(gains, holds):
    assert found(rows_of("decoupled", gains), "(`decoupled`)") is holds


def test_claim_of_several_classes_is_deaf_to_two():
    two = rows_of("decoupled", [0.02, 0.03, 0.025], dataset="magic", n_outputs=2)
    assert found(two, "(`decoupled`)") is None
    against = rows_of("decoupled", [-0.02, -0.03, -0.025])
    assert found(pd.concat([two, against]), "(`decoupled`)") is False


def test_claim_without_rows_is_not_judged():
    assert found(rows_of("dist", [0.1, 0.1, 0.1]), "(`similarity`)") is None


def test_soft_targets_regularise_where_hard_labels_lose():
    assert found(rows_of(HARD, [-0.5, -0.4, -0.45], condition=FEW), "table 5") is True
    assert found(rows_of(HARD, [0.5, 0.4, 0.45], condition=FEW), "table 5") is False


def test_student_keeps_more_than_half_of_the_gap_by_hand():
    # True labels 1.3, plain 1.0, teacher .9: 3 of 4 parts of the gap.
    assert found(rows_of(HARD, [-0.3, -0.3, -0.3]), "more than half") is True
    # True labels 1.05: a third of it.
    assert found(rows_of(HARD, [-0.05, -0.05, -0.05]), "more than half") is False


@pytest.mark.parametrize(
    ("agreement", "gains", "holds"),
    [
        ([0.84, 0.85, 0.86], [0.0, 0.001, -0.001], True),
        ([0.80, 0.79, 0.81], [0.0, 0.001, -0.001], False),  # they agree no more
        ([0.84, 0.85, 0.86], [-0.1, -0.1, -0.11], False),  # at a loss
    ],
)
def test_explanations_agree_more_at_no_loss(agreement, gains, holds):
    plain = rows_of(PLAIN, [0.0, 0.001, -0.001], agreement=[0.80, 0.80, 0.80])
    other = rows_of("sobolev", gains, agreement=agreement)
    assert found(pd.concat([plain, other]), "agree more, and nowhere is the loss higher (`sob") is (
        holds
    )


def test_trial_holds_where_it_does_on_each_seed():
    def judged(one):
        rows = pd.DataFrame({"method": "mimics", "one": one, "other": [1.0, 1.0, 1.0]})
        return next(c for c in judge_trials(rows) if c.text == TRIALS["mimics"].text)

    assert judged([0.9, 0.8, 0.7]).holds is True
    assert judged([0.9, 0.8, 1.0]).holds is False
    assert "lower on 2 of 3 seeds" in judged([0.9, 0.8, 1.0]).found


def test_claims_that_fail_are_listed_and_counted():
    rows = pd.DataFrame({"method": ["mimics", "is_trepan"], "one": [0.5, 2.0], "other": 1.0})
    text = claims_table(judge_trials(rows))
    assert text.count("| holds") == 1
    assert text.count("| does not hold") == 1
    assert text.count("| not run") == len(TRIALS) - 2
    assert text.endswith("1 of 2 hold.")


def test_policy_keeps_to_the_road_without_gusts():
    states = drive(lambda state: int(policy(state).argmax()), 0)
    assert np.abs(states[:, 0]).max() <= 1


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("out")


@pytest.fixture(autouse=True)
def bundled(monkeypatch):
    """Let all trials be on a table that comes with scikit-learn."""
    small = {
        name: room_of_claims.Trial(trial.paper, trial.text, trial.run, "breast_cancer",
                                   trial.student)
        for name, trial in TRIALS.items()
    }  # fmt: skip
    for module in ("_trials", "_run"):
        monkeypatch.setattr(f"ensemble_kd.benchmarks.methods.claims.{module}.TRIALS", small)


def test_every_trial_gives_two_figures_and_is_kept(out, monkeypatch):
    rows = run_trials(seeds=1, out=out, size=TINY)
    assert list(rows["method"]) == list(TRIALS)
    assert np.isfinite(rows[["one", "other"]]).all(axis=None)
    monkeypatch.setattr(
        "ensemble_kd.benchmarks.methods.claims._run.load_dataset", lambda *_: pytest.fail()
    )
    again = run_trials(seeds=1, out=out, size=TINY)
    assert again[["one", "other"]].equals(rows[["one", "other"]])
    # A student that is taught where it comes to by itself, of real size already.
    driven = rows.set_index("method").loc["aggregates"]
    assert driven["one"] < driven["other"]


def test_program_prints_claims_of_a_file(tmp_path, capsys):
    file = tmp_path / "claims.parquet"
    pd.DataFrame({"method": ["mimics"], "one": [0.5], "other": [1.0]}).to_parquet(file)
    assert program.main(["--render", str(file), "--out", str(tmp_path)]) == 0
    assert "1 of 1 hold." in capsys.readouterr().out


def test_program_refuses_an_unknown_claim(tmp_path, capsys):
    assert program.main(["--claims", "mimic", "--out", str(tmp_path)]) == 2
    assert "Did you mean 'mimics'" in capsys.readouterr().err
