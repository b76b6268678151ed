"""The errors a caller may meet, each naming the rule, the value received and the remedy."""

from __future__ import annotations


class EnsembleKDError(Exception):
    """Base of every error that this package raises on purpose."""


class InputError(EnsembleKDError, ValueError):
    """The caller's data or parameters break a rule; a service answers with HTTP 400."""


class InputTypeError(InputError, TypeError):
    """A value is of a type that no column can hold: a list, a date, an object."""


class BudgetError(InputError):
    """No student found meets the budget; the message names the nearest one."""


class BundleError(EnsembleKDError):
    """A model file is truncated, altered, foreign or of an unknown version."""


class NotDistillableError(EnsembleKDError):
    """The teacher gives no response that a student could learn from."""


class MissingDependencyError(EnsembleKDError, ImportError):
    """An optional package is needed; the message names the extra that installs it."""


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line that called this package, whatever lies between."""
    import sys
    import warnings  # both here, as a cold start has no use for them

    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _is_ours(module: str) -> bool:
    return module.split(".")[0] == "ensemble_kd"
