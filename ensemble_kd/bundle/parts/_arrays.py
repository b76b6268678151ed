"""What `model.safetensors` holds: which arrays, where, of which dtypes and shapes."""

from __future__ import annotations

from math import prod

from ensemble_kd.bundle._json import check_keys, decode_json, shown
from ensemble_kd.bundle._table import (
    DTYPES,
    MAX_TENSOR_HEADER_BYTES,
    file_forms,
    length_of,
)
from ensemble_kd.bundle.parts._costs import Costs, costs_of
from ensemble_kd.bundle.parts._scalars import number_of_sums
from ensemble_kd.errors import BundleError

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ensemble_kd.bundle._table import Form

    Shape = tuple[int, ...]

_WHERE = "model.safetensors"


def read_arrays(
    data: memoryview, scalars: Mapping[str, Any], n_classes: int
) -> tuple[dict[str, tuple[memoryview, Shape]], Costs]:
    """Return the arrays of the file, and what the student costs.

    Parameters
    ----------
    data : memoryview
        The member.
    scalars : mapping
        What `model.json` holds, checked.
    n_classes : int
        Number of classes, 0 without.

    Returns
    -------
    arrays : dict of str to (memoryview, tuple of int)
        Of each array a view of its items, and its shape.
    costs : Costs
        By their shapes.

    Raises
    ------
    BundleError
        If the header is not as the format says, does not match the bytes, or the shapes do not fit
        each other, the classes or the limits.
    """
    n_header = int.from_bytes(data[:8], "little")
    if n_header > MAX_TENSOR_HEADER_BYTES:
        raise BundleError(
            f"{_WHERE}: the header must be at most {MAX_TENSOR_HEADER_BYTES} bytes, got {n_header}."
        )
    if len(data) < 8 + n_header:
        raise BundleError(f"{_WHERE}: the header needs {8 + n_header} bytes, got {len(data)}.")
    header, body = decode_json(data[8 : 8 + n_header], _WHERE), data[8 + n_header :]
    if not isinstance(header, dict):
        raise BundleError(f"{_WHERE}: the header must be a JSON object.")
    forms = file_forms(scalars)
    check_keys(_WHERE, header, forms.keys())
    spans = {name: _span(name, header[name], form) for name, form in forms.items()}
    _check_spans(spans, len(body))
    shapes = {name: tuple(header[name]["shape"]) for name in forms}
    costs = costs_of(scalars, check_shapes(scalars, shapes, n_classes))
    views: dict[str, Any] = {name: body[begin:end] for name, (begin, end) in spans.items()}
    arrays = {
        name: (view.cast(DTYPES[forms[name][0]][1]), shapes[name]) for name, view in views.items()
    }
    return arrays, costs


def _span(name: str, entry: Any, form: Form) -> tuple[int, int]:
    """Check the header's entry of one array; return where its bytes begin and end."""
    where = f"{_WHERE}: {name}"
    if not isinstance(entry, dict):
        raise BundleError(f"{where} must be described by a JSON object.")
    check_keys(where, entry, {"dtype", "shape", "data_offsets"})
    code, _, n_item = DTYPES[form[0]]
    if entry["dtype"] != code:
        raise BundleError(f"{where} must be {code}, got {shown(entry['dtype'])}.")
    shape, span, n_dimensions = entry["shape"], entry["data_offsets"], len(form[1])
    if not _is_counts(shape, n_dimensions):
        raise BundleError(f"{where} must have {n_dimensions} dimension(s), got {shown(shape)}.")
    if not _is_counts(span, 2):
        raise BundleError(f"{where} must have two data_offsets, got {shown(span)}.")
    n_bytes = prod(shape) * n_item
    if span[1] - span[0] != n_bytes:
        raise BundleError(
            f"{where}: shape {shape} takes {n_bytes} bytes, but the data_offsets span "
            f"{span[1] - span[0]}."
        )
    return span[0], span[1]


def _is_counts(value: Any, length: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) == length
        and all(type(number) is int and number >= 0 for number in value)
    )


def _check_spans(spans: Mapping[str, tuple[int, int]], n_bytes: int) -> None:
    position = 0
    for (begin, end), name in sorted((span, name) for name, span in spans.items()):
        if begin != position:
            raise BundleError(f"{_WHERE}: {name} must begin at byte {position}, got {begin}.")
        position = end
    if position != n_bytes:
        raise BundleError(f"{_WHERE}: the arrays must fill {n_bytes} bytes, got {position}.")


# --- shapes ---------------------------------------------------------------------------------------


def check_shapes(
    scalars: Mapping[str, Any], shapes: Mapping[str, Shape], n_classes: int
) -> dict[str, int]:
    """Check that the arrays of a student fit each other, its outputs and the limits.

    Parameters
    ----------
    scalars : mapping
        What `model.json` holds, checked.
    shapes : mapping of str to tuple of int
        Of every array that the file holds, each with the right number of dimensions.
    n_classes : int
        Number of classes, 0 without.

    Returns
    -------
    dict of str to int
        The lengths by their words in the table.

    Raises
    ------
    BundleError
        If they do not.
    """
    lengths = _lengths(file_forms(scalars), shapes, {"n_sums": number_of_sums(scalars, n_classes)})
    if scalars["kind"] == "mlp":
        widths = {"first_bias": lengths["n_hidden"]}
        widths |= {f"layers.{i}.bias": lengths[f"width_{i}"] for i in range(scalars["n_layers"])}
        for name, width in widths.items():
            if width == 0:
                raise BundleError(f"{name} must not be empty.")
        if lengths.get("n_outside") == 0:
            raise BundleError("outside.columns must not be empty.")
        if width != lengths["n_sums"]:
            raise BundleError(
                f"the last layer must have {lengths['n_sums']} output(s), got {width}."
            )
    elif not lengths["n_nodes"] or not lengths["n_trees"]:
        raise BundleError(
            f"there must be a tree, got {lengths['n_trees']} roots and {lengths['n_nodes']} nodes."
        )
    return lengths


def _lengths(
    forms: Mapping[str, Form], shapes: Mapping[str, Shape], known: dict[str, int]
) -> dict[str, int]:
    """Return what each word for a length stands for; every shape must agree.

    A word stands for what the first vector of the student has that names it, or else a matrix.
    """
    own_vectors_first = sorted(
        forms, key=lambda name: (len(forms[name][1]), name.endswith((".scale", ".index")))
    )
    for name in own_vectors_first:
        for word, length in zip(forms[name][1], shapes[name], strict=True):
            known.setdefault(word, length)
    for name, (_, words) in forms.items():
        wanted = tuple(length_of(word, known) for word in words)
        if shapes[name] != wanted:
            raise BundleError(f"{name} must have shape {wanted}, got {shapes[name]}.")
    return known
