"""Several labels a row: a yes or no to each, by one student."""

from __future__ import annotations

import pickle
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.datasets import make_multilabel_classification
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags

from ensemble_kd import (
    AdditiveStudent,
    DistilledClassifier,
    GBDTStudent,
    InputError,
    MLPStudent,
    NotDistillableError,
    SoftTreeStudent,
    TeacherEnsemble,
    TreeStudent,
    TrepanStudent,
    load,
)
from ensemble_kd.compress import PruneNeurons, PruneTrees
from ensemble_kd.decision import ThresholdPolicy
from ensemble_kd.losses import SoftTargetLoss
from ensemble_kd.readable import curves
from ensemble_kd.teachers.outputs import PerLabel
from ensemble_kd.tuning import DistillationSearch
from ensemble_kd.without_numpy import load as load_without_numpy

N = 240
X, Y = make_multilabel_classification(N, n_features=5, n_classes=3, random_state=0)
NAMES = ["calm", "dear", "tall"]
FRAME = pd.DataFrame(Y, columns=NAMES)
STUDENTS = {
    "mlp": MLPStudent(hidden=(16,), n_updates=150),
    "gbdt": GBDTStudent(n_estimators=40, num_leaves=6, n_jobs=1),
    "tree": TreeStudent(),
    "trepan": TrepanStudent(),
    "soft_tree": SoftTreeStudent(n_updates=300),
    "additive": AdditiveStudent(max_iter=40),
}


def small(teacher=None, **parameters):
    """Return an estimator that fits in a moment."""
    teacher = GaussianNB() if teacher is None else teacher
    defaults = {"student": TreeStudent(), "n_synthetic": 200, "cv": 3, "recipe": "fast"}
    return DistilledClassifier(teacher, **defaults | parameters)


def rows_of(model):
    """Return the first rows as dicts."""
    names = model._scorer.schema.names
    return [dict(zip(names, row, strict=True)) for row in X[:5].tolist()]


@pytest.fixture(scope="module")
def tree():
    return small().fit(X, FRAME)


@pytest.fixture(scope="module", params=STUDENTS)
def fitted(request):
    return small(student=STUDENTS[request.param]).fit(X, FRAME)


# --- every student --------------------------------------------------------------------------------


@pytest.mark.runtimes
def test_student_learns_every_label_and_answers_the_same_everywhere(fitted, tmp_path):
    chance, answer = fitted.predict_proba(X), fitted.predict(X)
    assert chance.shape == answer.shape == Y.shape
    assert answer.dtype == np.int64
    assert ((answer == Y).mean(axis=0) > 0.7).all()
    np.testing.assert_array_equal(answer, chance > 0.5)
    own = fitted.student_.respond(fitted.transfer_set_.X[:N])
    np.testing.assert_allclose(chance, own, atol=1e-5)
    fitted.save(tmp_path / "model.ekd")
    scorer = load(tmp_path / "model.ekd")
    np.testing.assert_array_equal(scorer.predict_proba(X), chance)
    np.testing.assert_array_equal(scorer.predict(X), answer)
    plain = load_without_numpy(tmp_path / "model.ekd")
    assert (scorer.task, plain.task) == ("multilabel", "multilabel")
    for row, wanted, told in zip(rows_of(fitted), chance, answer.tolist(), strict=False):
        for one in (scorer, plain):
            found = one.predict_proba_one(row)
            assert list(found) == NAMES
            np.testing.assert_allclose(list(found.values()), wanted, atol=1e-6)
            assert one.predict_one(row) == told
            with pytest.raises(AttributeError, match="several labels: use predict_proba_one"):
                one.score_one(row)


@pytest.mark.parametrize("name", ["tree", "gbdt", "additive"])
def test_labels_in_another_order_get_the_same_answers_in_that_order(name):
    order = [2, 0, 1]
    one, other = (small(student=STUDENTS[name]).fit(X, y).predict_proba(X)
                  for y in (Y, Y[:, order]))  # fmt: skip
    np.testing.assert_allclose(other, one[:, order], atol=1e-5)


@pytest.mark.filterwarnings("ignore:.* in-sample:UserWarning", "ignore:the table has 50 rows")
def test_equal_labels_get_the_answers_of_two_classes():
    def chance(X):
        return 1 / (1 + np.exp(2 * X[:, 0] - X[:, 1] - 3))

    few, y = X[:50], Y[:50, [0, 0]]  # too few to hold any out
    both = small(lambda X: np.column_stack([chance(X)] * 2)).fit(few, y).predict_proba(X)
    alone = small(chance).fit(few, y[:, 0]).predict_proba(X)
    np.testing.assert_array_equal(both[:, 0], both[:, 1])
    np.testing.assert_allclose(both[:, 0], alone[:, 1], atol=2e-6)


