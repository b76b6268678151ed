"""Compact model -> smaller compact model: fewer bits, fewer units, lower rank, fewer trees."""

from ensemble_kd.compress._compress import Compression, as_steps, compress
from ensemble_kd.compress._quantize import Quantize, quantize
from ensemble_kd.compress._report import report_row, report_table
from ensemble_kd.compress._rows import in_codes_of
from ensemble_kd.compress._step import CompressionStep
from ensemble_kd.compress.networks.dead_neurons import DropDeadNeurons, drop_dead_neurons
from ensemble_kd.compress.networks.factorize import FactorizeWeights, factorize
from ensemble_kd.compress.networks.prune_neurons import PruneNeurons, prune_neurons
from ensemble_kd.compress.trees.prune_trees import PruneTrees, prune_trees
from ensemble_kd.compress.trees.truncate_trees import TruncateTrees, truncate_trees

__all__ = [
    "Compression",
    "CompressionStep",
    "DropDeadNeurons",
    "FactorizeWeights",
    "PruneNeurons",
    "PruneTrees",
    "Quantize",
    "TruncateTrees",
    "as_steps",
    "compress",
    "drop_dead_neurons",
    "factorize",
    "in_codes_of",
    "prune_neurons",
    "prune_trees",
    "quantize",
    "report_row",
    "report_table",
    "truncate_trees",
]
