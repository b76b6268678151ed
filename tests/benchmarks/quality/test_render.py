"""Tables, words and pictures of results made by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from ensemble_kd.benchmarks import shared
from ensemble_kd.benchmarks.quality.methods import METHODS
from ensemble_kd.benchmarks.quality.report import (
    _above_picture,
    _paired_picture,
    _picture,
    render_markdown,
    render_own,
    render_picture,
    summarise_pair,
)
from ensemble_kd.benchmarks.quality.report._ranks import Ranks


def _line(text: str, *starts: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(starts))


def test_gain_kept_is_that_of_the_mean_losses(results):
    pair = summarise_pair(results, "clear")
    assert (pair.hard, pair.distilled, pair.teacher) == pytest.approx((0.30, 0.27, 0.26))
    assert pair.gain_kept == pytest.approx(0.75)
    assert (pair.wins, pair.n_seeds, pair.certain, pair.beats_hard) == (3, 3, True, True)


def test_gain_kept_is_absent_where_the_teacher_gains_nothing(results):
    pair = summarise_pair(results, "none")
    assert math.isnan(pair.gain_kept)
    assert not pair.certain
    assert not pair.beats_hard


def test_one_seed_is_never_certain(results):
    assert not summarise_pair(results[results["seed"] == 0], "clear").certain


def test_a_lead_that_is_not_significant_is_marked(results):
    # Leads of the teacher 0.04, -0.02 and 0.04: mean 0.02, standard error 0.02.
    losses = {0: 0.29, 1: 0.24, 2: 0.31}
    hard = results["method"].eq("hard_student") & results["dataset"].eq("clear")
    results.loc[hard, "loss"] = results.loc[hard, "seed"].map(losses)
    assert not summarise_pair(results, "clear").certain
    assert _line(render_markdown(results), "| clear *")


def test_pair_counts_only_seeds_that_have_all_three(results):
    gone = results["method"].eq("distilled") & results["seed"].eq(1)
    pair = summarise_pair(results[~gone], "clear")
    assert pair.n_seeds == 2
    assert pair.hard == pytest.approx(0.30)


def test_markdown_shows_means_gain_and_median(results):
    text = render_markdown(results)
    row = _line(text, "| distilled network")
    for cell in ("0.2700 ± 0.0100", "75 %", "61 µs", "91 kB", "20.0 s"):
        assert cell in row
    assert "yes (3 of 3 seeds)" in _line(text, "| clear ")
    assert "no (0 of 3 seeds)" in _line(text, "| none *")
    assert "on 1 of 2 data sets. Median gain kept: 75 % (1 data set" in text


def test_markdown_names_what_was_left_out(results):
    row = results.iloc[0].to_dict() | {
        "method": "hard_gbdt",
        "skipped": "ValueError: no",
        "seed": 7,
    }
    text = render_markdown(pd.concat([results, pd.DataFrame([row])]))
    assert "- clear, seed 7, hard_gbdt: ValueError: no" in text


def test_markdown_of_failures_alone_is_a_list(results):
    text = render_markdown(results.head(1).assign(skipped="broken"))
    assert text == "### Left out\n\n- clear, seed 0, teacher: broken\n"


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (shared.number, 0.123456, "0.1235"),
        (shared.number, 46123.4, "46,123"),
        (shared.number, math.nan, "-"),
        (shared.percent, math.nan, "-"),
        (shared.duration, 61.4, "61 µs"),
        (shared.duration, 0.48, "0.48 µs"),
        (shared.duration, 61_400.0, "61.4 ms"),
        (shared.size, 90_400.0, "90 kB"),
        (shared.size, 3.2e8, "320 MB"),
    ],
)
def test_numbers_are_written_with_their_unit(write, value, text):
    assert write(value) == text


def test_picture_is_a_png(results, tmp_path):
    render_picture(results, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("member_latency", [9e2, 2e3, 3e4, 6e4])
@pytest.mark.parametrize("member_loss", [0.26, 0.27, 0.30])
def test_picture_labels_do_not_overlap(results, member_latency, member_loss):
    # All methods, students close together.
    rng = np.random.default_rng(0)
    template = results.iloc[0].to_dict()
    known = {"teacher": 5e4, "best_member": member_latency, "autogluon_teacher": 3e5}
    latencies = [known.get(method, 10 ** rng.uniform(1.5, 2.2)) for method in METHODS]
    latencies = [
        10 ** rng.uniform(3, 5.3) if METHODS[m].family is None and m not in known else latency
        for m, latency in zip(METHODS, latencies, strict=True)
    ]
    rows = [
        template | {"method": method, "loss": 0.27 + 0.002 * rng.random(), "latency_us": latency}
        for method, latency in zip(METHODS, latencies, strict=True)
    ]
    rows[1]["loss"] = member_loss
    figure = _picture.draw(pd.DataFrame(rows))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    texts = [text for text in figure.axes[0].texts if text.get_text()]
    boxes = [Text.get_window_extent(text, renderer) for text in texts]  # Without leader lines.
    assert len(boxes) == len(METHODS)
    overlaps = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]
    assert not overlaps
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)


def test_paired_losses_are_per_cent_above_the_reference_of_the_same_split(results):
    shares = _paired_picture.beside_reference(results[results["dataset"] == "clear"])
    # 0.26 beside 0.29, 0.27 beside 0.30, 0.28 beside 0.31.
    expected = [100 * (0.26 / 0.29 - 1), -10.0, 100 * (0.28 / 0.31 - 1)]
    assert shares["distilled"].tolist() == pytest.approx(expected)
    assert shares["hard_student"].eq(0.0).all()


def test_paired_picture_has_a_panel_a_set_and_a_dot_a_split(results):
    figure = _paired_picture.draw_paired(results)
    assert len(figure.axes) == 2
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert [len(line.get_xdata()) for line in dots] == [3, 3, 3]
    FigureCanvasAgg(figure).draw()
    words = [text for ax in figure.axes for text in ax.texts]
    boxes = [text.get_window_extent(figure.canvas.get_renderer()) for text in words]
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)


def test_picture_of_distances_fits_its_words(results):
    losses = {"teacher": [0.0, 0.02], "distilled": [0.01, 1.72], "catboost": [0.2, 0.0]}
    above = pd.DataFrame(losses | {"realmlp": [0.3, np.nan]})
    ranks = Ranks({"distilled": 1.5, "catboost": 1.5}, ["a", "b"], 1.0, 1.0)
    figure = _above_picture.draw_above(above.set_axis(["a", "give_me_some_credit"]), ranks)
    FigureCanvasAgg(figure).draw()
    texts = figure.axes[0].texts
    boxes = [text.get_window_extent(figure.canvas.get_renderer()) for text in texts]
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]
    told = {"+1.0", "+172", "best", "+20", "+30", "not run", "1.5", "-"}
    assert told <= {text.get_text() for text in texts}


def test_labels_of_many_methods_stay_inside_their_panel():
    ax, names = Figure().subplots(), list(METHODS)[:14]
    _picture._label_column(ax, names, dict.fromkeys(names, (0.5, 0.1)), 0.9, "left")
    heights = sorted(text.xyann[1] for text in ax.texts)
    assert len(heights) == 14
    assert 0.0 <= heights[0] < heights[-1] <= 1.0
    assert min(np.diff(heights)) > 0.05


def test_spread_keeps_order_and_gap_inside_the_bounds():
    moved = _picture.spread(np.array([0.5, 0.5, 0.5, 0.94, 0.95]), 0.1, 0.0, 1.0)
    assert (np.diff(moved) >= 0.1 - 1e-6).all()
    assert moved[0] >= 0.0
    assert moved[-1] <= 1.0


def test_drawing_opens_no_window_and_sets_no_global_state(results):
    import sys

    before = "matplotlib.pyplot" in sys.modules
    _picture.draw(results)
    assert ("matplotlib.pyplot" in sys.modules) == before


def test_picture_compares_methods_on_the_seeds_that_all_of_them_ran():
    rows = pd.DataFrame(
        [(seed, method) for method, n in (("a", 3), ("b", 1)) for seed in range(n)],
        columns=["seed", "method"],
    )
    assert _picture._of_shared_seeds(rows)["seed"].tolist() == [0, 0]
    alone = rows[(rows["seed"] > 0) | (rows["method"] == "b")]
    assert len(_picture._of_shared_seeds(alone)) == len(alone)


def test_results_of_ones_own_have_no_bars_and_no_share_of_an_uncertain_gain(results):
    text = render_own(results)
    assert "What it shows" not in text and "Mean ranks" not in text and "nan" not in text
    assert "distilled network: better than on hard labels in 3 of 3 seeds; 75 % of the" in text
    one = render_own(results[results["seed"] == 0])
    assert "not significant over 1 seed, so no share of it is told" in one
    cells = [line.split("|")[5].strip() for line in one.splitlines() if "distilled netw" in line
             and line.startswith("|")]  # fmt: skip
    assert cells and set(cells) == {"-"}
