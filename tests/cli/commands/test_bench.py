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
