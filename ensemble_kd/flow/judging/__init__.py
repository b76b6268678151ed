"""Which of two models is better on the same real rows, and how sure that is."""

from ensemble_kd.flow.judging._comparison import FEW, Comparison, Standard, compare, rarest
from ensemble_kd.flow.judging._judge import Answer, Judge

__all__ = ["FEW", "Answer", "Comparison", "Judge", "Standard", "compare", "rarest"]
