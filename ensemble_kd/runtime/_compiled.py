"""Score either kind of record in C: arrays go in once, rows come in as numbers or as dicts.

The core is in `core/` beside this file. It is installed as `ensemble_kd._core`, out of this folder,
so that importing it does not import numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.model import CompactModel, LogitScaling, arrays_of, scalars_of
from ensemble_kd.schema import TableSchema, core_column

try:
    from ensemble_kd._core import Model
except ImportError as error:  # built without a compiler, or for another machine
    HAS_CORE, WHY_NO_CORE = False, str(error)
else:
    HAS_CORE, WHY_NO_CORE = True, ""

# A thread must be worth its start, of some 50 us.
ROWS_PER_THREAD = 1024
ROWS_EXPLAINED = 4096


class CompiledRuntime:
    """Outputs and responses of a model, by the core in C.

    Parameters
    ----------
    model : CompactModel
        The arrays; they are checked and laid out for scoring once, here.
    n_threads : int, default=1
        Most threads to score a batch with; each takes at least 1024 rows.
    left_categories : ndarray of shape (n_nodes,), uint64, or None, default=None
        Of trees; see `TreesRuntime`.
    most_floats : {16, 8, 4}, default=16
        Use vectors of at most so many floats, as a machine without AVX-512 (8) or AVX2 (4) does.
    extra : {"ignore", "error"} or None, default=None
        What becomes of keys of a dict that the model does not take; only "ignore" allows them.
    reasons : mapping of str to ndarray, or None, default=None
        `background` (encoded rows) and `player` (of each column); of a network without numbers of
        outside `order` (of the players, beside each row of the background), `weight` (of each sum)
        and `offset`, which give the number explained, and `n_steps`; of trees `worth` (of each
        node, what a leaf adds to the number explained) and `offset`.

    Attributes
    ----------
    core : ensemble_kd._core.Model
        The model in C, whose `predict_one`, `predict_proba_one` and `score_one` take a dict.

    Raises
    ------
    ValueError
        If an index, an offset, a length or a number of the arrays is wrong.
    """

    name = "C"

    def __init__(
        self,
        model: CompactModel,
        *,
        n_threads: int = 1,
        left_categories: NDArray[np.uint64] | None = None,
        most_floats: int = 16,
        extra: str | None = None,
        reasons: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        self.n_threads = n_threads
        self._n_columns = len(model.schema.columns)
        self._n_outputs = model.n_outputs
        arguments, options = core_arguments(model, left_categories, extra)
        self._n_sums = model.n_sums
        self._n_players = 0
        if reasons is not None:
            self._n_players = int(reasons["player"].max()) + 1
            options["reasons"] = {k: np.ascontiguousarray(v) for k, v in reasons.items()}
        self.core = Model(*arguments, **options, most_floats=most_floats)

    def outputs(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return logits, sums or values, before the link.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_columns), float64
            Encoded rows. A code that the column does not have counts as a category never seen.

        Returns
        -------
        ndarray of shape (n_samples, n_sums), float64
        """
        out = np.empty((len(X), self._n_sums))
        self.core.outputs(self._checked(X), out, self._threads_for(len(X)))
        return out

    def respond(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return probabilities or values.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_columns), float64
            Encoded rows.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs), float64
        """
        out = np.empty((len(X), self._n_outputs))
        self.core.respond(self._checked(X), out, self._threads_for(len(X)))
        return out

    def explain(self, X: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what each player adds to the number explained, and that number.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_columns), float64
            Encoded rows.

        Returns
        -------
        contributions : ndarray of shape (n_samples, n_players), float64
            With `core.base` they sum to the number.
        score : ndarray of shape (n_samples,), float64
            The number as `outputs` has it, in single precision where that has.
        """
        X, out = self._checked(X), np.empty((len(X), self._n_players + 1))
        for i in range(0, len(X), ROWS_EXPLAINED):  # in between, signals are answered
            self.core.explain(X[i : i + ROWS_EXPLAINED], out[i : i + ROWS_EXPLAINED])
        return out[:, :-1], out[:, -1]

    def _checked(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        if X.ndim != 2 or X.shape[1] != self._n_columns:
            raise InputError(
                f"encoded rows must have shape (n_samples, {self._n_columns}), got {X.shape}."
            )
        return np.ascontiguousarray(X, dtype=np.float64)

    def _threads_for(self, n_rows: int) -> int:
        return max(1, min(self.n_threads, n_rows // ROWS_PER_THREAD))


def core_arguments(
    model: CompactModel,
    left_categories: NDArray[np.uint64] | None = None,
    extra: str | None = None,
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return what the constructor of the core's `Model` takes, by position and by name."""
    arrays, options = arrays_of(model.body), scalars_of(model.body)
    kind = options.pop("kind")
    options.pop("outside", None)  # the core sees it by its arrays
    if left_categories is not None:
        arrays["left_categories"] = left_categories
    options |= {"link": model.link} | _decision_parts(model)
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    columns, encoder = (
        tuple(map(core_column, model.schema.columns)),
        row_encoder(model.schema, extra=extra),
    )
    return (kind, contiguous, columns, model.classes, encoder), options


def row_encoder(
    schema: TableSchema, *, strict: bool = False, extra: str | None = None
) -> Callable[[Any], NDArray[np.float64]]:
    """Return the function that encodes a row which the core does not read, or says what is wrong.

    It holds the schema alone: holding the scorer it would keep it alive for ever.

    Parameters
    ----------
    schema : TableSchema
        How rows become numbers.
    strict : bool, default=False
        Whether to refuse categories never seen and numbers out of the range that was.
    extra : {"ignore", "error"} or None, default=None
        What becomes of keys that the model does not take; only "ignore" allows them.

    Returns
    -------
    callable
        From a row to an ndarray of shape (n_columns,).
    """

    def encode_row(row: Any) -> NDArray[np.float64]:
        if not isinstance(row, Mapping):
            remedy = "; give row.to_dict()" if hasattr(row, "to_dict") else ""
            raise InputError(
                f"a row must be a dict of values by column, got {type(row).__name__}{remedy}."
            )
        return schema.encode_one(row, strict=strict, extra=extra)

    return encode_row


def _decision_parts(model: CompactModel) -> dict[str, Any]:
    parts: dict[str, Any] = {} if model.threshold is None else {"threshold": model.threshold}
    calibrator = model.calibrator
    if isinstance(calibrator, LogitScaling):
        parts["logit_scale"] = calibrator.scale
        parts["logit_bias"] = np.ascontiguousarray(calibrator.bias, dtype=np.float64)
    elif calibrator is not None:
        parts["curve_x"] = np.ascontiguousarray(calibrator.x, dtype=np.float64)
        parts["curve_y"] = np.ascontiguousarray(calibrator.y, dtype=np.float64)
    return parts
