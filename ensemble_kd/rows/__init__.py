"""Rows: the real ones, checked and encoded once, and the transfer set a student learns from."""

from ensemble_kd.rows._checks import check_seed, check_target, check_weight, record_features, table
from ensemble_kd.rows._copies import Copies, find_copies
from ensemble_kd.rows._digest import table_digest
from ensemble_kd.rows._draws import draw_share
from ensemble_kd.rows._encoded_table import EncodedTable
from ensemble_kd.rows._frames import RowDecoder, concatenate, match_columns, take_rows
from ensemble_kd.rows._real_rows import RealRows, read_rows
from ensemble_kd.rows._target_scale import TargetScale
from ensemble_kd.rows._transfer_set import ORIGINS, REAL, SYNTHETIC, UNLABELLED, TransferSet
from ensemble_kd.rows._weights import mean_one

__all__ = [
    "Copies",
    "ORIGINS",
    "REAL",
    "SYNTHETIC",
    "UNLABELLED",
    "EncodedTable",
    "RealRows",
    "RowDecoder",
    "TargetScale",
    "TransferSet",
    "check_seed",
    "check_target",
    "check_weight",
    "concatenate",
    "draw_share",
    "find_copies",
    "match_columns",
    "mean_one",
    "read_rows",
    "record_features",
    "table",
    "table_digest",
    "take_rows",
]
