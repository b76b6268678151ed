"""A student as people read it: the rules of one tree, the curves of an additive model, drawn."""

from ensemble_kd.readable._curves import Curve, Curves, curves
from ensemble_kd.readable._picture import draw
from ensemble_kd.readable._rules import LeafFacts, Rule, Rules, leaf_facts, rules, rules_with

__all__ = [
    "Curve",
    "Curves",
    "LeafFacts",
    "Rule",
    "Rules",
    "curves",
    "draw",
    "leaf_facts",
    "rules",
    "rules_with",
]
