"""The core in C: the answers of the numpy runtime, and of Python's reading of a dict."""

from __future__ import annotations

import copy
import gc
import itertools
import math
import pickle
import signal
import sys
import threading
import time
from collections import OrderedDict
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ensemble_kd import InputError, Scorer
from ensemble_kd.model import (
    CompactModel,
    Dense,
    LogitScaling,
    MLPRecord,
    ProbabilityCurve,
    TreesRecord,
)
from ensemble_kd.runtime import (
    CompiledRuntime,
    MLPRuntime,
    TreesRuntime,
    build_runtime,
    decision,
    response,
    row_encoder,
)
from ensemble_kd.schema import Column, TableSchema

pytest.importorskip("ensemble_kd._core", reason="the core in C was not built")
from strategies import any_sets

SCHEMA = TableSchema(
    (
        Column("age", "numeric", nullable=True),
        Column("member", "boolean", nullable=True),
        Column("city", "categorical", nullable=True, categories=("Oslo", "Rome", 7, True, 2.5)),
        Column("income", "numeric"),
        Column("size", "categorical", categories=("S", "M", "L")),
    )
)


def network(n_outputs: int, widths: tuple[int, ...], seed: int = 0) -> MLPRecord:
    """Return a network of random weights, scaled as those of a fitted one."""
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        return (rng.normal(size=shape) / math.sqrt(shape[0] / 2)).astype(np.float32)

    sizes = (*widths, n_outputs)
    n_edges = (40, 7)
    edges = [np.sort(rng.normal(50, 40, n_edges[0])), np.sort(rng.normal(0, 1e5, n_edges[1]))]
    return MLPRecord(
        numeric_columns=np.array([0, 3], np.int32),
        edge_offsets=np.cumsum([0, *n_edges]).astype(np.int32),
        edges=np.concatenate(edges),
        numeric_weight=rng.normal(size=(sum(n_edges) - 2, sizes[0])).astype(np.float32) / 3,
        missing_weight=draw(2, sizes[0]),
        category_columns=np.array([1, 2, 4], np.int32),
        category_offsets=np.array([0, 3, 10, 15], np.int32),
        category_weight=draw(15, sizes[0]),
        first_bias=draw(sizes[0]),
        layers=tuple(Dense(draw(a, b), draw(b)) for a, b in itertools.pairwise(sizes)),
    )


def trees(n_trees: int, n_sums: int, link: str, *, vector: bool = False) -> TreesRecord:
    """Return random trees, of which some are single leaves and some deep."""
    rng = np.random.default_rng(1)
    feature, right, roots = [], [], []

    def grow(depth: int) -> None:
        node = len(feature)
        is_split = rng.random() < 0.9 - depth / 20
        feature.append(int(rng.integers(5)) if is_split else -1)
        right.append(0)
        if is_split:
            grow(depth + 1)
            right[node] = len(feature)
            grow(depth + 1)

    for _ in range(n_trees):
        roots.append(len(feature))
        grow(0)
    n_nodes, is_leaf = len(feature), np.array(feature) < 0
    spread = np.array([60, 1, 5, 1e5, 3])[feature]
    value = (
        rng.random((n_nodes, n_sums if vector else 1)) if vector else rng.normal(size=(n_nodes, 1))
    )
    return TreesRecord(
        feature=np.array(feature, np.int32),
        threshold=np.where(is_leaf, 0, np.round(rng.normal(size=n_nodes) * spread, 1)),
        right=np.array(right, np.int32),
        missing_left=np.where(is_leaf, 0, rng.integers(2, size=n_nodes)).astype(np.uint8),
        value=np.where(is_leaf[:, None], value, 0).astype(np.float32),
        roots=np.array(roots, np.int32),
        tree_output=(np.full(n_trees, -1) if vector else np.arange(n_trees) % n_sums).astype(
            np.int32
        ),
        base=rng.random(n_sums),
        category_columns=np.array([2, 4], np.int32),
        category_offsets=np.array([0, 6, 10], np.int32),
        category_rank=np.array([3.0, 0, 1, 2, 5, np.nan, 1, 2, 0, -1]),
        link=link,
    )


