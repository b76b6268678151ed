"""What a user says of reasons, checked and written into the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any, Literal

from ensemble_kd.errors import InputError, shown
from ensemble_kd.explain._background import quantile_rows
from ensemble_kd.explain._explainer import Explainer
from ensemble_kd.model import CompactModel, MLPRecord, ReasonGroup, Reasons

N_BACKGROUND = 32
# Columns and groups that change one after the other; of more several at once, in so many steps.
FEW_PLAYERS, N_STEPS = 8, 4
MOST_STEPS = MOST_BACKGROUND = 256
# Of a code or a sentence, as the file takes them.
MOST_CHARACTERS = 1000

Texts = Mapping[str, str | tuple[str | None, str | None]]


def with_reasons(
    model: CompactModel,
    X: Any,
    *,
    texts: Texts | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    excluded: Iterable[str] = (),
    explained: Any = None,
    raises: bool | None = None,
    n_background: int = N_BACKGROUND,
    n_steps: int | Literal["auto"] | None = "auto",
) -> CompactModel:
    """Return the model with what its reasons are counted from and called; answers stay.

    Parameters
    ----------
    model : CompactModel
        The student.
    X : data frame, array of shape (n_samples, n_features), or list of dict
        Real rows of normal behaviour, such as those of the training. None of them is kept, but
        quantiles of each column, rounded and shuffled.
    texts : mapping of str to str or (str or None, str or None), or None, default=None
        By name of a column or group, the sentence of the reason, or its code and its sentence.
    groups : mapping of str to sequence of str, or None, default=None
        Columns that are one reason, by the name of the group.
    excluded : iterable of str, default=()
        Columns that are never named, such as protected ones. What they contribute is told as one
        rest, without which the sum would not be the score.
    explained : label or None, default=None
        The class whose score is explained; None for the second of two. Needed with more classes.
    raises : bool or None, default=None
        Whether what raises the score is a reason, or what lowers it. None: what lowers the score
        of an outlier detector, else what raises it.
    n_background : int, default=32
        Most rows that contributions are counted from, from 1 to 256; time grows with them.
    n_steps : int, "auto" or None, default="auto"
        In how many steps the columns of a network change from what a row of the background has,
        from 1 to 256; None for one after the other, and so "auto" has it of at most 8 columns and
        groups, and 4 steps of more. The fewer, the faster and the rougher. Trees are exact without.

    Returns
    -------
    CompactModel

    Raises
    ------
    InputError
        If a name is none of the table, a column is in two groups, or the rows are none.
    """
    if not _is_count(n_background, MOST_BACKGROUND):
        raise InputError(f"n_background must be from 1 to {MOST_BACKGROUND}, got {n_background!r}.")
    if n_steps not in ("auto", None) and not _is_count(n_steps, MOST_STEPS):
        raise InputError(
            f"n_steps must be from 1 to {MOST_STEPS}, 'auto' or None, got {n_steps!r}."
        )
    if not model.has_classes and model.n_outputs > 1:
        raise InputError(
            f"reasons are those of one value, got {model.n_outputs} "
            f"{'labels' if model.is_multilabel else 'outputs'}; distil one of them."
        )
    codes = model.schema.encode(X)
    if not len(codes):
        raise InputError("reasons are counted from real rows, got none.")
    names = _Names(model)
    for what, given in (("texts", texts), ("groups", groups)):
        if given is not None and not isinstance(given, Mapping):
            raise InputError(f"{what} must be a mapping by name, got {shown(given)}.")
    if isinstance(excluded, str) or not isinstance(excluded, Iterable):
        raise InputError(f"excluded must be a list of columns, got {excluded!r}.")
    hidden = tuple(sorted({names.column(name, "excluded") for name in excluded}))
    reasons = Reasons(
        background=quantile_rows(model.schema, codes, n_background),
        output=_output(model, explained),
        raises=(not model.is_detector) if raises is None else bool(raises),
        groups=names.groups(texts or {}, groups or {}, set(hidden)),
        excluded=hidden,
    )
    if n_steps == "auto":
        grouped = sum(len(group.columns) - 1 for group in reasons.groups)
        n_steps = None if len(model.schema.columns) - grouped <= FEW_PLAYERS else N_STEPS
    if isinstance(model.body, MLPRecord):
        reasons = replace(reasons, n_steps=n_steps)
    explained_model = replace(model, reasons=reasons)
    Explainer(explained_model)  # refuses what it cannot explain now, not at the first row
    return explained_model


class _Names:
    def __init__(self, model: CompactModel) -> None:
        self._place = {str(name): j for j, name in enumerate(model.schema.names)}

    def column(self, name: Any, where: str) -> int:
        if str(name) not in self._place:
            raise InputError(
                f"{where} must name columns that the model takes, got {name!r}; they are "
                f"{', '.join(list(self._place)[:20])}."
            )
        return self._place[str(name)]

    def groups(
        self, texts: Texts, groups: Mapping[str, Sequence[str]], hidden: set[int]
    ) -> tuple[ReasonGroup, ...]:
        out, taken = [], dict.fromkeys(hidden, "excluded")
        for name, given in groups.items():
            is_list = isinstance(given, Iterable) and not isinstance(given, str)
            columns = list(given) if is_list else []
            if not columns:
                raise InputError(f"a group must be a list of columns, got {given!r}.")
            places = tuple(self.column(column, f"the group {name!r}") for column in columns)
            for place, column in zip(places, columns, strict=True):
                if place in taken:
                    raise InputError(
                        f"a column must be in one group, or excluded, got {column!r} in {name!r} "
                        f"and {taken[place]}."
                    )
                taken[place] = repr(name)
            out.append(ReasonGroup(str(name), places, *_said(name, texts.get(name))))
        for name, said in texts.items():
            if name in groups:
                continue
            place = self.column(name, "texts")
            if place in taken:
                raise InputError(
                    f"a reason must be a group, or a column that is in none and not excluded, got "
                    f"a text for {name!r}, which is in {taken[place]}."
                )
            out.append(ReasonGroup(str(name), (place,), *_said(name, said)))
        alone = {name for name, place in self._place.items() if place not in taken}
        for name in groups:
            if str(name) in alone:
                raise InputError(f"a group must not have the name of another column, got {name!r}.")
        return tuple(out)


def _is_count(value: Any, most: int) -> bool:
    return (
        isinstance(value, Integral) and not isinstance(value, bool) and value in range(1, most + 1)
    )


def _said(name: str, said: Any) -> tuple[str | None, str | None]:
    parts = (None, said) if said is None or isinstance(said, str) else said
    if (
        not isinstance(parts, tuple | list)
        or len(parts) != 2
        or any(part is not None and not _is_text(part) for part in parts)
    ):
        raise InputError(
            f"the text for {name!r} must be a sentence, or a code and a sentence, of 1 to "
            f"{MOST_CHARACTERS} characters each, got {shown(said)}."
        )
    code, text = parts
    return code, text


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= MOST_CHARACTERS


def _output(model: CompactModel, explained: Any) -> int:
    if not model.has_classes:
        if explained is not None:
            raise InputError(f"explained is a class, but the task is {model.task}.")
        return 0
    if explained is None:
        if len(model.classes) > 2:
            raise InputError(
                f"explained must be one of the {len(model.classes)} classes, got None; give the "
                f"class whose score is explained."
            )
        return 1
    for k, label in enumerate(model.classes):
        if label == explained:
            return k
    raise InputError(f"explained must be one of {model.classes!r}, got {explained!r}.")
