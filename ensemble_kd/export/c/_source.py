"""One C99 file: constant tables, no allocation, no library but `expf`, and a test of itself."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError, warn
from ensemble_kd.export._categories import refuse_hashes
from ensemble_kd.export._decided import check_decided
from ensemble_kd.export._rows import answers, probe_rows
from ensemble_kd.export._tree_tables import with_all_ranks
from ensemble_kd.export._write import write_export
from ensemble_kd.export.c._interface import declarations, fields_of, text_functions
from ensemble_kd.export.c._link import add_decision_tables, link_source
from ensemble_kd.export.c._main import main_source
from ensemble_kd.export.c._mlp import mlp_in_int8, mlp_source
from ensemble_kd.export.c._rounding import rounding
from ensemble_kd.export.c._shrink import mlp_in_single, trees_in_single, with_whole_ranks
from ensemble_kd.export.c._tables import Tables
from ensemble_kd.export.c._text import filled, is_identifier
from ensemble_kd.export.c._trees import trees_in_int8, trees_source
from ensemble_kd.export.c.reasons import (
    REASON_TEXTS,
    check_reasons,
    reasons_declared,
    reasons_source,
)
from ensemble_kd.model import CompactModel, MLPRecord

WeightType = Literal["float32", "int8"]
InputType = Literal["float64", "float32"]

# Answers of fewer steps of float32 than these are told.
FEWEST_STEPS = 1000

HEAD = """\
/* @: a model of ensemble_kd, in C99.
 *
 * Numbers in flash: N_NUMBERS bytes. Texts of categories and classes: N_TEXTS bytes, none with
 * -DENSEMBLE_KD_NO_TEXTS. Working memory: N_STACK bytes of buffers on the stack; a row and WIDTH
 * floats for the answer are the caller's. It keeps no state, so threads may share it.
 *
 * Test:    cc -std=c99 -DENSEMBLE_KD_MAIN FILE.c -lm && ./a.out
 * Declare: #define ENSEMBLE_KD_HEADER, then #include this file, in the files that call it.
 * Missing numbers are told by x != x: compile without -ffast-math.
 */