def classifier(body: MLPRecord | TreesRecord, n_classes: int) -> CompactModel:
    """Return a model of the table above."""
    return CompactModel("classification", SCHEMA, body, tuple("abcdefgh"[:n_classes]))


MODELS = {
    "additive": classifier(network(2, ()), 2),
    "mlp": classifier(network(3, (64, 64)), 3),
    "mlp_wide": classifier(network(2, (513, 300, 120)), 2),
    "mlp_odd": classifier(network(5, (1, 13, 31)), 5),
    "mlp_value": CompactModel(
        "regression", SCHEMA, replace(network(1, (24, 16)), output_mean=12.0, output_scale=3.0)
    ),
    "trees_sigmoid": classifier(trees(37, 1, "sigmoid"), 2),
    "trees_softmax": classifier(trees(30, 3, "softmax"), 3),
    "trees_shares": classifier(trees(11, 4, "identity", vector=True), 4),
    "trees_value": CompactModel("regression", SCHEMA, trees(1, 1, "identity")),
    "mlp_values": CompactModel("regression", SCHEMA, network(3, (24, 16))),
    "mlp_many_values": CompactModel(
        "regression", SCHEMA, replace(network(19, ()), output_mean=-2.0, output_scale=0.5)
    ),
    "trees_values": CompactModel("regression", SCHEMA, trees(30, 3, "identity")),
    "leaves_of_values": CompactModel("regression", SCHEMA, trees(1, 4, "identity", vector=True)),
}
CURVE = ProbabilityCurve(np.array([0.125, 0.25, 0.5, 1.0]), np.array([0.0, 0.25, 0.875, 0.875]))
MODELS |= {
    "mlp_scaled": replace(MODELS["mlp"], calibrator=LogitScaling(0.5, np.array([-0.25, 0.0, 1.0]))),
    "mlp_curved": replace(MODELS["additive"], calibrator=CURVE, threshold=0.25),
    "trees_scaled": replace(
        MODELS["trees_sigmoid"], calibrator=LogitScaling(0.25, np.array([0.5])), threshold=0.75
    ),
    "trees_curved": replace(classifier(trees(11, 2, "identity", vector=True), 2), calibrator=CURVE),
}


@pytest.fixture(params=MODELS)
def model(request) -> CompactModel:
    """A model of each shape."""
    return MODELS[request.param]


@pytest.fixture(params=[16, 8, 4])
def compiled(request, model) -> CompiledRuntime:
    """The core, by the vectors of each width that this machine has."""
    runtime = CompiledRuntime(model, most_floats=request.param)
    if isinstance(model.body, MLPRecord) and runtime.core.n_floats < request.param:
        pytest.skip(f"this machine has no vectors of {request.param} floats")
    return runtime


def numpy_response(model: CompactModel, X: np.ndarray) -> np.ndarray:
    """Return the answers of the numpy runtime."""
    kind = MLPRuntime if isinstance(model.body, MLPRecord) else TreesRuntime
    return response(model, kind(model.body).outputs(X))


def encoded_rows(n_rows: int, seed: int = 0) -> np.ndarray:
    """Return encoded rows, among them missing, infinite, unseen and boundary values."""
    rng = np.random.default_rng(seed)
    X = np.column_stack(
        [
            np.round(rng.normal(50, 50, n_rows), 1),
            rng.integers(2, size=n_rows),
            rng.integers(6, size=n_rows),
            rng.normal(0, 1e5, n_rows),
            rng.integers(4, size=n_rows),
        ]
    ).astype(np.float64)
    X[rng.random(X.shape) < 0.1] = np.nan
    for j in (0, 3):
        X[rng.random(n_rows) < 0.05, j] = np.inf
        X[rng.random(n_rows) < 0.05, j] = -np.inf
    edges = MODELS["mlp"].body.edges
    X[:40:3, 0] = edges[:14]
    return X


