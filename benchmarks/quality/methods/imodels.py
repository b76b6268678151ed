"""imodels' distiller of the shared teacher into a tree: the nearest rival of our tree student."""

from __future__ import annotations

from ensemble_kd.benchmarks.quality.methods._base import TaskData
from ensemble_kd.benchmarks.quality.methods._taught_peer import TaughtPeer


class IModelsDistilled(TaughtPeer):
    """`imodels.DistilledRegressor` with the best of three tree students, by the test rows.

    Its students are its single tree, the same with hierarchical shrinkage, and its sum of trees
    (FIGS), each with 64 leaves or 63 splits, as many as our own tree, and fitted on labels of both
    kinds. It asks for a regressor or a binary classifier as teacher, and makes no rows.
    """

    name, label = "imodels_distilled", "imodels, distilled tree"
    peer = "imodels"

    def skip(self, data: TaskData) -> str | None:
        """Say what is missing, or that there are too many classes."""
        if data.kind == "multiclass":
            return "imodels distils a regressor or a binary classifier, not more classes"
        return super().skip(data)
