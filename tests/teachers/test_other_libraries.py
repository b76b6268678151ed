"""Models of other libraries teach by their budget, and their licence goes with the student."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from ensemble_kd import DistilledClassifier, TeacherEnsemble
from ensemble_kd.bundle import load_bundle
from ensemble_kd.teachers import GivenTeacher, HTTPTeacher, QueriedTeacher, licence_note

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(300, 2)), columns=["a", "b"])
X["c"] = RNG.choice(["u", "v"], 300)
LABELS = np.where(X["a"] + (X["c"] == "u") > 0.5, "yes", "no")
SMALL = {"student": "tree", "recipe": "fast", "n_synthetic": 0}
pytestmark = pytest.mark.filterwarnings(
    "ignore:the teacher .* in-sample", "ignore:the budget of .* queries leaves"
)


class TabularPredictor:
    """As AutoGluon's: fitted, no estimator of scikit-learn, frames in and out."""

    class_labels = ("no", "yes")

    def __init__(self):
        self.n_rows = 0

    def predict_proba(self, data, as_pandas=True):
        assert list(data.columns) == ["a", "b", "c"]
        self.n_rows += len(data)
        p = 1 / (1 + np.exp(-5 * (data["a"] + (data["c"] == "u") - 0.5)))
        return pd.DataFrame({"yes": p, "no": 1 - p})


def test_autogluon_predictor_is_distilled_by_its_budget():
    predictor = TabularPredictor()
    teacher = QueriedTeacher(predictor, budget=150, batch_size=32)
    clf = DistilledClassifier(teacher, **SMALL).fit(X, LABELS)
    assert predictor.n_rows == teacher.n_asked == 150
    assert (clf.predict(X) == LABELS).mean() > 0.9
    assert clf.queries_["queries"].iloc[-1] == 150


def test_torch_module_teaches_as_a_callable():
    torch = pytest.importorskip("torch")
    layer = torch.nn.Linear(2, 2)
    with torch.no_grad():
        layer.weight[:] = torch.tensor([[0.0, 0.0], [3.0, 0.0]])
        layer.bias.zero_()

        def answer(rows):
            return torch.softmax(layer(torch.tensor(np.asarray(rows, dtype=np.float32))), 1)

        clf = DistilledClassifier(answer, **SMALL).fit(X[["a", "b"]], (X["a"] > 0).astype(int))
    expected = 1 / (1 + np.exp(-3 * X["a"]))
    np.testing.assert_allclose(clf.transfer_set_.response[:, 1], expected, atol=1e-6)


def test_hist_gradient_boosting_teaches_fitted_or_not():
    table = X.astype({"c": "category"})
    model = HistGradientBoostingClassifier(max_iter=10, categorical_features="from_dtype")
    fitted = FrozenEstimator(model.fit(table, LABELS))
    for teacher in (HistGradientBoostingClassifier(max_iter=10), fitted):
        clf = DistilledClassifier(teacher, **SMALL, cv=2).fit(table, LABELS)
        assert (clf.predict(table) == LABELS).mean() > 0.9


def test_catboost_teaches():
    catboost = pytest.importorskip("catboost")
    model = catboost.CatBoostClassifier(
        iterations=10, cat_features=["c"], verbose=False, allow_writing_files=False
    )
    clf = DistilledClassifier(model, **SMALL, cv=2).fit(X, LABELS)
    assert (clf.predict(X) == LABELS).mean() > 0.85


class Licensed(LogisticRegression):
    """As a foundation model behind scikit-learn's API, its note an attribute."""

    licence_note = "Non-commercial use alone."


@pytest.mark.parametrize(
    "teacher",
    [
        Licensed(),
        FrozenEstimator(Licensed()),
        GivenTeacher(Licensed()),
        QueriedTeacher(Licensed(), budget=5),
        make_pipeline(Licensed()),
        [("one", LogisticRegression()), ("two", Licensed())],
        TeacherEnsemble([("one", Licensed()), ("two", Licensed())]),
        HTTPTeacher("http://a", licence_note=Licensed.licence_note),
    ],
    ids=["own", "frozen", "given", "queried", "pipeline", "list", "ensemble", "endpoint"],
)
def test_licence_note_is_found_in_what_holds_the_model(teacher):
    assert licence_note(teacher) == Licensed.licence_note


def test_pretrained_model_without_a_note_gets_one():
    TabPFNClassifier = type("TabPFNClassifier", (), {"__module__": "tabpfn.classifier"})
    assert "a pretrained model of tabpfn, whose licence may bind" in licence_note(
        TabPFNClassifier()
    )
    assert licence_note(LogisticRegression()) is None
    assert licence_note(None) is None


def test_licence_note_goes_into_the_file(tmp_path):
    clf = DistilledClassifier(Licensed(), **SMALL, cv=2).fit(X[["a", "b"]], LABELS)
    clf.save(tmp_path / "m.ekd")
    assert "- Licence note of the teacher: Non-commercial" in load_bundle(tmp_path / "m.ekd").card
