"""What a policy is: a rule that takes one of the cuts of real rows."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from ensemble_kd.decision._cuts import Cuts


@dataclass(frozen=True)
class Rule(ABC):
    """Base of policies: fields say what is asked."""

    kind: ClassVar[str]
    needs_labels: ClassVar[bool] = False

    @property
    def asked(self) -> dict[str, Any]:
        """What is asked, by name, as plain values."""
        return asdict(self)

    @abstractmethod
    def threshold(self, cuts: Cuts) -> float:
        """Return the threshold that it takes of these cuts."""


def is_number(value: Any) -> bool:
    """Tell whether a value is a finite number, and no truth value."""
    is_real = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return bool(is_real and math.isfinite(value))
