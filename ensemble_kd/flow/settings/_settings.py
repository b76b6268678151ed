"""What a distillation may choose, as one record: defaults, and what "fast" means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sklearn.base import clone

from ensemble_kd.compress import CompressionStep, as_steps
from ensemble_kd.errors import InputError, warn
from ensemble_kd.flow._clock import Deadlines
from ensemble_kd.flow.lessons import LESSONS, as_lessons
from ensemble_kd.flow.settings._amounts import n_synthetic_rows
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.metrics import RowScoring
from ensemble_kd.rows import RealRows
from ensemble_kd.students import Student, as_student
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers import DEFAULT_PRESET, TeacherEnsemble

DEFAULT_ALPHA = 0.7
DEFAULT_MIN_FREQUENCY = 5
# Share of the student's effort that the fast recipe takes.
FAST_EFFORT = 0.4
# Parameters of 0.1, and the lessons that they are now.
FORMER_LESSONS = {"active": "hard_rows", "assistant": "assistant"}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a distillation may choose; "auto" leaves it to the race.

    Parameters
    ----------
    teacher : estimator, list of (str, estimator), "fast", "default", "best", object, callable or \
            None, default=None
        Cloned and fitted; `FrozenEstimator` for one that is fitted already, as any other object
        that answers rows is taken to be. A list is averaged. A name is that of a preset of
        `TeacherEnsemble`, None the default one.
    student : {"mlp", "gbdt", "tree", "trepan", "soft_tree", "additive"} or \
            Student, default="mlp"
        Cloned and fitted.
    recipe : {"auto", "fast"}, default="auto"
        "auto" races recipes on held-out rows, plain training among them; "fast" takes the default
        recipe with half the rows and a shorter training.
    synthesizer : "auto", str, Synthesizer or None, default="auto"
        Makes new rows; None makes none.
    labels : {"auto", "out_of_fold", "in_sample"}, default="auto"
        Where the teacher's labels of real rows come from.
    alpha : float or "auto", default="auto"
        In [0, 1]: the weight of the teacher on real rows, the truth having the rest. Synthetic rows
        have the teacher alone, so with 0.7 and 96 of them for each real one the truth has 0.3 % of
        the whole loss: ``(1 - alpha) / (1 + 96)``.
    loss : str, DistillationLoss or list of them, default="auto"
        What the student minimises: "auto" or a name of `ensemble_kd.losses.CLASS_LOSSES`, such as
        "logit_matching", for classes ("ranking" for two); "auto" or "squared_error" for values; for
        either a name of `ensemble_kd.losses.BESIDE`, such as "similarity" or "attention". An object
        brings its own alpha and temperature. Of several the race chooses, the first being the
        default.
    temperature : float, default=1.0
        Of soft targets, greater than 0.
    scoring : str or None, default=None
        Of two classes, the score that race, gate and search judge by in place of the loss of each
        row; see `ensemble_kd.metrics.RowScoring`.
    n_synthetic : int, float or "auto", default="auto"
        Synthetic rows: a number, or as a float a multiple of the real rows; see `n_synthetic_rows`.
    lessons : Lesson, str or list of them, default=()
        Further methods of teaching, in order: names of `ensemble_kd.flow.lessons.LESSONS`, such as
        "hard_rows", or objects.
    refit : bool, default=True
        Whether the student that is handed over is trained once more for as long as the first was
        best, on all rows and by the teacher that was fitted on all; what is told of it was measured
        on the first. It is not with ``recipe="fast"``, a `time_limit`, lessons, a frozen teacher or
        compression that trains.
    min_frequency : int, default=5
        Rows that must have a category, or a number, for the model to tell it, at least 1: rarer
        categories count as never seen, and in the place of rarer numbers stand others near them.
        Of groups or copies each counts once.
    contamination : float or "auto", default="auto"
        Without a target, the share of rows that are to be outliers; see `with_offset`.
    compression : CompressionStep, str, list of them, or None, default=None
        What is done to the student at last, in order; "int8" and "float16" are steps too.
    cv : int or splitter, default=5
        Folds of the out-of-fold labels.
    time_limit : float or None, default=None
        Seconds that the fit may take, the teacher's among them, greater than 0. A fit that is cut
        short depends on the speed of the machine.
    n_jobs : int or None, default=None
        Fits at once.
    verbose : int, default=0
        Progress bars from 1 on.
    random_state : int, RandomState or None, default=0
        Seeds everything that has no seed of its own.
    """

    teacher: Any = None
    student: Any = "mlp"
    recipe: str = "auto"
    synthesizer: Any = "auto"
    labels: str = "auto"
    alpha: float | str = "auto"
    loss: Any = "auto"
    temperature: float = 1.0
    scoring: str | None = None
    n_synthetic: int | float | str = "auto"
    lessons: Any = ()
    refit: bool = True
    min_frequency: int = DEFAULT_MIN_FREQUENCY
    contamination: float | str = "auto"
    compression: Any = None
    cv: Any = 5
    time_limit: float | None = None
    n_jobs: int | None = None
    verbose: int = 0
    random_state: Any = 0

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Settings:
        """Return the settings of an estimator's parameters, or of keywords.

        Parameters
        ----------
        parameters : mapping
            As `get_params(deep=False)` gives them.

        Raises
        ------
        InputError
            If a name is unknown.
        """
        found = dict(parameters)
        former = {name: found.pop(name, "deprecated") for name in FORMER_LESSONS}
        known = [field.name for field in fields(cls)]
        for name in found:
            if name not in known:
                raise InputError(f"{name} is no setting of a distillation; choose among {known}.")
        settings = cls(**found)
        lessons = as_lessons(settings.lessons)
        for name, value in former.items():
            if value == "deprecated":
                continue
            warn(f"{name}= is now lessons=[{FORMER_LESSONS[name]!r}].", FutureWarning)
            lessons += [LESSONS[FORMER_LESSONS[name]]()] if value else []
        return cls(**found | {"lessons": lessons})

    # --- what was chosen --------------------------------------------------------------------------

    @property
    def races(self) -> bool:
        """Whether recipes are raced."""
        return self.recipe == "auto"

    @property
    def refits(self) -> bool:
        """Whether a student is trained once more on all rows, where some were held out."""
        is_plain = not self.lessons and not any(step.trains for step in self.steps)
        return self.refit and self.races and self.time_limit is None and is_plain

    @property
    def fixed_alpha(self) -> float | None:
        """The alpha that the user gave, as such or in a loss; None where it is open."""
        loss = self.given_losses[0]
        if not isinstance(loss, str):
            return float(loss.alpha)
        return None if isinstance(self.alpha, str) else float(self.alpha)

    @property
    def given_losses(self) -> list[Any]:
        """The losses that were given, by name or as objects."""
        return list(self.loss) if isinstance(self.loss, list | tuple) else [self.loss]

    def raced_losses(self, task: BaseTask, is_rare: bool = False) -> list[Any]:
        """Return the losses that a race tries beside the first: those asked for, or the task's."""
        if not self.is_open("loss"):
            return self.given_losses[1:]
        raced = [*task.raced_losses, *(task.losses_of_rare if is_rare else ())]
        return raced if self.temperature == 1.0 else []

    @property
    def row_scoring(self) -> RowScoring | None:
        """The score to judge by; None judges by losses."""
        return None if self.scoring is None else RowScoring(self.scoring)

    @property
    def steps(self) -> list[CompressionStep]:
        """The compression."""
        return as_steps(self.compression)

    def is_open(self, name: str) -> bool:
        """Tell whether the user left something to the race."""
        value = getattr(self, name)
        return isinstance(value, str) and value == "auto"

    def teacher_of(self, task: BaseTask, cv: Any = None) -> Any:
        """Return the teacher, members or a preset as an ensemble; None for the default one.

        The folds are those that were chosen, unless `cv` says how some of the rows are cut.
        """
        if not isinstance(self.teacher, list | tuple | str):
            return self.teacher
        if self.teacher == DEFAULT_PRESET:
            return None
        members = self.teacher if isinstance(self.teacher, str) else list(self.teacher)
        cv = self.cv if cv is None else cv
        return TeacherEnsemble(
            members, task=task.of_one.name, cv=cv, n_jobs=self.n_jobs, verbose=self.verbose,
            random_state=self.random_state,
        )  # fmt: skip

    def student_of(self, rows: RealRows) -> Student:
        """Return the student, with the flow's seed and verbosity where it has none of its own."""
        student: Student = clone(as_student(self.student))
        parameters = student.get_params(deep=False)
        if parameters.get("random_state") is None:
            student.set_params(random_state=rows.seed)
        if self.verbose and not parameters.get("verbose"):
            student.set_params(verbose=self.verbose)
        return student

    def distillation_loss(
        self, task: BaseTask, alpha: float | None = None, loss: Any = None
    ) -> DistillationLoss:
        """Return a loss, the first that was given, with what is open at its default or as here."""
        loss = self.given_losses[0] if loss is None else loss
        if not isinstance(loss, str):
            given: DistillationLoss = loss
            return given
        if alpha is None:
            alpha = DEFAULT_ALPHA if self.fixed_alpha is None else self.fixed_alpha
        name = task.losses[0] if loss == "auto" else loss
        return task.named_loss(name, alpha, self.temperature)

    def losses_of(self, task: BaseTask) -> list[DistillationLoss]:
        """Return the losses that were given, the default one where that is open."""
        return [self.distillation_loss(task, loss=one) for one in self.given_losses]

    # --- how much ---------------------------------------------------------------------------------

    def n_new(self, rows: RealRows) -> int:
        """Return how many synthetic rows to make."""
        if self.synthesizer is None:
            return 0
        n_real = int((~rows.held_out & (rows.weights > 0)).sum())
        n_rows = n_synthetic_rows(self.n_synthetic, n_real, rows.task.n_outputs)
        return n_rows if self.races or not self.is_open("n_synthetic") else n_rows // 2

    def clock(self) -> Deadlines:
        """Return when each stage has to end, from now on."""
        return Deadlines(self.time_limit, trains_last=any(step.trains for step in self.steps))

    def paced(self, student: Student) -> Student:
        """Return the unfitted student with the effort of the recipe."""
        return student if self.races else student.with_effort(FAST_EFFORT)
