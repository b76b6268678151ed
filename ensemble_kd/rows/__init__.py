"""Rows: the real ones, checked and encoded once, and the transfer set a student learns from."""

from ensemble_kd.rows._checks import (
    check_seed,
    check_target,
    check_weight,
    given_target,
    record_features,
    rows_to_score,
    table,
)
from ensemble_kd.rows._digest import table_digest
from ensemble_kd.rows._discretion import Discretion, number_between
from ensemble_kd.rows._encoded_table import EncodedTable
from ensemble_kd.rows._few_rows import warn_of_few_rows
from ensemble_kd.rows._frames import RowDecoder, concatenate, match_columns, take_rows
from ensemble_kd.rows._logged_scores import LoggedScores, known_targets
from ensemble_kd.rows._reach import reach
from ensemble_kd.rows._real_rows import RealRows, read_again, read_rows
from ensemble_kd.rows._target_scale import TargetScale
from ensemble_kd.rows._transfer_set import ORIGINS, REAL, SYNTHETIC, UNLABELLED, TransferSet
from ensemble_kd.rows._weights import mean_one
from ensemble_kd.rows.splits import (
    Dependence,
    Groups,
    TimeOrder,
    draw_folds,
    draw_share,
    draw_test_rows,
    find_copies,
    given_dependence,
    take_values,
    thin,
)

__all__ = [
    "ORIGINS",
    "REAL",
    "SYNTHETIC",
    "UNLABELLED",
    "Dependence",
    "Discretion",
    "EncodedTable",
    "Groups",
    "LoggedScores",
    "RealRows",
    "RowDecoder",
    "TargetScale",
    "TimeOrder",
    "TransferSet",
    "check_seed",
    "check_target",
    "check_weight",
    "concatenate",
    "draw_folds",
    "draw_share",
    "draw_test_rows",
    "find_copies",
    "given_target",
    "known_targets",
    "given_dependence",
    "match_columns",
    "mean_one",
    "number_between",
    "reach",
    "read_again",
    "read_rows",
    "record_features",
    "rows_to_score",
    "table",
    "table_digest",
    "take_rows",
    "take_values",
    "thin",
    "warn_of_few_rows",
]