"""


@dataclass(frozen=True)
class CSource:
    """A model as C, and what it needs of a machine.

    Parameters
    ----------
    source : str
        The file, ASCII.
    table_bytes : int
        Bytes of the numbers in flash.
    text_bytes : int
        Bytes of the texts of categories and classes, with pointers of 4 bytes.
    stack_bytes : int
        Bytes of the buffers on the stack of a prediction.
    worst_difference : float
        Largest absolute difference of a response to that of the model, over made-up rows, that the
        rounding of weights and edges brings.
    """

    source: str
    table_bytes: int
    text_bytes: int
    stack_bytes: int
    worst_difference: float


def export_c(
    model: CompactModel,
    path: str | os.PathLike[str] | None = None,
    *,
    name: str = "model",
    dtype: WeightType = "float32",
    inputs: InputType = "float64",
    reasons: bool = False,
) -> str:
    """Return a model as one C99 file, and write it if a path is given.

    Parameters
    ----------
    model : CompactModel
        The student; ``load("model.ekd").model`` is one.
    path : str, path-like or None, default=None
        Where to write it; None to write nothing.
    name : str, default="model"
        Begins every name in the file: a letter, then letters, digits and ``_``, at most 31.
    dtype : {"float32", "int8"}, default="float32"
        Type of the weights and leaf values.
    inputs : {"float64", "float32"}, default="float64"
        Type of numeric columns, edges and thresholds.
    reasons : bool, default=False
        Whether it tells reasons, too: of trees, or of a network with hidden layers, in float32.

    Returns
    -------
    str
        The file, ASCII.

    Raises
    ------
    InputError
        If a parameter is none of these, a text cannot stand in a C string, two categories of a
        column are the same text, or the file cannot be written.
    """
    source = build_c(model, name=name, dtype=dtype, inputs=inputs, reasons=reasons).source
    if path is not None:
        write_export(source.encode("ascii"), path)
    return source


def build_c(
    model: CompactModel,
    *,
    name: str = "model",
    dtype: WeightType = "float32",
    inputs: InputType = "float64",
    reasons: bool = False,
) -> CSource:
    """Return a model as C, and what it needs of a machine.

    Parameters
    ----------
    model : CompactModel
        The student.
    name : str, default="model"
        Begins every name in the file; see `export_c`.
    dtype : {"float32", "int8"}, default="float32"
        Type of the weights and leaf values.
    inputs : {"float64", "float32"}, default="float64"
        Type of numeric columns, edges and thresholds.
    reasons : bool, default=False
        Whether it tells reasons, too: of trees, or of a network with hidden layers, in float32.

    Returns
    -------
    CSource
        The file, its sizes in bytes, and the difference that rounding makes.

    Raises
    ------
    InputError
        As `export_c`.
    """
    _check(name, dtype, inputs)
    check_decided(model)
    if reasons:
        check_reasons(model, dtype)
    refuse_hashes(model.schema)
    rounded = _with_inputs(model, inputs)
    held = _with_weights(rounded, dtype)
    real: np.dtype[Any] = np.dtype(inputs)
    numbers, texts = Tables(real), Tables(real)
    fields = fields_of(model)
    if isinstance(rounded.body, MLPRecord):
        functions, stack_bytes = mlp_source(rounded, rounded.body, fields, numbers, dtype)
    else:
        functions, stack_bytes = trees_source(rounded, rounded.body, fields, numbers, dtype)
    add_decision_tables(model, numbers)
    told = ""
    if reasons:
        # Trees keep which way the background goes, which no rounded threshold is to change.
        explained = rounded if isinstance(rounded.body, MLPRecord) else model
        told, more_bytes = reasons_source(explained, rounded.body, fields, numbers, texts)
        stack_bytes += more_bytes
    label_functions = text_functions(model, texts) + REASON_TEXTS * reasons

    codes = probe_rows(model)
    held_codes = codes.astype(real).astype(np.float64)
    expected = answers(held, held_codes)
    worst = float(np.abs(expected - answers(model, codes)).max(initial=0.0))
    _check_singles(expected)

    sizes = {"N_NUMBERS": numbers.n_bytes, "N_TEXTS": texts.n_bytes, "N_STACK": stack_bytes}
    parts = [
        filled(HEAD, **sizes, WIDTH=model.n_outputs),
        "#ifndef @_DECLARED\n#define @_DECLARED\n",
        '\n#ifdef __cplusplus\nextern "C" {\n#endif\n\n',
        declarations(model, "double" if inputs == "float64" else "float"),
        reasons_declared(model) if reasons else "",
        "\n#ifdef __cplusplus\n}\n#endif\n",
        "\n#endif\n\n#ifndef ENSEMBLE_KD_HEADER\n",
        "\n#include <math.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <string.h>\n\n",
        numbers.source(),
        "\n",
        functions,
        told,
        link_source(model),
        f"\n#ifndef ENSEMBLE_KD_NO_TEXTS\n\n{label_functions}\n#endif\n" * bool(label_functions),
        main_source(model, held_codes, expected, numbers.real, rounding(held, held_codes)),
        "\n#endif\n",
    ]
    source = "".join(parts).replace("@", name)
    return CSource(source, numbers.n_bytes, texts.n_bytes, stack_bytes, worst)


def _check(name: str, dtype: str, inputs: str) -> None:
    if not is_identifier(name):
        raise InputError(
            f"name must be a letter, then letters, digits and _, at most 31 in all, got {name!r}."
        )
    for word, value, allowed in [
        ("dtype", dtype, ("float32", "int8")),
        ("inputs", inputs, ("float64", "float32")),
    ]:
        if value not in allowed:
            raise InputError(f"{word} must be one of {allowed}, got {value!r}.")


def _check_singles(values: NDArray[np.float64]) -> None:
    """Warn where answers lie so close together that float32 does not tell them apart."""
    span, step = np.ptp(values), np.spacing(np.abs(values).max().astype(np.float32))
    if 0 < span < FEWEST_STEPS * step:
        warn(
            f"answers in C are float32, of which neighbours are {step:.3g} apart at "
            f"{np.abs(values).max():.3g}, and those of this model span {span:.3g} alone; take the "
            "mean from the target before training and add it in the program that calls, or export "
            "to ONNX or JSON, which are double."
        )


def _with_inputs(model: CompactModel, inputs: str) -> CompactModel:
    """Return the model with the edges, thresholds and ranks that the file has."""
    is_single = inputs == "float32"
    if isinstance(model.body, MLPRecord):
        return replace(model, body=mlp_in_single(model.body)) if is_single else model
    trees = with_whole_ranks(with_all_ranks(model.body, model.schema))
    return replace(model, body=trees_in_single(trees) if is_single else trees)


def _with_weights(model: CompactModel, dtype: str) -> CompactModel:
    if dtype == "float32":
        return model
    if isinstance(model.body, MLPRecord):
        return replace(model, body=mlp_in_int8(model.body))
    return replace(model, body=trees_in_int8(model.body))
