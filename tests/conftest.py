"""Tables of every kind of column, for the tests of all floors."""

from __future__ import annotations

import os

# Tests run on every core at once (pytest-xdist); threads of one would wait for those of another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.errors import MissingDependencyError
from ensemble_kd.losses import softmax
from ensemble_kd.rows import REAL, SYNTHETIC, TransferSet
from ensemble_kd.schema import TableSchema
from ensemble_kd.tasks import task_with

CITIES = ["Oslo", "Rome", "Lima", "Kyōto"]
SIZES = pd.CategoricalDtype(["S", "M", "L", "XL"], ordered=True)


@contextmanager
def skipped_without_torch() -> Iterator[None]:
    """Skip what asks for torch where it is not installed, as `make test-newest` has it."""
    try:
        yield
    except MissingDependencyError as error:
        if find_spec("torch") is None and "torch" in str(error):
            pytest.skip("torch is not installed")
        raise


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup():
    with skipped_without_torch():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    with skipped_without_torch():
        return (yield)


def mixed_frame(n_rows: int, seed: int = 0) -> pd.DataFrame:
    """Return a frame with a column of each kind and dtype, some of them with missing values."""
    rng = np.random.default_rng(seed)

    def gaps(values: np.ndarray) -> pd.Series:
        return pd.Series(values).mask(rng.random(n_rows) < 0.2)

    cities = rng.choice(CITIES, n_rows)
    flags = rng.random(n_rows) < 0.4
    return pd.DataFrame(
        {
            "amount": gaps(rng.lognormal(size=n_rows)),
            "ratio": rng.normal(size=n_rows).astype(np.float32),
            "count": rng.integers(0, 5, n_rows),
            "age": gaps(rng.integers(18, 99, n_rows)).astype("Int64"),
            "flag": flags,
            "known": gaps(rng.random(n_rows) < 0.7).astype("boolean"),
            "city": gaps(cities).astype(pd.CategoricalDtype([*CITIES, "never"])),
            "size": pd.Series(rng.choice(SIZES.categories, n_rows)).astype(SIZES),
            "name": gaps(rng.choice(["ann", "bob", "cy"], n_rows)).astype("str"),
            "thing": pd.Series(rng.choice(np.array(["a", 1, 2.5], dtype=object), n_rows)),
        }
    )


def score_of(frame: pd.DataFrame) -> np.ndarray:
    """Return a number that depends on amounts, flags and categories alike."""
    return np.asarray(
        np.tanh(frame["amount"].fillna(3.0))
        + frame["ratio"]
        + 1.5 * frame["flag"]
        + (frame["city"].astype(object) == "Rome")
        - (frame["size"].astype(object) == "L"),
        dtype=np.float64,
    )


@pytest.fixture(scope="session")
def make_frame() -> Callable[..., pd.DataFrame]:
    """Return the function that makes a mixed frame of some rows."""
    return mixed_frame


@pytest.fixture(scope="session")
def make_target() -> Callable[..., np.ndarray]:
    """Return the function that gives a mixed frame's rows labels or values."""

    def target(frame: pd.DataFrame, task: str = "binary", seed: int = 0) -> np.ndarray:
        noisy = score_of(frame) + 0.5 * np.random.default_rng(seed).normal(size=len(frame))
        if task == "regression":
            return 100 + 20 * noisy
        cuts = {"binary": [0.5], "multiclass": [0.3, 0.6]}[task]
        return np.searchsorted(np.quantile(noisy, cuts), noisy)

    return target


@pytest.fixture(scope="session")
def make_transfer_set(make_target) -> Callable[..., TransferSet]:
    """Return the function that makes a labelled transfer set on a mixed table."""

    def transfer_set(task: str, n_rows: int = 400, seed: int = 0) -> TransferSet:
        frame = mixed_frame(n_rows, seed)
        schema = TableSchema.infer(frame)
        score = score_of(frame)
        target = make_target(frame, task, seed)
        index = np.arange(n_rows)
        synthetic = index >= 3 * n_rows // 4
        if task == "regression":
            response = (100 + 20 * score)[:, None]
            hard = np.where(synthetic, np.nan, target)
        else:
            centres = np.linspace(-1, 2, len(np.unique(target)))
            response = softmax(-2 * np.abs(score[:, None] - centres))
            hard = np.where(synthetic, -1, target)
        return TransferSet(
            schema,
            schema.encode(frame),
            response,
            hard,
            np.random.default_rng(seed).uniform(0.5, 1.5, n_rows),
            np.where(synthetic, SYNTHETIC, REAL).astype(np.int8),
            (index % 10 == 0) & ~synthetic,
            task_with(None if task == "regression" else np.unique(target)),
        )

    return transfer_set
