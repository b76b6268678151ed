"""How large a student may be for the bytes of its file, reckoned before it is trained."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import CompactModel, TreesRecord
from ensemble_kd.rows import RealRows
from ensemble_kd.students import (
    SIZES,
    AdditiveStudent,
    GBDTStudent,
    MLPStudent,
    NetworkSize,
    SoftTreeStudent,
    Student,
    TableBytes,
    TreeStudent,
    TrepanStudent,
    how_beyond,
)
from ensemble_kd.tuning.trial._file import pack

WIDTHS = (192, 128, 96, 64, 48, 32, 24, 16, 12, 8, 6, 4)
NARROWEST = 4
# Share of the bytes of float32 that a network takes, and bytes of a node without its value and of
# each number in it.
NETWORK_SHARE = {"float32": 1.0, "float16": 0.55, "int8": 0.33}
NODE_BYTES = {"float32": (17, 4), "float16": (9, 2), "int8": (9, 1)}
MOST_TREES, MOST_LEAVES = 400, 2048
# Names, offsets and padding of the arrays.
ARRAY_HEADER = 900
# A small student that still tells rows apart: units, intervals of a numeric column and categories
# of a network of one layer, bytes of the nodes of each output of boosted trees, and of one tree.
SMALL_NETWORK = NetworkSize((NARROWEST,), 16, 24)
SMALL_TREES, SMALL_TREE = 1_500, 2_500
# Bytes of a file that no student needs more than, where the budget does not say, and the share of
# the most at which the search begins.
LARGEST_FILE, SMALLEST_SHARE = 400_000, 1 / 32


class FileBytes:
    """What a file takes besides the arrays, and the largest students that fit the rest.

    Parameters
    ----------
    rows : RealRows
        The rows that students learn from.
    lines : list of str
        Of a model card.

    Attributes
    ----------
    task : BaseTask
        What the rows are to learn.
    """

    def __init__(self, rows: RealRows, lines: list[str]) -> None:
        if rows.discretion is not None:  # what is not told takes no bytes
            told = rows.discretion
            rows = replace(rows, schema=told.schema, codes=told.recode(rows.codes))
        self.task = rows.task
        self._schema, self._n_outputs = rows.schema, rows.task.n_outputs
        beyond = how_beyond(rows.schema, rows.task.looks_beyond)
        self._table = TableBytes(rows.codes, rows.schema, beyond=beyond)
        self._full_schema = len(json.dumps(rows.schema.to_dict(), separators=(",", ":")))
        self._n_codes = int(rows.schema.n_codes.sum())
        self.fixed = len(pack(_leaf(rows), None, lines)) - self._full_schema

    def span(self, max_bytes: int | None) -> tuple[int, int]:
        """Return the range of the bytes of a file to search, within a limit."""
        high = min(LARGEST_FILE, max_bytes or LARGEST_FILE)
        return max(int(high * SMALLEST_SHARE), min(high, self.fixed)), high

    def small(self, family: str) -> int:
        """Return the bytes of a file of a small student, one that still tells rows apart."""
        if family == "mlp":
            size = replace(SMALL_NETWORK, hidden=(max(NARROWEST, self._n_outputs),))
            return self.fixed + math.ceil(self._network_bytes(size, LARGEST_FILE, "int8"))
        n_sums = self._n_outputs if self._n_outputs > 2 else 1
        return self._without_nodes() + (SMALL_TREE if family == "tree" else SMALL_TREES * n_sums)

    def network(
        self,
        n_bytes: int,
        depth: int,
        n_bins: int,
        bits: str,
        keep: float,
        max_width: int = WIDTHS[0],
    ) -> MLPStudent:
        """Return the widest network whose file, once compressed, takes some bytes.

        Parameters
        ----------
        n_bytes : int
            Of the file.
        depth : int
            Hidden layers, at most 3, the others half as wide as the first.
        n_bins : int
            Intervals of a numeric column, fewer where even the narrowest network does not fit.
        bits : {"float32", "float16", "int8"}
            What weights are kept as.
        keep : float
            Share of the hidden units that pruning leaves.
        max_width : int, default=192
            Units of the first layer, at most: those that are left decide on the time an answer
            takes, as intervals do not.
        """
        room = max(1, n_bytes - self.fixed)
        n_categories = 128 if room > 60_000 else 64 if room > 20_000 else 24 if room > 6_000 else 12
        while True:
            for width in (width for width in WIDTHS if width <= max_width):
                size = NetworkSize(_hidden(width, depth), n_bins, n_categories)
                if self._network_bytes(size, room, bits, _hidden(width, depth, keep)) <= room:
                    break
            else:
                if n_bins > 1 or n_categories > 1:
                    n_bins, n_categories = max(1, n_bins // 2), max(1, n_categories // 2)
                    continue
            return _network(size, room)

    def even_network(self, n_bytes: int, bits: str, width: int, most_bins: int) -> MLPStudent:
        """Return the network that the flow would take, its layers as wide as each other.

        Parameters
        ----------
        n_bytes : int
            Of the file.
        bits : {"float32", "float16", "int8"}
            What weights are kept as.
        width : int
            Units of each of the three layers, fewer where the bytes ask for it.
        most_bins : int
            Intervals of a numeric column, fewer where the bytes ask for it; no answer takes longer
            for them.
        """
        room = max(1, n_bytes - self.fixed)
        finest = replace(SIZES[0], n_bins=most_bins)
        for size in (finest, *SIZES):
            own, most = size.hidden[0], SIZES[0].hidden[0]
            units = width if own == most else min(own, width)
            size = replace(size, hidden=(units,) * len(size.hidden))
            if self._network_bytes(size, room, bits) <= room:
                break
        return _network(size, room)

    def _network_bytes(
        self, size: NetworkSize, room: int, bits: str, left: tuple[int, ...] | None = None
    ) -> float:
        """Return what a network takes of a room, once it has so many units left."""
        fewest = self._table.fewest_rows(size, room / 3)
        kept = replace(size, hidden=left or size.hidden, fewest_rows=fewest)
        arrays = self._table.array_bytes(kept, self._n_outputs) * NETWORK_SHARE[bits]
        return arrays + self._table.schema_bytes(kept) + ARRAY_HEADER

    def boosted(self, n_bytes: int, num_leaves: int, bits: str) -> GBDTStudent:
        """Return boosted trees, as many as fit."""
        n_sums = self._n_outputs if self._n_outputs > 2 else 1
        of_node, of_number = NODE_BYTES[bits]
        of_tree = (2 * num_leaves - 1) * (of_node + of_number) + 10
        n_trees = int(np.clip(self._tree_room(n_bytes) // of_tree, n_sums, MOST_TREES * n_sums))
        n_rounds = max(1, n_trees // n_sums)
        # With several sums the student takes three tenths of its rounds.
        n_estimators = n_rounds if n_sums == 1 else -(-10 * n_rounds // 3)
        return GBDTStudent(n_estimators=n_estimators, num_leaves=num_leaves)

    def tree(self, n_bytes: int, bits: str) -> TreeStudent:
        """Return one tree, with as many leaves as fit."""
        of_node, of_number = NODE_BYTES[bits]
        n_nodes = self._tree_room(n_bytes) // (of_node + of_number * self._n_outputs)
        return TreeStudent(max_leaf_nodes=int(np.clip((n_nodes + 1) // 2, 2, MOST_LEAVES)))

    def for_people(self, family: str, n_bytes: int, bits: str) -> Student:
        """Return a student of curves, a soft tree, or one that asks, as large as fits."""
        if family == "trepan":
            return TrepanStudent(max_leaf_nodes=self.tree(n_bytes, bits).max_leaf_nodes)
        room = max(1, n_bytes - self.fixed)
        chosen = {"additive": AdditiveStudent, "soft_tree": SoftTreeStudent}[family]
        student: Student = chosen(max_bytes=math.ceil(room / NETWORK_SHARE[bits]))
        return student

    def _tree_room(self, n_bytes: int) -> int:
        """Return what nodes may take."""
        return max(1, n_bytes - self._without_nodes())

    def _without_nodes(self) -> int:
        """Return what else a file of trees takes: they name every category, with a float64."""
        return self.fixed + self._full_schema + 8 * self._n_codes + ARRAY_HEADER


def _network(size: NetworkSize, room: int) -> MLPStudent:
    return MLPStudent(
        hidden=size.hidden, n_bins=size.n_bins, max_categories=size.max_categories, max_bytes=room
    )


def _hidden(width: int, depth: int, keep: float = 1.0) -> tuple[int, ...]:
    half = max(NARROWEST, width // 2)
    widths = [width, half, half][:depth]
    return tuple(max(1, round(keep * w)) for w in widths)


def _leaf(rows: RealRows) -> CompactModel:
    """Return the smallest model: one leaf."""
    none: NDArray[np.int32] = np.zeros(0, dtype=np.int32)
    zero = np.zeros(1, dtype=np.int32)
    n = rows.task.n_outputs
    body = TreesRecord(
        feature=np.full(1, -1, dtype=np.int32),
        threshold=np.zeros(1),
        right=zero,
        missing_left=np.zeros(1, dtype=np.uint8),
        value=np.full((1, n), 1 / n, dtype=np.float32),
        roots=zero,
        tree_output=np.full(1, -1, dtype=np.int32),
        base=np.zeros(n),
        category_columns=none,
        category_offsets=zero,
        category_rank=np.zeros(0),
        link=rows.task.leaf_link,
    )
    return CompactModel(rows.task.name, rows.schema, body, rows.task.classes)
