"""Score dicts without numpy: for a function or a device that starts anew for a few rows.

Most of what a fresh process spends on its first answer is importing numpy. `load` here reads a
model file with the standard library and hands its arrays to the core in C. A row is scored as by
`ensemble_kd.load`, one dict at a time; for tables, take that one.

What is checked: the form of the archive, CRC-32 and SHA-256 of every member, the versions, the
header of the arrays; by the core every length, offset, index and number of the model; and the
answers to the self-test rows. What is not: the wording of the model card and of the parts of the
manifest that scoring does not use.
"""

from __future__ import annotations

from ensemble_kd.bundle import (
    MAX_BYTES,
    MAX_TENSOR_HEADER_BYTES,
    TASK_WITH_CLASSES,
    check_names_and_sizes,
    decode_json,
    read_file,
    shown,
    unpack,
)
from ensemble_kd.errors import BundleError, InputError, InputTypeError, MissingDependencyError

try:
    from ensemble_kd._core import Model
except ImportError as error:
    raise MissingDependencyError(
        "ensemble_kd.without_numpy needs the core in C, which was not built when the package was "
        "installed; install a C compiler and the package again, or use ensemble_kd.load."
    ) from error

# hashlib would load OpenSSL first, for 2 of 14 ms; the names are those of Python 3.12 and of 3.11.
try:
    from _sha2 import sha256  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        from hashlib import sha256

# What typing says, for mypy alone: importing it takes a third as long as all else here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping
    from typing import Any

FORMAT_VERSION = 3
# The text for a category never seen in a self-test.
UNSEEN = "<unseen>"
SCALARS = {"kind", "link", "n_layers", "output_mean", "output_scale", "storage"}
CALIBRATORS = {
    "scaling": {"scale": "logit_scale", "bias": "logit_bias"},
    "curve": {"x": "curve_x", "y": "curve_y"},
}
FORMATS: dict[str, tuple[Any, int]] = {
    "F64": ("d", 8),
    "F32": ("f", 4),
    "F16": ("H", 2),  # its bits: memoryview has no halves before Python 3.14
    "I32": ("i", 4),
    "I16": ("h", 2),
    "I8": ("b", 1),
    "U8": ("B", 1),
}

__all__ = ["RowScorer", "load"]


class RowScorer:
    """Score one raw row at a time; made by `load`.

    Parameters
    ----------
    core : ensemble_kd._core.Model
        The model.
    manifest : dict
        What `manifest.json` holds.

    Attributes
    ----------
    task : {"classification", "regression"}
        What it predicts.
    classes : tuple
        The class labels in the order of the probabilities; empty in a regression.
    """

    def __init__(self, core: Model, manifest: dict[str, Any]) -> None:
        self.manifest = manifest
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
            """Return the class label or value of one raw row."""

        def score_one(self, row: Mapping[str, Any]) -> float:
            """Return the probability of the second of two classes, or the value."""

        def predict_proba_one(self, row: Mapping[str, Any]) -> dict[Any, float]:
            """Return the probability of each class for one raw row."""

    def __repr__(self) -> str:
        """Return the task."""
        return f"RowScorer({self.task})"


def load(path: str | os.PathLike[str] | bytes) -> RowScorer:
    """Load a saved model without numpy, and test it on the rows it carries.

    Parameters
    ----------
    path : str, path or bytes
        A `.ekd` file, or its content.

    Returns
    -------
    RowScorer
        With `predict_one`, `predict_proba_one` and `score_one`, which take a dict and raise an
        `InputError` for one that does not fit.

    Raises
    ------
    BundleError
        If the file is absent, truncated, altered, foreign or of an unknown version, or if the model
        is unsound or does not give the answers that its file promises.

    Examples
    --------
    >>> from ensemble_kd.without_numpy import load
    >>> load("missing.ekd")
    Traceback (most recent call last):
        ...
    ensemble_kd.errors.BundleError: ...
    """
    source = "the bundle" if isinstance(path, bytes) else str(path)
    try:
        return _load(read_file(path, MAX_BYTES))
    except BundleError as error:
        raise BundleError(f"{source}: {error}") from error.__cause__
    except MemoryError as error:
        raise BundleError(f"{source}: there is not enough memory for it.") from error


