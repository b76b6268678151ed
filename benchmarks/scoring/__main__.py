"""Time scoring beside its rivals, print what was found, keep it: ``--help`` says how."""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ensemble_kd import Scorer
from ensemble_kd.benchmarks.scoring._models import (
    N_BINS,
    N_CATEGORICAL,
    N_LEVELS,
    N_NUMERIC,
    Subjects,
    fit_subjects,
    from_trees,
    onnx_network,
    onnx_trees,
)
from ensemble_kd.benchmarks.scoring._rivals import (
    compiled_by_tl2cgen,
    has_treelite,
    onnx_call,
    treelite_call,
)
from ensemble_kd.benchmarks.scoring._timing import (
    time_batches,
    time_processes,
    time_single_rows,
)
from ensemble_kd.benchmarks.shared import lightgbm_fast, markdown_table
from ensemble_kd.runtime import HAS_CORE, CompiledRuntime, build_runtime
from ensemble_kd.scoring import save

# ONNX Runtime's network is given rows that are encoded already. With an input for each bin, missing
# flag and code it computes what the student does; with the numbers and an input for most levels it
# is the smaller network of the study that set the bar.
N_STUDENT_INPUTS = N_NUMERIC * (N_BINS + 1) + N_CATEGORICAL * (N_LEVELS + 2)
N_ONE_HOT = N_NUMERIC + N_CATEGORICAL * N_LEVELS - 2


@contextlib.contextmanager
def runtime(name: str) -> Iterator[None]:
    """Choose the runtime of the scorers made inside."""
    before = os.environ.get("ENSEMBLE_KD_RUNTIME", "")
    os.environ["ENSEMBLE_KD_RUNTIME"] = name
    try:
        yield
    finally:
        os.environ["ENSEMBLE_KD_RUNTIME"] = before


def teacher_trees(subjects: Subjects) -> Callable[[np.ndarray], None]:
    """Return the call that scores one row by all the teacher's trees, each in the core."""
    vote = subjects.teacher[-1].named_estimators_
    models = [from_trees(subjects.schema, vote[name]) for name in ("rf", "et", "lgb", "xgb")]
    cores = [CompiledRuntime(model).core for model in models]

    def call(row: np.ndarray) -> None:
        for core in cores:
            core.respond_row(row)

    return call


Peer = Callable[[Any, int], Any]


def tree_peers(subjects: Subjects, folder: str, is_compiling: bool) -> dict[str, Peer]:
    """Return what treelite makes of the boosted trees, where it is installed."""
    peers: dict[str, Peer] = {}
    if not has_treelite():
        print('treelite is missing: pip install "ensemble_kd[treelite]"', file=sys.stderr)
        return peers
    for name, booster in (("lightgbm", subjects.lightgbm), ("xgboost", subjects.xgboost)):
        peers[f"{name}: treelite"] = treelite_call(booster)
        if is_compiling:
            peers[f"{name}: tl2cgen"] = compiled_by_tl2cgen(booster, folder)
    return peers


def _by_one_thread(call: Peer, X: np.ndarray) -> Any:
    return call(X, 1)


