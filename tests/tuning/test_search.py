"""`DistillationSearch` keeps its budget, is honest about its rows, and goes on where it stopped."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.metrics import log_loss
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ensemble_kd import (
    BudgetError,
    DistillationSearch,
    DistilledClassifier,
    DistilledRegressor,
    InputError,
    load,
)
from ensemble_kd.flow import n_synthetic_rows, refitted
from ensemble_kd.metrics import Latency
from ensemble_kd.rows import REAL
from ensemble_kd.students import MLPStudent
from ensemble_kd.tuning import SearchSpace, _flow, draw_front, draw_study
from ensemble_kd.tuning.finish import _finish
from ensemble_kd.tuning.trial import IN_EARNEST, _judge

# The teacher of these tests is one small tree, which gains nothing over plain training.
pytestmark = pytest.mark.filterwarnings("ignore:the best student within:UserWarning")
TREES = SearchSpace(students=("gbdt", "tree"), synthesizers=("munge 0.5", "none"))


class FixedMeter:
    """Says that every student takes the same time, but for larger ones."""

    def __call__(self, path, rows, budget):
        us = 1.0 + len(getattr(load(path).model.body, "roots", [])) / 50
        return Latency(us, (us, us), 2 * us, (2 * us, 2 * us), 64)


class Interrupting(FixedMeter):
    """Is interrupted at its third measurement."""

    def __init__(self):
        self.calls = 0

    def __call__(self, path, rows, budget):
        self.calls += 1
        if self.calls == 3:
            raise KeyboardInterrupt
        return super().__call__(path, rows, budget)


class NotedTree(DecisionTreeClassifier):
    """Notes in a file the rows it is fitted on, which it knows by a column of numbers."""

    def fit(self, X, y, sample_weight=None):
        with open(os.environ["NOTED"], "a") as file:
            print(*X[:, -1].astype(int), file=file)
        return super().fit(X[:, :-1], y, sample_weight)

    def predict_proba(self, X):
        return super().predict_proba(X[:, :-1])


def encoded(last):
    cities = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["city"]), remainder="passthrough"
    )
    return make_pipeline(cities, last)


def estimator(**more):
    teacher = encoded(DecisionTreeClassifier(max_depth=6, random_state=0))
    return DistilledClassifier(teacher, n_synthetic=300, cv=2, **more)


def search(inner=None, **more):
    options = {"space": TREES, "n_trials": 5, "max_bytes": 40_000, "meter": FixedMeter()} | more
    return DistillationSearch(inner or estimator(), **options)


@pytest.fixture(scope="module", autouse=True)
def brief_rivals():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_judge, "PLAIN_EFFORTS", (0.02,))
        yield


@pytest.fixture(scope="module")
def table(make_frame, make_target):
    X = make_frame(500)
    y = make_target(X)
    return X[["amount", "ratio", "count", "flag", "city"]], y


@pytest.fixture(scope="module")
def fitted(table):
    return search(n_trials=10, max_latency_us=1000).fit(*table)


def test_search_hands_over_what_keeps_the_budget(fitted, table, tmp_path):
    X, _ = table
    n_bytes = fitted.save(tmp_path / "model.ekd")
    assert n_bytes == (tmp_path / "model.ekd").stat().st_size <= 40_000
    assert n_bytes == fitted.certificate_.size_bytes
    assert fitted.certificate_.latency.p50_us <= 1000
    model = load(tmp_path / "model.ekd")
    np.testing.assert_array_equal(model.predict_proba(X), fitted.predict_proba(X))
    np.testing.assert_array_equal(model.predict(X), fitted.predict(X))


def test_search_refits_the_winner(fitted, table):
    X, _ = table
    best = fitted.best_estimator_
    np.testing.assert_allclose(best.predict_proba(X), fitted.predict_proba(X), atol=1e-6)
    assert best.n_features_in_ == X.shape[1] and best.teacher_ is not None


def test_search_tells_both_numbers_and_the_optimism(fitted):
    found = fitted.certificate_
    assert found.n_rows == fitted.certified_rows_.sum()
    text = str(found)
    for words in ("rows that no trial saw", "validation rows that chose it", "optimism", "us ("):
        assert words in text
    assert {"certified_loss", "loss", "gain_kept"} <= set(fitted.front_.columns)


def test_search_tells_the_sampler_of_the_limits(fitted):
    told = fitted.trials_.set_index("trial")
    for trial in fitted.study_.trials:
        if trial.number in told.index:
            assert set(trial.constraints) == {"max_latency_us", "max_bytes"}
            assert told.loc[trial.number, "feasible"] == (max(trial.constraints.values()) <= 0)


def test_search_front_is_among_its_trials(fitted):
    assert set(fitted.front_["trial"]) <= set(fitted.trials_["trial"])
    assert len(fitted.study_.trials) >= 10


def test_select_picks_again_without_fitting(fitted, table, tmp_path):
    X, _ = table
    front = fitted.front_
    smallest = int(front["size_bytes"].min())
    chosen = fitted.select(max_bytes=smallest)
    assert chosen.size_bytes == smallest == chosen.save(tmp_path / "small.ekd")
    assert chosen.scorer.predict(X.head(3)).shape == (3,)
    best = fitted.select()
    assert best.candidate.measured.loss == front["loss"].min()
    with pytest.raises(BudgetError, match=r"The nearest, trial \d+.*would let it pass"):
        fitted.select(max_bytes=100)


def test_select_refits_on_all_rows_but_the_certified_ones(fitted, table, tmp_path):
    smallest = int(fitted.front_["size_bytes"].min())
    before, chosen = (fitted.select(max_bytes=2 * smallest, refit=again) for again in (False, True))
    assert chosen.candidate == before.candidate and before.certificate is None
    assert chosen.certificate.n_rows == fitted.certified_rows_.sum()
    assert chosen.certificate.size_bytes == chosen.size_bytes <= 2 * smallest
    chosen.save(tmp_path / "again.ekd")
    X, y = (part[fitted.certified_rows_] for part in table)
    found = log_loss(y, load(tmp_path / "again.ekd").predict_proba(X))
    assert found == pytest.approx(chosen.certificate.loss, rel=1e-3)
    assert found != log_loss(y, before.scorer.predict_proba(X))


def test_what_a_search_hands_over_has_learned_all_rows_but_the_certified_ones(monkeypatch):
    learned = []

    def noted(student, recipe, every, *rest):
        learned.append(every)
        return refitted(student, recipe, every, *rest)

    monkeypatch.setattr(_finish, "refitted", noted)
    rng = np.random.default_rng(0)
    X = np.hstack([rng.normal(size=(300, 2)), np.arange(300.0)[:, None]])
    y = (X[:, 0] > 0).astype(int)
    inner = DistilledClassifier(GaussianNB(), n_synthetic=100, cv=2)
    found = search(inner, space=SearchSpace(students=("tree",)), n_trials=2).fit(X, y)
    every, apart = learned[0], found.certified_rows_
    assert not every.held_out.any()
    assert every.X[: 300 - apart.sum(), 2].tolist() == np.flatnonzero(~apart).tolist()
    loss = log_loss(y[apart], found.predict_proba(X[apart]))
    assert found.certificate_.loss == pytest.approx(loss, rel=1e-3)
    learned.clear()
    search(clone(inner).set_params(refit=False), n_trials=2).fit(X, y)
    assert not learned


def test_select_does_not_refit_without_rows(fitted):
    copied = pickle.loads(pickle.dumps(fitted))
    with pytest.raises(InputError, match=r"refit must be False.*workdir"):
        copied.select(refit=True)
    with pytest.raises(InputError, match=r"refit must be False.*workdir"):
        copied.student(int(fitted.front_["trial"].min()), refit=True)


def test_student_of_the_front_is_had_by_its_number(fitted):
    for line in fitted.front_.itertuples():
        found = fitted.student(line.trial)
        assert found.size_bytes == line.size_bytes
        assert found.latency.p50_us == line.latency_p50_us and found.certificate is None
    again = fitted.student(line.trial, refit=True)
    assert again.candidate == found.candidate
    assert again.certificate.n_rows == fitted.certified_rows_.sum()
    with pytest.raises(InputError, match=r"trial must be one of \[.*got -1"):
        fitted.student(-1)


def test_search_refuses_an_impossible_budget_and_names_the_nearest(table):
    tried = search(max_bytes=2_000)
    with pytest.raises(BudgetError, match=r"none of \d+ students meets 2,000 bytes.*max_bytes="):
        tried.fit(*table)
    assert tried.select().size_bytes > 2_000 and len(tried.front_)
    assert tried.select(refit=True).certificate is not None


def test_search_does_not_hand_over_silently_what_is_worse_than_plain_training(table):
    stumps = SearchSpace(students=("tree",), n_bytes=(1000, 1100))
    words = "worse than a default network trained plainly: .*min_gain_kept=0"
    with pytest.warns(UserWarning, match=words):
        found = search(space=stumps, n_trials=2, refit=False).fit(*table)
    assert found.front_["worse_than_plain"].all()
    with pytest.warns(UserWarning, match=words):
        found.select()
    with pytest.raises(BudgetError, match="would let it pass"):
        found.select(min_gain_kept=0)


def test_search_is_reproducible_with_one_worker(table):
    first, second = (search(n_trials=12).fit(*table) for _ in range(2))
    columns = ["trial", "loss", "size_bytes", "student", "compression"]
    pd.testing.assert_frame_equal(first.trials_[columns], second.trials_[columns])
    assert first.best_params_ == second.best_params_


def test_search_goes_on_where_it_stopped_and_labels_once(tmp_path, monkeypatch):
    monkeypatch.setenv("NOTED", str(tmp_path / "noted"))
    rng = np.random.default_rng(0)
    X = np.hstack([rng.normal(size=(300, 3)), np.arange(300.0)[:, None]])
    y = (X[:, 0] > 0).astype(int)
    inner = DistilledClassifier(NotedTree(random_state=0), n_synthetic=100, cv=2)
    first = search(inner, n_trials=4, workdir=tmp_path / "work").fit(X, y)
    noted = (tmp_path / "noted").read_text().splitlines()
    assert len(noted) == 8  # of trials and of refit: two folds, all rows, all but those held out
    second = search(inner, n_trials=7, workdir=tmp_path / "work").fit(X, y)
    assert len((tmp_path / "noted").read_text().splitlines()) == 8
    assert len(second.study_.trials) >= 7
    assert set(first.trials_["trial"]) < set(second.trials_["trial"])

    seen = [set(map(int, line.split())) for line in noted]
    certified = set(np.flatnonzero(first.certified_rows_).tolist())
    assert certified and not any(rows & certified for rows in seen)
    *folds, everything, unseen = seen[:4]
    assert everything == set(range(300)) - certified
    assert folds[0] | folds[1] == unseen and len(unseen) < 0.8 * len(everything)


def test_search_keeps_the_best_so_far_when_interrupted(table):
    with pytest.warns(UserWarning, match="the search was interrupted: the best student so far"):
        found = search(n_trials=9, meter=Interrupting()).fit(*table)
    assert found.interrupted_ and len(found.trials_) == 2
    assert found.predict(table[0]).shape == (500,)
    assert not hasattr(found, "best_estimator_")


def test_search_keeps_the_best_so_far_when_its_refit_is_interrupted(table, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(_finish, "teach_once", interrupted)
    with pytest.warns(UserWarning, match="the search was interrupted: the best student so far"):
        found = search(n_trials=2).fit(*table)
    assert (
        found.interrupted_ and found.certificate_.n_rows and not hasattr(found, "best_estimator_")
    )


def test_search_fits_no_second_teacher_where_no_student_is_refitted(table, monkeypatch):
    monkeypatch.setattr(_finish, "teach_once", None)
    search(n_trials=2, refit=False).fit(*table)
    with pytest.raises(BudgetError):
        search(n_trials=2, max_bytes=2_000).fit(*table)


def test_search_keeps_the_students_of_each_budget_apart(table, tmp_path):
    options = {"n_trials": 2, "refit": False, "workdir": tmp_path}
    first = search(**options).fit(*table)
    search(**options | {"max_bytes": 30_000}).fit(*table)
    again = search(**options).fit(*table)
    assert again.trials_["trial"].tolist() == first.trials_["trial"].tolist()
    np.testing.assert_array_equal(again.predict(table[0]), first.predict(table[0]))


def test_search_of_values(table, make_frame, make_target):
    X, _ = table
    y = make_target(make_frame(500), "regression")
    inner = DistilledRegressor(encoded(DecisionTreeRegressor(max_depth=6)), n_synthetic=200, cv=2)
    found = search(inner).fit(X, y)
    assert found.score(X, y) > 0.3 and not hasattr(found, "predict_proba")
    assert found.certificate_.loss > found.certificate_.teacher_loss * 0.5


def test_search_of_networks(table):
    space = SearchSpace(students=("mlp",), synthesizers=("munge 0.5",))
    found = search(
        space=space, n_trials=3, effort=0.02, refit=False, max_bytes=25_000, n_finalists=0
    ).fit(*table)
    assert found.certificate_.size_bytes <= 25_000
    assert found.trials_["size_bytes"].max() <= 25_000


def test_search_of_several_classes_with_weights_and_unlabelled_rows(table, make_frame, make_target):
    X, _ = table
    y = make_target(make_frame(500), "multiclass")
    found = search(n_jobs=2).fit(X, y, np.linspace(0.5, 1.5, len(y)), X_unlabeled=X.head(50))
    assert found.predict_proba(X.head(4)).shape == (4, 3)
    assert len(found.trials_) >= 1


def test_search_trains_finalists_in_earnest_and_hands_one_over(table):
    room = SearchSpace(students=("mlp",), synthesizers=("munge 0.5",), labels=("out_of_fold",))
    inner = estimator()
    found = search(
        inner, space=room, n_trials=1, n_finalists=1, effort=0.01, max_bytes=200_000
    ).fit(*table)
    assert found.trials_["final"].sum() == 1
    own = found.trials_.set_index("final").loc[True]
    assert "(96, 96, 96)" in own["student"] and own["loss"] == found.best_score_
    assert "finals" in found.times_
    usual = MLPStudent().n_updates
    assert found.best_estimator_.student_.n_updates == IN_EARNEST * usual


def test_search_begins_no_finals_when_interrupted_while_it_times_again(table, monkeypatch):
    class StopsAfterTrials(FixedMeter):
        def __call__(self, path, rows, budget):
            if self.is_over:
                self.is_over = False
                raise KeyboardInterrupt
            return super().__call__(path, rows, budget)

    meter = StopsAfterTrials()
    meter.is_over = False
    ask = _flow.candidates
    monkeypatch.setattr(
        _flow, "candidates", lambda study: setattr(meter, "is_over", True) or ask(study)
    )
    with pytest.warns(UserWarning, match="interrupted"):
        found = search(meter=meter, max_latency_us=2.5, n_trials=2, n_finalists=2).fit(*table)
    assert not found.trials_["final"].any()


@pytest.mark.parametrize(
    ("given", "made"),
    [("auto", IN_EARNEST * n_synthetic_rows("auto", 360, 2)), (300, 300)],  # a tenth is held out
)
def test_search_refits_on_more_rows_unless_their_number_is_given(table, given, made):
    room = SearchSpace(students=("tree",), synthesizers=("munge 0.5",), labels=("out_of_fold",))
    inner = estimator().set_params(n_synthetic=given)
    found = search(inner, space=room, n_trials=1, n_finalists=0).fit(*table)
    assert (found.best_estimator_.transfer_set_.origin != REAL).sum() == made


def test_search_is_a_scikit_learn_estimator(table):
    X, y = table
    given = search(n_trials=2, refit=False)
    twin = clone(given)
    assert twin.get_params()["estimator__cv"] == 2 and twin.space == TREES
    piped = make_pipeline(twin).fit(X, y)
    assert piped.score(X, y) > 0.5
    again = pickle.loads(pickle.dumps(piped))
    np.testing.assert_array_equal(again.predict(X), piped.predict(X))


def test_search_starts_from_the_recipe_of_a_fitted_estimator(table):
    inner = estimator(labels="in_sample", alpha=0.9, student="tree").fit(*table)
    found = search(inner, n_trials=2, refit=False).fit(*table)
    assert {t.params["labels"] for t in found.study_.trials[:2]} == {"in_sample"}
    assert {t.params["alpha"] for t in found.study_.trials[:2]} == {0.9}


def test_search_refuses_another_workdir_before_it_tries_a_student(table, tmp_path):
    storage = tmp_path / "shared.log"
    given = {"storage": storage, "n_finalists": 0, "refit": False}
    search(n_trials=2, workdir=tmp_path / "one", **given).fit(*table)
    with pytest.raises(InputError, match=r"must share its workdir, too: .*/one, got .*/other;"):
        search(n_trials=4, workdir=tmp_path / "other", **given).fit(*table)
    study = search(n_trials=3, workdir=tmp_path / "one", **given).fit(*table).study_
    assert sum(trial.state.is_finished() for trial in study.trials) == 3


def test_search_refuses_a_study_whose_students_are_gone_before_it_tries_one(table, tmp_path):
    given = {"n_finalists": 0, "refit": False, "workdir": tmp_path}
    search(n_trials=2, **given).fit(*table)
    for student in tmp_path.glob("tune-*/*.ekd"):
        student.unlink()
    with pytest.raises(InputError, match="which is absent or another file"):
        search(n_trials=4, **given).fit(*table)
    assert list(tmp_path.glob("tune-*/*.ekd")) == []


def test_search_goes_on_with_a_journal_that_was_cut_off(table, tmp_path):
    given = {"n_finalists": 0, "refit": False, "workdir": tmp_path}
    search(n_trials=2, **given).fit(*table)
    journal = tmp_path / "journal.log"
    os.truncate(journal, journal.stat().st_size - 20)
    with pytest.warns(UserWarning, match="was cut off while a record was written"):
        found = search(n_trials=3, **given).fit(*table)
    assert len(found.trials_) >= 2 and not found.interrupted_


def test_search_draws_its_front(fitted, tmp_path):
    draw_front(fitted, tmp_path / "front.png")
    draw_front(fitted, tmp_path / "seen.png", loss="certified_loss")
    names = draw_study(fitted, tmp_path)
    for name in ("front.png", "seen.png", *names):
        assert (tmp_path / name).read_bytes()[:4] == b"\x89PNG"


def test_file_keeps_the_budget_in_a_fresh_process(fitted, table, tmp_path):
    path = tmp_path / "model.ekd"
    fitted.save(path)
    code = "from ensemble_kd import load; import sys; print(load(sys.argv[1]).schema.names[0])"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert done.stdout.strip() == "amount" and Path(path).stat().st_size <= 40_000


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_trials": 0}, "n_trials must be >= 1, got 0"),
        ({"n_finalists": -1}, "n_finalists must be >= 0, got -1"),
        ({"timeout": 0}, "timeout must be > 0 seconds, got 0"),
        ({"effort": 2}, "effort must be in"),
        ({"certify_share": 0}, "certify_share must be in"),
        ({"sampler": "grid"}, "sampler must be one of"),
        ({"max_bytes": 0}, "max_bytes must be > 0"),
        ({"space": SearchSpace(students=("net",))}, "students must be some of"),
        ({"space": SearchSpace(alpha=(0.9, 0.1))}, "alpha must be a range"),
        ({"storage": "/absent/folder/journal.log"}, "storage must be a file in a folder"),
    ],
)
def test_search_refuses_parameters(table, options, words):
    with pytest.raises(InputError, match=words):
        search(**options).fit(*table)


def test_search_wants_a_distilled_estimator(table):
    with pytest.raises(InputError, match="estimator must be a DistilledClassifier"):
        DistillationSearch(DecisionTreeClassifier()).fit(*table)


def test_search_whose_time_the_teacher_took_says_so_and_goes_on_with_its_labels(
    table, tmp_path, monkeypatch, capfd
):
    # Time runs on while labels are made: by 30 s the first time, when there are none.
    offset, made = [0.0], []
    now, classroom = _flow.time.time, _flow.Classroom

    def slow(*given, **options):
        offset[0] += 0.0 if made else 30.0
        made.append(True)
        return classroom(*given, **options)

    monkeypatch.setattr(_flow.time, "time", lambda: now() + offset[0])
    monkeypatch.setattr(_flow, "Classroom", slow)
    given = {"timeout": 20.0, "n_trials": 1, "n_finalists": 0, "workdir": tmp_path / "w"}
    first = search(**given)
    message = r"timeout=20 s ended before a trial was finished.*labels, which are kept in .*longer"
    with pytest.raises(BudgetError, match=message):
        first.fit(*table)
    draw_front(first, tmp_path / "front.png")
    assert draw_study(first, tmp_path) == []
    assert search(**given).fit(*table).certificate_.size_bytes <= 40_000
    assert "[W " not in capfd.readouterr().err


def test_search_by_a_score_is_a_study_of_its_own(table, tmp_path):
    few = {"n_trials": 2, "n_finalists": 0, "refit": False, "workdir": tmp_path}
    found = search(scoring="average_precision", **few).fit(*table)
    assert 0 < found.best_score_ < 1
    assert found.best_score_ == found.trials_["loss"].min()
    of_estimator = search(estimator(scoring="average_precision"), **few).fit(*table)
    assert of_estimator.best_score_ == found.best_score_
    assert len([*tmp_path.glob("tune-*")]) == 1
    search(**few).fit(*table)
    assert len([*tmp_path.glob("tune-*")]) == 2


def test_search_refuses_a_score_of_values(table):
    X, _ = table
    inner = DistilledRegressor(encoded(DecisionTreeRegressor(max_depth=2)), n_synthetic=100)
    with pytest.raises(InputError, match="is for two classes, got 1"):
        search(inner, scoring="average_precision").fit(X, np.arange(len(X), dtype=float))
    with pytest.raises(InputError, match="scoring must be None or one of"):
        search(scoring="accuracy").fit(*table)
