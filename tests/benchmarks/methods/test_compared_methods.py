"""Methods beside plain soft targets, by hand and on tiny tables."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.benchmarks.methods.__main__ import main
from ensemble_kd.benchmarks.methods.compared import (
    CONDITIONS,
    HARD,
    METHODS,
    PLAIN,
    USUAL,
    Classroom,
    Method,
    Size,
    collect,
    cut,
    gain,
    holm,
    is_failed,
    judge,
    read_rows,
    report,
    run_methods,
    taught,
    with_noise,
)
from ensemble_kd.benchmarks.methods.compared._explained import rank_agreement
from ensemble_kd.datasets import load_dataset
from ensemble_kd.errors import InputError
from ensemble_kd.flow.lessons import LESSONS
from ensemble_kd.losses import BESIDE, CLASS_LOSSES
from ensemble_kd.model import Dense
from ensemble_kd.rows import REAL, SYNTHETIC
from ensemble_kd.tasks import task_named
from ensemble_kd.teachers.per_row import PER_ROW

TINY = Size(n_train=240, n_test=80, n_synthetic=100, n_updates=8, n_trees=4, n_rounds=4)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """Return the classroom of a small table of two classes."""
    table = cut(load_dataset("breast_cancer"), 0, TINY.n_train, TINY.n_test)
    return Classroom(table, CONDITIONS[USUAL], TINY, tmp_path_factory.mktemp("cache"))


def by_hand(gains, *, method="a", dataset="x", row_error=0.001, **more):
    """Return rows of a method, one a seed."""
    return pd.DataFrame(
        [
            {
                "condition": USUAL, "dataset": dataset, "seed": seed, "method": method,
                "skipped": None, "gain": value, "row_error": row_error, "is_official": False,
                "loss": 1 - value, "plain_loss": 1.0, "teacher_loss": 0.5, "seconds": 3.0,
                "plain_seconds": 2.0, "from_teacher": 0.1, "agreement": np.nan,
                "plain_gains": [0.0, 0.0, 0.0], "cell_seconds": 1.0, **more,
            }
            for seed, value in enumerate(gains)
        ]
    )  # fmt: skip


# --- what is compared -----------------------------------------------------------------------------


def test_every_method_of_the_house_is_compared():
    losses = {method.choices["loss"] for method in METHODS.values() if "loss" in method.choices}
    assert losses == {*CLASS_LOSSES, *BESIDE} - {PLAIN}
    taught_by = {
        type(LESSONS[one]() if isinstance(one, str) else one)
        for method in METHODS.values()
        for one in method.choices.get("lessons", ())
    }
    assert taught_by == set(LESSONS.values())
    assert {method.row_weights for method in METHODS.values()} - {None} == set(PER_ROW)


def test_conditions_have_references_and_known_names():
    for name in CONDITIONS:
        if name != USUAL:
            assert name in METHODS[PLAIN].conditions
            assert name in METHODS[HARD].conditions
    assert {name for method in METHODS.values() for name in method.conditions} < set(CONDITIONS)


# --- rows -----------------------------------------------------------------------------------------


def test_training_and_test_rows_are_apart_and_few():
    dataset = load_dataset("breast_cancer")
    table = cut(dataset, 1, 100, 50)
    assert (len(table.y), len(table.y_test)) == (100, 50)
    both = pd.concat([table.X, table.X_test])
    assert not both.duplicated().any()
    assert not cut(dataset, 2, 100, 50).X.equals(table.X)


def test_official_test_rows_are_the_same_for_every_seed():
    dataset = load_dataset("breast_cancer")
    split = np.where(np.arange(len(dataset.y)) % 2 == 0, "train", "test")
    cuts = [cut(replace(dataset, split=split), seed, 100, 50) for seed in (0, 1)]
    assert cuts[0].X_test.equals(cuts[1].X_test)
    assert not cuts[0].X.equals(cuts[1].X)
    assert cuts[0].is_official


@pytest.mark.parametrize("name", ["digits", "diabetes"])
def test_noise_changes_its_share_of_the_training_targets_alone(name):
    table = cut(load_dataset(name), 0, 300, 100)
    noisy = with_noise(table, 0.2)
    changed = noisy.y != table.y
    if table.task.has_classes:
        assert changed.sum() == round(0.2 * len(table.y))
    else:  # another row may have the same value
        assert 0.17 * len(table.y) < changed.sum() <= 0.2 * len(table.y)
    assert set(noisy.y) <= set(table.y)
    assert np.array_equal(noisy.y_test, table.y_test)


# --- teaching -------------------------------------------------------------------------------------


def test_classroom_fits_its_teacher_once(room):
    again = Classroom(room.table, room.condition, room.size, room._cache)
    room.teaching  # noqa: B018 - fits and keeps
    files = list(room._cache.glob("*.joblib"))
    assert len(files) == 1
    stamp = files[0].stat().st_mtime_ns
    assert np.array_equal(again.teaching.soft_real, room.teaching.soft_real)
    assert files[0].stat().st_mtime_ns == stamp


def test_few_rows_are_a_share_of_the_real_ones(room):
    few = replace(CONDITIONS["few_rows"], share=0.25)
    small = Classroom(room.table, few, room.size, room._cache)
    recipe = _recipe(small)
    found = small.transfer_set(recipe)
    assert len(found) == 60
    assert (found.origin == REAL).all()
    assert found.held_out.sum() == 15


def test_wrong_labels_are_those_of_the_training_rows(room):
    noisy = Classroom(room.table, CONDITIONS["noisy_labels"], room.size, room._cache)
    assert (noisy.rows.hard != room.rows.hard).mean() == pytest.approx(0.2)
    assert np.array_equal(noisy.table.hard, room.table.hard)


def test_small_student_is_of_ten_kilobytes(room):
    small = Classroom(room.table, CONDITIONS["small_student"], room.size, room._cache)
    model = taught(small, METHODS[PLAIN]).student.to_model()
    usual = taught(room, METHODS[PLAIN]).student.to_model()
    assert n_bytes(model.body) <= 10_000 < n_bytes(usual.body)


def n_bytes(part):
    """Return the bytes of all arrays in a record."""
    if isinstance(part, np.ndarray):
        return part.nbytes
    parts = part if isinstance(part, tuple) else vars(part).values()
    return sum(n_bytes(one) for one in parts if isinstance(one, tuple | np.ndarray | Dense))


def _recipe(room):
    from ensemble_kd.flow import default_recipe

    return default_recipe(room.task, room.settings(), room.n_synthetic)


def test_same_method_gives_the_same_student(room):
    codes = room.rows.codes[:20]
    first, again = (taught(room, METHODS["similarity"]).student.respond(codes) for _ in range(2))
    assert np.array_equal(first, again)


def test_view_that_was_found_before_counts_again(room):
    recipe = _recipe(room)
    codes = room.transfer_set(recipe).X
    room.remembered = 0.0
    room.view(codes, "leaves")
    fresh = room.remembered
    room.view(codes, "leaves")
    assert room.remembered > fresh


def test_weights_per_row_change_the_answers_of_the_same_rows(room):
    from ensemble_kd.benchmarks.methods.compared._taught import by_row

    given = room.transfer_set(_recipe(room))
    found = by_row(room, "disagreement", given)
    assert np.array_equal(found.X, given.X)
    assert np.allclose(found.response.sum(axis=1), 1)
    # Of no use, weights are the plain mean of the members, out of fold and elsewhere.
    members = room.teaching.labeller.members_
    synthetic = given.X[given.origin == SYNTHETIC]
    raw = room.decoder.decode(synthetic)
    each = [room.task.ask(model, raw) for _, model in members]
    assert (found.response[given.origin == SYNTHETIC] >= np.min(each, axis=0) - 1e-12).all()
    assert (found.response[given.origin == SYNTHETIC] <= np.max(each, axis=0) + 1e-12).all()


def test_method_that_is_not_for_the_task_says_so(tmp_path):
    table = cut(load_dataset("diabetes"), 0, 100, 50)
    values = Classroom(table, CONDITIONS[USUAL], TINY, tmp_path)
    with pytest.raises(InputError, match="loss must be"):
        taught(values, METHODS["decoupled"])
    with pytest.raises(InputError, match="is for classes"):
        taught(values, METHODS["confidence"])


def test_method_of_too_many_classes_is_left_out(room):
    with pytest.raises(InputError, match="left out with more than 1 classes"):
        taught(room, Method("loss", most_classes=1))


# --- figures --------------------------------------------------------------------------------------


def test_gain_by_hand():
    losses, reference = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])
    classes, values = task_named("classification"), task_named("regression")
    # Half of the loss on every row: sure, and of a root mean square 1 - sqrt(1 / 2).
    assert gain(classes, losses, reference) == pytest.approx((0.5, 0.0))
    assert gain(values, losses, reference)[0] == pytest.approx(1 - np.sqrt(0.5))


def test_gain_error_is_that_of_the_mean_difference_for_equal_means():
    rng = np.random.default_rng(0)
    reference = rng.uniform(1, 2, 1000)
    losses = rng.permutation(reference)
    found, error = gain(task_named("classification"), losses, reference)
    expected = (losses - reference).std(ddof=1) / np.sqrt(1000) / reference.mean()
    assert (found, error) == pytest.approx((0.0, expected))


def test_holm_by_hand():
    # The least p counts three times, the next twice, and none falls below the one before.
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([]) == []


@pytest.mark.parametrize(
    ("gains", "row_error", "expected"),
    [
        ([0.10, 0.11, 0.09], 0.001, "helps"),
        ([-0.10, -0.11, -0.09], 0.001, "hurts"),
        ([0.10, -0.11, 0.09], 0.001, "neutral"),  # the seeds differ
        ([0.10, 0.11, 0.09], 0.2, "neutral"),  # the test rows do
        ([0.10], 0.001, "neutral"),  # one seed says nothing
    ],
)
def test_verdict_by_hand(gains, row_error, expected):
    line = judge(by_hand(gains, row_error=row_error)).iloc[0]
    assert line["verdict"] == expected


def test_seeds_that_agree_by_chance_are_measured_by_those_of_other_methods():
    lucky = by_hand([0.05, 0.05, 0.05], method="lucky")
    others = [by_hand([0.2, -0.2, 0.0], method=name) for name in ("b", "c")]
    alone = judge(lucky).set_index("method")
    among = judge(pd.concat([lucky, *others])).set_index("method")
    assert alone.loc["lucky", "verdict"] == "helps"
    assert among.loc["lucky", "error"] == pytest.approx(0.2 / np.sqrt(3))
    assert among.loc["lucky", "verdict"] == "neutral"


def test_official_test_rows_are_no_more_for_many_seeds():
    own, shared = (
        judge(by_hand([0.0, 0.0, 0.0], row_error=0.3, is_official=official)).iloc[0]["error"]
        for official in (False, True)
    )
    assert (own, shared) == pytest.approx((0.3 / np.sqrt(3), 0.3))


# --- the program ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return the folder of a run of a few methods, and its rows."""
    out = tmp_path_factory.mktemp("out")
    names = [PLAIN, HARD, "sobolev", "decoupled", "competence"]
    for condition, dataset in ((USUAL, "breast_cancer"), ("few_rows", "diabetes")):
        run_methods([dataset], names, seeds=1, conditions=[condition], out=out, size=TINY)
    return out, read_rows(out)


