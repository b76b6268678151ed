"""Small models written by hand, one of each shape a bundle can hold."""

import itertools
from dataclasses import replace

import numpy as np

from ensemble_kd.bundle import SelfTest
from ensemble_kd.model import (
    ChosenBy,
    CompactModel,
    Dense,
    LogitScaling,
    MLPRecord,
    OperatingCurve,
    Outside,
    ProbabilityCurve,
    ScoreCurve,
    ScoreQuantiles,
    TreesRecord,
)
from ensemble_kd.schema import Column, TableSchema

CREATED = "2026-01-31T12:00:00Z"

SCHEMA = TableSchema(
    (
        Column("age", "numeric", nullable=True, integer=True, minimum=0.0, maximum=99.0),
        Column("member", "boolean", nullable=True),
        Column("city", "categorical", nullable=True, categories=("Oslo", "Rome", 7, True, 2.5)),
        Column("income", "numeric", minimum=-1.5, maximum=1e6),
    )
)
ROWS = ((31, True, "Oslo", 1000.5), (None, None, None, -1.0), (2.5, False, "Kyōto", 0))


def i32(*values):
    return np.array(values, dtype=np.int32)


def f32(*values):
    return np.array(values, dtype=np.float32)


def f64(*values):
    return np.array(values, dtype=np.float64)


def mlp_body(n_outputs, widths=(), **changes):
    """Random weights for all four columns; `widths` are those of the hidden dense layers."""
    rng = np.random.default_rng(0)

    def draw(*shape):
        return rng.normal(size=shape).astype(np.float32)

    sizes = (*widths, n_outputs)
    layers = tuple(Dense(draw(a, b), draw(b)) for a, b in itertools.pairwise(sizes))
    fields = {
        "numeric_columns": i32(3, 0),
        "edge_offsets": i32(0, 3, 5),
        "edges": f64(-1.5, 10.0, 1e6, 0.0, 99.0),
        "numeric_weight": draw(3, sizes[0]),
        "missing_weight": draw(2, sizes[0]),
        "category_columns": i32(1, 2),
        "category_offsets": i32(0, 3, 10),
        "category_weight": draw(10, sizes[0]),
        "first_bias": draw(sizes[0]),
        "layers": layers,
    }
    return MLPRecord(**(fields | changes))


# Two splits and three leaves: 0 -> (1 -> (2, 3), 4).
FIVE_NODES = {
    "feature": i32(2, 0, -1, -1, -1),
    "threshold": f64(0.5, 40.0, 0.0, 0.0, 0.0),
    "right": i32(4, 3, 0, 0, 0),
    "missing_left": np.array([1, 0, 0, 0, 0], dtype=np.uint8),
    "value": f32([0], [0], [0.25], [-1.5], [3]),
}
RANKS = {
    "category_columns": i32(2),
    "category_offsets": i32(0, 6),
    "category_rank": f64(0.0, 1.0, 2.0, -3.5, 4.0, np.nan),
}


def trees_body(n_trees, tree_output, base, link, **changes):
    """`n_trees` equal trees of five nodes."""
    parts = {name: np.concatenate([array] * n_trees) for name, array in FIVE_NODES.items()}
    is_leaf = parts["feature"] == -1
    shift = np.repeat(5 * np.arange(n_trees), 5)
    parts["right"] = np.where(is_leaf, 0, parts["right"] + shift).astype(np.int32)
    parts["roots"] = i32(*(5 * np.arange(n_trees)))
    fields = parts | RANKS | {"tree_output": i32(*tree_output), "base": f64(*base), "link": link}
    return TreesRecord(**(fields | changes))


def classifier(body, classes):
    return CompactModel("classification", SCHEMA, body, classes)


def regressor(body):
    return CompactModel("regression", SCHEMA, body)


PROBABILITIES = f32([0, 0, 0], [0, 0, 0], [1, 0, 0], [0.5, 0.5, 0], [0, 0.25, 0.75])

MODELS = {
    "mlp_classifier": classifier(mlp_body(3, (4, 2)), ("a", "b", "c")),
    "mlp_additive": classifier(mlp_body(2), (False, True)),
    "mlp_regressor": regressor(mlp_body(1, (3,), output_mean=12.5, output_scale=0.1)),
    "trees_softmax": classifier(trees_body(3, (0, 1, 2), (0, 0.5, -1), "softmax"), (0, 1, 2)),
    "trees_sigmoid": classifier(trees_body(2, (0, 0), (0.5,), "sigmoid"), ("no", "yes")),
    "tree_of_probabilities": classifier(
        trees_body(1, (-1,), (0, 0, 0), "identity", value=PROBABILITIES), (1.5, "b", True)
    ),
    "trees_regressor": regressor(trees_body(2, (0, -1), (7.0,), "identity")),
    "mlp_several": regressor(mlp_body(3, (4,))),
    "trees_several": regressor(trees_body(3, (0, 1, 2), (0, 0.5, -1), "identity")),
    "tree_of_values": regressor(
        trees_body(1, (-1,), (0, 7.5, -1e3), "identity", value=PROBABILITIES)
    ),
}

