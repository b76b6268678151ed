"""Feed the core in C arrays that are wrong somewhere: ``python fuzz_core.py CORE SEED N_MODELS``.

CORE is the extension to try, built with the address sanitizer. Whatever builds must score every
row without a read or write out of bounds, which the sanitizer ends the process for. With a fourth
argument, ``properties``, hypothesis draws N_MODELS models for each law of `core_properties.py`;
with ``files FOLDER`` both readers try N_MODELS files, which `fuzz_files.py` makes of those there.
"""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np


def use_core(path: str) -> None:
    """Put the extension at `path` in the place of the installed one."""
    spec = importlib.util.spec_from_file_location("ensemble_kd._core", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules["ensemble_kd._core"] = module


NUMBERS = [-(2**31), -513, -2, -1, 0, 1, 2, 3, 5, 63, 64, 255, 2**16, 2**30, 2**31 - 1]
FLOATS = [np.nan, np.inf, -np.inf, 0.0, -1.0, 1e300, 5e-324, 0.5]


def mutate(arrays: dict[str, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return the arrays, one to three of them changed."""
    arrays = {name: array.copy() for name, array in arrays.items()}
    for _ in range(rng.integers(1, 4)):
        name = rng.choice(list(arrays))
        array = arrays[name].ravel()
        action = rng.integers(6)
        if action == 0:
            array = array[: rng.integers(len(array) + 1)]
        elif action == 1:
            array = np.concatenate([array, array[: rng.integers(len(array) + 1)]])
        elif action == 2 and len(array) > 1:
            i, j = rng.integers(len(array), size=2)
            array[[i, j]] = array[[j, i]]
        elif len(array):
            i = rng.integers(len(array))
            if array.dtype.kind == "f":
                with np.errstate(over="ignore"):
                    array[i] = np.array(rng.choice(FLOATS)).astype(array.dtype)
            elif action == 3:
                array[i] = np.array(rng.choice(NUMBERS)).astype(array.dtype)
            else:
                array[i] += np.array(rng.integers(-2, 3)).astype(array.dtype)
        arrays[name] = array
    return arrays


def hostile_rows(n_columns: int, rng: np.random.Generator) -> np.ndarray:
    """Return encoded rows of extreme numbers."""
    return rng.choice([*FLOATS, *NUMBERS, 1.0, 2.0, 4.0, 6.0, 7.0], size=(70, n_columns))


def any_decision(rng: np.random.Generator) -> dict[str, Any]:
    """Return a calibrator and a threshold, some of them sound."""
    x, y = (np.sort(rng.choice([0.0, 0.25, 0.5, 1.0, *FLOATS], rng.integers(5))) for _ in "xy")
    options = {
        "logit_scale": float(rng.choice([1.0, 0.5, *FLOATS])),
        "logit_bias": rng.choice([0.0, 0.5, *FLOATS], rng.integers(4)),
        "threshold": float(rng.choice([0.5, *FLOATS])),
    }
    options = {name: value for name, value in options.items() if rng.random() < 0.3}
    return options | ({"curve_x": x, "curve_y": y} if rng.random() < 0.5 else {})


def explain(
    build: Callable[..., Any],
    trees: dict[str, np.ndarray],
    n_columns: int,
    rng: np.random.Generator,
) -> None:
    """Explain rows by trees whose reasons are unsound, if they are built."""
    n_background = int(rng.choice([1, 5, 64, 70]))
    reasons = {
        "background": hostile_rows(n_columns, rng)[:n_background],
        "player": rng.permutation(n_columns).astype(np.int32),
        "worth": rng.normal(size=len(trees["feature"])),
        "offset": np.zeros(1),
    }
    reasons = mutate(reasons, rng) if rng.random() < 0.8 else reasons
    try:
        core = build(reasons=reasons)
    except (ValueError, KeyError):
        return
    X = hostile_rows(n_columns, rng)
    core.explain(X, np.empty((len(X), int(reasons["player"].max()) + 2)))


def fuzz(seed: int, n_models: int) -> int:
    """Build mutated models and score rows by those that are accepted; return how many were."""
    from hand_made import MODELS
    from strategies import any_sets

    from ensemble_kd._core import Model
    from ensemble_kd.runtime._compiled import core_arguments

    rng, rng_of_reasons = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    n_accepted = 0
    for model in itertools.islice(itertools.cycle(MODELS.values()), n_models):
        (kind, arrays, columns, classes, encoder), options = core_arguments(model)
        changed: dict[str, Any] = dict(options)
        if rng.random() < 0.1:
            changed["n_layers"] = int(rng.choice([-1, 0, 1, 2, 3, 65]))
        if rng.random() < 0.1:
            classes = tuple(range(rng.integers(2, 12)))
        if kind == "mlp" and rng.random() < 0.5:
            arrays["edges"] = np.arange(float(len(arrays["edges"])))  # offsets may fall anywhere
        if kind == "trees" and rng.random() < 0.5:
            arrays["left_categories"] = any_sets(arrays["feature"], rng)
        if rng.random() < 0.1:
            changed["link"] = str(rng.choice(["identity", "sigmoid", "sigmoids", "softmax"]))
        if rng.random() < 0.2:
            changed |= any_decision(rng)
        most_floats = int(rng.choice([4, 8, 16]))
        given = (kind, mutate(arrays, rng), columns, classes, encoder)
        try:
            core = Model(*given, **changed, most_floats=most_floats)
        except (ValueError, KeyError):
            continue
        n_accepted += 1
        if kind == "trees":
            explain(partial(Model, *given, **changed), given[1], len(columns), rng_of_reasons)
        X = hostile_rows(len(columns), rng)
        core.respond(X, np.empty((len(X), len(core.respond_row(X[0])))), 2)
        for row in X[:3]:
            core.respond_row(row)
        core.predict_one({"age": 3, "member": True, "city": "Rome", "income": 1e9})
    return n_accepted


def fuzz_properties(seed: int, n_models: int) -> int:
    """Hold every law for models that hypothesis draws; return how many broken ones built."""
    import core_properties
    import hypothesis

    for law in core_properties.PROPERTIES.values():
        hypothesis.seed(seed)(core_properties.with_settings(n_models, derandomize=False)(law))()
    return len(core_properties.ACCEPTED)


def fuzz_files(seed: int, n_files: int) -> int:
    """Have files read and scored by both readers; return how many were taken."""
    import fuzz_files

    bases = [path.read_bytes() for path in sorted(Path(sys.argv[5]).glob("*.ekd"))]
    found = fuzz_files.fuzz(bases, seed, n_files)
    assert not found["differences"], found
    return int(found["taken"])


if __name__ == "__main__":
    use_core(sys.argv[1])
    of = {"properties": fuzz_properties, "files": fuzz_files}.get("".join(sys.argv[4:5]), fuzz)
    print(of(int(sys.argv[2]), int(sys.argv[3])))
