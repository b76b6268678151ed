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
        The extra of this package that brings it.

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
        raise MissingDependencyError(
            f"{module} must be installed for this, and could not be imported ({error}); "
            f'run: pip install "ensemble_kd[{extra}]"'
        ) from error
