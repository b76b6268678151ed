"""Reasons in C: what each column adds to the score, and which of them move it most."""

from ensemble_kd.export.c.reasons._told import (
    REASON_TEXTS,
    check_reasons,
    reasons_declared,
    reasons_source,
)

__all__ = ["REASON_TEXTS", "check_reasons", "reasons_declared", "reasons_source"]
