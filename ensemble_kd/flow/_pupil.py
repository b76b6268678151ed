"""Who learns, and what: a student, its recipe, its rows, and the lessons it had."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ensemble_kd.compress import Compression, compress
from ensemble_kd.flow._clock import Deadlines
from ensemble_kd.flow._recipes import Recipe, plain_recipe
from ensemble_kd.flow.lessons import Desk, Lesson, as_lessons
from ensemble_kd.flow.teaching import TransferSets
from ensemble_kd.rows import RealRows, TransferSet
from ensemble_kd.students import Ask, Student


@dataclass
class Pupil:
    """A student and what it is taught by.

    Parameters
    ----------
    student : Student
        Unfitted, until it is trained.
    recipe : Recipe
        With the loss.
    transfer_set : TransferSet
        The rows that it learns.
    lessons : list of Lesson, default=[]
        Those that changed student and rows.
    """

    student: Student
    recipe: Recipe
    transfer_set: TransferSet
    lessons: list[Lesson] = field(default_factory=list)

    @classmethod
    def without_teacher(cls, student: Student, rows: RealRows) -> Pupil:
        """Return one that learns the true targets alone."""
        recipe = plain_recipe(rows.task)
        return cls(recipe.student(student), recipe, rows.as_transfer_set(rows.truth))

    def attend(self, lessons: Any, sets: TransferSets, n_new: int, clock: Deadlines) -> None:
        """Go through lessons, each of which changes the rows, or how the student begins."""
        recipe = self.recipe
        desk = Desk(  # without a synthesizer there are no synthetic rows
            self.student, recipe.loss, n_new if recipe.synthesizers else 0, sets.rows.seed, clock,
            partial(sets.new_rows, recipe), partial(sets.rows_around, recipe), sets.views,
            sets.teaching.of_each,
        )  # fmt: skip
        self.lessons = as_lessons(lessons)
        for lesson in self.lessons:
            self.transfer_set = sets.views.on(lesson.teach(self.transfer_set, desk), recipe.loss)
            self.student = lesson.pupil(self.transfer_set, desk)
            desk = replace(desk, student=self.student)

    def train(self, deadline: float | None, ask: Ask | None = None) -> None:
        """Fit the student until a deadline; one that `asks` may ask for more answers."""
        self.student.fit_transfer(self.transfer_set, self.recipe.loss, deadline=deadline, ask=ask)

    def compressed(self, steps: list[Any], deadline: float | None) -> Compression:
        """Return the fitted student as plain arrays, made smaller by each step."""
        model, loss = self.student.to_model(), self.recipe.loss
        return compress(model, steps, self.transfer_set, loss, deadline=deadline)
