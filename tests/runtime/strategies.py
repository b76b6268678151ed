"""Models of any shape, rows of any content, and ways to break either, for hypothesis.

`SOUND` models are drawn together with their table; `breakages` change their arrays, offsets and
options as a forger of files would.
"""

from __future__ import annotations

import itertools
import math
from collections import OrderedDict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ensemble_kd.model import (
    N_OUTSIDE,
    CompactModel,
    Dense,
    LogitScaling,
    MLPRecord,
    Outside,
    ProbabilityCurve,
    TreesRecord,
)
from ensemble_kd.schema import Column, TableSchema

CATEGORIES = ["Oslo", "", "Kyōto", "1", 1, 2, 7, -3, 2.5, 2**70, False]
KINDS = ["numeric", "boolean", "categorical"]
CLASSES = ["a", "b", "c", "d", 1, 2, 3.5, False]
EDGES = [-1e300, -1e6, -2.0, -1.0, -0.5, 0.0, 5e-324, 0.25, 1.0, 2.0, 3.0, 1e6, 1e300]
WHOLE = [-(2**31), -513, -2, -1, 0, 1, 2, 3, 5, 63, 64, 255, 2**16, 2**30, 2**31 - 1]
ODD = [math.nan, math.inf, -math.inf, 0.0, -0.0, -1.0, 1e300, 5e-324, 0.5, 2.0]


# --- sound models ---------------------------------------------------------------------------------


@st.composite
def schemas(draw) -> TableSchema:
    """One to six columns."""
    columns = []
    for j in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(KINDS))
        more: dict[str, Any] = {}
        if kind == "categorical":
            categories = draw(st.lists(st.sampled_from(CATEGORIES), unique=True, max_size=6))
            more["categories"] = tuple(categories)
        columns.append(Column(f"c{j}", kind, nullable=draw(st.booleans()), **more))
    return TableSchema(tuple(columns))


def weights(draw, *shape: int) -> np.ndarray:
    """Return small random weights; their seed is drawn."""
    rng = np.random.default_rng(draw(st.integers(0, 7)))
    return rng.uniform(-0.5, 0.5, shape).astype(np.float32)


def used_columns(draw, schema: TableSchema, kinds: set[str]) -> np.ndarray:
    """Return some of the columns of these kinds, in any order."""
    fitting = [j for j, column in enumerate(schema.columns) if column.kind in kinds]
    chosen = draw(st.lists(st.sampled_from(fitting), unique=True)) if fitting else []
    return np.array(chosen, np.int32)


def offsets(parts: list[int]) -> np.ndarray:
    """Return where each part begins and ends."""
    return np.append(0, np.cumsum(parts)).astype(np.int32)


@st.composite
def insides(draw, schema: TableSchema) -> Outside:
    """What is inside of some of the columns, of any kind."""
    columns = draw(
        st.lists(st.integers(0, len(schema.columns) - 1), unique=True, min_size=1, max_size=4)
    )

    def numbers(values: list[float]) -> np.ndarray:
        return np.array([draw(st.sampled_from(values)) for _ in columns])

    bounds = np.sort([numbers(EDGES), numbers(EDGES)], axis=0)
    units = [0.25, 1.0, 3.0, 1e6, 5e-324]
    return Outside(
        np.array(columns, np.int32), *bounds, numbers(units), numbers(units), numbers([0.0, 1.5])
    )


@st.composite
def networks(draw, schema: TableSchema, n_outputs: int) -> MLPRecord:
    """A network over some of the columns, of no to three dense layers."""
    numeric = used_columns(draw, schema, {"numeric"})
    outside = draw(insides(schema)) if draw(st.booleans()) else None
    if outside is not None:
        n_columns = len(schema.columns)
        found = st.integers(n_columns, n_columns + N_OUTSIDE - 1)
        taken = draw(st.lists(found, unique=True))
        numeric = np.array(draw(st.permutations([*numeric.tolist(), *taken])), np.int32)
    edges = [
        sorted(draw(st.lists(st.sampled_from(EDGES), min_size=2, max_size=12, unique=True)))
        for _ in numeric
    ]
    coded = used_columns(draw, schema, {"boolean", "categorical"})
    n_rows = [int(schema.n_codes[j]) + 1 for j in coded]
    widths = draw(st.lists(st.sampled_from([1, 2, 3, 15, 16, 17, 33, 64, 65]), max_size=3))
    sizes = [*widths, n_outputs]
    n_edges = sum(map(len, edges))
    return MLPRecord(
        numeric_columns=numeric,
        edge_offsets=offsets([len(part) for part in edges]),
        edges=np.array([edge for part in edges for edge in part], np.float64),
        numeric_weight=weights(draw, n_edges - len(numeric), sizes[0]),
        missing_weight=weights(draw, len(numeric), sizes[0]),
        category_columns=coded,
        category_offsets=offsets(n_rows),
        category_weight=weights(draw, sum(n_rows), sizes[0]),
        first_bias=weights(draw, sizes[0]),
        layers=tuple(
            Dense(weights(draw, a, b) / math.sqrt(a), weights(draw, b))
            for a, b in itertools.pairwise(sizes)
        ),
        outside=outside,
    )