def single_rows(subjects: Subjects, n_rounds: int, peers: dict[str, Peer]) -> pd.DataFrame:
    """Time one row by every way there is."""
    n = 64
    frame = subjects.rows.iloc[:n]
    dicts = frame.astype(object).where(frame.notna(), None).to_dict("records")
    rows = list(subjects.encoded[:n])
    one = [row[None].astype(np.float32) for row in rows]
    hot = list(np.random.default_rng(0).normal(size=(n, 1, N_ONE_HOT)).astype(np.float32))
    calls: dict[str, tuple[Any, Any]] = {}
    for name, model in subjects.students.items():
        with runtime("c"):
            scorer = Scorer(model)
        calls[f"{name}: C core, raw dict"] = scorer.predict_proba_one, dicts
        calls[f"{name}: C core, raw dict to one number"] = scorer.score_one, dicts
        calls[f"{name}: C core, encoded row"] = CompiledRuntime(model).core.respond_row, rows
        with runtime("numpy"):
            calls[f"{name}: numpy runtime, raw dict"] = Scorer(model).predict_proba_one, dicts
    calls["mlp: ONNX Runtime, one-hot row given"] = onnx_call(onnx_network(N_ONE_HOT)), hot
    for name in ("lightgbm", "xgboost"):
        content = onnx_trees(subjects.students[name])
        calls[f"{name}: ONNX Runtime, encoded row"] = onnx_call(content), one
    booster, xgb = subjects.lightgbm, subjects.xgboost
    xgb.set_param({"nthread": 1})
    matrix = [row[None] for row in rows]
    calls["lightgbm: Booster.predict, encoded row"] = (
        lambda X: booster.predict(X, num_threads=1),
        matrix,
    )
    calls["lightgbm: prepared single-row C call"] = lightgbm_fast(booster, len(rows[0])), rows
    calls["xgboost: inplace_predict, encoded row"] = xgb.inplace_predict, one
    for name, call in peers.items():
        given = one if name.startswith("xgboost") else matrix
        calls[f"{name}, encoded row"] = functools.partial(_by_one_thread, call), given
    calls["teacher: its trees in the C core, encoded row"] = teacher_trees(subjects), rows
    frames = [frame.iloc[[i]] for i in range(n)]
    calls["teacher: scikit-learn, one-row frame"] = subjects.teacher.predict_proba, frames
    return pd.DataFrame(time_single_rows(calls, n_rounds))


def batches(subjects: Subjects, n_rounds: int, peers: dict[str, Peer]) -> pd.DataFrame:
    """Time many rows, by one thread and by two."""
    X, rows = subjects.encoded, subjects.rows
    X32 = X.astype(np.float32)
    hot = np.random.default_rng(0).normal(size=(len(X), N_ONE_HOT)).astype(np.float32)
    full = np.zeros((len(X), N_STUDENT_INPUTS), dtype=np.float32)
    calls: dict[str, Callable[[], Any]] = {}

    def add(what: str, call: Callable[..., Any], *arguments: Any) -> None:
        calls[what] = lambda: call(*arguments)

    booster, xgb = subjects.lightgbm, subjects.xgboost
    for threads in (1, 2):
        tail = f", {threads} thread{'s' * (threads > 1)}"
        for name, model in subjects.students.items():
            add(f"{name}: C core{tail}", CompiledRuntime(model, n_threads=threads).respond, X)
            content = onnx_network(N_ONE_HOT) if name == "mlp" else onnx_trees(model)
            given = hot if name == "mlp" else X32
            add(f"{name}: ONNX Runtime{tail}", onnx_call(content, threads), given)
        content = onnx_network(N_STUDENT_INPUTS)
        add(f"mlp: ONNX Runtime, all inputs given{tail}", onnx_call(content, threads), full)
        predict = lambda n: booster.predict(X, num_threads=n)  # noqa: E731
        add(f"lightgbm: Booster.predict{tail}", predict, threads)

        def inplace(n: int) -> None:
            xgb.set_param({"nthread": n})
            xgb.inplace_predict(X32)

        add(f"xgboost: inplace_predict{tail}", inplace, threads)
        for name, peer in peers.items():
            add(f"{name}{tail}", peer, X32 if name.startswith("xgboost") else X, threads)
    with runtime("numpy"):
        add("mlp: numpy runtime", build_runtime(subjects.students["mlp"]).outputs, X)
    add("mlp: reading the data frame alone", subjects.schema.encode, rows)
    with runtime("c"):
        add("mlp: C core, from a data frame", Scorer(subjects.students["mlp"]).predict_proba, rows)
    return pd.DataFrame(time_batches(calls, len(X), n_rounds))


