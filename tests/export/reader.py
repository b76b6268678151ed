"""A scorer of the JSON document, written from docs/export.md alone: no numpy, no ensemble_kd."""

import json
import math


def read(text):
    document = json.loads(text)
    assert document["format"] == "ensemble_kd.json"
    assert document["version"] in (1, 2, 3, 4)
    return document


def respond(document, row):
    """Return the response to raw values in column order, None where missing."""
    model = document["model"]
    calibrator = document.get("calibrator", {"kind": None})
    x = [encode(column, value) for column, value in zip(document["columns"], row, strict=True)]
    if model["kind"] == "mlp":
        sums = network(model, x)
        link = "softmax"
    else:
        sums, link = trees(model, x), model["link"]
    if document["task"] == "multilabel":
        return [1 / (1 + math.exp(-value)) for value in sums]
    if document["task"] != "classification":
        values = sums[: document.get("n_values", 1)]
        if model["kind"] == "mlp":
            values = [model["output_mean"] + model["output_scale"] * value for value in values]
        is_curved = calibrator["kind"] == "curve"
        return [on_curve(calibrator["x"], calibrator["y"], v) if is_curved else v for v in values]
    if calibrator["kind"] == "scaling":
        biased = zip(sums, calibrator["bias"], strict=True)
        sums = [calibrator["scale"] * value + bias for value, bias in biased]
    if link == "identity":
        answer = [value / sum(sums) for value in sums]
    else:
        answer = softmax([0.0, *sums] if link == "sigmoid" else sums)
    if calibrator["kind"] == "curve":
        second = on_curve(calibrator["x"], calibrator["y"], answer[1])
        answer = [1 - second, second]
    return answer


def decide(document, answer):
    """Return the predicted class; of outliers -1 or 1."""
    if document["task"] == "outliers":
        return -1 if answer[0] < document["decision_threshold"] else 1
    if document["task"] == "multilabel":
        return [int(value > 0.5) for value in answer]
    if "decision_threshold" in document:
        return document["classes"][answer[1] >= document["decision_threshold"]]
    return document["classes"][answer.index(max(answer))]


def on_curve(x, y, p):
    value = y[0]
    for i in range(len(x) - 1):
        share = min(max((p - x[i]) / (x[i + 1] - x[i]), 0.0), 1.0)
        value += share * (y[i + 1] - y[i])
    return value


def encode(column, value):
    if value is None or value != value:
        return None
    if column["kind"] == "categorical":
        categories = column["categories"]
        return categories.index(value) if value in categories else len(categories)
    return float(value)


def network(model, x):
    if model.get("outside"):
        x = x + outside(model, x)
    h = list(model["first_bias"])

    def add(row, factor=1.0):
        for i, value in enumerate(row):
            h[i] += factor * value

    offsets = model["edge_offsets"]
    for k, j in enumerate(model["numeric_columns"]):
        if x[j] is None:
            add(model["missing_weight"][k])
            continue
        edges = model["edges"][offsets[k] : offsets[k + 1]]
        inside = min(max(x[j], edges[0]), edges[-1])
        for t in range(len(edges) - 1):
            e = min(max((inside - edges[t]) / (edges[t + 1] - edges[t]), 0.0), 1.0)
            add(model["numeric_weight"][offsets[k] - k + t], e)
    offsets = model["category_offsets"]
    for c, j in enumerate(model["category_columns"]):
        code = offsets[c + 1] - offsets[c] - 1 if x[j] is None else int(x[j])
        add(model["category_weight"][offsets[c] + code])
    for layer in range(model["n_layers"]):
        weight, bias = model[f"layers.{layer}.weight"], model[f"layers.{layer}.bias"]
        h = [
            bias[o] + sum(max(h[i], 0.0) * weight[i][o] for i in range(len(h)))
            for o in range(len(bias))
        ]
    return h


def outside(model, x):
    beyond = []
    for i, j in enumerate(model["outside.columns"]):
        if x[j] is None:
            beyond.append(model["outside.missing"][i])
        else:
            beyond.append(max(model["outside.low"][i] - x[j], x[j] - model["outside.high"][i], 0.0))
    numbers = []
    for unit in ("width", "spread"):
        parts = [value / by for value, by in zip(beyond, model[f"outside.{unit}"], strict=True)]
        numbers += [max(parts), sum(parts)]
    return [*numbers, sum(value > 0 for value in beyond)]


def trees(model, x):
    x = list(x)
    for k, j in enumerate(model["category_columns"]):
        if x[j] is not None:
            x[j] = model["category_rank"][model["category_offsets"][k] + x[j]]
    sums = list(model["base"])
    for root, output in zip(model["roots"], model["tree_output"], strict=True):
        node = root
        while model["feature"][node] >= 0:
            value = x[model["feature"][node]]
            if value is None:
                left = model["missing_left"][node] == 1
            else:
                left = value <= float(model["threshold"][node])
            node = node + 1 if left else model["right"][node]
        leaf = model["value"][node]
        if output < 0:
            sums = [a + b for a, b in zip(sums, leaf, strict=True)]
        else:
            sums[output] += leaf[0]
    return sums


def softmax(sums):
    powers = [math.exp(value - max(sums)) for value in sums]
    return [power / sum(powers) for power in powers]
