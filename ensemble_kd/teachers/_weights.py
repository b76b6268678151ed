"""How a teacher's fit takes the weights of rows, through whatever stands around it."""

from __future__ import annotations

import inspect
from typing import Any

from sklearn import get_config
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

WEIGHT = "sample_weight"


def weight_keyword(teacher: Any) -> str | None:
    """Return the keyword of `fit` that hands weights on.

    scikit-learn's own way is taken: a Pipeline wants the name of its last step before it; what
    takes any keyword hands them to the models inside. With metadata routing on each model asks for
    them itself.

    Parameters
    ----------
    teacher : estimator
        Unfitted.

    Returns
    -------
    str or None
        None where the teacher, or a model inside it, takes no weights.
    """
    if isinstance(teacher, Pipeline):
        name, last = teacher.steps[-1]
        inner = weight_keyword(last)
        return inner if inner is None or _are_routed() else f"{name}__{inner}"
    if has_fit_parameter(teacher, WEIGHT):
        return WEIGHT
    if not _takes_any_keyword(teacher):
        return None
    found = [weight_keyword(model) for model in inner_models(teacher)] or [WEIGHT]
    if None in found:
        return None
    # What hands weights to several models calls them the same for each.
    return found[0] if len(found) == 1 or set(found) == {WEIGHT} else None


def takes_weight(teacher: Any) -> bool:
    """Tell whether a teacher can be fitted with weights of rows.

    Parameters
    ----------
    teacher : estimator
        Unfitted.

    Returns
    -------
    bool
    """
    return weight_keyword(teacher) is not None


def refuses_weight(teacher: Any) -> str:
    """Return the name of the model, inside a teacher or itself, that takes no weights.

    Parameters
    ----------
    teacher : estimator
        Unfitted; `weight_keyword` is None.

    Returns
    -------
    str
    """
    inside = [teacher.steps[-1][1]] if isinstance(teacher, Pipeline) else inner_models(teacher)
    refusing = [model for model in inside if weight_keyword(model) != WEIGHT]
    if not refusing or weight_keyword(refusing[0]) is not None:
        return type(teacher).__name__
    return refuses_weight(refusing[0])


def inner_models(teacher: Any) -> list[Any]:
    """Return the models that a teacher of several, or of another one, is made of.

    Parameters
    ----------
    teacher : estimator
        Unfitted.

    Returns
    -------
    list of estimator
        Empty where it is none of these.
    """
    for name in ("estimator", "regressor", "base_estimator"):
        inner = getattr(teacher, name, None)
        if hasattr(inner, "fit"):
            return [inner]
    named = getattr(teacher, "estimators", None)
    if not isinstance(named, list | tuple):
        return []
    models = [one[1] if isinstance(one, tuple | list) else one for one in named]
    final = getattr(teacher, "final_estimator", None)
    return [model for model in [*models, final] if hasattr(model, "fit")]


def _are_routed() -> bool:
    return bool(get_config()["enable_metadata_routing"])


def _takes_any_keyword(teacher: Any) -> bool:
    try:
        parameters = inspect.signature(teacher.fit).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters)
