"""The errors a caller may meet, each naming the rule, the value received and the remedy."""


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