MODELS |= {
    name: CompactModel("multilabel", SCHEMA, body, ("calm", 2, "tall"))
    for name, body in (
        ("mlp_labels", mlp_body(3, (4,))),
        ("trees_labels", trees_body(3, (0, 1, 2), (0, 0.5, -1), "sigmoids")),
        ("tree_of_labels", trees_body(1, (-1,), (0, 0.5, -1), "sigmoids", value=PROBABILITIES)),
    )
}

# The column "income", and the first and the last of the numbers that tell how far outside.
INSIDE = Outside(
    i32(0, 2, 3),
    f64(0, 0, -1.5),
    f64(99, 4, 1e6),
    f64(99, 1, 1e6),
    f64(20, 0.25, 3e5),
    f64(0, 0, 7),
)
MODELS["mlp_outside"] = regressor(
    mlp_body(
        1,
        (3,),
        outside=INSIDE,
        numeric_columns=i32(3, 4, 8),
        edge_offsets=i32(0, 2, 4, 6),
        edges=f64(-1.5, 1e6, 0, 0.5, 0, 3),
        missing_weight=f32([0.5] * 3, [0] * 3, [0] * 3),
    )
)

CURVE = ProbabilityCurve(f64(0.0, 0.25, 0.5, 0.9), f64(0.0, 0.125, 0.75, 0.75))
MODELS |= {
    "mlp_scaled": replace(
        MODELS["mlp_classifier"], calibrator=LogitScaling(0.625, f64(0.0, -0.5, 0.25))
    ),
    "mlp_decided": replace(MODELS["mlp_additive"], threshold=0.125),
    "trees_scaled": replace(
        MODELS["trees_sigmoid"], calibrator=LogitScaling(2.5, f64(-1.0)), threshold=0.0625
    ),
    "mlp_curved": replace(MODELS["mlp_additive"], calibrator=CURVE),
    "trees_curved": replace(MODELS["trees_sigmoid"], calibrator=CURVE, threshold=0.75),
    "tree_curved": replace(
        classifier(
            trees_body(1, (-1,), (0, 0), "identity", value=PROBABILITIES[:, :2]), ("no", "yes")
        ),
        calibrator=CURVE,
    ),
}
QUANTILES = ScoreQuantiles(f64(-3.5, -1.0, 0.25, 2.0), f64(0.0, 0.01, 0.5, 0.75))
MODELS |= {
    name.replace("regressor", "detector"): replace(
        MODELS[name], task="outliers", threshold=threshold, quantiles=QUANTILES
    )
    for name, threshold in (("mlp_regressor", 12.0), ("trees_regressor", 6.75))
}
CARRIED = ScoreCurve(f64(-20.0, 0.0, 6.5, 12.0, 40.0), f64(-3.0, -1.0, -1.0, 0.5, 4.0))
MODELS |= {
    name.replace("detector", "carried"): replace(MODELS[name], calibrator=CARRIED, threshold=-0.25)
    for name in ("mlp_detector", "trees_detector")
}
CURVE_OF_POLICY = OperatingCurve(
    f64(0.125, 0.5, 1.0), f64(0.25, 0.125, 0.0), 80.0, 8.0, f64(1.0, 0.75, 0.0),
    f64(0.4, 0.6, np.nan), f64(1.5, 2.5, 8.0), f64(0.25, 0.5, 1.0),
)  # fmt: skip
MODELS |= {
    "mlp_policy": replace(
        MODELS["mlp_decided"],
        policy=ChosenBy("cost", {"false_alarm": 1.0, "missed": "income"}, CURVE_OF_POLICY),
    ),
    "trees_policy": replace(
        MODELS["trees_detector"],
        policy=ChosenBy(
            "alert_budget",
            {"alert_budget": 20.0, "rows_a_day": 1000.0},
            OperatingCurve(f64(-1.0, 6.75, 9.0), f64(0.0, 0.02, 1.0), 50.0),
        ),
    ),
}


def version_of(name):
    """Return the lowest version that has what a model holds."""
    model = MODELS[name]
    if getattr(model.body, "outside", None) is not None or model.is_detector or model.policy:
        return 4
    if not model.has_classes and model.n_outputs > 1:
        return 4
    return 1 if model.calibrator is None and model.threshold is None else 3


def selftest_for(model, **changes):
    expected = np.linspace(0.1, 0.9, len(ROWS) * model.n_outputs)
    fields = {
        "rows": ROWS,
        "expected": expected.reshape(len(ROWS), model.n_outputs),
        "tolerance": 1e-6,
    }
    return SelfTest(**(fields | changes))
