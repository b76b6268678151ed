"""What a file costs to load is bounded in total, and is found from its shapes by both readers."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import safetensors.numpy

from ensemble_kd import BundleError, load
from ensemble_kd.bundle import _table as table
from ensemble_kd.bundle import save_bundle
from ensemble_kd.bundle.parts._costs import Costs, check_memory, costs_of
from ensemble_kd.bundle.parts._selftest import read_selftest
from ensemble_kd.scoring import make_selftest

from .forge import members_of, refused, seal
from .hand_made import CREATED, MODELS, f32, f64, i32

without_numpy = pytest.importorskip("ensemble_kd.without_numpy")


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> dict[str, bytes]:
    """The members of a regression by one leaf, which takes any columns."""
    path = tmp_path_factory.mktemp("tree") / "model.ekd"
    model = MODELS["trees_regressor"]
    save_bundle(model, path, selftest=make_selftest(model), created=CREATED)
    leaf = {
        "feature": i32(-1),
        "threshold": f64(0),
        "right": i32(0),
        "missing_left": np.zeros(1, np.uint8),
        "value": f32([1.5]),
        "roots": i32(0),
        "tree_output": i32(0),
        "base": f64(0),
        "category_columns": i32(),
        "category_offsets": i32(0),
        "category_rank": f64(),
    }
    members = members_of(path.read_bytes())
    return members | {
        "model.safetensors": safetensors.numpy.save(leaf),
        "model.json": b'{"kind": "trees", "link": "identity"}',
        "selftest.json": b'{"rows": [], "expected": [], "tolerance": 0}',
    }


def table_of(*columns: dict) -> bytes:
    return json.dumps({"named": True, "columns": columns}, separators=(",", ":")).encode()


def booleans(n: int) -> list[dict]:
    return [{"kind": "boolean", "name": str(j), "nullable": True} for j in range(n)]


def selftest_of(n_rows: int, n_columns: int) -> bytes:
    promised = {
        "rows": [[1] * n_columns] * n_rows,
        "expected": [[1.5]] * n_rows,
        "tolerance": 1e-6,
    }
    return json.dumps(promised, separators=(",", ":")).encode()


def taken(data: bytes) -> None:
    """Both readers take the file."""
    load(data)
    without_numpy.load(data)


def test_load_takes_no_more_columns_than_the_format_has(tree):
    taken(seal(tree | {"schema.json": table_of(*booleans(2000))}))
    schema = table_of(*booleans(table.MAX_COLUMNS + 1))
    refused(seal(tree | {"schema.json": schema}), "at most 65536 columns, got 65537")


def test_load_takes_no_more_categories_than_the_format_has(tree):
    each = table.MAX_CATEGORIES // 2
    columns = [
        {"name": name, "kind": "categorical", "nullable": True, "categories": list(range(n))}
        for name, n in (("a", each), ("b", each + 1))
    ]
    schema = table_of(*columns)
    refused(seal(tree | {"schema.json": schema}), "at most 1048576 categories in all, got 1048577")


def test_load_takes_no_more_values_of_a_self_test_than_the_format_has(tree):
    n = table.MAX_SELFTEST_VALUES // 32 + 1
    members = tree | {"schema.json": table_of(*booleans(n))}
    taken(seal(members | {"selftest.json": selftest_of(2, n)}))
    refused(
        seal(members | {"selftest.json": selftest_of(32, n)}),
        "at most 1048576 values, got 32 of 32769",
    )


@pytest.mark.parametrize("name", ["schema.json", "selftest.json"])
def test_load_parses_no_json_of_more_values_than_the_format_has(tree, name):
    text = b"[" + b"0," * table.MAX_JSON_MARKS + b"0]"
    refused(seal(tree | {name: text}), "at most 2097152 commas, brackets and braces, got 2097153")


NETWORK = {"kind": "mlp", "n_layers": 1, "output_mean": 0.0, "output_scale": 1.0}
NARROW = {"n_edges": 2, "n_numeric": 1, "n_rows": 0, "n_hidden": 1, "width_0": 1}
NOTHING = {"columns": []}, {"rows": [], "expected": []}


@pytest.mark.parametrize(
    "lengths",
    [{"n_edges": 2 * 10**6}, {"n_rows": 4 * 10**6}, {"n_hidden": 12 * 10**6, "width_0": 5}],
)
def test_load_lays_out_no_more_than_the_file_pays_for(lengths):
    lengths = NARROW | {"n_categorical": 0} | lengths
    n_weights = (lengths["n_edges"] + lengths["n_rows"]) * lengths["n_hidden"]
    # What the arrays of such a network take in the file, at least.
    n_bytes = 4 * (n_weights + lengths["n_hidden"] * lengths["width_0"])
    with pytest.raises(BundleError, match=r"at most \d+ bytes ready to score, got"):
        check_memory(costs_of(NETWORK, lengths), *NOTHING, n_bytes)
    as_wide = lengths | {"n_hidden": max(16, lengths["n_hidden"]), "width_0": 16}
    check_memory(costs_of(NETWORK, as_wide), *NOTHING, 16 * n_bytes)


def test_load_takes_no_more_memory_of_all_parts_together(tree):
    columns = [*booleans(table.MAX_COLUMNS - 1), {"categories": [None] * table.MAX_CATEGORIES}]
    selftest = {"rows": [[1] * len(columns)] * 8, "expected": [[1.5]] * 8}
    for kept, few in (([], {"rows": [], "expected": []}), (columns[:-1], selftest)):
        check_memory(Costs(table.MAX_EXPANDED_BYTES, 1), {"columns": kept}, few, 10**6)
    with pytest.raises(BundleError, match="at most 203326592 bytes ready to score, got 29"):
        costs = Costs(table.MAX_EXPANDED_BYTES, 1)
        check_memory(costs, {"columns": columns}, selftest, 10**6)


def test_self_test_of_much_work_is_refused(tree):
    n_nodes = table.MAX_SELFTEST_WORK // 4 // 32 + 1
    lengths = {"n_nodes": n_nodes, "n_trees": 1, "n_values": 1, "n_ranks": 0}
    lengths |= dict.fromkeys(["n_sums", "n_categorical"], 0)
    assert costs_of({"kind": "trees"}, lengths).work * 32 > table.MAX_SELFTEST_WORK
    data = memoryview(selftest_of(32, 1))
    read_selftest(data, 1, 1, work=4 * (n_nodes - 1))
    with pytest.raises(BundleError, match="weights and nodes to go through, got 32"):
        read_selftest(data, 1, 1, work=4 * n_nodes)


@pytest.mark.skipif(sys.platform != "linux", reason="where memory can be limited, and told")
@pytest.mark.parametrize("reader", ["ensemble_kd", "ensemble_kd.without_numpy"])
def test_load_without_memory_is_a_bundle_error(tree, tmp_path, reader):
    path = tmp_path / "model.ekd"
    path.write_bytes(seal(tree | {"schema.json": table_of(*booleans(50_000))}))
    code = (
        f"import resource, numpy, ensemble_kd, {reader} as reader\n"
        "reader.load\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "for more in range(0, 24, 3):\n"
        "    resource.setrlimit(resource.RLIMIT_AS, (used + more * 2**20, -1))\n"
        f"    try: reader.load({str(path)!r})\n"
        "    except ensemble_kd.BundleError as error: print(error)\n"
        "    else: break\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "memory" in done.stdout