def _load(data: bytes) -> RowScorer:
    members = unpack(data)
    check_names_and_sizes(members)
    manifest = _read_manifest(members)
    schema = decode_json(members["schema.json"], "schema.json")
    scalars = decode_json(members["model.json"], "model.json")
    try:
        columns = tuple(_core_column(entry) for entry in schema["columns"])
        core = Model(
            scalars.pop("kind"),
            _read_arrays(members["model.safetensors"], scalars, manifest["min_reader"]),
            columns,
            tuple(manifest["classes"]),
            _row_encoder(columns),
            **_decision(scalars, manifest["min_reader"]),
            **_core_scalars(scalars, manifest["task"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BundleError(f"the model is unsound: {error}") from error
    scorer = RowScorer(core, manifest)
    _check_selftest(scorer, [column[0] for column in columns], members["selftest.json"])
    return scorer


# --- the file -------------------------------------------------------------------------------------


def _read_manifest(members: Mapping[str, memoryview]) -> dict[str, Any]:
    """Check the members against the manifest, and return it."""
    manifest = decode_json(members["manifest.json"], "manifest.json")
    if not isinstance(manifest, dict) or manifest.get("format") != "ensemble_kd":
        raise BundleError("manifest.json must name the format 'ensemble_kd'.")
    min_reader = manifest.get("min_reader")
    if type(min_reader) is not int or not 1 <= min_reader <= FORMAT_VERSION:
        raise BundleError(
            f"the file needs a reader of at least {shown(min_reader)}; this one "
            f"reads {FORMAT_VERSION}: update ensemble_kd."
        )
    for name in members.keys() - {"manifest.json"}:
        try:
            digest = manifest["files"][name]["sha256"]
        except (KeyError, TypeError) as error:
            raise BundleError(f"manifest.json must hold the digest of {name}.") from error
        if sha256(members[name]).hexdigest() != digest:
            raise BundleError(f"{name} was altered: get the file again from its source.")
    has_classes = manifest.get("task") == TASK_WITH_CLASSES
    classes = manifest.get("classes")
    if not isinstance(classes, list) or bool(classes) != has_classes:
        raise BundleError("manifest.json must name classes in a classification, and no others.")
    is_plain = all(isinstance(label, str | int | float) for label in classes)
    if not is_plain or len(set(classes)) != len(classes):
        raise BundleError("manifest.json: classes must be unique strings, numbers or booleans.")
    return manifest


def _read_arrays(
    data: memoryview, scalars: dict[str, Any], min_reader: int
) -> dict[str, memoryview]:
    """Return the arrays, most as views of the file; the core checks types and lengths.

    Takes out of the scalars what they say of arrays that are kept in fewer bytes.
    """
    stored = _read_views(data)
    if "storage" not in scalars:
        return {name: values for name, (values, _) in stored.items()}
    if min_reader < 2:
        raise ValueError("storage needs a min_reader of 2.")
    from ensemble_kd.bundle import expand_all

    return expand_all(stored, scalars.pop("storage"))


def _read_views(data: memoryview) -> dict[str, tuple[memoryview, list[int]]]:
    n_header = int.from_bytes(data[:8], "little")
    if n_header > MAX_TENSOR_HEADER_BYTES:
        raise ValueError(f"its header must be at most {MAX_TENSOR_HEADER_BYTES} bytes.")
    header = decode_json(data[8 : 8 + n_header], "model.safetensors")
    body = data[8 + n_header :]
    arrays = {}
    for name, entry in header.items():
        (begin, end), shape = entry["data_offsets"], entry["shape"]
        code, size = FORMATS[entry["dtype"]]
        if not isinstance(shape, list) or len(shape) > 2 or not all(map(_is_count, shape)):
            raise ValueError(f"{name} must have a shape of at most two lengths.")
        if not _is_count(begin) or not _is_count(end):
            raise ValueError(f"{name} must have whole numbers as data_offsets.")
        n_items = 1
        for length in shape:
            n_items *= length
        if not 0 <= begin <= end <= len(body) or end - begin != n_items * size:
            raise ValueError(f"{name} must lie inside the file and be as long as its shape says.")
        arrays[name] = body[begin:end].cast(code), shape
    return arrays


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _core_column(entry: Mapping[str, Any]) -> tuple[str, str, bool, dict[Any, float] | None]:
    codes = None
    if entry["kind"] == "categorical":
        codes = {category: float(code) for code, category in enumerate(entry["categories"])}
        if len(codes) != len(entry["categories"]):
            raise ValueError(f"column {entry['name']!r}: categories must be unique.")
    return entry["name"], entry["kind"], entry["nullable"], codes


def _decision(scalars: dict[str, Any], min_reader: int) -> dict[str, Any]:
    """Take calibrator and threshold out of the scalars, and return them by the core's names."""
    decision: dict[str, Any] = {}
    if min_reader < 3 and scalars.keys() & {"calibrator", "decision_threshold"}:
        raise ValueError("a calibrator and a threshold need a min_reader of 3.")
    if "decision_threshold" in scalars:
        threshold = decision["threshold"] = scalars.pop("decision_threshold")
        if type(threshold) not in (int, float):
            raise ValueError(f"decision_threshold must be a number, got {threshold!r}.")
    if "calibrator" in scalars:
        from array import array

        entry = scalars.pop("calibrator")
        names = CALIBRATORS[entry.pop("kind")]
        if entry.keys() != names.keys():
            raise ValueError(f"a calibrator has the keys {sorted(names)}, got {sorted(entry)}.")
        for key, value in entry.items():
            decision[names[key]] = array("d", value) if isinstance(value, list) else value
    return decision


def _core_scalars(scalars: dict[str, Any], task: str) -> dict[str, Any]:
    """Return the scalars by the core's names: a network has its link by its task."""
    if not scalars.keys() <= SCALARS:
        raise ValueError(f"model.json has the unknown keys {sorted(scalars.keys() - SCALARS)}.")
    if "n_layers" in scalars and task == TASK_WITH_CLASSES:
        return scalars | {"link": "softmax"}
    return scalars


def _check_selftest(scorer: RowScorer, names: list[str], data: memoryview) -> None:
    selftest = decode_json(data, "selftest.json")
    try:
        for row, expected in zip(selftest["rows"], selftest["expected"], strict=True):
            named = dict(zip(names, row, strict=True))
            if scorer.classes:
                given = list(scorer.predict_proba_one(named).values())
            else:
                given = [scorer.predict_one(named)]
            for value, promised in zip(given, expected, strict=True):
                if not abs(value - promised) <= selftest["tolerance"] * max(1.0, abs(promised)):
                    raise BundleError(
                        f"the model must answer its self-test rows within "
                        f"{selftest['tolerance']}, got {value} for {promised}."
                    )
    except (InputError, TypeError, ValueError, KeyError) as error:
        raise BundleError(f"the model cannot score its own self-test rows: {error}") from error


# --- a row that the core does not read ------------------------------------------------------------


def _row_encoder(columns: tuple[Any, ...]) -> Callable[[Any], Any]:
    """Return the function that encodes an unusual row, or says what is wrong with it."""
    names = {column[0] for column in columns}
    if len(names) != len(columns):
        raise ValueError("column names must be unique.")

    def encode_row(row: Any) -> Any:
        is_dict = isinstance(row, dict)
        if not is_dict and (type(row).__name__ in ("Series", "DataFrame") or not _is_mapping(row)):
            raise InputError(f"a row must be a dict of values by column, got {type(row).__name__}.")
        row = _by_text(row, columns)
        for name in row.keys() - names:
            raise InputError(f"the row has the key {name!r}, which is no column; remove it.")
        from array import array

        return array("d", [_code(column, row) for column in columns])

    return encode_row


def _by_text(row: Mapping[Any, Any], columns: tuple[Any, ...]) -> Mapping[str, Any]:
    """Return a row with texts as keys; the numbers 0, 1, ... of all columns are positions."""
    keys = list(row.keys())
    names = [c[0] for c in columns] if keys == list(range(len(columns))) else list(map(str, keys))
    if len(set(names)) < len(names):
        raise InputError(f"the row must have each key once as a text, got {keys[:5]!r}.")
    return dict(zip(names, row.values(), strict=True))


def _is_mapping(row: Any) -> bool:
    return callable(getattr(row, "keys", None)) and callable(getattr(row, "get", None))


def _code(column: tuple[str, str, bool, dict[Any, float] | None], row: Mapping[str, Any]) -> float:
    name, kind, nullable, code_of = column
    if name not in row and not nullable:
        raise InputError(
            f"the row has no value for {name!r}; give it, or None to have it treated as missing."
        )
    value: Any = row.get(name)
    is_of_numpy = type(value).__module__ == "numpy" and type(value).__name__ != "ndarray"
    if is_of_numpy and hasattr(value, "item"):
        value = value.item()
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return float("nan")
    if isinstance(value, float) and value != value:
        return float("nan")
    if not isinstance(value, str | int | float):
        raise InputTypeError(
            f"column {name!r}: argument must be a string or a real number, got "
            f"{type(value).__name__}."
        )
    if code_of is not None:
        return _category_code(name, code_of, value)
    if isinstance(value, str) or (kind == "boolean" and value not in (0, 1)):
        wanted = "true or false" if kind == "boolean" else "a number"
        raise InputError(f"column {name!r} must be {wanted}, got {value!r}.")
    try:
        return float(value)
    except OverflowError as error:
        raise InputError(f"column {name!r}: an integer is too large for float64.") from error


def _category_code(name: str, code_of: dict[Any, float], value: str | float) -> float:
    may_be_rounded = isinstance(value, float) and 2**53 <= abs(value) < float("inf")
    if may_be_rounded and any(isinstance(c, int) and abs(c) >= 2**53 for c in code_of):
        raise InputError(
            f"column {name!r} has whole numbers from 2**53 on as categories, which a float cannot "
            f"tell apart, got {value!r}; give integers."
        )
    if value in code_of:
        return code_of[value]
    is_text = isinstance(value, str)
    if code_of and value != UNSEEN and all(isinstance(c, str) != is_text for c in code_of):
        known = next(iter(code_of))
        raise InputError(
            f"column {name!r} has {_type_word(known)} as categories, such as {known!r}, but got "
            f"{_type_word(value)}, such as {value!r}, which can be none of them; give "
            f"{_type_word(known)}."
        )
    return float(len(code_of))


def _type_word(value: Any) -> str:
    if isinstance(value, str):
        return "texts"
    return "booleans" if isinstance(value, bool) else "numbers"
