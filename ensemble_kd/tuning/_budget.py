"""What a student may cost and must keep: limits, and by how much a student breaks them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from ensemble_kd.errors import InputError
from ensemble_kd.metrics import QUANTILES, Latency

# Of the limit on latency, left free for the noise of the next measurement.
MARGIN = 0.15


@dataclass(frozen=True)
class Budget:
    """Limits on a student; None where there is none.

    Parameters
    ----------
    max_latency_us : float or None, default=None
        Microseconds that one row may take, greater than 0.
    max_bytes : int or None, default=None
        Bytes of the model file, greater than 0.
    min_gain_kept : float or None, default=None
        Share of the teacher's gain over plain training to keep, at most 1. Where the teacher gains
        nothing, a student that is no worse than plain training is good enough.
    quantile : {"p50", "p99"}, default="p50"
        What `max_latency_us` is a limit on: the median of single calls, or what 99 of 100 calls
        stay below.
    margin : float, default=0.15
        Share of `max_latency_us` that a student must leave free, in [0, 1), so that it keeps the
        limit when it is measured again.
    """

    max_latency_us: float | None = None
    max_bytes: int | None = None
    min_gain_kept: float | None = None
    quantile: str = "p50"
    margin: float = MARGIN

    def check(self) -> None:
        """Refuse limits that no student could be held to.

        Raises
        ------
        InputError
            If a limit is out of range.
        """
        for name in ("max_latency_us", "max_bytes"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InputError(f"{name} must be > 0 or None, got {value!r}.")
        if self.min_gain_kept is not None and not self.min_gain_kept <= 1:
            raise InputError(f"min_gain_kept must be <= 1 or None, got {self.min_gain_kept!r}.")
        if self.quantile not in QUANTILES:
            raise InputError(f"latency must be one of {list(QUANTILES)}, got {self.quantile!r}.")
        if not 0 <= self.margin < 1:
            raise InputError(f"margin must be in [0, 1), got {self.margin!r}.")

    def costs_alone(self) -> Budget:
        """Return the limits on latency and bytes, without the gain to keep."""
        return replace(self, min_gain_kept=None)

    @property
    def timed_limit_us(self) -> float | None:
        """Microseconds that the measured interval must stay below."""
        return None if self.max_latency_us is None else self.max_latency_us * (1 - self.margin)

    def excess(
        self, latency: Latency | None, n_bytes: int, gain_kept: float, *, no_worse: bool = True
    ) -> dict[str, float]:
        """Return by how much each limit is broken, as a share of it; 0 or less is within.

        Parameters
        ----------
        latency : Latency or None
            As measured; None leaves it out.
        n_bytes : int
            Of the file.
        gain_kept : float
            NaN where the teacher gains nothing.
        no_worse : bool, default=True
            Whether the student is no worse than plain training, which counts where `gain_kept` is
            NaN.

        Returns
        -------
        dict of str to float
            By the name of the limit; those that are None are left out.
        """
        found: dict[str, float] = {}
        limit = self.timed_limit_us
        if limit is not None and latency is not None:
            found["max_latency_us"] = latency.interval(self.quantile)[1] / limit - 1
        if self.max_bytes is not None:
            found["max_bytes"] = n_bytes / self.max_bytes - 1
        if self.min_gain_kept is not None:
            undefined = 0.0 if no_worse else 1.0
            kept = self.min_gain_kept - gain_kept
            found["min_gain_kept"] = undefined if math.isnan(gain_kept) else kept
        return found

    def describe(self) -> str:
        """Return the limits in words."""
        parts = []
        if self.max_latency_us is not None:
            parts.append(f"{self.max_latency_us:g} us a row ({self.quantile})")
        if self.max_bytes is not None:
            parts.append(f"{self.max_bytes:,} bytes")
        if self.min_gain_kept is not None:
            parts.append(f"{self.min_gain_kept:.0%} of the gain kept")
        return ", ".join(parts) or "no limit"

    def limits(self) -> dict[str, Any]:
        """Return the limits as plain values."""
        return vars(self).copy()