def cold_starts(subjects: Subjects, folder: Path, n_rounds: int) -> pd.DataFrame:
    """Time fresh processes up to their first answer."""
    frame = subjects.rows.iloc[:1]
    row = frame.astype(object).where(frame.notna(), None).to_dict("records")[0]
    content = {name: folder / f"{name}.onnx" for name in ("mlp", "lightgbm")}
    content["mlp"].write_bytes(onnx_network(N_ONE_HOT))
    content["lightgbm"].write_bytes(onnx_trees(subjects.students["lightgbm"]))
    subjects.lightgbm.save_model(folder / "lightgbm.txt")
    codes: dict[str, str] = {"bare python": "pass", "import numpy": "import numpy"}
    for name in ("mlp", "lightgbm"):
        path = folder / f"{name}.ekd"
        model = subjects.students[name]
        save(model, path)
        for module in ("ensemble_kd.without_numpy", "ensemble_kd"):
            codes[f"{name}: {module}.load, first dict"] = (
                f"from {module} import load; print(load({str(path)!r}).predict_proba_one({row!r}))"
            )
        width = N_ONE_HOT if name == "mlp" else N_NUMERIC + N_CATEGORICAL
        codes[f"{name}: ONNX Runtime, first encoded row"] = (
            "import numpy, onnxruntime\n"
            f"session = onnxruntime.InferenceSession({str(content[name])!r})\n"
            f"print(session.run(None, {{'X': numpy.zeros((1, {width}), numpy.float32)}}))\n"
        )
    codes["lightgbm: Booster, first encoded row"] = (
        "import numpy, lightgbm\n"
        f"booster = lightgbm.Booster(model_file={str(folder / 'lightgbm.txt')!r})\n"
        "print(booster.predict(numpy.zeros((1, 16))))\n"
    )
    return pd.DataFrame(time_processes(codes, n_rounds))


def verdicts(single: pd.DataFrame, batch: pd.DataFrame, cold: pd.DataFrame) -> list[list[str]]:
    """Return each bar, what was found, and whether it was reached."""
    one, many = single.set_index("what"), batch.set_index("what")
    fresh = cold.set_index("what")["cpu_over_bare_ms"]
    total = cold.set_index("what")["cpu_ms"]
    ns = many["cpu_ns"]
    out = []

    def judge(bar: str, found: float, least: float, unit: str, more: bool = True) -> None:
        reached = found >= least if more else found <= least
        sign = "at least" if more else "at most"
        out.append([f"{bar}: {sign} {least:g} {unit}", f"{found:,.2f}", "yes" if reached else "no"])

    dict_us = one["amortised_us"]
    for name, most in (("mlp", 2.5), ("lightgbm", 5.0), ("xgboost", 5.0)):
        found = dict_us[f"{name}: C core, raw dict"]
        judge(f"{name}, one raw dict", found, most, "us", more=False)
    found = dict_us["mlp: ONNX Runtime, one-hot row given"] / dict_us["mlp: C core, raw dict"]
    judge("mlp, one raw dict beside ONNX Runtime on an encoded row", found, 10.0, "times")
    number = dict_us["mlp: C core, raw dict to one number"]
    found = dict_us["mlp: ONNX Runtime, one-hot row given"] / number
    judge("mlp, one raw dict to one number beside ONNX Runtime", found, 10.0, "times")
    for name, rival, least in (
        ("mlp", "ONNX Runtime", 1.5),
        ("mlp", "ONNX Runtime, all inputs given", 1.5),
        ("lightgbm", "Booster.predict", 2.5),
        ("xgboost", "inplace_predict", 2.5),
    ):
        found = ns[f"{name}: {rival}, 1 thread"] / ns[f"{name}: C core, 1 thread"]
        judge(f"{name}, a batch by 1 thread beside {rival} (CPU)", found, least, "times")
    for name in ("mlp", "lightgbm", "xgboost"):
        best = many["best_wall_ns"]
        found = best[f"{name}: C core, 1 thread"] / best[f"{name}: C core, 2 threads"]
        judge(f"{name}, 2 threads beside 1 (best wall)", found, 1.0, "times")
    for name in ("mlp", "lightgbm"):
        judge(f"{name}, cold start", total[f"{name}: ensemble_kd.load, first dict"], 200.0,
              "ms CPU", more=False)  # fmt: skip
        judge(f"{name}, cold start without numpy, over bare Python",
              fresh[f"{name}: ensemble_kd.without_numpy.load, first dict"], 15.0, "ms CPU",
              more=False)  # fmt: skip
    cpu = one["cpu_us"]
    student = cpu["mlp: C core, raw dict"]
    for bar, name, least in (
        ("through scikit-learn", "teacher: scikit-learn, one-row frame", 50_000.0),
        ("by its trees in the C core", "teacher: its trees in the C core, encoded row", 100.0),
    ):
        found = cpu[name] / student
        judge(f"the mlp from a dict beside the teacher {bar} (CPU)", found, least, "times")
    return out


