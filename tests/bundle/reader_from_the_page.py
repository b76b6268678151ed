"""A reader of `.ekd` files written from docs/bundle_format.md alone: no checks, it scores."""

import io
import json
import zipfile

import numpy as np

DTYPES = {"F64": "f8", "F32": "f4", "F16": "f2", "I32": "i4", "I16": "i2", "I8": "i1", "U8": "u1"}


def read(data):
    """Return the JSON members and the arrays of a file's bytes."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    parts = {name[:-5]: json.loads(text) for name, text in members.items() if name[-5:] == ".json"}
    raw = members["model.safetensors"]
    start = 8 + int.from_bytes(raw[:8], "little")
    held = {
        name: np.frombuffer(
            raw[slice(*(start + at for at in entry["data_offsets"]))], "<" + DTYPES[entry["dtype"]]
        ).reshape(entry["shape"])
        for name, entry in json.loads(raw[8:start]).items()
    }
    storage = parts["model"].get("storage", {})
    names = {name for name in held if not name.endswith((".codes", ".scale"))} | storage.keys()
    return parts, {name: array(name, held, storage) for name in names}


def array(name, held, storage):
    """Return an array as section 5.3 says that it is kept."""
    how = storage.get(name)
    if how == "int8":
        return held[f"{name}.codes"].astype("f4") * held[f"{name}.scale"]
    if how == "shared_rows":
        return array(f"{name}.rows", held, storage)[held[f"{name}.index"]]
    if how == "low_rank":
        left, right = (array(f"{name}.{part}", held, storage) for part in ("left", "right"))
        total = np.zeros((len(left), right.shape[1]))
        for k in range(len(right)):
            total = total + left[:, k, None].astype("f8") * right[k].astype("f8")
        return total.astype("f4")
    wider = {"float32": "f8", "int16": "i4", "float16": "f4"}
    return held[name].astype(wider.get(how, held[name].dtype))


def respond(parts, arrays, row):
    """Return the response to the raw values of a row, in column order."""
    x = [cell(*pair) for pair in zip(parts["schema"]["columns"], row, strict=True)]
    model, is_classes = parts["model"], parts["manifest"]["task"] == "classification"
    s = (network if model["kind"] == "mlp" else trees)(arrays, x, model)
    calibrator = model.get("calibrator", {"kind": None})
    if model.get("labels"):
        return 1 / (1 + np.exp(-s))
    if not is_classes:
        s = model["output_mean"] + s * model["output_scale"] if model["kind"] == "mlp" else s
        if calibrator["kind"] == "curve":
            s = np.interp(s, calibrator["x"], calibrator["y"])
        return s
    if calibrator["kind"] == "scaling":
        s = calibrator["scale"] * s + np.array(calibrator["bias"])
    link = model.get("link", "softmax")
    if link == "identity":
        p = s / s.sum()
    else:
        s = np.append(0.0, s) if link == "sigmoid" else s
        p = np.exp(s - s.max()) / np.exp(s - s.max()).sum()
    if calibrator["kind"] == "curve":
        q = np.interp(p[1], calibrator["x"], calibrator["y"])
        p = np.array([1 - q, q])
    return p


def cell(column, value):
    """Return a raw value as section 4 says."""
    if value is None:
        return np.nan
    if column["kind"] != "categorical":
        return float(value)
    known = column["categories"]  # 1, 1.0 and true are equal in Python, too
    return float(known.index(value) if value in known else len(known))


def network(a, x, model):
    """Return the outputs of section 5.1."""
    if "outside" in model:
        x = [*x, *outside(a, x)]
    h = a["first_bias"].astype("f8")
    for k, j in enumerate(a["numeric_columns"]):
        b = a["edges"][a["edge_offsets"][k] : a["edge_offsets"][k + 1]]
        if np.isnan(x[j]):
            h = h + a["missing_weight"][k]
        else:
            e = np.clip((x[j] - b[:-1]) / np.diff(b), 0, 1)
            first = a["edge_offsets"][k] - k
            h = h + e @ a["numeric_weight"][first : first + len(e)]
    for c, j in enumerate(a["category_columns"]):
        begin, end = a["category_offsets"][c : c + 2]
        h = h + a["category_weight"][end - 1 if np.isnan(x[j]) else begin + int(x[j])]
    for i in range(model["n_layers"]):
        h = np.maximum(h, 0) @ a[f"layers.{i}.weight"] + a[f"layers.{i}.bias"]
    return h


def outside(a, x):
    """Return the five numbers of section 5.6."""
    low, high, width, spread, missing = (
        a[f"outside.{name}"] for name in ("low", "high", "width", "spread", "missing")
    )
    x = np.array([x[j] for j in a["outside.columns"]])
    beyond = np.maximum(np.maximum(low - x, x - high), 0)
    beyond[np.isnan(x)] = missing[np.isnan(x)]
    wide, far = beyond / width, beyond / spread
    return wide.max(), sum(wide), far.max(), sum(far), (beyond > 0).sum()


def trees(a, x, model):
    """Return the sums of section 5.2."""
    x = list(x)
    for k, j in enumerate(a["category_columns"]):
        if not np.isnan(x[j]):
            x[j] = a["category_rank"][a["category_offsets"][k] + int(x[j])]
    s = a["base"].astype("f8")
    for t, i in enumerate(a["roots"]):
        while a["feature"][i] >= 0:
            v = x[a["feature"][i]]
            left = a["missing_left"][i] == 1 if np.isnan(v) else v <= a["threshold"][i]
            i = i + 1 if left else a["right"][i]
        if a["tree_output"][t] == -1:
            s = s + a["value"][i]
        else:
            s[a["tree_output"][t]] += a["value"][i][0]
    return s
