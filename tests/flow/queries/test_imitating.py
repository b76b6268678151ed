"""A student that is taught where it comes to by itself keeps to the road; a clone does not."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd import DistilledClassifier, InputError
from ensemble_kd.flow.queries import imitate
from ensemble_kd.teachers import QueriedTeacher

LEFT, RIGHT, BACK = 0, 1, 2
STUDENT = DistilledClassifier(student="tree", recipe="fast", n_synthetic=0)


def policy(states):
    """Steer to the middle; beyond the kerb, where steering does nothing, drive back."""
    place, speed = np.asarray(states, dtype=float).T
    action = np.where(np.abs(place) > 1, BACK, np.where(place + speed > 0, LEFT, RIGHT))
    return np.eye(3)[action]


def drive(act, seed, n_steps=300, gusts=0.0):
    """Return the states of a drive; a gust blows the car over the kerb."""
    rng, place, speed, states = np.random.default_rng(seed), 0.0, 0.0, []
    for _ in range(n_steps):
        states.append([place, speed])
        action = act(np.array([[place, speed]]))
        if abs(place) > 1:
            place = place * 0.5 if action == BACK else place
        else:
            speed = 0.5 * speed + {LEFT: -0.2, RIGHT: 0.2, BACK: 0.0}[action]
            place += speed + rng.normal(0, 0.05) + 2 * (rng.random() < gusts)
    return np.array(states)


def off_road(estimator, seed):
    states = drive(lambda s: estimator.predict(s)[0], seed, gusts=0.03)
    return np.mean(np.abs(states[:, 0]) > 1)


def visits(estimator):
    return drive(lambda s: estimator.predict(s)[0], 1, gusts=0.03)


@pytest.fixture(scope="module")
def log():
    """States of the policy on days without a gust."""
    return drive(lambda s: policy(s).argmax(), 0)


def test_dataset_aggregation_keeps_to_the_road_where_a_clone_does_not(log):
    share = {}
    for n_rounds in (1, 4):
        asked = QueriedTeacher(policy, budget=200)
        student, history = imitate(STUDENT, asked, log, visits, n_rounds=n_rounds)
        assert asked.n_asked <= 200
        assert len(history) == n_rounds
        share[n_rounds] = off_road(student, 2)
    assert np.mean(np.abs(log[:, 0]) > 1) == 0
    assert share[4] < 0.2
    assert share[1] > 2 * share[4]


def test_history_tells_queries_states_and_how_far_the_student_is_where_it_comes_to(log):
    asked = QueriedTeacher(policy, budget=160)
    _, history = imitate(STUDENT, asked, log, visits, n_rounds=4)
    assert [note["states"] for note in history] == [40, 80, 120, 160]
    assert history[-1]["queries"] == asked.n_asked <= 160
    assert "away" not in history[0]
    assert history[-1]["away"] < history[1]["away"]


def test_round_without_a_query_is_refused(log):
    with pytest.raises(InputError, match="got 4 rounds and 3 queries left"):
        imitate(STUDENT, QueriedTeacher(policy, budget=3), log, visits)
