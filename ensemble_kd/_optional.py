"""Imports of packages that scoring does not need, with an error that names the extra."""

from __future__ import annotations

import importlib
from typing import Any

from ensemble_kd.errors import MissingDependencyError


def require(module: str, *, extra: str) -> Any:
    """Import a module, or say which extra installs it.

    Parameters
    ----------
    module : str
        Dotted name of the module.
    extra : str
        The extra of this package that brings it, or several, as in ``"train,tune"``.

    Returns
    -------
    module

    Raises
    ------
    MissingDependencyError
        If the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise missing(error, module, extra=extra) from error


def missing(error: ImportError, what: str, *, extra: str) -> MissingDependencyError:
    """Return the error that names what is not installed, and the extra that brings it.

    Parameters
    ----------
    error : ImportError
        What an import raised.
    what : str
        What was to be imported, or done.
    extra : str
        The extra of this package that brings it, or several.

    Returns
    -------
    MissingDependencyError
    """
    told = f"{what} must be installed for this, and could not be imported ({error})"
    if isinstance(error, ModuleNotFoundError) and not what.startswith(error.name or what):
        told = f"{what} needs {error.name}, which is not installed"
    return MissingDependencyError(f'{told}; run: pip install "ensemble_kd[{extra}]"')
