"""A method is one short file of one idea, found from its name, and one entry in a list."""

from __future__ import annotations

import inspect
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd import DistilledClassifier, TeacherEnsemble
from ensemble_kd.flow.lessons import LESSONS, Lesson
from ensemble_kd.losses import BESIDE, CLASS_LOSSES
from ensemble_kd.students import STUDENTS, TreeStudent
from ensemble_kd.tasks import Classification
from ensemble_kd.teachers.per_row import PER_ROW, Confidence
from ensemble_kd.teachers.views import VIEWS
from ensemble_kd.transfer import SYNTHESIZERS, MarginalSynthesizer

MOST_LINES_IN_THE_MEDIAN = 150
# The lists of all that may be chosen by name, each beside its classes.
LISTS = {
    "losses": {name: type(make(1.0, 0.5)) for name, make in CLASS_LOSSES.items()},
    "terms beside a loss": BESIDE,
    "lessons": LESSONS,
    "students": STUDENTS,
    "synthesizers": SYNTHESIZERS,
    "weights of a row": PER_ROW,
    "views of a teacher": VIEWS,
}
METHODS = [
    pytest.param(kind, name, id=f"{where}-{name}")
    for where, named in LISTS.items()
    for name, kind in named.items()
]
CONTRIBUTING = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
X = np.random.default_rng(0).normal(size=(120, 2))
Y = (X[:, 0] > 0).astype(int)


def file_of(kind: type) -> Path:
    """Return the file in which a method stands."""
    return Path(inspect.getfile(kind))


def test_file_of_a_method_is_short_in_the_median():
    files = {file_of(kind) for named in LISTS.values() for kind in named.values()}
    lengths = [len(file.read_text(encoding="utf-8").splitlines()) for file in files]
    assert median(lengths) < MOST_LINES_IN_THE_MEDIAN


@pytest.mark.parametrize(("kind", "name"), METHODS)
def test_method_is_found_from_its_name(kind, name):
    stem = file_of(kind).stem.removeprefix("_")
    assert stem in name or name in stem


@pytest.mark.parametrize("where", LISTS)
def test_file_holds_one_method_or_a_chain_of_it(where):
    named = LISTS[where]
    for kind in named.values():
        together = [name for name, other in named.items() if file_of(other) == file_of(kind)]
        assert all(name.startswith(together[0]) for name in together), together


class Same(Lesson):
    """A lesson that adds nothing."""

    def teach(self, transfer_set, desk):
        return transfer_set


class NewTree(TreeStudent):
    """A student by another name."""


class NewRows(MarginalSynthesizer):
    """A synthesizer by another name."""


class NewWeights(Confidence):
    """Weights of a row by another name."""


def fitted(teacher=None, **options):
    teacher = teacher or DecisionTreeClassifier(max_depth=3, random_state=0)
    small = {"student": "tree", "recipe": "fast", "n_synthetic": 60, "cv": 2, "random_state": 0}
    return DistilledClassifier(teacher, **small | options).fit(X, Y)


@pytest.mark.parametrize(
    ("listed", "new", "known", "options"),
    [
        (LESSONS, Same, None, {"lessons": ["new"]}),
        (STUDENTS, NewTree, "tree", {"student": "new"}),
        (SYNTHESIZERS, NewRows, "marginals", {"synthesizer": "new"}),
    ],
    ids=["lesson", "student", "synthesizer"],
)
def test_one_entry_in_a_list_is_all_that_a_new_method_needs(
    listed, new, known, options, monkeypatch
):
    monkeypatch.setitem(listed, "new", new)
    usual = dict.fromkeys(options, known) if known else {}
    np.testing.assert_array_equal(
        fitted(**options).predict_proba(X), fitted(**usual).predict_proba(X)
    )


def test_one_entry_is_all_that_new_weights_of_a_row_need(monkeypatch):
    monkeypatch.setitem(PER_ROW, "new", NewWeights)
    members = [(f"tree{depth}", DecisionTreeClassifier(max_depth=depth)) for depth in (1, 3)]
    answers = [
        TeacherEnsemble(members, cv=2, weights=name, random_state=0).fit(X, Y).predict_proba(X)
        for name in ("new", "confidence")
    ]
    np.testing.assert_array_equal(*answers)


def test_task_and_estimators_take_their_losses_from_the_list():
    assert Classification.losses == tuple(CLASS_LOSSES)
    assert set(BESIDE) <= set(Classification(np.array([0, 1])).all_losses)


@pytest.mark.parametrize(
    "listed",
    ["CLASS_LOSSES", "BESIDE", "LESSONS", "STUDENTS", "SYNTHESIZERS", "PER_ROW", "VIEWS"],
)
def test_contributing_names_the_list_of_each_kind_of_method(listed):
    assert f"`{listed}`" in CONTRIBUTING
