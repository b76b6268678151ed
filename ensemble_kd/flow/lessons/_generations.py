"""Students taught one by another, judged on held-out rows, up to the best of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ensemble_kd.errors import InputError
from ensemble_kd.flow.lessons._base import Desk
from ensemble_kd.log import logger
from ensemble_kd.rows import TransferSet
from ensemble_kd.students import Student

LOG = logger(__name__)

Answers = NDArray[np.float64]
# From the number of the generation that is to learn, from 1 on, and the answers of the one before
# to the response that it learns.
Relabel = Callable[[int, Answers], Answers]


@dataclass
class Generations:
    """What each generation learned, how it answered all rows, and its held-out loss.

    Parameters
    ----------
    taught : list of TransferSet
        What each learned from; the first is what was given.
    answers : list of ndarray of shape (n_samples, n_outputs)
        Its response to all rows.
    losses : list of float
        Its mean loss on held-out rows, against the truth (without a truth: the teacher).
    """

    taught: list[TransferSet] = field(default_factory=list)
    answers: list[Answers] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)

    @property
    def best(self) -> int:
        """The generation of the least loss, the first of equals."""
        return int(np.argmin(self.losses))


def raise_generations(
    transfer_set: TransferSet,
    desk: Desk,
    n_generations: int,
    patience: int,
    relabel: Relabel,
    student: Student | None = None,
) -> Generations:
    """Fit a student, then others of the same kind to what the one before says of the rows.

    It ends early where generations do not get better, and where the time for lessons is used up.
    Held-out rows keep their labels, so that all generations are judged and stopped alike.

    Parameters
    ----------
    transfer_set : TransferSet
        What the first one learns; some rows are held out.
    desk : Desk
        The student, its loss and the clock.
    n_generations : int
        Students after the first.
    patience : int
        Generations in a row without a better one after which no more are raised.
    relabel : callable
        What the next one learns of the answers of the last.
    student : Student or None, default=None
        Whom to clone; None takes that of the desk. Each has a seed of its own.

    Returns
    -------
    Generations
        At least one, unless the time was used up before.
    """
    found = Generations()
    taught = transfer_set
    for k in range(n_generations + 1):
        if desk.clock.is_too_late:
            break
        one: Student = clone(student or desk.student)
        one.set_params(random_state=desk.seed + k)
        one.fit_transfer(taught, desk.loss, deadline=desk.clock.of_lesson(n_generations + 1 - k))
        answers = one.respond(taught.X)
        found.taught.append(taught)
        found.answers.append(answers)
        found.losses.append(held_out_loss(answers, transfer_set))
        LOG.info("generation %d: held-out loss %.5g", k, found.losses[-1])
        if k - found.best >= patience:
            break
        taught = with_response(transfer_set, relabel(k + 1, answers))
    return found


def with_response(transfer_set: TransferSet, response: Answers) -> TransferSet:
    """Return the set with another response to the rows that are learned."""
    kept = transfer_set.held_out[:, None]
    return replace(transfer_set, response=np.where(kept, transfer_set.response, response))


def held_out_loss(answers: Answers, rows: TransferSet) -> float:
    """Return the mean loss of answers to all rows on those held out."""
    held, task = rows.held_out, rows.task
    truth = task.truth(rows.hard[held]) if task.is_supervised else rows.response[held]
    return task.mean_loss(answers[held], truth, rows.sample_weight[held])


def has_judges(transfer_set: TransferSet) -> bool:
    """Tell whether rows are held out, which say what generation is better."""
    return bool((transfer_set.sample_weight[transfer_set.held_out] > 0).any())


def check_count(name: str, value: int, least: int) -> None:
    """Refuse what is no whole number, or less than it may be."""
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_whole or value < least:
        raise InputError(f"{name} must be a whole number >= {least}, got {value!r}.")