@st.composite
def tree_shapes(draw) -> list[int]:
    """Return the depth-first nodes of one tree: 1 for a split, 0 for a leaf."""
    nodes, n_open = [], 1
    while n_open:
        is_split = len(nodes) + n_open < 20 and draw(st.booleans())
        nodes.append(int(is_split))
        n_open += 1 if is_split else -1
    return nodes


def right_children(nodes: list[int]) -> list[int]:
    """Return each split's right child, 0 for a leaf."""
    right, waiting = [0] * len(nodes), []
    for i, is_split in enumerate(nodes):
        if is_split:
            waiting.append(i)
        elif waiting:
            right[waiting.pop()] = i + 1
    return right


@st.composite
def forests(draw, schema: TableSchema, n_sums: int, link: str) -> TreesRecord:
    """One to ten trees."""
    shapes = draw(st.lists(tree_shapes(), min_size=1, max_size=10))
    roots = offsets([len(shape) for shape in shapes])[:-1]
    nodes = [node for shape in shapes for node in shape]
    n_nodes = len(nodes)
    right = [child + root if child else 0 for shape, root in zip(shapes, roots, strict=True)
             for child in right_children(shape)]  # fmt: skip
    is_leaf = np.array(nodes) == 0
    rng = np.random.default_rng(draw(st.integers(0, 7)))
    is_vector = link in ("identity", "sigmoids") and n_sums > 1
    value = rng.uniform(0.0625, 1.0, (n_nodes, n_sums if is_vector else 1))
    ranked = used_columns(draw, schema, {"categorical"})
    n_ranks = [int(schema.n_codes[j]) for j in ranked]
    return TreesRecord(
        feature=np.where(is_leaf, -1, rng.integers(len(schema.columns), size=n_nodes)).astype(
            np.int32
        ),
        threshold=np.where(is_leaf, 0.0, rng.choice([*EDGES, np.inf, -np.inf], n_nodes)),
        right=np.array(right, np.int32),
        missing_left=np.where(is_leaf, 0, rng.integers(2, size=n_nodes)).astype(np.uint8),
        value=np.where(is_leaf[:, None], value, 0.0).astype(np.float32),
        roots=roots,
        tree_output=(
            np.full(len(roots), -1) if is_vector else rng.integers(n_sums, size=len(roots))
        ).astype(np.int32),
        base=rng.uniform(0.0, 1.0, n_sums),
        category_columns=ranked,
        category_offsets=offsets(n_ranks),
        category_rank=rng.choice([0.0, 1.0, 2.0, -1.0, 0.5, np.nan], sum(n_ranks)),
        link=link,
    )


@st.composite
def curves(draw) -> ProbabilityCurve:
    """A curve of slopes of at most 16, which rounding does not tell apart."""
    x = sorted(draw(st.lists(st.integers(0, 16), min_size=2, max_size=8, unique=True)))
    y = sorted(draw(st.lists(st.integers(0, 16), min_size=len(x), max_size=len(x))))
    return ProbabilityCurve(np.array(x) / 16, np.array(y) / 16)


@st.composite
def sound_models(draw) -> CompactModel:
    """A model whose parts fit together."""
    schema = draw(schemas())
    classes: tuple[Any, ...] = ()
    if draw(st.booleans()):
        n_classes = draw(st.sampled_from([2, 2, 3, 5]))
        classes = tuple(draw(st.permutations(CLASSES))[:n_classes])
    n_outputs = len(classes) or draw(st.sampled_from([1, 1, 3]))
    task = "classification" if classes else "regression"
    if classes and not draw(st.integers(0, 2)):
        task = "multilabel"
    if draw(st.booleans()):
        model = CompactModel(task, schema, draw(networks(schema, n_outputs)), classes)
    else:
        links = ["identity"]
        if task == "multilabel":
            links = ["sigmoids"]
        elif classes:
            links += ["softmax"] + ["sigmoid"] * (n_outputs == 2)
        link = draw(st.sampled_from(links))
        n_sums = 1 if link == "sigmoid" else n_outputs
        model = CompactModel(task, schema, draw(forests(schema, n_sums, link)), classes)
    return with_decision(draw, model)


