"""Synthesizers: new rows, like the real ones, for the teacher to label."""

from typing import Any

from ensemble_kd.errors import InputError
from ensemble_kd.transfer._base import Synthesizer
from ensemble_kd.transfer._cut_pairs import CutPairSynthesizer
from ensemble_kd.transfer._forest_leaves import ForestLeafSynthesizer
from ensemble_kd.transfer._guards import GuardSynthesizer
from ensemble_kd.transfer._marginals import MarginalSynthesizer
from ensemble_kd.transfer._munge import MungeSynthesizer, mixed_metric
from ensemble_kd.transfer._tail import TailSynthesizer

SYNTHESIZERS: dict[str, type[Synthesizer]] = {
    "munge": MungeSynthesizer,
    "marginals": MarginalSynthesizer,
    "forest_leaves": ForestLeafSynthesizer,
    "guards": GuardSynthesizer,
    "tail": TailSynthesizer,
    "cut_pairs": CutPairSynthesizer,
}


def as_synthesizer(synthesizer: Any) -> Synthesizer | None:
    """Return the synthesizer a name stands for, the synthesizer itself, or None.

    Parameters
    ----------
    synthesizer : {"munge", "marginals", "forest_leaves", "guards", "tail", "cut_pairs"}, \
            Synthesizer or None
        What was chosen.

    Returns
    -------
    Synthesizer or None
    """
    if synthesizer is None or isinstance(synthesizer, Synthesizer):
        return synthesizer
    if isinstance(synthesizer, str) and synthesizer in SYNTHESIZERS:
        made: Synthesizer = SYNTHESIZERS[synthesizer]()
        return made
    raise InputError(
        f"synthesizer must be one of {sorted(SYNTHESIZERS)}, a Synthesizer or None, got "
        f"{synthesizer!r}."
    )


__all__ = [
    "CutPairSynthesizer",
    "ForestLeafSynthesizer",
    "GuardSynthesizer",
    "MarginalSynthesizer",
    "MungeSynthesizer",
    "SYNTHESIZERS",
    "Synthesizer",
    "TailSynthesizer",
    "as_synthesizer",
    "mixed_metric",
]