def test_run_gives_a_row_for_each_apt_method(finished):
    _, rows = finished
    usual = rows[rows["condition"] == USUAL]
    assert set(usual["method"]) == {PLAIN, HARD, "sobolev", "decoupled", "competence"}
    assert usual["skipped"].isna().all()
    assert (usual[["loss", "seconds", "plain_seconds"]] > 0).all(axis=None)
    assert usual.set_index("method")["agreement"].notna().to_dict() == {
        PLAIN: True, HARD: True, "sobolev": True, "decoupled": False, "competence": False,
    }  # fmt: skip
    few = rows[rows["condition"] == "few_rows"].set_index("method")
    assert "competence" not in few.index
    assert "loss must be" in few.loc["decoupled", "skipped"]
    assert not is_failed(rows)


def test_plain_students_are_compared_with_each_other(finished):
    _, rows = finished
    plain = rows[(rows["method"] == PLAIN) & (rows["condition"] == USUAL)].iloc[0]
    assert len(plain["plain_gains"]) == 3
    assert plain["gain"] == pytest.approx(plain["plain_gains"][0])


def test_run_goes_on_where_it_ended(finished, monkeypatch):
    out, rows = finished
    monkeypatch.setattr(
        "ensemble_kd.benchmarks.methods.compared._run.load_dataset", lambda *_: pytest.fail()
    )
    again = run_methods(["breast_cancer"], [PLAIN, HARD], seeds=1, out=out, size=TINY)
    kept = rows[rows["condition"] == USUAL].set_index("method")["loss"]
    assert again.set_index("method")["loss"].to_dict() == kept[[PLAIN, HARD]].to_dict()


