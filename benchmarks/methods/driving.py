"""A made-up road, on which a student of a policy leaves it where it was taught too little."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd import DistilledClassifier
from ensemble_kd.flow.queries import imitate
from ensemble_kd.teachers import QueriedTeacher

LEFT, RIGHT, BACK = 0, 1, 2
# Of a step: that a gust blows the car over the kerb.
GUSTS = 0.03
BUDGET, N_STEPS = 200, 300

Array = NDArray[np.float64]


def policy(states: Any) -> Array:
    """Steer to the middle; beyond the kerb, where steering does nothing, drive back.

    Parameters
    ----------
    states : array of shape (n_states, 2)
        Place and speed across the road.

    Returns
    -------
    ndarray of shape (n_states, 3)
        1 for the action taken.
    """
    place, speed = np.asarray(states, dtype=float).T
    action = np.where(np.abs(place) > 1, BACK, np.where(place + speed > 0, LEFT, RIGHT))
    return np.eye(3)[action]


def drive(act: Callable[[Array], int], seed: int, gusts: float = 0.0) -> Array:
    """Return the states of a drive.

    Parameters
    ----------
    act : callable
        From one state to an action.
    seed : int
        Of the weather.
    gusts : float, default=0.0
        Chance of one at a step.

    Returns
    -------
    ndarray of shape (300, 2)
    """
    rng, place, speed, states = np.random.default_rng(seed), 0.0, 0.0, []
    for _ in range(N_STEPS):
        states.append([place, speed])
        action = act(np.array([[place, speed]]))
        if abs(place) > 1:
            place = place * 0.5 if action == BACK else place
        else:
            speed = 0.5 * speed + {LEFT: -0.2, RIGHT: 0.2, BACK: 0.0}[action]
            place += speed + rng.normal(0, 0.05) + 2 * (rng.random() < gusts)
    return np.array(states)


def driver(n_rounds: int, seed: int, budget: int = BUDGET) -> Any:
    """Return a student of the policy, fitted.

    Parameters
    ----------
    n_rounds : int
        Rounds in which the policy is asked; 1 is cloning.
    seed : int
        Of the drives.
    budget : int, default=200
        Queries in all.

    Returns
    -------
    DistilledClassifier
    """
    log = drive(by_policy, 3 * seed)
    student = DistilledClassifier(student="tree", recipe="fast", n_synthetic=0)

    def visits(fitted: Any) -> Array:
        return drive(by_student(fitted), 3 * seed + 1, GUSTS)

    asked = QueriedTeacher(policy, budget=budget)
    return imitate(student, asked, log, visits, n_rounds=n_rounds)[0]


def by_policy(state: Array) -> int:
    """Return what the policy does in one state."""
    return int(policy(state).argmax())


def by_student(fitted: Any) -> Callable[[Array], int]:
    """Return what does in one state as a student says."""
    return lambda state: int(fitted.predict(state)[0])


def off_road(act: Callable[[Array], int], seed: int) -> float:
    """Return the share of a drive in gusts, as no student was taught by, that is off the road.

    Parameters
    ----------
    act : callable
        From one state to an action.
    seed : int
        Of the drives.
    """
    return float(np.mean(np.abs(drive(act, 3 * seed + 2, GUSTS)[:, 0]) > 1))
