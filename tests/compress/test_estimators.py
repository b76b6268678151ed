"""`compression=` of the estimators: what predicts and is saved is the compressed student."""

from __future__ import annotations

import time

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ensemble_kd import DistilledClassifier, DistilledRegressor, MLPStudent, load
from ensemble_kd.bundle import stored_bytes
from ensemble_kd.compress import PruneNeurons, PruneTrees
from ensemble_kd.errors import InputError
from ensemble_kd.model import Int8

NUMBERS = ["amount", "ratio", "count"]
FAST = {"recipe": "fast", "n_synthetic": 200, "cv": 2}


def classifier(**parameters):
    student = MLPStudent(hidden=(8,), n_updates=100)
    defaults = {"teacher": DecisionTreeClassifier(max_depth=4), "student": student}
    return DistilledClassifier(**(defaults | FAST | parameters))


def test_compression_is_what_predicts_and_is_saved(make_frame, make_target, tmp_path):
    frame = make_frame(300)
    X = frame[NUMBERS]
    steps = [PruneNeurons(0.5, n_updates=20), "int8"]
    clf = classifier(compression=steps).fit(X, make_target(frame))
    assert len(clf.model_.body.first_bias) == 4
    assert isinstance(clf.model_.body.storage["numeric_weight"], Int8)
    assert len(clf.student_.to_model().body.first_bias) == 8
    assert clf.compression_["step"].tolist()[0] == "as it was"
    assert len(clf.compression_) == 3
    assert clf.compression_["size_bytes"].iloc[-1] == stored_bytes(clf.model_.body)
    assert clf.compression_["loss"].notna().all()
    clf.save(tmp_path / "m.ekd")
    loaded = load(tmp_path / "m.ekd")
    np.testing.assert_array_equal(loaded.predict_proba(X), clf.predict_proba(X))
    facts = loaded.bundle.manifest["training"]
    assert facts["compression"] == clf.compression_["step"].tolist()[1:]


def test_compression_of_a_plainly_trained_student(make_frame, make_target):
    frame = make_frame(200)
    X = frame[NUMBERS]
    clf = classifier(alpha=0, n_synthetic=0, compression="float16").fit(X, make_target(frame))
    assert "numeric_weight" in clf.model_.body.storage


def test_compression_of_a_regression_of_trees(make_frame, make_target):
    frame = make_frame(200)
    X = frame[NUMBERS]
    reg = DistilledRegressor(
        DecisionTreeRegressor(max_depth=4), student="gbdt",
        compression=[PruneTrees(0.5), "int8"], **FAST,
    ).fit(X, make_target(frame, "regression"))  # fmt: skip
    assert reg.compression_["agreement"].isna().all()
    sizes = reg.compression_["size_bytes"]
    assert sizes.is_monotonic_decreasing and np.isfinite(reg.predict(X)).all()


def test_compression_is_cloned_with_the_estimator():
    clf = classifier(compression=[PruneNeurons(0.25), "int8"])
    copy = clone(clf)
    assert repr(copy.compression) == repr(clf.compression)
    assert copy.compression[0] is not clf.compression[0]


def test_without_compression_there_is_an_empty_report(make_frame, make_target):
    frame = make_frame(100)
    X = frame[NUMBERS]
    clf = classifier(student="tree").fit(X, make_target(frame))
    assert clf.compression_.empty and not clf.model_.body.storage
    assert "loss" in clf.compression_.columns


def test_a_wrong_step_is_refused_before_the_fit(make_frame, make_target):
    frame = make_frame(100)
    X = frame[NUMBERS]
    with pytest.raises(InputError, match="compression step must be one of"):
        classifier(teacher=None, compression="int4").fit(X, make_target(frame))


@pytest.mark.parametrize("how", [{"alpha": 0, "n_synthetic": 0}, {"alpha": 0.5}])
def test_compression_has_the_time_limit_of_the_fit(make_frame, make_target, monkeypatch, how):
    frame = make_frame(100)
    given = []

    def kept(body, *rest, deadline, **options):
        given.append(deadline)
        return body

    monkeypatch.setattr("ensemble_kd.networks.with_torch.fine_tune", kept)
    options = how | {"compression": [PruneNeurons(0.5)]}
    classifier(**options).fit(frame[NUMBERS], make_target(frame))
    before = time.monotonic()
    limited = classifier(**options, time_limit=1e-3).fit(frame[NUMBERS], make_target(frame))
    assert given[0] is None
    assert before < given[1] < time.monotonic()
    assert limited.compression_["step"].tolist()[1:] == ["PruneNeurons(keep=0.5)"]
