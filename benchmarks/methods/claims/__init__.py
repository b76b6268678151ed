"""What each paper claims of its own method, tried on tables."""

from ensemble_kd.benchmarks.methods.claims._claim import Claim, claims_table
from ensemble_kd.benchmarks.methods.claims._of_rows import ROW_CLAIMS, judge_rows
from ensemble_kd.benchmarks.methods.claims._run import run_trials
from ensemble_kd.benchmarks.methods.claims._trials import TRIALS, Trial, judge_trials

__all__ = [
    "Claim",
    "ROW_CLAIMS",
    "TRIALS",
    "Trial",
    "claims_table",
    "judge_rows",
    "judge_trials",
    "run_trials",
]
