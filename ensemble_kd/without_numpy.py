"""Score dicts without numpy: for a function or a device that starts anew for a few rows.

Most of what a fresh process spends on its first answer is importing numpy. `load` here reads a
model file with the standard library and hands its arrays to the core in C. A row is scored as by
`ensemble_kd.load`, one dict at a time; for tables, take that one.

A file is checked as `ensemble_kd.load` checks it, and is refused by both or by neither: its parts
by the same code, the items of its arrays by the core.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping

from ensemble_kd.bundle import MAX_BYTES, check_answers, link_of, read_file, read_parts
from ensemble_kd.errors import (
    BundleError,
    InputError,
    MissingDependencyError,
    shown,
)
from ensemble_kd.schema import PlainColumn, by_text, core_column, value_code

try:
    from ensemble_kd._core import Model
except ImportError as error:
    raise MissingDependencyError(
        "ensemble_kd.without_numpy needs the core in C, which was not built when the package was "
        "installed; install a C compiler and the package again, or use ensemble_kd.load."
    ) from error

# What typing says, for mypy alone: importing it takes a third as long as all else here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from typing import Any

    from ensemble_kd.bundle import Parts

__all__ = ["RowScorer", "load"]


class RowScorer:
    """Score one raw row at a time; made by `load`.

    Parameters
    ----------
    core : ensemble_kd._core.Model
        The model.
    manifest : dict
        What `manifest.json` holds.
    scalars : dict
        What `model.json` holds.

    Attributes
    ----------
    task : {"classification", "multilabel", "regression", "outliers"}
        What it predicts.
    classes : tuple
        The class labels in the order of the probabilities; empty without.
    """

    def __init__(self, core: Model, manifest: dict[str, Any], scalars: dict[str, Any]) -> None:
        self.manifest = manifest
        self._quantiles = scalars.get("score_quantiles")
        self.task = manifest["task"]
        self.classes = tuple(manifest["classes"])
        # The core's own methods, as in Scorer.
        vars(self).update(
            predict_one=core.predict_one,
            predict_proba_one=core.predict_proba_one,
            score_one=core.score_one,
        )

    if TYPE_CHECKING:

        def predict_one(self, row: Mapping[str, Any]) -> Any:
            """Return the class label, value or list of values of a row; of outliers -1 or 1."""

        def score_one(self, row: Mapping[str, Any]) -> float:
            """Return the probability of the second of two classes, or the value or score."""

        def predict_proba_one(self, row: Mapping[str, Any]) -> dict[Any, float]:
            """Return the probability of each class for one raw row."""

    def percentile(self, score: float) -> float:
        """Return how many in a hundred real rows have a lower score than `score_one` gave.

        Parameters
        ----------
        score : float
            A score.

        Returns
        -------
        float
            In [0, 100], near 0 for what is abnormal.

        Raises
        ------
        AttributeError
            If the model does not find outliers.
        """
        if self._quantiles is None:
            raise AttributeError(f"percentile is for outliers; this is a {self.task}.")
        scores, shares = self._quantiles["score"], self._quantiles["share"]
        high = bisect_right(scores, score)
        if high == 0 or high == len(scores):
            return 100.0 * shares[min(high, len(scores) - 1)]
        low = high - 1
        slope = (shares[high] - shares[low]) / (scores[high] - scores[low])
        return 100.0 * (slope * (score - scores[low]) + shares[low])

    def __repr__(self) -> str:
        """Return the task."""
        return f"RowScorer({self.task})"


def load(
    path: str | os.PathLike[str] | bytes,
    *,
    require_signature: str | os.PathLike[str] | bytes | None = None,
) -> RowScorer:
    """Load a saved model without numpy, and test it on the rows it carries.

    Parameters
    ----------
    path : str, path or bytes
        A `.ekd` file, or its content.
    require_signature : str, path, bytes or None, default=None
        A public key, as a file or its content, whose signature the file must have; needs
        cryptography. None reads a file with or without one.

    Returns
    -------
    RowScorer
        With `predict_one`, `predict_proba_one` and `score_one`, which take a dict and raise an
        `InputError` for one that does not fit.

    Raises
    ------
    BundleError
        If the file is absent, truncated, altered, foreign or of an unknown version, or if the model
        is unsound or does not give the answers that its file promises; or if a signature is
        required, and there is none, or another's, or the file was altered since.
    InputError
        If `require_signature` is no public key.

    Examples
    --------
    >>> from ensemble_kd.without_numpy import load
    >>> load("missing.ekd")
    Traceback (most recent call last):
        ...
    ensemble_kd.errors.BundleError: ...
    """
    is_path = isinstance(path, str) or hasattr(path, "__fspath__")
    source = str(path) if is_path else "the bundle in memory"
    try:
        return _load(read_file(path, MAX_BYTES), require_signature)
    except BundleError as error:
        raise BundleError(f"{source}: {error}") from error.__cause__
    except MemoryError as error:
        raise BundleError(f"{source}: there is not enough memory for it.") from error


def _load(data: bytes, require_signature: str | os.PathLike[str] | bytes | None) -> RowScorer:
    parts = read_parts(data, require_signature)
    columns = [_column(entry, parts.schema.get("salt")) for entry in parts.schema["columns"]]
    classes = tuple(parts.manifest["classes"])
    try:
        core = Model(
            parts.scalars["kind"],
            _arrays(parts),
            tuple(map(core_column, columns)),
            classes,
            _row_encoder(columns),
            **_options(parts.scalars, len(classes)),
        )
    except (ValueError, TypeError, OverflowError) as error:
        raise BundleError(f"the model is unsound: {error}") from error

    def answer(rows: list[list[float]]) -> list[list[float]]:
        return [core.respond_row(array("d", row)) for row in rows]

    check_answers(parts.selftest, columns, answer)
    return RowScorer(core, parts.manifest, parts.scalars)


# --- what the core takes --------------------------------------------------------------------------


def _arrays(parts: Parts) -> dict[str, memoryview]:
    """Return the arrays, most as views of the file; the core checks their items."""
    if "storage" not in parts.scalars:
        return {name: items for name, (items, _) in parts.arrays.items()}
    from ensemble_kd.bundle import expand_all

    return expand_all(parts.arrays, parts.scalars["storage"])


def _column(entry: Mapping[str, Any], salt: str | None) -> PlainColumn:
    is_hashed = "category_hashes" in entry
    categories = entry.get("category_hashes" if is_hashed else "categories", ())
    salt = salt if is_hashed else None
    return PlainColumn(entry["name"], entry["kind"], entry["nullable"], categories, salt)


def _options(scalars: Mapping[str, Any], n_classes: int) -> dict[str, Any]:
    """Return the scalars, calibrator and threshold by the core's names."""
    options: dict[str, Any] = {"link": link_of(scalars, n_classes)}
    names = ("n_layers", "output_mean", "output_scale")
    options |= {name: scalars[name] for name in names if name in scalars}
    if "decision_threshold" in scalars:
        options["threshold"] = scalars["decision_threshold"]
    calibrator = scalars.get("calibrator")
    if calibrator is not None:
        if calibrator["kind"] == "scaling":
            options["logit_scale"] = calibrator["scale"]
            options["logit_bias"] = array("d", calibrator["bias"])
        else:
            options |= {f"curve_{axis}": array("d", calibrator[axis]) for axis in "xy"}
    return options


# --- a row that the core does not read ------------------------------------------------------------


def _row_encoder(columns: list[PlainColumn]) -> Callable[[Any], Any]:
    """Return the function that encodes an unusual row, or says what is wrong with it."""
    names = [column.name for column in columns]
    known = set(names)

    def encode_row(row: Any) -> Any:
        if not isinstance(row, Mapping):
            raise InputError(f"a row must be a dict of values by column, got {type(row).__name__}.")
        row = by_text(row, names)
        for name in row.keys() - known:
            raise InputError(f"the row has the key {shown(name)}, which is no column; remove it.")
        for column in columns:
            if column.name not in row and not column.nullable:
                raise InputError(
                    f"the row has no value for {column.name!r}; give it, or None to have it "
                    f"treated as missing."
                )
        return array("d", [value_code(column, row.get(column.name)) for column in columns])

    return encode_row
