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


# With this environment variable set to 1, no message holds a value of the caller's data.
QUIET = "ENSEMBLE_KD_QUIET_VALUES"
MOST_SHOWN, MOST_OF_A_REASON = 40, 200


def is_quiet() -> bool:
    """Tell whether messages are to hold no values."""
    import os

    return os.environ.get(QUIET) == "1"


def shown(value: object) -> str:
    """Return a value as a message may show it: in 40 characters, or by its kind where it is quiet.

    Parameters
    ----------
    value : object
        Any value, however long, or hostile.

    Returns
    -------
    str

    Examples
    --------
    >>> shown("no number")
    "'no number'"
    >>> shown(10**5000)
    '<number of more than 40 digits>'
    """
    kind = _kind(value)
    if is_quiet():
        return kind
    if isinstance(value, str):
        text = repr(str.__str__(value)[: MOST_SHOWN + 1])
    elif isinstance(value, int) and int.bit_length(value) > 4 * MOST_SHOWN:
        return f"<number of more than {MOST_SHOWN} digits>"
    else:
        import reprlib

        try:
            text = reprlib.repr(value)
        except Exception:  # of the object's own __repr__
            return kind
    return _cut(text)


def reason(error: BaseException) -> str:
    """Return what another library's error says, which may hold values: cut, or by its type."""
    if is_quiet():
        return type(error).__name__
    import re

    quoted_or_word = r"""(['"])(?:(?!\1).)*\1|\S+"""
    text = re.sub(quoted_or_word, lambda found: _cut(found[0]), str(error)[:2000], flags=re.DOTALL)
    return text if len(text) <= MOST_OF_A_REASON else f"{text[: MOST_OF_A_REASON - 3]}..."


def cause(error: BaseException) -> BaseException | None:
    """Return what to raise an error from: nothing where a traceback would show a value."""
    return None if is_quiet() else error


def _cut(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 3]}..."


def _kind(value: object) -> str:
    if value is None:
        return "<missing>"
    for kind, word in ((str, "<text>"), (bool, "<boolean>"), (int | float, "<number>")):
        if isinstance(value, kind):
            return word
    return f"<{type(value).__name__[:MOST_SHOWN]}>"


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
