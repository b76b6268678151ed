"""What may vary from trial to trial: who learns, how large, from what, and what is cut away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ensemble_kd.compress import CompressionStep, PruneNeurons, Quantize
from ensemble_kd.errors import InputError
from ensemble_kd.flow import Labels, Recipe, plain_recipe
from ensemble_kd.losses import BESIDE, CLASS_LOSSES, DistillationLoss
from ensemble_kd.students import STUDENTS, MLPStudent, SoftTreeStudent, Student
from ensemble_kd.tasks import BaseTask
from ensemble_kd.transfer import ForestLeafSynthesizer, MarginalSynthesizer, MungeSynthesizer
from ensemble_kd.tuning.trial._sizes import FileBytes

# Strengths on a grid, so that the rows of each are made and labelled once for all trials.
SYNTHESIZERS: dict[str, tuple[Any, ...]] = {
    "munge 0.25": ((MungeSynthesizer(p=0.25), 1.0),),
    "munge 0.5": ((MungeSynthesizer(), 1.0),),
    "munge 0.75": ((MungeSynthesizer(p=0.75), 1.0),),
    "munge and marginals": ((MungeSynthesizer(), 0.75), (MarginalSynthesizer(), 0.25)),
    "munge and leaves": ((MungeSynthesizer(), 0.5), (ForestLeafSynthesizer(), 0.5)),
    "forest leaves": ((ForestLeafSynthesizer(), 1.0),),
    "none": (),
}
LABELS: tuple[Labels, ...] = ("out_of_fold", "in_sample", "true")
PRUNING_UPDATES = 1500
# Shape of the flow's own network, and units of each of its three layers, where the flow has 96.
EVEN = "even"
EVEN_WIDTHS = (192, 160, 128, 96, 80, 64, 48, 32)
EVEN_BINS = (32, 64)


@dataclass(frozen=True)
class Setting:
    """A point of the space, as objects.

    Parameters
    ----------
    family : {"mlp", "gbdt", "tree", "trepan", "soft_tree", "additive"}
        Who learns.
    recipe : Recipe
        From what.
    student : Student
        How large, unfitted.
    steps : list of CompressionStep
        What is done to it at last.
    """

    family: str
    recipe: Recipe
    student: Student
    steps: list[CompressionStep]

    def with_effort(self, effort: float) -> Setting:
        """Return the same with a network that takes so many times the steps; trees are quick."""
        if not isinstance(self.student, MLPStudent | SoftTreeStudent):
            return self
        steps = [
            PruneNeurons(step.keep, n_updates=max(1, round(effort * step.n_updates)))
            if isinstance(step, PruneNeurons)
            else step
            for step in self.steps
        ]
        return replace(self, student=self.student.with_effort(effort), steps=steps)

    def describe(self) -> dict[str, str]:
        """Return student and compression in words."""
        shown = ("hidden", "n_bins", "n_estimators", "num_leaves", "max_leaf_nodes")
        given = self.student.get_params(deep=False)
        sizes = ", ".join(f"{name}={given[name]}" for name in shown if name in given)
        cut = [f"keep={s.keep:g}" if isinstance(s, PruneNeurons) else str(s.dtype)  # type: ignore[attr-defined]
               for s in self.steps]  # fmt: skip
        return {"student": f"{self.family}({sizes})", "compression": ", ".join(cut) or "none"}


@dataclass(frozen=True)
class SearchSpace:
    """What a search may vary.

    Parameters
    ----------
    students : tuple of str, default=("mlp", "gbdt", "tree")
        Families, by name.
    synthesizers : tuple of str, default=all of `SYNTHESIZERS`
        Names of `ensemble_kd.tuning.SYNTHESIZERS`: what makes rows, and how strongly.
    labels : tuple of str, default=("out_of_fold", "in_sample", "true")
        Where labels of real rows come from; "true" is plain training, without teacher and
        synthetic rows.
    alpha : tuple of (float, float), default=(0.4, 1.0)
        Range of the weight of the teacher on real rows.
    temperature : tuple of (float, float), default=(1.0, 4.0)
        Range, of losses that have one.
    losses : tuple of str or None, default=None
        Names of losses that networks choose among, such as "decoupled"; see `Settings.loss`. None:
        soft targets, and those that a race tries. Trees learn soft targets, in regression squared
        error.
    n_bytes : tuple of (int, int) or None, default=None
        Range of the file's size. None: from a thirty-second of the budget, or of 400 kB, up to it.
    """

    students: tuple[str, ...] = ("mlp", "gbdt", "tree")
    synthesizers: tuple[str, ...] = tuple(SYNTHESIZERS)
    labels: tuple[str, ...] = LABELS
    alpha: tuple[float, float] = (0.4, 1.0)
    temperature: tuple[float, float] = (1.0, 4.0)
    losses: tuple[str, ...] | None = None
    n_bytes: tuple[int, int] | None = None

    def check(self) -> None:
        """Refuse what is no space.

        Raises
        ------
        InputError
            If a name is unknown, or a range is empty or out of bounds.
        """
        for name, known in (
            ("students", STUDENTS),
            ("synthesizers", SYNTHESIZERS),
            ("labels", LABELS),
            ("losses", [*CLASS_LOSSES, "squared_error", *BESIDE]),
        ):
            given = getattr(self, name)
            if given is None and name == "losses":
                continue
            if not given or any(value not in known for value in given):
                raise InputError(f"{name} must be some of {list(known)}, got {given!r}.")
        for name, least, most in (("alpha", 0.0, 1.0), ("temperature", 1e-3, 1e3)):
            low, high = getattr(self, name)
            if not least <= low <= high <= most:
                raise InputError(f"{name} must be a range in [{least:g}, {most:g}], got "
                                 f"{getattr(self, name)!r}.")  # fmt: skip

    def suggest(
        self, trial: Any, task: BaseTask, sizes: FileBytes, span: tuple[int, int]
    ) -> Setting:
        """Return the setting of a trial.

        Parameters
        ----------
        trial : optuna.trial.Trial or FixedTrial
            Asked for each parameter.
        task : BaseTask
            What is learned.
        sizes : FileBytes
            Turns bytes into widths and trees.
        span : tuple of (int, int)
            Range of the bytes of the file.
        """
        family = trial.suggest_categorical("student", list(self.students))
        n_bytes = trial.suggest_int("n_bytes", *span, log=True)
        bits = trial.suggest_categorical("weights", ["int8", "float16", "float32"])
        synthesizer = trial.suggest_categorical("synthesizer", list(self.synthesizers))
        labels = trial.suggest_categorical("labels", list(self.labels))
        alpha = trial.suggest_float("alpha", *self.alpha)
        loss = self._loss(trial, task, family, alpha)
        steps: list[CompressionStep] = [] if bits == "float32" else [Quantize(bits)]
        changes: dict[str, Any] = {}
        student: Student
        if family == "mlp":
            keep = trial.suggest_categorical("keep", [1.0, 0.5, 0.25])
            changes["edges"] = trial.suggest_categorical("edges", ["teacher", "quantiles"])
            changes["encoding"] = trial.suggest_categorical(
                "encoding", ["piecewise_linear", "periodic"]
            )
            if trial.suggest_categorical("shape", ["halved", EVEN]) == EVEN:
                width = trial.suggest_categorical("width", list(EVEN_WIDTHS))
                bins = trial.suggest_categorical("most_bins", list(EVEN_BINS))
                student = sizes.even_network(n_bytes, bits, width, bins)
            else:
                depth = trial.suggest_int("depth", 1, 3)
                n_bins = trial.suggest_int("n_bins", 3, 32, log=True)
                width = trial.suggest_categorical("max_width", [192, 128, 64, 32])
                student = sizes.network(n_bytes, depth, n_bins, bits, keep, width)
            rate = trial.suggest_float("mlp_learning_rate", 0.005, 0.03, log=True)
            student.set_params(learning_rate=rate)
            if keep < 1:
                steps.insert(0, PruneNeurons(keep, n_updates=PRUNING_UPDATES))
        elif family == "gbdt":
            student = sizes.boosted(n_bytes, trial.suggest_int("num_leaves", 3, 63, log=True), bits)
            rate = trial.suggest_float("gbdt_learning_rate", 0.05, 0.5, log=True)
            # As much is learned in all, whatever the number of rounds.
            student.set_params(learning_rate=rate)
        elif family == "tree":
            student = sizes.tree(n_bytes, bits)
        else:
            student = sizes.for_people(family, n_bytes, bits)
        recipe = Recipe("tuned", labels, loss, SYNTHESIZERS[synthesizer], changes)
        if labels == "true":
            recipe = replace(plain_recipe(task), name="tuned plain", changes=changes)
        return Setting(family, recipe, student, steps)

    def _loss(self, trial: Any, task: BaseTask, family: str, alpha: float) -> DistillationLoss:
        names = self.losses_of(task)
        name, temperature = task.losses[0], 1.0
        if family == "mlp":
            name = trial.suggest_categorical("loss", names) if len(names) > 1 else names[0]
        # The leaves of a single tree hold probabilities, which have no temperature.
        trees = ("tree", "trepan")
        if family not in trees and hasattr(task.named_loss(name, alpha), "temperature"):
            temperature = trial.suggest_float("temperature", *self.temperature, log=True)
        return task.named_loss(name, alpha, temperature)

    def losses_of(self, task: BaseTask) -> list[str]:
        """Return the names of the losses to choose among, at least one.

        Parameters
        ----------
        task : BaseTask
            What is learned; losses of other tasks are left out.

        Returns
        -------
        list of str
        """
        if self.losses is None:
            return [task.losses[0], *task.raced_losses]
        return [name for name in self.losses if name in task.all_losses] or [task.losses[0]]


def starting_points(
    space: SearchSpace, sizes: FileBytes, span: tuple[int, int], recipe: Recipe | None = None
) -> list[dict[str, Any]]:
    """Return parameters that are tried first: the defaults of the flow at several sizes.

    Parameters
    ----------
    space : SearchSpace
        Points outside it are left out.
    sizes : FileBytes
        Tells the bytes of small students.
    span : tuple of (int, int)
        Range of the bytes of the file.
    recipe : Recipe or None, default=None
        Of an earlier distillation; None starts from the default one.

    Returns
    -------
    list of dict
    """
    low, high = span
    small, small_trees, small_tree = (
        min(high, max(low, sizes.small(family))) for family in ("mlp", "gbdt", "tree")
    )
    base: dict[str, Any] = {
        "labels": "out_of_fold", "alpha": 0.7, "synthesizer": "munge 0.5", "loss": "soft_targets",
        "temperature": 1.0, "shape": "halved", "depth": 3, "n_bins": 16, "keep": 1.0,
        "max_width": 128, "width": 96, "most_bins": 32,
        "edges": "teacher", "encoding": "piecewise_linear", "mlp_learning_rate": 0.012,
        "num_leaves": 15, "gbdt_learning_rate": 0.15, "weights": "int8",
    } | _of_recipe(recipe)  # fmt: skip
    names = space.losses_of(sizes.task)
    if base["loss"] in sizes.task.all_losses and base["loss"] not in names:
        base["loss"] = names[0]
    middle = round((low * high) ** 0.5)
    little = min(high, round(1.4 * small))
    points: list[dict[str, Any]] = [
        {"student": "mlp", "n_bytes": high, "shape": EVEN, "weights": "float16"},
        {"student": "gbdt", "n_bytes": high},
        {"student": "mlp", "n_bytes": high, "shape": EVEN, "width": 64},
        {"student": "mlp", "n_bytes": high, "keep": 0.5},
        {"student": "mlp", "n_bytes": high, "weights": "float16", "n_bins": 32},
        {"student": "mlp", "n_bytes": high, "shape": EVEN, "width": 160, "weights": "float16"},
        {"student": "mlp", "n_bytes": high, "shape": EVEN, "width": 80, "weights": "float16",
         "most_bins": 64},
        {"student": "mlp", "n_bytes": high, "labels": "true", "mlp_learning_rate": 0.008},
        {"student": "mlp", "n_bytes": middle, "depth": 2, "n_bins": 12},
        {"student": "gbdt", "n_bytes": middle, "num_leaves": 8, "gbdt_learning_rate": 0.25},
        # The smaller a network is, the more it owes to fine intervals, and the less to layers.
        {"student": "mlp", "n_bytes": little, "depth": 1},
        {"student": "mlp", "n_bytes": small, "depth": 1},
        {"student": "gbdt", "n_bytes": small_trees, "num_leaves": 8, "gbdt_learning_rate": 0.5},
        {"student": "tree", "n_bytes": middle},
        {"student": "tree", "n_bytes": small_tree},
        {"student": "trepan", "n_bytes": small_tree},
        {"student": "soft_tree", "n_bytes": middle},
        {"student": "additive", "n_bytes": middle},
    ]  # fmt: skip
    found = [base | point for point in points if point["student"] in space.students]
    return [point for point in found if _is_inside(point, space)]


def _of_recipe(recipe: Recipe | None) -> dict[str, Any]:
    """Return a recipe as parameters, as far as the space knows them."""
    if recipe is None or not recipe.needs_teacher:
        return {}
    made_by = {repr(value): name for name, value in SYNTHESIZERS.items()}
    known: dict[str, Any] = {"labels": recipe.labels, "alpha": float(recipe.loss.alpha)}
    if repr(recipe.synthesizers) in made_by:
        known["synthesizer"] = made_by[repr(recipe.synthesizers)]
    for name, make in CLASS_LOSSES.items():
        if type(recipe.loss) is type(make(1.0, 1.0)):
            known["loss"] = name
    for name, kind in BESIDE.items():
        if type(recipe.loss) is kind:
            known["loss"] = name
    if hasattr(recipe.loss, "temperature"):
        known["temperature"] = float(recipe.loss.temperature)
    for name in ("edges", "encoding"):
        if name in recipe.changes:
            known[name] = recipe.changes[name]
    return known


def _is_inside(point: Mapping[str, Any], space: SearchSpace) -> bool:
    return (
        point["synthesizer"] in space.synthesizers
        and point["labels"] in space.labels
        and space.alpha[0] <= point["alpha"] <= space.alpha[1]
        and space.temperature[0] <= point["temperature"] <= space.temperature[1]
    )