def assert_alike(given: np.ndarray, expected: np.ndarray) -> None:
    """Compare to 1e-6 of 1, or of a value if that is larger, as the loader's self-test does."""
    assert (np.abs(given - expected) / np.maximum(1, np.abs(expected))).max() <= 1e-6


# --- the same answers -----------------------------------------------------------------------------


def test_compiled_answers_like_numpy(compiled, model):
    X = encoded_rows(2000)
    assert_alike(compiled.respond(X), numpy_response(model, X))


@pytest.mark.parametrize("n_bins", [1, 2, 3, 4, 5, 8, 9, 16, 17, 32, 33, 64, 65, 128, 300])
@pytest.mark.parametrize("most_floats", [16, 8, 4])
def test_compiled_finds_the_bin_among_any_number(n_bins, most_floats):
    rng = np.random.default_rng(n_bins)
    edges = np.unique(np.round(rng.normal(0, 9, 4 * n_bins), 2))
    edges = np.sort(rng.permutation(edges)[: n_bins + 1])
    body = MLPRecord(
        numeric_columns=np.array([0], np.int32),
        edge_offsets=np.array([0, n_bins + 1], np.int32),
        edges=edges,
        numeric_weight=rng.normal(size=(n_bins, 3)).astype(np.float32) / n_bins,
        missing_weight=rng.normal(size=(1, 3)).astype(np.float32),
        category_columns=np.empty(0, np.int32),
        category_offsets=np.zeros(1, np.int32),
        category_weight=np.empty((0, 3), np.float32),
        first_bias=np.zeros(3, np.float32),
        layers=(),
    )
    model = CompactModel(
        "classification", TableSchema((Column("x", "numeric"),)), body, ("a", "b", "c")
    )
    near = [edges, np.nextafter(edges, np.inf), np.nextafter(edges, -np.inf)]
    X = np.concatenate([*near, rng.normal(0, 12, 300), [np.nan, np.inf, -np.inf, 1e308]])[:, None]
    runtime = CompiledRuntime(model, most_floats=most_floats)
    assert_alike(runtime.respond(X), numpy_response(model, X))
    alone = [runtime.core.respond_row(row) for row in X]
    np.testing.assert_array_equal(runtime.respond(X), alone)


def test_compiled_outputs_are_those_before_the_link(compiled, model):
    X = encoded_rows(300)
    np.testing.assert_allclose(
        response(model, compiled.outputs(X)), compiled.respond(X), rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("n_rows", [0, 1, 7, 63, 64, 65, 200])
def test_compiled_row_does_not_depend_on_its_batch(compiled, n_rows):
    X = encoded_rows(200)
    alone = np.array([compiled.core.respond_row(row) for row in X])
    np.testing.assert_array_equal(compiled.respond(X[:n_rows]), alone[:n_rows])


def test_compiled_row_does_not_depend_on_the_threads(model):
    X = encoded_rows(5000)
    expected = CompiledRuntime(model).respond(X)
    for n_threads in (2, 3, 4):
        np.testing.assert_array_equal(
            CompiledRuntime(model, n_threads=n_threads).respond(X), expected
        )


def test_compiled_rows_of_a_forest_beyond_the_cache_are_those_of_single_rows():
    model = classifier(trees(3000, 4, "identity", vector=True), 4)
    X, runtime = encoded_rows(3000), CompiledRuntime(model)
    alone = np.array([runtime.core.respond_row(row) for row in X[::97]])
    np.testing.assert_array_equal(runtime.respond(X)[::97], alone)


def wide_trees(n_columns: int) -> CompactModel:
    """Return trees over the first columns of a table of so many."""
    columns = (*SCHEMA.columns, *(Column(f"x{j}", "numeric") for j in range(5, n_columns)))
    return replace(classifier(trees(20, 4, "softmax"), 4), schema=TableSchema(columns))


@pytest.mark.parametrize("kind", ["wide layers", "wide rows"])
def test_compiled_rows_that_are_grouped_by_work_or_memory_are_those_of_single_rows(kind):
    is_layers = kind == "wide layers"
    model = classifier(network(4, (1100, 1100)), 4) if is_layers else wide_trees(20_000)
    X = np.zeros((70, len(model.schema.columns)))
    X[:, :5] = encoded_rows(70)
    runtime = CompiledRuntime(model, n_threads=2)
    alone = np.array([runtime.core.respond_row(row) for row in X])
    np.testing.assert_array_equal(runtime.respond(X), alone)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="a timer that sends a signal")
