"""Files changed inside and sealed anew, which both readers must take alike.

``python fuzz_files.py FOLDER FIRST N`` tries the files number FIRST to FIRST + N - 1, made of those
in FOLDER, and prints a summary; the same number is the same file. A difference is one reader that
refuses what the other takes, another answer or another kind of error for a row, or any error of a
reader that is no `BundleError`.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import struct
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from ensemble_kd import BundleError, InputError, load, without_numpy
from ensemble_kd.bundle import load_bundle
from ensemble_kd.bundle._archive import pack, unpack
from ensemble_kd.bundle._table import DIGEST_DIGITS, DTYPES, OWN_DIGEST, SIGNATURE
from ensemble_kd.runtime import MLPRuntime, TreesRuntime

JSON_MEMBERS = ["manifest.json", "model.json", "schema.json", "selftest.json"]
ITEMS = {code: (kind, size) for code, kind, size in DTYPES.values()} | {"F16": ("e", 2)}
WHOLE = [-(2**31), -129, -128, -2, -1, 0, 1, 2, 3, 4, 7, 127, 255, 32767, 2**31 - 1]
FLOATS = [math.nan, math.inf, -math.inf, 0.0, -0.0, 0.5, -1.0, 3e38, -3e38, 1e-45, 1e300, 5e-324]
VALUES = [
    None, True, False, 0, 1, -1, 2, 3, 64, 65, 2**31, 2**53, 2**53 + 1, 2**63, 2**64, -(2**63) - 1,
    0.0, 0.5, 1.0, -0.5, 1e300, 2.0**53, math.nan, math.inf, "", "mlp", "trees", "identity",
    "softmax", "sigmoid", "numeric", "boolean", "categorical", "F32", "float16", "int8", "low_rank",
    "shared_rows", "classification", "regression", "2026-01-31T12:00:00Z", "\ud800", "a\0", "Oslo",
    [], {}, [0], [0.0, 1.0], [[]], {"a": 1}, ["a", "b"],
]  # fmt: skip
KEYS = [
    "storage", "calibrator", "decision_threshold", "link", "n_layers", "kind", "named", "nullable",
    "categories", "integer", "minimum", "extra", "edges", "threshold", "numeric_weight.left",
    "category_weight", "layers.0.weight", "signature", "format_version", "min_reader", "", ".left",
    "__metadata__", "salt", "category_hashes",
]  # fmt: skip
CELLS = [
    None, True, False, 0, 1, 2, -1.5, 0.5, 1e6, 2**53, 2**60, 10**400, math.nan, math.inf, "Oslo",
    "NO", "7", "never", "<unseen>", 7, 2.5, [1], (), np.float32(2.5), np.int64(7), np.bool_(True),
    np.str_("Rome"), np.datetime64("2020-01-01"), np.datetime64("NaT"), np.timedelta64(5, "s"),
]  # fmt: skip


# --- a file taken apart and sealed ----------------------------------------------------------------


class Forged:
    """A file's members, its JSON parsed and its arrays by name, to be changed and sealed."""

    def __init__(self, data: bytes) -> None:
        members = {name: bytes(content) for name, content in unpack(data).items()}
        names = [*JSON_MEMBERS, *(members.keys() & {SIGNATURE})]
        self.json = {name: json.loads(members[name]) for name in names}
        self.text: dict[str, bytes] = {}
        self.card = members["README.md"]
        self.more: dict[str, bytes] = {}
        self.without: set[str] = set()
        self.keeps_own_digest = True
        raw = members["model.safetensors"]
        n = int.from_bytes(raw[:8], "little")
        self.arrays: dict[str, tuple[str, list[int], bytes]] = {
            name: (entry["dtype"], entry["shape"], raw[8 + n :][slice(*entry["data_offsets"])])
            for name, entry in json.loads(raw[8 : 8 + n]).items()
        }
        self.header: dict[str, Any] | None = None
        self.tail = b""

    def tensors(self) -> bytes:
        header, parts, at = {}, [], 0
        for name, (dtype, shape, content) in self.arrays.items():
            end = at + len(content)
            header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, end]}
            parts.append(content)
            at = end
        text = json.dumps(header if self.header is None else self.header).encode()
        return len(text).to_bytes(8, "little") + text + b"".join(parts) + self.tail

    def sealed(self) -> bytes:
        members = {name: json.dumps(value).encode() for name, value in self.json.items()}
        members |= self.text | {"README.md": self.card, "model.safetensors": self.tensors()}
        members = {n: c for n, c in (members | self.more).items() if n not in self.without}
        manifest = self.json["manifest.json"]
        if "manifest.json" in self.text or not isinstance(manifest, dict):
            return pack(members)
        if isinstance(manifest.get("files"), dict):
            manifest["files"] = {
                name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
                for name, content in members.items()
                if name not in ("manifest.json", SIGNATURE)
            }
        training = manifest.get("training")
        if isinstance(training, dict) and self.keeps_own_digest and OWN_DIGEST in training:
            zeros = manifest | {"training": training | {OWN_DIGEST: "0" * DIGEST_DIGITS}}
            digest = hashlib.sha256(json.dumps(zeros).encode()).hexdigest()
            manifest["training"] = training | {OWN_DIGEST: digest}
        return pack(members | {"manifest.json": json.dumps(manifest).encode()})


