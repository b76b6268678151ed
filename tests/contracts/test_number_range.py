"""One range of numbers: what may be learned from, and one answer to any number everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd import (
    DistilledClassifier,
    GBDTStudent,
    InputError,
    MLPStudent,
    TreeStudent,
    load,
)
from ensemble_kd.export import export_onnx, onnx_difference
from ensemble_kd.runtime import HAS_CORE
from ensemble_kd.teachers.members import LightGBMMember

N_ROWS = 160
RNG = np.random.default_rng(0)
P, NORMAL, SIGN = RNG.random(N_ROWS), RNG.normal(size=N_ROWS), RNG.choice([-1.0, 1.0], N_ROWS)
THIRDS = np.arange(N_ROWS) % 3
COLUMNS = {
    "uniform up to 1e300": SIGN * P * 1e300,
    "ends of the range": np.choose(THIRDS, [-1e300, NORMAL, 1e300]),
    "infinite": np.choose(THIRDS, [-np.inf, NORMAL, np.inf]),
    "largest float32": np.where(THIRDS > 0, NORMAL, 3.4028234663852886e38),
    "p-values near 1e-300": P * 1e-300,
    "p-values near 1e-307": P * 1e-307,
    "p-values near 1e-308": P * 1e-308,
    "p-values near 1e-320": P * 1e-320,
    "some of them denormal": np.where(THIRDS > 0, P, P * 1e-310),
    "every size": SIGN * 10.0 ** (P * 620 - 320),
}
# Each with a synthesizer and a compression.
STUDENTS = {
    "mlp": (MLPStudent(hidden=(8,), n_updates=40), "munge", None),
    "periodic": (MLPStudent(hidden=(8,), n_updates=40, encoding="periodic"), "marginals", ["int8"]),
    "gbdt": (GBDTStudent(n_estimators=5, n_jobs=1), "forest_leaves", ["int8"]),
    "tree": (TreeStudent(), "munge", ["float16"]),
}
EXTREMES = [1.7976931348623157e308, 1e300, np.inf, 1e-308, 5e-324, 0.0, np.nan]


@pytest.fixture(scope="module")
def teacher() -> LightGBMMember:
    return LightGBMMember()


@pytest.mark.parametrize("kind", STUDENTS)
@pytest.mark.parametrize("name", COLUMNS)
def test_models_of_any_numbers_in_range_answer_alike_everywhere(
    teacher, name, kind, tmp_path, monkeypatch
):
    X = np.column_stack([COLUMNS[name], NORMAL[::-1]])
    y = (COLUMNS[name] > np.median(COLUMNS[name])).astype(int)
    student, synthesizer, compression = STUDENTS[kind]
    estimator = DistilledClassifier(
        [("member", teacher)], student=student, recipe="fast", synthesizer=synthesizer,
        n_synthetic=200, cv=2, compression=compression,
    )  # fmt: skip
    estimator.fit(X, y).save(tmp_path / "m.ekd")
    probe = np.vstack([X[:40], [[sign * v, 0.5] for v in EXTREMES for sign in (1, -1)]])
    answers = {}
    for runtime in ["numpy"] + ["c"] * HAS_CORE:
        monkeypatch.setenv("ENSEMBLE_KD_RUNTIME", runtime)
        scorer = load(tmp_path / "m.ekd")
        answers[runtime] = scorer.predict_proba(probe)
        rows = [dict(zip(scorer.schema.names, row, strict=True)) for row in probe.tolist()]
        answers[f"{runtime}, a row"] = [list(scorer.predict_proba_one(r).values()) for r in rows]
    if HAS_CORE:
        from ensemble_kd import without_numpy

        small = without_numpy.load(tmp_path / "m.ekd")
        answers["without numpy"] = [list(small.predict_proba_one(r).values()) for r in rows]
    expected = answers["numpy"]
    assert np.isfinite(expected).all()
    for found in answers.values():
        np.testing.assert_allclose(found, expected, atol=2e-6)
    # A number beyond the range is to a model of numbers within it what an infinite one is.
    by_value = dict(zip(EXTREMES, expected[40::2], strict=True))
    np.testing.assert_allclose(by_value[EXTREMES[0]], by_value[np.inf], atol=1e-6)
    assert onnx_difference(scorer.model, export_onnx(scorer.model)) <= 1e-6


@pytest.mark.parametrize("value", [1.7976931348623157e308, -1.2e300])
def test_fits_refuse_numbers_beyond_the_range(teacher, value):
    X = np.column_stack([np.where(THIRDS == 1, value, NORMAL), P])
    estimator = DistilledClassifier([("member", teacher)], student=TreeStudent(), n_synthetic=100)
    with pytest.raises(InputError, match=r"column 'x0' must hold numbers from -1e\+300 to 1e\+300"):
        estimator.fit(X, np.arange(N_ROWS) % 2)
    within = np.column_stack([NORMAL, P])
    with pytest.raises(InputError, match="column 'x0' must hold numbers"):
        estimator.fit(within, np.arange(N_ROWS) % 2, X_unlabeled=X)
