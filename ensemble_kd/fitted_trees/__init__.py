"""The trees of fitted models, whatever library grew them: one description, one layout as arrays."""

from __future__ import annotations

from typing import Any

from ensemble_kd.fitted_trees._arrays import TreeArrays, tree_arrays
from ensemble_kd.fitted_trees._lightgbm import read_lightgbm
from ensemble_kd.fitted_trees._scikit_learn import read_scikit_learn
from ensemble_kd.fitted_trees._trees import FittedTrees, Tree, constant_trees
from ensemble_kd.fitted_trees._xgboost import read_xgboost


def read_trees(model: Any) -> FittedTrees | None:
    """Return the trees of a fitted model.

    Parameters
    ----------
    model : estimator or booster
        Fitted, of scikit-learn, LightGBM (up to its best iteration) or XGBoost.

    Returns
    -------
    FittedTrees or None
        None where it is not made of trees, or they do not split its columns as they come.
    """
    for name in ("booster_", "_Booster"):  # inside an estimator of the library
        model = getattr(model, name, model)
    library = type(model).__module__.partition(".")[0]
    read = {"lightgbm": read_lightgbm, "xgboost": read_xgboost}.get(library, read_scikit_learn)
    found = read(model)
    return found if found is not None and found.trees else None


__all__ = ["FittedTrees", "Tree", "TreeArrays", "constant_trees", "read_trees", "tree_arrays"]