# --- changes --------------------------------------------------------------------------------------


def change_json(value: Any, rng: random.Random) -> Any:
    """Return the JSON value with one place in it changed."""
    if isinstance(value, dict | list) and value and rng.random() < 0.85:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = rng.choice(keys)
        out = value.copy()
        act = rng.random()
        if act < 0.75:
            out[key] = change_json(value[key], rng)
        elif act < 0.85:
            del out[key]
        elif isinstance(out, dict):
            out[rng.choice(KEYS)] = rng.choice([*VALUES, out[key]])
        else:
            out.insert(key, rng.choice([*VALUES, out[key]]))
        return out
    if type(value) in (int, float) and rng.random() < 0.5:
        return value + rng.choice([-1, 1, 0.5, 1e-7])
    return rng.choice(VALUES)


def change_a_member(forged: Forged, rng: random.Random) -> None:
    name = rng.choice([*forged.json, "schema.json", "model.json"])
    forged.json[name] = change_json(forged.json[name], rng)


def change_the_header(forged: Forged, rng: random.Random) -> None:
    raw = forged.tensors()
    n = int.from_bytes(raw[:8], "little")
    forged.header = change_json(json.loads(raw[8 : 8 + n]), rng)


def change_items(forged: Forged, rng: random.Random) -> None:
    name = rng.choice(list(forged.arrays))
    dtype, shape, content = forged.arrays[name]
    kind, size = ITEMS[dtype]
    if not content:
        return
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        at = rng.randrange(len(content) // size) * size
        old = struct.unpack_from(f"<{kind}", content, at)[0]
        if kind in "dfe":
            new = rng.choice([*FLOATS, old * 2, old + 1, old])
        else:
            new = rng.choice([*WHOLE, old + 1, old - 1])
        try:
            item = struct.pack(f"<{kind}", new)
        except (struct.error, OverflowError):
            item = content[:size]
        content = content[:at] + item + content[at + size :]
    forged.arrays[name] = dtype, shape, content


def change_a_shape(forged: Forged, rng: random.Random) -> None:
    """Lengthen, shorten, transpose or flatten an array, its bytes with it or not."""
    name = rng.choice(list(forged.arrays))
    dtype, shape, content = forged.arrays[name]
    size, act = ITEMS[dtype][1], rng.randrange(6)
    if act == 0:
        shape = shape[::-1]
    elif act == 1:
        shape = [math.prod(shape)]
    elif act == 2:
        shape = [*shape, 1]
    elif act == 3 and shape:
        axis = rng.randrange(len(shape))
        shape = [
            rng.choice([0, 1, n + 1, max(0, n - 1)]) if i == axis else n
            for i, n in enumerate(shape)
        ]
        wanted = math.prod(shape) * size
        content = (content + bytes(wanted))[:wanted]
    elif act == 4:
        dtype = rng.choice(list(ITEMS))
        wanted = math.prod(shape) * ITEMS[dtype][1]
        content = (content + bytes(wanted))[:wanted]
    else:
        other = rng.choice(list(forged.arrays))
        forged.arrays[other], (dtype, shape, content) = forged.arrays[name], forged.arrays[other]
    forged.arrays[name] = dtype, shape, content


def change_the_list(forged: Forged, rng: random.Random) -> None:
    """Add, leave out or reorder arrays, or hide bytes behind them."""
    names, act = list(forged.arrays), rng.randrange(4)
    if act == 0:
        forged.arrays["hidden"] = ("U8", [3], b"abc")
    elif act == 1:
        del forged.arrays[rng.choice(names)]
    elif act == 2:
        rng.shuffle(names)
        forged.arrays = {name: forged.arrays[name] for name in names}
    else:
        forged.tail = bytes(rng.choice([1, 8, 100]))


def change_a_text(forged: Forged, rng: random.Random) -> None:
    """Write a JSON member in another way, which may mean the same."""
    name = rng.choice(list(forged.json))
    text = json.dumps(forged.json[name]).encode()
    act = rng.randrange(6)
    if act == 0:
        text = b"\xef\xbb\xbf" + text
    elif act == 1:
        text += rng.choice([b" ", b"\n\n", b"x", b"\0", b"{}"])
    elif act == 2:
        text = json.dumps(forged.json[name], ensure_ascii=False, indent=2).encode(
            "utf-8", "replace"
        )
    elif act == 3:
        text = text.replace(b"0", rng.choice([b"0.0", b"-0", b"00", b"0e0", b"1e999"]), 1)
    elif act == 4:
        text = text[:-1] + b', "named": true, "named": true}'
    else:
        text = text.replace(b'"', b"\xff", 1)
    forged.text[name] = text


def change_the_archive(forged: Forged, rng: random.Random) -> None:
    act = rng.randrange(5)
    if act == 4:
        forged.keeps_own_digest = False
    elif act == 0:
        forged.more[rng.choice(["x", "model.pkl", "../a", "README.MD"])] = b"x"
    elif act == 1:
        forged.without.add(rng.choice([*forged.json, "README.md", "model.safetensors"]))
    elif act == 2:
        forged.card = rng.choice([b"", b"\xff", b"# card\n", "é".encode(), bytes(1000)])
    else:
        forged.card = b"x" * rng.choice([10**5, 4 * 2**20, 4 * 2**20 + 1])


def change_the_version(forged: Forged, rng: random.Random) -> None:
    manifest = forged.json["manifest.json"]
    if isinstance(manifest, dict):
        manifest["format_version"] = rng.choice([1, 2, 3, 4, 5])
        manifest["min_reader"] = rng.choice([1, 2, 3, 4, manifest["format_version"]])


def change_the_decision(forged: Forged, rng: random.Random) -> None:
    scalars = forged.json["model.json"]
    if not isinstance(scalars, dict):
        return
    numbers = [0.0, 0.25, 0.5, 1.0, -0.5, 2.0]
    x, y = (sorted(rng.choices(numbers[:4], k=rng.choice([1, 2, 3, 1024]))) for _ in "xy")
    scaling = {
        "kind": "scaling",
        "scale": rng.choice([*numbers, 1e300]),
        "bias": rng.choices(numbers, k=rng.choice([1, 2, 3])),
    }
    if rng.random() < 0.7:
        scalars["calibrator"] = rng.choice(
            [
                scaling,
                {"kind": "curve", "x": x, "y": y},
                {"kind": "curve", "x": [0, 0.5, 1], "y": [0.0, 0.0, 1]},
            ]
        )
    if rng.random() < 0.5:
        scalars["decision_threshold"] = rng.choice(numbers)
    if isinstance(forged.json["manifest.json"], dict) and rng.random() < 0.9:
        forged.json["manifest.json"] |= {"format_version": 3, "min_reader": 3}


def change_the_columns(forged: Forged, rng: random.Random) -> None:
    """Have many more columns, or many categories in one that the student does not use."""
    schema = forged.json["schema.json"]
    if not isinstance(schema, dict) or not isinstance(schema.get("columns"), list):
        return
    n = rng.choice([1, 3, 100, 2000])
    if rng.random() < 0.5:
        more = [{"name": f"more{j}", "kind": "boolean", "nullable": True} for j in range(n)]
    else:
        categories = [rng.choice([f"c{i}", i, i + 0.5]) for i in range(10 * n)]
        more = [{"name": "more", "kind": "categorical", "nullable": True, "categories": categories}]
    schema["columns"] = schema["columns"] + more


def change_the_self_test(forged: Forged, rng: random.Random) -> None:
    test, schema = forged.json["selftest.json"], forged.json["schema.json"]
    if not isinstance(test, dict) or not isinstance(test.get("rows"), list) or not test["rows"]:
        return
    plain = [cell for cell in CELLS if cell is None or type(cell) in (bool, int, float, str)]
    rows = [list(row) if isinstance(row, list) else row for row in test["rows"]]
    row = rng.choice(rows)
    if isinstance(row, list) and row:
        row[rng.randrange(len(row))] = rng.choice(plain)
    test["rows"] = rows * rng.choice([1, 1, 1, 2, 3]) if isinstance(schema, dict) else rows
    test["tolerance"] = rng.choice([1e-5, 1, 1e300, 0])


CHANGES = [
    change_a_member, change_a_member, change_a_member, change_the_header, change_items,
    change_items, change_items, change_a_shape, change_a_shape, change_the_list, change_a_text,
    change_the_archive, change_the_version, change_the_decision, change_the_columns,
    change_the_self_test, change_the_self_test,
]  # fmt: skip


def forged_file(bases: list[bytes], number: int) -> bytes:
    """Return the file of this number."""
    rng = random.Random(number)
    forged = Forged(rng.choice(bases))
    if rng.random() < 0.7:  # so that a changed student is refused for what it is, or taken
        forged.json["selftest.json"] |= {"rows": [], "expected": []}
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        rng.choice(CHANGES)(forged, rng)
    return forged.sealed()


# --- what the readers make of it ------------------------------------------------------------------


def read(reader: Any, data: bytes) -> Any:
    """Return the scorer, or None where the file is refused."""
    try:
        return reader(data)
    except BundleError:
        return None


def answers(scorer: Any, rows: list[Any]) -> list[Any]:
    """Return what each method says of each row, an error as its type."""
    found: list[Any] = []
    for row in rows:
        for method in ("predict_one", "predict_proba_one", "score_one"):
            try:
                found.append(repr(getattr(scorer, method)(row)))
            except (InputError, AttributeError) as error:
                found.append(type(error).__name__)
    return found


def some_rows(names: list[str], columns: Any, rng: random.Random) -> list[Any]:
    """Return rows of every kind of cell; known categories among them."""
    rows = []
    for _ in range(4):
        row = {}
        for name, column in zip(names, columns, strict=True):
            row[name] = rng.choice(
                [*CELLS, *list(column.categories[:2]) * 10, 0, 1, None]
                if column.kind == "categorical"
                else [0, 1, 1.0, True, None, rng.choice(CELLS)]
            )
        rows.append(row)
    rows.append({**rows[0], "no column": 1})
    return [*rows, dict(list(rows[1].items())[:-1]), [], None]


def numpy_takes(data: bytes) -> bool:
    """Tell whether the reader takes it where there is no core, but for the self-test's answers."""
    bundle = read(load_bundle, data)
    if bundle is None:
        return False
    body = bundle.model.body
    runtime = TreesRuntime(body) if hasattr(body, "roots") else MLPRuntime(body)
    with np.errstate(all="ignore"):
        runtime.outputs(np.zeros((2, len(bundle.model.schema.columns))))
    return True


def compare(data: bytes, number: int) -> tuple[str, float]:
    """Return what the readers made of a file, and the CPU seconds of the slower one."""
    begin = time.process_time()
    with np.errstate(all="ignore"):
        large = read(load, data)
    middle = time.process_time()
    small = read(without_numpy.load, data)
    seconds = max(middle - begin, time.process_time() - middle)
    if (large is None) != (small is None):
        return f"load {'refuses' if large is None else 'takes'} what the other does not", seconds
    if large is None:
        # What only an answer to the self-test refuses, numpy's reader takes before it is asked.
        return "refused", seconds
    if not numpy_takes(data):
        return "taken, but not without the core", seconds
    rows = some_rows(large.schema.names, large.schema.columns, random.Random(number))
    if answers(large, rows) != answers(small, rows):
        return "other answers", seconds
    return "taken", seconds


def fuzz(bases: list[bytes], first: int, n_files: int) -> dict[str, Any]:
    """Return a summary of so many files."""
    counts: Counter[str] = Counter()
    different: list[str] = []
    slowest, largest = (0.0, -1), (0, -1)
    for number in range(first, first + n_files):
        data = forged_file(bases, number)
        try:
            found, seconds = compare(data, number)
        except Exception as error:
            found, seconds = f"{type(error).__name__}: {error}", 0.0
        counts[found if found in ("taken", "refused") else "different"] += 1
        if found == "taken":
            slowest = max(slowest, (seconds, number))
            largest = max(largest, (len(data), number))
        elif found != "refused":
            different.append(f"{number}: {found}")
    return {
        **{name: counts[name] for name in ("taken", "refused", "different")},
        "slowest": slowest,
        "largest": largest,
        "differences": different,
    }


if __name__ == "__main__":
    folder, number_of_first, n_files = sys.argv[1:]
    files = [path.read_bytes() for path in sorted(Path(folder).glob("*.ekd"))]
    print(json.dumps(fuzz(files, int(number_of_first), int(n_files))))
