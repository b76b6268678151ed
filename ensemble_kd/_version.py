"""The version of the package, here alone."""

__version__ = "0.2.0"
