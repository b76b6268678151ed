"""Compact model and real rows -> compact model whose probabilities, or decisions, are put right."""

from ensemble_kd.decision._calibrate import calibrate
from ensemble_kd.decision._card import (
    carry_over_lines,
    cost_a_row,
    decision_lines,
    wrong_call_rates,
)
from ensemble_kd.decision._carry_over import carry_over
from ensemble_kd.decision._offset import with_offset, with_offset_again
from ensemble_kd.decision._policy import ThresholdPolicy
from ensemble_kd.decision._threshold import choose_threshold, with_threshold
from ensemble_kd.decision.policies import check_contamination

__all__ = [
    "ThresholdPolicy",
    "calibrate",
    "carry_over",
    "carry_over_lines",
    "check_contamination",
    "choose_threshold",
    "cost_a_row",
    "decision_lines",
    "with_offset",
    "with_offset_again",
    "with_threshold",
    "wrong_call_rates",
]
