"""The trees of fitted models, whatever library grew them: one description, one layout as arrays."""

from ensemble_kd.fitted_trees._arrays import TreeArrays, tree_arrays
from ensemble_kd.fitted_trees._read import read_trees
from ensemble_kd.fitted_trees._trees import FittedTrees, Tree, constant_trees

__all__ = [
    "FittedTrees",
    "Tree",
    "TreeArrays",
    "constant_trees",
    "read_trees",
    "tree_arrays",
]