@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("kind", ["network", "trees"])
def test_compiled_batch_ends_where_a_signal_raises(kind, n_threads):
    body = network(4, (300, 300)) if kind == "network" else trees(2000, 4, "softmax")
    core = CompiledRuntime(classifier(body, 4)).core
    X, n_rows = np.tile(encoded_rows(1000), (100, 1)), 100_000
    answers = np.full((n_rows, 4), np.nan)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        with pytest.raises(KeyboardInterrupt):
            core.respond(X, answers, n_threads)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert np.isnan(answers[-1]).all()


def test_compiled_takes_a_code_that_is_none_as_never_seen(compiled):
    X = encoded_rows(50)
    X[:, 2], X[:, 4] = 5.0, 3.0
    expected = compiled.respond(X)
    for wrong in (99.0, -1.0, np.inf, -np.inf, 1e300):
        X[:, 2] = X[:, 4] = wrong
        np.testing.assert_array_equal(compiled.respond(X), expected)


def test_compiled_leaves_its_rows_unchanged(compiled):
    X = encoded_rows(100)
    kept = X.copy()
    compiled.respond(X)
    np.testing.assert_array_equal(X, kept)


@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 5, 1)])
def test_compiled_refuses_rows_of_another_width(shape):
    with pytest.raises(InputError, match="must have shape"):
        CompiledRuntime(MODELS["mlp"]).outputs(np.zeros(shape))


# --- sets of categories ---------------------------------------------------------------------------


def rows_of_codes(n_rows: int) -> np.ndarray:
    """Return encoded rows, some of whose numbers are codes, or none."""
    X, rng = encoded_rows(n_rows), np.random.default_rng(1)
    others = rng.choice([*range(53), -1.0, -0.5, 1e300, np.inf, -np.inf, np.nan], X.shape)
    for j in (0, 1, 3):  # numpy has no rank for a code that is none
        X[:, j] = np.where(rng.random(n_rows) < 0.5, others[:, j], X[:, j])
    return X


TREES = [name for name, model in MODELS.items() if isinstance(model.body, TreesRecord)]


@pytest.mark.parametrize("name", TREES)
def test_compiled_walks_sets_of_categories_like_numpy(name):
    model, X = MODELS[name], rows_of_codes(1000)
    sets = any_sets(model.body.feature, np.random.default_rng(0))
    runtime = CompiledRuntime(model, left_categories=sets)
    assert_alike(runtime.outputs(X), TreesRuntime(model.body, sets).outputs(X))
    alone = [runtime.core.respond_row(row) for row in X]
    np.testing.assert_array_equal(runtime.respond(X), alone)


def test_compiled_of_sets_that_are_all_empty_is_that_without_them():
    model, X = MODELS["trees_softmax"], encoded_rows(300)
    none = np.zeros(len(model.body.feature), dtype=np.uint64)
    given = CompiledRuntime(model, left_categories=none).outputs(X)
    np.testing.assert_array_equal(given, CompiledRuntime(model).outputs(X))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda sets, leaf: sets[:-1], "must have .* entries"),
        (lambda sets, leaf: np.where(leaf, 1, sets).astype(np.uint64), "must be 0 at a leaf"),
        (lambda sets, leaf: sets | np.uint64(2**52), "no bit beyond"),
        (lambda sets, leaf: sets.astype(np.int64), "must be of type Q"),
    ],
)
def test_compiled_refuses_sets_of_categories_that_are_wrong(change, message):
    model = MODELS["trees_value"]
    sets = any_sets(model.body.feature, np.random.default_rng(0))
    sets = change(sets, model.body.feature < 0)
    with pytest.raises(ValueError, match=message):
        CompiledRuntime(model, left_categories=sets)


