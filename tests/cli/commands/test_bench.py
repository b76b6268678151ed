import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from ensemble_kd.datasets import list_datasets
from ensemble_kd.errors import InputError


class Student:
    """Distil it.

    At length.
    """


@pytest.fixture
def benchmark(monkeypatch):
    """A benchmark that keeps its arguments and prints where it should not."""
    calls = []

    def run_benchmark(**options):
        calls.append(options)
        print("loading")
        if options["datasets"] == ["wien"]:
            raise InputError("did you mean 'wine'?")
        return pd.DataFrame({"dataset": ["wine"], "loss": [float("nan")]})

    fake = SimpleNamespace(run_benchmark=run_benchmark, METHODS={"student": Student})
    render = SimpleNamespace(render_markdown=lambda results: f"| {results['dataset'][0]} |")
    monkeypatch.setitem(sys.modules, "ensemble_kd.benchmarks.run", fake)
    monkeypatch.setitem(sys.modules, "ensemble_kd.benchmarks.render", render)
    return calls


def test_bench_hands_its_options_over(run, benchmark):
    result = run(
        *("bench", "--datasets", "wine", "iris", "--methods", "student", "--seeds", "2"),
        *("--suite", "untouched"),
        *("--data-dir", "data", "--out", "results", "--max-train", "500", "--n-jobs", "-1"),
    )
    assert result.code == 0
    assert result.out == "| wine |\n"
    assert result.err == "loading\n"
    assert benchmark == [
        {
            "datasets": ["wine", "iris"],
            "suite": "untouched",
            "methods": ["student"],
            "seeds": 2,
            "data_dir": "data",
            "out": Path("results"),
            "max_train": 500,
            "n_jobs": -1,
            "progress": False,
        }
    ]


def test_bench_has_defaults(run, benchmark):
    assert run("bench").code == 0
    assert benchmark[0] == {
        "datasets": None,
        "suite": "default",
        "methods": None,
        "seeds": 3,
        "data_dir": None,
        "out": Path("bench_output"),
        "max_train": 10_000,
        "n_jobs": None,
        "progress": False,
    }


def test_bench_json_is_all_of_stdout(run, benchmark):
    rows = json.loads(run("bench", "--json").out)["results"]
    assert rows == [{"dataset": "wine", "loss": None}]


def test_bench_lists_methods_and_data_sets(run, benchmark):
    result = run("bench", "--list")
    assert result.code == 0
    assert "  student: Distil it.\n" in result.out
    assert "  wine: multiclass\n" in result.out
    listed = json.loads(run("bench", "--list", "--json").out)
    assert listed == {"methods": {"student": "Distil it."}, "datasets": list_datasets()}
    assert benchmark == []


def test_bench_tells_a_wrong_name(run, benchmark):
    result = run("bench", "--datasets", "wien")
    assert result.code == 2
    assert result.out == ""
    assert "did you mean 'wine'?" in result.err


@pytest.fixture
def own(benchmark, monkeypatch):
    """The same benchmark, which shows what it makes of a table of one's own."""
    render = sys.modules["ensemble_kd.benchmarks.render"]
    results = pd.DataFrame({"dataset": ["t"], "skipped": [None]})
    monkeypatch.setattr(
        sys.modules["ensemble_kd.benchmarks.run"], "run_benchmark",
        lambda **options: benchmark.append(options) or results,
    )  # fmt: skip
    render.render_own = lambda results: "| own |"
    return benchmark


def test_bench_takes_a_table_of_ones_own(run, own, room):
    result = run("bench", room.csv, "--target", "churned", "--drop", "customer", "spend",
                 "--max-train", "100")  # fmt: skip
    assert (result.code, result.out) == (0, "| own |\n")
    assert "each method learns 100 of 240 rows" in result.err
    data = own[0]["own"]
    assert own[0]["datasets"] is None and own[0]["methods"] is None
    assert (data.name, data.task) == ("table", "binary")
    assert list(data.X.columns) == ["age", "income", "city", "vip", "floor"]
    assert data.y.tolist() == (room.frame["churned"] == "yes").astype(int).tolist()
    run("bench", room.parquet, "--target", "spend", "--drop", "customer")
    assert own[1]["own"].task == "regression"


def test_bench_leaves_rows_without_a_target_out(run, own, table_file):
    path = table_file("a,y\n1,x\n2,\n3,z\n4,w\n", name="my table|1.csv")
    result = run("bench", path, "--target", "y")
    assert "1 row(s) without 'y' are left out" in result.err
    data = own[0]["own"]
    assert (data.name, data.task) == ("my_table_1", "multiclass")
    assert data.y.tolist() == ["x", "z", "w"] and data.X["a"].tolist() == [1, 3, 4]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["{csv}"], "--target must name the column of"),
        (["{csv}", "--target", "churn"], "did you mean 'churned'"),
        (["{csv}", "--target", "churned", "--drop", "cities"], "--drop must be a column"),
        (["{csv}", "--target", "churned", "--datasets", "wine"], "not both"),
        (["{csv}", "--target", "churned", "--suite", "untouched"], "not both"),
        (["--target", "churned"], "are for a table of your own; name it first"),
        (["--drop", "churned"], "are for a table of your own; name it first"),
    ],
)
def test_bench_refuses(run, own, room, options, message):
    result = run("bench", *(option.format(csv=room.csv) for option in options))
    assert result.code == 2, result.err
    assert message in result.err
    assert own == []