def test_table_that_cannot_be_had_fails_and_is_not_kept(tmp_path, monkeypatch):
    def offline(*_):
        raise InputError("no such file.")

    monkeypatch.setattr("ensemble_kd.benchmarks.methods.compared._run.load_dataset", offline)
    rows = run_methods(["digits"], [PLAIN], seeds=1, out=tmp_path, size=TINY)
    assert list(rows["skipped"]) == ["InputError: no such file."]
    assert is_failed(rows)
    with pytest.raises(InputError, match="folder of finished rows"):
        read_rows(tmp_path)


def test_rows_are_collected_and_rendered(finished, tmp_path, capsys):
    out, rows = finished
    collect(out, tmp_path / "rows.parquet")
    assert main(["--render", str(tmp_path / "rows.parquet")]) == 0
    told = capsys.readouterr().out
    assert told.strip() == report(rows)
    assert "| sobolev" in told
    assert "- decoupled, diabetes: loss must be" in told


def test_rows_of_two_codes_are_not_mixed(finished, tmp_path):
    for folder in ("one", "two"):  # as two codes would name the same row
        shutil.copytree(finished[0] / "rows" / USUAL, tmp_path / "rows" / folder)
    with pytest.raises(InputError, match="rows of one code"):
        read_rows(tmp_path)