# --- which runtime --------------------------------------------------------------------------------


def test_runtime_is_what_the_environment_says(model, monkeypatch):
    X = encoded_rows(100)
    answers = {}
    for choice, name in (("", "C"), ("c", "C"), ("numpy", "numpy")):
        monkeypatch.setenv("ENSEMBLE_KD_RUNTIME", choice)
        scorer = Scorer(model)
        assert scorer.runtime == name
        answers[name] = response(model, build_runtime(model).outputs(X))
    assert_alike(answers["C"], answers["numpy"])


def test_runtime_refuses_a_name_it_does_not_know(monkeypatch):
    monkeypatch.setenv("ENSEMBLE_KD_RUNTIME", "rust")
    with pytest.raises(ValueError, match="must be c or numpy, got 'rust'"):
        build_runtime(MODELS["mlp"])


@pytest.mark.parametrize("copy_of", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_scorer_can_be_copied_and_pickled(copy_of, model):
    scorer = Scorer(model, n_jobs=2)
    twin = copy_of(scorer)
    assert (twin.n_jobs, twin.runtime) == (2, "C")
    assert twin.predict_one(ROW) == scorer.predict_one(ROW)


@pytest.mark.parametrize("n_jobs", [0, -2])
def test_scorer_refuses_no_threads(n_jobs):
    with pytest.raises(InputError, match="n_jobs must be at least 1"):
        Scorer(MODELS["mlp"], n_jobs=n_jobs)


# --- a raw row ------------------------------------------------------------------------------------

ROW = {"age": 31, "member": True, "city": "Oslo", "income": 1000.5, "size": "M"}

CHANGES = [
    {},
    {"age": 2.5},
    {"age": None},
    {"age": math.nan},
    {"age": math.inf},
    {"age": True},
    {"age": np.float32(2.5)},
    {"age": np.int64(3)},
    {"age": 2**53 - 1},
    {"age": 2**53 + 1},
    {"age": -(2**53)},
    {"age": 2**80},
    {"age": 10**400},
    {"age": "31"},
    {"age": [31]},
    {"age": Decimal(31)},
    {"member": None},
    {"member": 1},
    {"member": 0.0},
    {"member": 0.5},
    {"member": 2},
    {"member": math.nan},
    {"member": np.True_},
    {"member": "yes"},
    {"city": "Bergen"},
    {"city": None},
    {"city": math.nan},
    {"city": 7},
    {"city": 7.0},
    {"city": 1},
    {"city": 1.0},
    {"city": True},
    {"city": False},
    {"city": 2.5},
    {"city": np.float64(2.5)},
    {"city": np.str_("Rome")},
    {"city": 2**70},
    {"city": ["Oslo"]},
    {"city": object()},
    {"city": b"Oslo"},
    {"size": "XL"},
    {"size": 7},
    {"size": True},
    {"size": math.nan},
    {"size": 1e300},
    {"size": "<unseen>"},
    {"income": None},
    {"incme": 3.0},
    {7: 3.0},
]
ROWS = [ROW | change for change in CHANGES]
ROWS += [{key: ROW[key] for key in ROW if key != name} for name in ROW]  # one column left out
ROWS += [{}, OrderedDict(ROW), [1, 2, 3], None, "row"]


def in_python(model: CompactModel, row: object) -> list[float] | tuple[type, str]:
    """Return the answer by the schema's reading, or its error."""
    try:
        encoded = row_encoder(model.schema)(row)
    except InputError as error:
        return type(error), str(error)
    return CompiledRuntime(model).core.respond_row(encoded)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: repr(row)[:60].split(" at 0x")[0])