def table(results: pd.DataFrame) -> str:
    """Return results as a Markdown table."""
    body = [
        [str(row[0]), *(f"{value:,.2f}" if value < 100 else f"{value:,.0f}" for value in row[1:])]
        for row in results.itertuples(index=False)
    ]
    return markdown_table([name.replace("_", " ") for name in results.columns], body)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(prog="python -m ensemble_kd.benchmarks.scoring")
    parser.add_argument("--out", type=Path, default=Path("bench_output"), help="folder for results")
    parser.add_argument("--rows", type=int, default=100_000, help="rows of a batch")
    parser.add_argument("--train-rows", type=int, default=20_000, help="rows to fit the teacher on")
    parser.add_argument("--teacher-trees", type=int, default=200, help="trees of each member")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each measurement")
    parser.add_argument("--tl2cgen", action="store_true", help="compile the boosted trees too")
    options = parser.parse_args(arguments)
    if not HAS_CORE:
        print("The core in C was not built; there is nothing to measure.", file=sys.stderr)
        return 1
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        print(f'{error.name} is missing: pip install "ensemble_kd[scoring]"', file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    subjects = fit_subjects(options.rows, options.train_rows, options.teacher_trees)
    with tempfile.TemporaryDirectory() as folder:
        peers = tree_peers(subjects, folder, options.tl2cgen)
        single = single_rows(subjects, options.rounds, peers)
        batch = batches(subjects, options.rounds, peers)
        cold = cold_starts(subjects, Path(folder), options.rounds)
        sizes = [[name, f"{(Path(folder) / f'{name}.ekd').stat().st_size:,}"] for name in
                 ("mlp", "lightgbm")]  # fmt: skip
    core = sys.modules["ensemble_kd._core"].__file__
    sizes.append(["the core itself", f"{Path(str(core)).stat().st_size:,}"])
    reached = verdicts(single, batch, cold)
    text = "\n\n".join(
        [
            f"# What one answer costs\n\n{platform.processor() or platform.machine()}, "
            f"{os.cpu_count()} CPUs, Python {platform.python_version()}; load "
            f"{os.getloadavg()[0]:.1f} at the end. Medians of {options.rounds} turns.",
            f"## One row, microseconds\n\n{table(single)}",
            f"## {options.rows:,} rows, nanoseconds a row\n\n{table(batch)}",
            f"## A fresh process, milliseconds\n\n{table(cold)}",
            f"## Bytes\n\n{markdown_table(['what', 'bytes'], sizes)}",
            f"## The bars\n\n{markdown_table(['bar', 'found', 'reached'], reached)}",
        ]
    )
    (options.out / "scoring.md").write_text(text + "\n", encoding="utf-8")
    for name, results in (("single", single), ("batch", batch), ("cold", cold)):
        results.to_parquet(options.out / f"scoring_{name}.parquet")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
