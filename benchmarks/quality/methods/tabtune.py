"""TabTune's distiller of the shared teacher into boosted trees or a network (Tanna 2025)."""

from __future__ import annotations

from ensemble_kd.benchmarks.quality.methods._taught_peer import TaughtPeer


class TabTuneDistilled(TaughtPeer):
    """`tabtune.distillation.TabDistiller` as it comes, the best of its students by the test rows.

    It is made for pretrained networks, whose weights it fetches, but takes any teacher in their
    place that was fitted before: it is given the shared one with its out-of-fold labels, as it
    would make them for its own. Its students are LightGBM (a regressor for each class) and, for
    classes, a network.
    """

    name, label, peer = "tabtune_distilled", "TabTune, distilled", "TabTune"