def test_compiled_reads_a_row_as_the_schema_does(row, model):
    expected, scorer = in_python(model, row), Scorer(model)
    try:
        if model.classes:
            answer = scorer.predict_proba_one(row)
            assert list(answer) == list(model.classes)
            given = list(answer.values())
            assert scorer.predict_one(row) == model.classes[decision(model, np.array([given]))[0]]
        else:
            found = scorer.predict_one(row)
            given = found if model.n_outputs > 1 else [found]
    except InputError as error:
        given = type(error), str(error)
    assert given == expected


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(["Oslo", "M", "x", 7, 1])
)


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(st.sampled_from([*ROW, "other"]), CELLS))
def test_compiled_reads_any_row_as_the_schema_does(changes):
    model = MODELS["trees_softmax"]
    row = ROW | changes
    expected = in_python(model, row)
    try:
        given = list(Scorer(model).predict_proba_one(row).values())
    except InputError as error:
        given = type(error), str(error)
    assert given == expected


def shapes() -> list[dict[object, object]]:
    """Return the row in other orders, with fewer keys, and with keys that only seem to be its."""
    names = list(ROW)
    turned = {name: ROW[name] for name in reversed(names)}
    fewer = {name: ROW[name] for name in names if name not in ("age", "city")}
    copied = {"".join([name[:2], name[2:]]): value for name, value in ROW.items()}
    wrong = {**{name: ROW[name] for name in names[:-1]}, "sizes": "M"}
    bytes_keys = {**{name: ROW[name] for name in names[:-1]}, b"size": "M"}
    texts = {np.str_(name): value for name, value in ROW.items()}
    return [ROW, turned, fewer, copied, wrong, bytes_keys, texts, {**turned, "city": 7}, {}]


@pytest.mark.parametrize("known", range(3))
def test_compiled_reads_a_row_as_ever_once_it_knows_the_keys_of_another(model, known):
    scorer = Scorer(model)
    score = scorer.predict_proba_one if model.classes else scorer.predict_one
    for row in [shapes()[known], *shapes(), *shapes()[::-1], *([shapes()[1]] * 40), *shapes()]:
        expected = in_python(model, row)
        try:
            answer = score(row)
            given = list(answer.values()) if model.classes else answer
            given = given if model.n_outputs > 1 else [given]
        except InputError as error:
            given = type(error), str(error)
        assert given == expected


def test_compiled_learns_new_keys_and_lets_go_of_the_old_ones():
    scorer = Scorer(MODELS["additive"])
    first = {"".join([name[:1], name[1:]]): value for name, value in ROW.items()}
    key = next(iter(first))
    before = sys.getrefcount(key)
    scorer.predict_one(first)
    assert sys.getrefcount(key) == before + 1
    for _ in range(100):
        scorer.predict_one(dict(reversed(ROW.items())))
    assert sys.getrefcount(key) == before
    scorer.predict_one(first)
    del scorer
    gc.collect()
    assert sys.getrefcount(key) == before


def test_compiled_interns_no_name():
    # Python 3.12 keeps interned strings for ever.
    model = MODELS["additive"]
    columns = [replace(column, name=f"new {column.name}") for column in model.schema.columns]
    schema = replace(model.schema, columns=tuple(columns))
    scorer = Scorer(replace(model, schema=schema))
    for _ in range(100):
        scorer.predict_one({f"new {name}": value for name, value in ROW.items()})
    for name in ROW:
        copy_of_name = "".join(["new ", name])
        assert sys.intern(copy_of_name) is copy_of_name


class Meddling(str):
    """A key that scores rows of other keys whenever it is compared."""

    __hash__ = str.__hash__

    def __eq__(self, other):
        for row in self.rows:
            self.scorer.predict_one(row)
        return str(self) == str(other)