def with_decision(draw, model: CompactModel) -> CompactModel:
    """Return the model with what calibrator and threshold may be drawn for it."""
    fields: dict[str, Any] = {}
    if model.is_multilabel:
        return model
    ways = ["none"] + ["curve"] * (len(model.classes) == 2)
    ways += ["line"] * (bool(model.classes) and model.link != "identity")
    way = draw(st.sampled_from(ways))
    if way == "line":
        bias = np.array(draw(st.lists(st.integers(-4, 4), min_size=model.n_sums,
                                      max_size=model.n_sums)), np.float64)  # fmt: skip
        fields["calibrator"] = LogitScaling(draw(st.sampled_from([0.25, 1.0, 2.0])), bias)
    if way == "curve":
        fields["calibrator"] = draw(curves())
    if len(model.classes) == 2 and draw(st.booleans()):
        fields["threshold"] = draw(st.integers(0, 8)) / 8
    return CompactModel(model.task, model.schema, model.body, model.classes, **fields)


# --- rows -----------------------------------------------------------------------------------------


def encoded_rows(n_columns: int, n_rows: int, seed: int) -> np.ndarray:
    """Return matrices of whatever a caller may give, most of it near edges and codes."""
    rng = np.random.default_rng(seed)
    likely = [*EDGES, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, math.nan, math.inf, -math.inf]
    return rng.choice(likely, size=(n_rows, n_columns))


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 9),
    st.integers(),
    st.floats(),
    st.sampled_from(CATEGORIES),
    st.text(max_size=3),
    st.sampled_from([10**400, 2**53 + 1, Decimal(1), b"Oslo", [1], np.float32(2.5), np.int64(7)]),
    st.sampled_from([np.str_("Oslo"), np.nan, np.bool_(True), (), {}, object()]),
)


@st.composite
def raw_rows(draw, schema: TableSchema) -> Any:
    """A dict of the columns, or something like it, or not at all."""
    names = list(schema.names)
    row: dict[Any, Any] = {}
    for name in draw(st.permutations(names)):
        if draw(st.integers(0, 9)):
            if draw(st.booleans()):  # an equal key that is another object
                name = "".join([name[:1], name[1:]])
            row[name] = draw(VALUES)
    if not draw(st.integers(0, 9)):
        row[draw(st.sampled_from(["other", 7, None, "c", "C0", (1,)]))] = draw(VALUES)
    if not draw(st.integers(0, 19)):
        return draw(st.sampled_from([OrderedDict(row), list(row.items()), None, "row", 3]))
    return row


def any_sets(feature: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return sets of categories for half of the splits."""
    is_set = (feature >= 0) & (rng.random(len(feature)) < 0.5)
    return np.where(is_set, rng.integers(2**52, size=len(feature)), 0).astype(np.uint64)


# --- broken models --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Breakage:
    """One change to what the core is built from."""

    where: int
    action: str
    place: int
    number: int

    def apply(self, arrays: dict[str, np.ndarray], options: dict[str, Any]) -> None:
        """Change one array or option in place; arrays are replaced, not written to."""
        name = sorted(arrays)[self.where % len(arrays)]
        array = np.array(arrays[name]).ravel()
        cut = self.place % (len(array) + 1)
        if self.action == "shorten":
            array = array[:cut]
        elif self.action == "lengthen":
            array = np.concatenate([array, array[:cut]])
        elif self.action == "drop":
            del arrays[name]
            return
        elif self.action == "retype":
            kinds = [np.int64, np.float32, np.uint8, np.float64]
            with np.errstate(over="ignore", invalid="ignore"):
                array = array.astype(kinds[self.place % 4])
        elif self.action == "option":
            self._break_option(options)
            return
        elif len(array):
            i = self.place % len(array)
            if self.action == "swap":
                j = self.number % len(array)
                array[[i, j]] = array[[j, i]]
            elif self.action == "nudge" and array.dtype.kind != "f":
                array[i] += np.array(self.number % 5 - 2).astype(array.dtype)
            else:
                pool = ODD if array.dtype.kind == "f" else WHOLE
                with np.errstate(over="ignore"):
                    array[i] = np.array(pool[self.number % len(pool)]).astype(array.dtype)
        arrays[name] = array

    def _break_option(self, options: dict[str, Any]) -> None:
        odd = ODD[self.number % len(ODD)]
        name, value = [
            ("n_layers", self.number % 67 - 1),
            ("link", ["identity", "sigmoid", "sigmoids", "softmax", "probit"][self.number % 5]),
            ("output_scale", odd),
            ("logit_scale", odd),
            ("logit_bias", np.full(self.number % 4, odd)),
            ("curve_x", np.array([0.0, odd, 1.0][: self.number % 4])),
            ("curve_y", np.array([0.0, odd, 1.0][: self.number % 4])),
            ("threshold", odd),
        ][self.place % 8]
        options[name] = value


ACTIONS = ["shorten", "lengthen", "swap", "nudge", "nudge", "set", "set", "set", "option"]
BREAKAGES = st.lists(
    st.builds(
        Breakage,
        where=st.integers(0, 63),
        action=st.sampled_from([*ACTIONS, "drop", "retype"]),
        place=st.integers(0, 255),
        number=st.integers(0, 255),
    ),
    min_size=1,
    max_size=3,
)