def test_table_tells_changes_of_the_loss_and_time_by_hand():
    rows = pd.concat(
        [by_hand([0.0, 0.001, -0.001], method=PLAIN), by_hand([0.1, 0.11, 0.09], method="dist")]
    )
    line = next(line for line in report(rows).splitlines() if line.startswith("| dist"))
    assert [cell.strip() for cell in line.split("|")[1:-1]] == [
        "dist", "**-10.0 %**", "1 / 0 / 0", "1.5",
    ]  # fmt: skip


def test_report_without_figures_tells_the_reasons():
    refused = by_hand([0.0], method="dist").assign(skipped="not for values.")
    assert report(refused) == "- dist, x: not for values."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--methods", "distt", "--datasets", "digits"], "Did you mean 'dist'"),
        (["--seeds", "0"], "seeds must be >= 1"),
        (["--render", "nowhere"], "folder of finished rows"),
    ],
)
def test_program_refuses_what_it_cannot_run(arguments, message, capsys):
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_rank_agreement_by_hand():
    # Ranks 1 2 3 against 1 3 2: a correlation of 1 / 2; against 3 2 1: of -1.
    found = rank_agreement([[0.1, 5.0, 6.0]] * 2, [[1.0, 3.0, 2.0], [9.0, 8.0, 7.0]])
    assert found == pytest.approx((0.5 - 1.0) / 2)