def test_compiled_survives_a_key_that_has_it_learn_others_while_it_is_looked_up():
    scorer = Scorer(MODELS["additive"])
    names = list(ROW)
    expected = scorer.predict_one(ROW)
    for name in names:
        key = Meddling(name)
        key.scorer = scorer
        orders = [names, names[::-1]] * 40
        key.rows = [{"".join([n[:1], n[1:]]): ROW[n] for n in order} for order in orders]
        row = {key if n == name else "".join([n[:1], n[1:]]): ROW[n] for n in names}
        assert scorer.predict_one(row) == expected


def test_compiled_scores_one_number_for_two_classes_or_a_value(model):
    scorer = Scorer(model)
    if len(model.classes) > 2:
        with pytest.raises(AttributeError, match="use predict_proba_one"):
            scorer.score_one(ROW)
    elif model.n_outputs > 1 and not model.classes:
        with pytest.raises(AttributeError, match="several: use predict_one"):
            scorer.score_one(ROW)
    elif model.classes:
        assert scorer.score_one(ROW) == scorer.predict_proba_one(ROW)[model.classes[1]]
    else:
        assert scorer.score_one(ROW) == scorer.predict_one(ROW)


def test_compiled_row_of_many_columns_is_read_from_the_heap():
    columns = tuple(Column(f"c{j}", "numeric", nullable=True) for j in range(400))
    body = replace(
        MODELS["trees_value"].body,
        feature=np.array([399, -1, -1], np.int32),
        threshold=np.array([2.0, 0, 0]),
        right=np.array([2, 0, 0], np.int32),
        missing_left=np.zeros(3, np.uint8),
        value=np.array([[0], [1], [2]], np.float32),
        roots=np.array([0], np.int32),
        base=np.zeros(1),
        category_columns=np.empty(0, np.int32),
        category_offsets=np.zeros(1, np.int32),
        category_rank=np.empty(0),
    )
    scorer = Scorer(CompactModel("regression", TableSchema(columns), body))
    assert [scorer.predict_one({"c399": value}) for value in (1, 3.0, None)] == [1.0, 2.0, 2.0]


class Reentrant(str):
    """A key that scores another row while it is looked for."""

    __slots__ = ()
    scorer: Scorer

    def __hash__(self) -> int:
        return hash(str(self))

    def __eq__(self, other: object) -> bool:
        self.scorer.predict_one(ROW | {"age": 99, "income": -5.0})
        return str(self) == other


def test_compiled_answer_survives_a_row_scored_in_between(model):
    scorer = Scorer(model)
    Reentrant.scorer = scorer
    row = {Reentrant(name): value for name, value in ROW.items()}
    assert scorer.predict_one(row) == scorer.predict_one(ROW)


def test_compiled_rows_leave_no_reference_behind(model):
    scorer = Scorer(model)
    city, row = "Oslo" + str(id(scorer)), dict(ROW)
    row["city"] = city
    for method in (scorer.predict_one, scorer.predict_proba_one) if model.classes else ():
        before = sys.getrefcount(city), sys.getrefcount(row), sys.getrefcount(None)
        for _ in range(1000):
            method(row)
        after = sys.getrefcount(city), sys.getrefcount(row), sys.getrefcount(None)
        assert np.abs(np.subtract(before, after)).max() < 50


# --- the interpreter lock -------------------------------------------------------------------------


@pytest.fixture
def patient_threads():
    """No thread has to hand the interpreter lock over: it goes round only where it is let go."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000.0)
    yield
    sys.setswitchinterval(interval)


def test_compiled_batch_lets_other_threads_run(patient_threads):
    core = CompiledRuntime(classifier(trees(500, 3, "softmax"), 3)).core
    X = encoded_rows(10_000)
    out, turns, turns_meanwhile = np.empty((len(X), 3)), [0], [0]

    def work():
        for _ in range(20):  # a busy machine may give the other thread no turn in one of them
            before = turns[0]
            core.respond(X, out, 1)
            turns_meanwhile[0] += turns[0] - before
            if turns_meanwhile[0]:
                break

    worker = threading.Thread(target=work)
    worker.start()
    while worker.is_alive():
        time.sleep(0)
        turns[0] += 1
    assert turns_meanwhile[0] > 0