def test_label_turned_into_its_contrary_has_the_contrary_probability():
    turned = Y.copy()
    turned[:, 1] = 1 - Y[:, 1]
    one, other = (small().fit(X, y).predict_proba(X)
                  for y in (Y, turned))  # fmt: skip
    np.testing.assert_allclose(other[:, 1], 1 - one[:, 1], atol=1e-5)
    np.testing.assert_allclose(other[:, [0, 2]], one[:, [0, 2]], atol=1e-5)


# --- scikit-learn's ways --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form", [lambda y: y, lambda y: y.astype(bool), lambda y: y.astype(float), csr_matrix,
             lambda y: y.tolist(), lambda y: pd.DataFrame(y).astype("Int64"),
             lambda y: np.array([[*map(np.bool_, row), None] for row in y])[:, :3]],
)  # fmt: skip
def test_labels_may_be_given_in_any_form(form, tree):
    model = small().fit(X, form(Y))
    assert model.classes_.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(model.predict_proba(X), tree.predict_proba(X))


def test_labels_are_called_as_the_columns_of_a_frame(tree):
    assert tree.classes_.tolist() == NAMES
    assert tree.model_.classes == tuple(NAMES)


def test_score_is_the_subset_accuracy_of_scikit_learn(tree):
    assert tree.score(X, FRAME) == accuracy_score(Y, tree.predict(X))


def test_estimator_is_cloned_pickled_and_put_into_a_pipeline(tree):
    again = pickle.loads(pickle.dumps(tree))
    np.testing.assert_array_equal(again.predict_proba(X), tree.predict_proba(X))
    np.testing.assert_array_equal(clone(tree).fit(X, Y).predict(X), tree.predict(X))
    piped = make_pipeline(StandardScaler(), small()).fit(X, Y)
    assert piped.predict(X).shape == Y.shape
    assert get_tags(tree).classifier_tags.multi_label


def test_same_seed_gives_the_same_model():
    one, other = (small(student=STUDENTS["mlp"]).fit(X, Y).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(one, other)


# --- teachers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("teacher", "kind"),
    [
        (RandomForestClassifier(5), RandomForestClassifier),
        (MLPClassifier((4,), max_iter=5), MLPClassifier),
        (MultiOutputClassifier(GaussianNB()), MultiOutputClassifier),
        (ClassifierChain(GaussianNB()), ClassifierChain),
        (OneVsRestClassifier(GaussianNB()), OneVsRestClassifier),
        (GaussianNB(), PerLabel),
        ([("nb", GaussianNB()), ("tree", DecisionTreeClassifier(max_depth=3))], PerLabel),
    ],
    ids=lambda given: getattr(given, "__name__", type(given).__name__),
)
@pytest.mark.filterwarnings("ignore:.*ConvergenceWarning", "ignore:Stochastic Optimizer")
def test_teacher_that_learns_several_labels_is_fitted_once_and_any_other_to_each(teacher, kind):
    model = small(teacher, cv=2).fit(X, Y)
    assert isinstance(model.teacher_, kind)
    assert 0 <= model.transfer_set_.response.min() <= model.transfer_set_.response.max() <= 1


def test_time_that_members_took_is_told_for_all_labels_together():
    members = [("nb", GaussianNB()), ("tree", DecisionTreeClassifier(max_depth=2))]
    model = small(TeacherEnsemble(members, cv=2), time_limit=1000).fit(X, Y)
    took = model.teacher_.fit_times_
    assert set(took) == {"nb", "tree"}
    for name, found in took.items():
        each = [one.fit_times_[name] for one in model.teacher_.estimators_]
        assert found.seconds == sum(one.seconds for one in each)
        assert found.n_rows == min(one.n_rows for one in each)
        assert not found.is_short


def test_ensemble_is_fitted_to_each_label_with_weights():
    members = [("nb", GaussianNB()), ("tree", DecisionTreeClassifier(max_depth=3))]
    model = small(members, cv=2).fit(X, Y, sample_weight=np.linspace(0.5, 1.5, N))
    assert all(isinstance(one, TeacherEnsemble) for one in model.teacher_.estimators_)
    assert model.score(X, Y) > 0.4


@pytest.mark.filterwarnings("ignore:.* in-sample:UserWarning")
@pytest.mark.parametrize("kind", ["list of arrays", "array", "function"])
def test_fitted_teacher_is_used_as_it_is(kind):
    forest = RandomForestClassifier(5, random_state=0).fit(X, Y)
    wanted = np.column_stack([one[:, 1] for one in forest.predict_proba(X)])
    network = MLPClassifier((4,), max_iter=5, random_state=0)
    if kind == "array":
        with pytest.warns(UserWarning, match="iterations"):
            network.fit(X, Y)
        wanted = network.predict_proba(X)
    teacher = {"list of arrays": FrozenEstimator(forest), "array": FrozenEstimator(network),
               "function": forest.predict_proba}[kind]  # fmt: skip
    model = small(teacher, alpha=1.0).fit(X, Y)
    np.testing.assert_allclose(model.transfer_set_.response[:N], wanted)


