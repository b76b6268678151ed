"""Networks and boosted trees come nearer to their teacher by every loss that they can learn."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.losses import CLASS_LOSSES
from ensemble_kd.students import GBDTStudent, MLPStudent

NOT_OF_TREES = {"dist", "annealed", "ranking"}


@pytest.fixture(scope="module", params=["binary", "multiclass"])
def rows(request, make_transfer_set):
    return make_transfer_set(request.param)


def share_left(rows, student, name):
    """Return the divergence from the teacher beside that of its mean response."""
    student.fit_transfer(rows, CLASS_LOSSES[name](1.0, 1.0))
    mean = np.tile(rows.response.mean(axis=0), (len(rows), 1))
    return (
        rows.task.divergence(rows.response, student.respond(rows.X)).mean()
        / rows.task.divergence(rows.response, mean).mean()
    )


@pytest.mark.parametrize("name", sorted(CLASS_LOSSES))
def test_network_follows_its_teacher_by_every_loss(rows, name):
    student = MLPStudent(hidden=(16,), n_updates=300, random_state=0)
    if name not in rows.task.all_losses:
        with pytest.raises(InputError, match=f"loss='{name}' is for two classes, got 3 outputs"):
            share_left(rows, student, name)
    else:
        assert share_left(rows, student, name) < 0.3


def test_losses_for_two_classes_are_not_offered_to_more(rows):
    assert ("ranking" in rows.task.all_losses) == (rows.n_outputs == 2)


@pytest.mark.parametrize("name", sorted(set(CLASS_LOSSES) - NOT_OF_TREES))
def test_boosted_trees_follow_their_teacher_by_losses_of_single_rows(rows, name):
    student = GBDTStudent(n_estimators=200, num_leaves=6, random_state=0)
    assert share_left(rows, student, name) < 0.3
