"""The loss by each setting: a picture that a page holds, a panel for what varied."""

from __future__ import annotations

import itertools

import pytest

from ensemble_kd.tuning import _slices


@pytest.fixture
def study():
    """A study of 20 trials, of seven settings of every kind, of which one never varies."""
    optuna = pytest.importorskip("optuna")
    found = optuna.create_study()
    space = {
        "rate": optuna.distributions.FloatDistribution(0.01, 0.5, log=True),
        "n_bytes": optuna.distributions.IntDistribution(1000, 50_000, log=True),
        "depth": optuna.distributions.IntDistribution(1, 8),
        "alpha": optuna.distributions.FloatDistribution(0.4, 1.0),
        "synthesizer": optuna.distributions.CategoricalDistribution(["munge, long name", "none"]),
        "keep": optuna.distributions.CategoricalDistribution([0.5, 1.0]),
        "fixed": optuna.distributions.CategoricalDistribution(["same"]),
    }  # fmt: skip
    for i in range(20):
        params = {
            "rate": 0.02 * (i + 1), "n_bytes": 1000 + i, "depth": 1 + i % 8, "alpha": 0.5 + i / 50,
            "synthesizer": ["munge, long name", "none"][i % 2], "keep": [0.5, 1.0][i % 2],
            "fixed": "same",
        }  # fmt: skip
        found.add_trial(
            optuna.create_trial(params=params, distributions=space, value=1.0 / (i + 1))
        )
    with pytest.warns(optuna.exceptions.ExperimentalWarning):
        found.set_metric_names(["loss"])
    return found


def test_slices_are_a_page_of_panels_of_what_varied(study, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(_slices, "_draw", lambda axis, name, *rest, _draw=_slices._draw: (
        drawn.append((axis, name)), _draw(axis, name, *rest)))  # fmt: skip
    _slices.draw_slices(study, tmp_path / "slice.png")
    assert [name for _, name in drawn] == sorted({*study.trials[0].params} - {"fixed"})
    figure = drawn[0][0].figure
    wide, high = figure.get_size_inches()
    assert wide <= 12 and high <= 7  # Optuna's own: 2.6 inches more for each setting
    for axis, _ in drawn:
        box = axis.get_position()
        assert box.width * wide > 1.5 and box.height * high > 1
        labels = [text.get_window_extent() for text in axis.get_xticklabels() if text.get_text()]
        seen = [box for box in labels if axis.bbox.x0 - 9 <= box.x1 <= axis.bbox.x1 + 9]
        if axis.get_xscale() == "log":
            assert all(a.x1 < b.x0 for a, b in itertools.pairwise(seen))
    assert (tmp_path / "slice.png").read_bytes()[:4] == b"\x89PNG"


def test_slices_of_no_trial_are_an_empty_page(study, tmp_path, monkeypatch):
    monkeypatch.setattr(study, "get_trials", lambda **_: ())
    _slices.draw_slices(study, tmp_path / "slice.png")
    assert (tmp_path / "slice.png").exists()