@pytest.mark.parametrize(
    "members",
    [DecisionTreeClassifier(), [("tree", DecisionTreeClassifier())]],
    ids=["several by itself", "an ensemble for each"],
)
def test_no_row_is_labelled_by_a_model_that_has_seen_it(members):
    rng = np.random.default_rng(0)
    noise = rng.integers(2, size=(N, 4))  # which a tree remembers, and nobody can know
    model = small(members, alpha=1.0).fit(rng.random((N, 1)), noise)
    rows = model.transfer_set_
    labels, truth = rows.response[rows.origin == 0], rows.hard[rows.origin == 0]
    assert 0.4 < (labels == truth).mean() < 0.6


def test_label_that_a_fold_lacks_is_answered_with_what_it_is():
    rare = np.column_stack([Y, np.arange(N) < 2])
    assert small(LogisticRegression()).fit(X[:, :2], rare).predict(X[:, :2]).shape == (N, 4)


# --- what is told, and what is done to it ---------------------------------------------------------


def test_measure_tells_means_over_labels():
    found = small().fit(X, FRAME, test_size=0.3).test_
    student = found.quality["student"]
    assert student["accuracy"] <= student["label_accuracy"]
    assert student["auc"] > 0.6
    assert "labels answered alike" in found.markdown()
    assert 0.5 < found.fidelity.agreement <= 1
    assert found.fidelity.divergence > 0


def test_measure_takes_labels_in_any_form_that_the_fit_takes():
    model = small().fit(X, FRAME)
    forms = (Y, FRAME, csr_matrix(Y), FRAME.astype("Int64"), FRAME.astype(bool).astype(object))
    found = [model.measure(X, form).test_.quality["student"] for form in forms]
    assert all(one == found[0] for one in found)


def test_test_size_takes_labels_in_any_form_that_the_fit_takes():
    wanted = small().fit(X, FRAME, test_size=0.3)
    for form in (Y, csr_matrix(Y), Y.tolist()):
        found = small().fit(X, form, test_size=0.3)
        assert found.test_.quality == wanted.test_.quality
    polars = pytest.importorskip("polars")
    assert small().fit(X, polars.DataFrame(FRAME), test_size=0.3).classes_.tolist() == NAMES
    with pytest.raises(InputError, match="y must have a target for each row, got 1 masked"):
        small().fit(X, np.ma.masked_array(Y, np.arange(3 * N).reshape(Y.shape) == 7), test_size=0.3)


@pytest.mark.parametrize("names", [["tall", "dear", "calm"], ["calm", "dear", "other"]])
def test_measure_refuses_labels_in_another_order_or_of_other_names(tree, names):
    y = FRAME.rename(columns={"tall": "other"}).reindex(columns=names, fill_value=0)
    with pytest.raises(InputError, match=r"in the order of the fit, \['calm', .*list\(model.class"):
        tree.measure(X, y)
    with pytest.raises(InputError, match="must be the labels in the order of the fit"):
        tree.score(X, y)
    search = DistillationSearch(tree)
    search.model_, search._scorer = tree.model_, tree._scorer
    assert search.score(X, FRAME) == tree.score(X, FRAME)
    with pytest.raises(InputError, match="must be the labels in the order of the fit"):
        search.score(X, y)


def test_labels_without_names_are_measured_by_place():
    model = small().fit(X, Y)
    by_place = model.measure(X, Y).test_.quality["student"]
    assert model.measure(X, FRAME).test_.quality["student"] == by_place
    with pytest.raises(InputError, match="in the order of the fit"):
        model.measure(X, pd.DataFrame(Y)[[2, 0, 1]])
    with pytest.raises(InputError, match="one value for each of 240 rows and of 3 outputs, got"):
        model.measure(X, Y[:, :2])


@pytest.mark.parametrize("step", ["int8", "float16", PruneNeurons(0.5, n_updates=30)], ids=str)
def test_compression_keeps_the_labels(step):
    model = small(student=STUDENTS["mlp"], compression=step).fit(X, Y)
    assert (model.predict(X) == Y).mean() > 0.7


def test_pruned_tree_keeps_probabilities_and_the_race_judges_all_labels():
    model = small(compression=PruneTrees(0.5), recipe="auto", refit=False).fit(X, Y)
    assert len(model.compression_) == 2
    assert (model.predict(X) == Y).mean() > 0.7


@pytest.mark.parametrize("lesson", ["easy_to_hard", "doubted_rows", "born_again"])
def test_lessons_teach_several_labels(lesson):
    student = MLPStudent(hidden=(8,), n_updates=60)
    assert small(student=student, lessons=lesson).fit(X, Y).predict(X).shape == Y.shape


def test_additive_student_has_a_curve_for_each_label():
    model = small(student=AdditiveStudent(max_iter=10)).fit(X, FRAME[NAMES[:2]]).model_
    assert curves(model).outputs == ("the log-odds of 'calm'", "the log-odds of 'dear'")


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "told"),
    [
        (np.column_stack([Y, np.ones(N, int)]), "each label must be .* got the label 3, .* 0 in 0"),
        (FRAME.assign(odd=np.arange(N) == 7), "got the label 'odd', which is 1 in 1; leave its"),
        (np.where(np.arange(N)[:, None] < 2, np.nan, Y), "NaN: 2 rows lack a label; .*X_unlabeled"),
        (Y * 2, "must hold 0 or 1 for each of several labels, got 2; .* to it by itself"),
        (Y.astype(str), "must hold 0 or 1 for each of several labels, got '[01]'"),
        (pd.DataFrame(Y, columns=["a", "b", "a"]), "columns of y must have names of their own"),
        (pd.DataFrame(Y, columns=[1, "1", 2]), "columns of y must have names of their own"),
        (Y[:-1], "samples"),
        (np.where(Y == 1, "yes", "no"), "got '(yes|no)'; give y == '(yes|no)', or of a column"),
        (Y.astype(complex), "must hold 0 or 1 for each of several labels, got "),
        (pd.DataFrame(Y).map(Decimal), "must hold 0 or 1 for each of several labels, got Decimal"),
    ],
)
def test_labels_that_cannot_be_learned_are_refused(y, told):
    with pytest.raises(InputError, match=told):
        small().fit(X, y)


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        (
            {"loss": "logit_matching"},
            "must be 'soft_targets' or a LabelLoss .*'similarity', .* got 'logit_match",
        ),
        ({"loss": SoftTargetLoss()}, "got SoftTargetLoss; fit a DistilledClassifier to each"),
        ({"scoring": "average_precision"}, r"is for two classes, got [0-9] \(multilabel\)"),
        ({"teacher": RandomForestRegressor()}, "must be a classifier, got the regressor"),
        ({"temperature": 2.0}, "temperature must be 1 for student='tree'"),
    ],
)
def test_choices_of_one_column_are_refused(chosen, told):
    with pytest.raises((InputError, NotDistillableError), match=told):
        small(**chosen).fit(X, Y[:, :2])


@pytest.mark.filterwarnings("ignore:.* in-sample:UserWarning")
def test_fitted_teacher_of_other_labels_is_refused():
    fitted = FrozenEstimator(RandomForestClassifier(3).fit(X, Y[:, :2]))
    with pytest.raises(NotDistillableError, match="a probability of each of 3 labels"):
        small(fitted).fit(X, Y)


@pytest.mark.filterwarnings("ignore:.* in-sample:UserWarning")
@pytest.mark.parametrize("names", [("A_present", "absent"), (2, 1)])
def test_fitted_teacher_that_calls_labels_otherwise_is_refused(names):
    forest = RandomForestClassifier(3, random_state=0).fit(X, np.where(Y == 1, *names))
    with pytest.raises(NotDistillableError, match="a probability of 0 and of 1 for each label"):
        small(FrozenEstimator(forest)).fit(X, Y)


@pytest.mark.filterwarnings("ignore:.* in-sample:UserWarning")
def test_teacher_that_answers_as_many_rows_as_labels_with_a_list_of_rows_is_understood():
    naive = PerLabel(GaussianNB()).fit(X, Y)
    model = small(lambda rows: naive.predict_proba(rows).tolist()).fit(X, Y)
    assert model.measure(X[:3], Y[:3]).test_.quality["teacher"]["log_loss"] > 0


def test_what_is_of_one_target_refuses_several_labels():
    tree = small().fit(X, FRAME[NAMES[:2]])  # of two labels, which are no two classes
    one_target = "several labels; distil a label by itself|got 2 labels"
    for refused in (
        lambda: tree.calibrate(X, Y[:, :2]),
        lambda: tree.calibrate(X, Y[:, 0], method=None, threshold=0.3),
        lambda: tree.decide_by(ThresholdPolicy(alert_budget=0.1), X),
        lambda: tree.carry_over(tree.model_, X),
        lambda: tree.add_reasons(X),
        tree.student_.rules,
    ):
        with pytest.raises(InputError, match=one_target):
            refused()
    with pytest.raises(InputError, match=r"scores of one target, got y of shape \(240, 3\)"):
        DistilledClassifier().fit(X, Y, soft_labels=np.full((N, 3), 0.5))
    with pytest.raises(InputError, match="1d array"):
        TeacherEnsemble("fast").fit(X, Y)
