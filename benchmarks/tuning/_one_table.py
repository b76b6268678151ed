"""What tuning gives on one table, beside its budgets, the default and plain boosters.

A teacher, `recipe="auto"` on its labels, and one search that may take no longer a row than that;
then nine budgets, picked from the front without fitting, each student saved and timed again in a
process of its own; and plainly trained boosters beside the front, of which a few students are
refitted on the rows that these had.
"""

from __future__ import annotations

import json
import tempfile
import time
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from ensemble_kd import BudgetError, DistillationSearch
from ensemble_kd.benchmarks.shared import estimator_for, fit_shared
from ensemble_kd.benchmarks.tuning._beside import Beside, in_turn
from ensemble_kd.benchmarks.tuning._tables import (
    COSTS,
    LATENCIES_US,
    SIZES,
    Row,
    is_dominated,
    point,
)
from ensemble_kd.metrics import Latency
from ensemble_kd.model import Task
from ensemble_kd.rows import RealRows, check_seed, read_rows
from ensemble_kd.scoring import Scorer
from ensemble_kd.tasks import task_named
from ensemble_kd.teachers import TeacherEnsemble, teacher_response
from ensemble_kd.tuning import Budget, Meter, SearchSpace, draw_front
from ensemble_kd.tuning.finish import latency_afresh, nearest
from ensemble_kd.tuning.trial import Judge, divide, timed_rows, train_plainly

SPAN = (6_000, 300_000)
# Times a file where it is not timed beside another.
METER = Meter()
# Fresh processes that time the default and the tuned student side by side.
N_PROCESSES = 9
# The same for the front and the rivals of this core, which are many.
N_PROCESSES_OF_FRONT = 5


def tune_dataset(
    name: str, X: Any, y: Any, task: Task, *, n_trials: int, n_jobs: int | None,
    folder: Path, teacher: Any = None, rivals: bool = True, effort: float = 0.35,
    n_finalists: int = 6, certify_share: float = 0.5,
) -> Row:  # fmt: skip
    """Tune on one table, and return all that is to be shown of it.

    Parameters
    ----------
    name : str
        Of the data set.
    X, y : DataFrame, array
        Rows.
    task : {"classification", "regression"}
        What `y` holds.
    n_trials : int
        Of the search.
    n_jobs : int or None
        Trials at once.
    folder : Path
        Where pictures and models go.
    teacher : TeacherEnsemble or None, default=None
        Unfitted; None takes the default one.
    rivals : bool, default=True
        Whether LightGBM and XGBoost are trained plainly beside it.
    effort : float, default=0.35
        Of a trial.
    n_finalists : int, default=6
        Of the search.
    certify_share : float, default=0.5
        Share of the rows that no trial sees: many, as they are what all is compared by.
    """
    kind = estimator_for(task_named(task))
    search = DistillationSearch(
        kind(), max_latency_us=1e6, margin=0.05, space=SearchSpace(n_bytes=SPAN), effort=effort,
        n_trials=n_trials, n_finalists=n_finalists, n_jobs=n_jobs, certify_share=certify_share,
    )  # fmt: skip
    seed = check_seed(0)
    divided = divide(read_rows(X, y, None, task, 5, seed), certify_share)
    rows, certified = divided.rows, divided.certified
    teacher = teacher or TeacherEnsemble(task=task, n_jobs=n_jobs, random_state=seed)
    auto = kind(n_jobs=n_jobs)
    shared = fit_shared(clone(teacher), rows.X, rows.targets, auto.random_state)
    judge = Judge(
        certified, teacher_response(shared, certified.X, rows.task),
        train_plainly(rows.as_transfer_set(rows.truth)),
    )  # fmt: skip

    start = time.perf_counter()
    auto.set_params(teacher=shared).fit(rows.X, rows.targets)
    auto_seconds = time.perf_counter() - start
    path = folder / f"{name}-auto.ekd"
    auto_bytes = auto.save(path)
    latency = latency_afresh(str(path), timed_rows(certified), meter=METER)
    auto_loss = judge.true_loss(Scorer(auto.model_).respond(certified.X))

    # The teacher of its trials has not seen their validation rows, so it cannot be the shared one.
    auto.set_params(teacher=teacher)
    search.set_params(
        estimator=auto, max_latency_us=latency.p50_us, meter=Beside(path, latency.p50_us)
    )
    refused = ""
    try:
        search.fit(X, y)
    except BudgetError as error:
        refused = str(error)
    found: Row = {
        "dataset": name, "n_rows": len(rows), "n_certified": len(certified),
        "teacher": judge.teacher_loss, "plain": judge.plain_loss,
        "auto": {"loss": auto_loss, "us": latency.p50_us, "bytes": auto_bytes,
                 "seconds": auto_seconds},
        "refused": refused,
        "times": getattr(search, "times_", {}),
        "budgets": [_cell(search, folder, us, size, certified)
                    for us in LATENCIES_US for size in SIZES],
        "front": json.loads(search.front_.to_json(orient="records")),
        "trials": len(search.study_.trials),
        "pruned": sum(t.state.name == "PRUNED" for t in search.study_.trials),
    }  # fmt: skip
    if not refused:
        told = search.certificate_
        found["tuned"] = {
            "loss": told.loss, "us": told.latency.p50_us, "bytes": told.size_bytes,
            "optimism": told.optimism, "gain_kept": told.gain_kept, "params": search.best_params_,
        }  # fmt: skip
        search.save(folder / f"{name}-tuned.ekd")
        both = [path, folder / f"{name}-tuned.ekd"]
        each = in_turn(both, timed_rows(certified), N_PROCESSES)
        for one, each_us in zip(("auto", "tuned"), each, strict=True):
            found[one] |= {"each_us": each_us, "us": float(np.median(each_us))}
    if rivals:
        from ensemble_kd.benchmarks.tuning._plain_trees import plain_trees

        with tempfile.TemporaryDirectory() as room:
            found["rivals"] = plain_trees(rows, certified, judge, Path(room))
            paths = _files(found, search, folder, Path(room))
            _time_beside(paths, timed_rows(certified), n_processes=1)
            found["refitted"] = _refitted(found, search, paths, Path(room))
            _time_beside(paths, timed_rows(certified), N_PROCESSES_OF_FRONT)
        ways = sorted({line["model"] for line in found["rivals"]})
        points = [(way, [r for r in found["rivals"] if r["model"] == way]) for way in ways]
        points.append(("recipe='auto'", [point(found["auto"])]))
        if not refused:
            points.append(("tuned, refitted", [point(found["tuned"])]))
        if found["refitted"]:
            points.append(("front, refitted", found["refitted"]))
        shown = copy(search)
        shown.front_ = pd.DataFrame(found["front"])
        draw_front(shown, folder / f"{name}.png", loss="certified_loss", others=points, title=name)
    return found


def _files(found: Row, search: Any, folder: Path, room: Path) -> list[tuple[Row, Path]]:
    """Return each line of what is compared with its model file, front and rivals among them."""
    name = found["dataset"]
    paths = [
        (found[one], folder / f"{name}-{one}.ekd") for one in ("auto", "tuned") if one in found
    ]
    for line in found["front"]:
        path = room / f"front-{line['trial']}.ekd"
        search.student(line["trial"]).save(path)
        paths.append((line, path))
    return paths + [(line, line.pop("file")) for line in found["rivals"] if "file" in line]


def _refitted(found: Row, search: Any, paths: list[tuple[Row, Path]], room: Path) -> list[Row]:
    """Refit, for each rival that none beats yet, the best of the front that costs no more.

    The validation rows tell which is best. Students of the front have learned fewer rows than the
    rivals, as some compared them.
    """
    own = [*found["front"], *([point(found["tuned"])] if "tuned" in found else [])]
    lines: list[Row] = []
    for rival in sorted(found["rivals"], key=lambda line: int(line["size_bytes"])):
        within = [line for line in found["front"] if all(line[key] <= rival[key] for key in COSTS)]
        best = min(within, key=lambda line: float(line["loss"]), default=None)
        made = [line["trial"] for line in lines]
        if best is None or best["trial"] in made or is_dominated(rival, own + lines):
            continue
        again = search.student(best["trial"], refit=True)
        path = room / f"refitted-{best['trial']}.ekd"
        again.save(path)
        # It is as fast as its twin of the front, until it is timed.
        told = ("trial", "student", "compression", "latency_p50_us")
        line = {name: best[name] for name in told}
        line |= {"certified_loss": again.certificate.loss, "size_bytes": again.size_bytes}
        lines.append(line)
        paths.append((line, path))
    return lines


def _time_beside(paths: list[tuple[Row, Path]], rows: list[Row], n_processes: int) -> None:
    """Time all model files that are compared in turn: front, rivals, tuned and default student.

    A trial is timed while others train, so its latency would compare a busy machine with an idle
    one; what another library scores takes several times as long either way.
    """
    each = in_turn([path for _, path in paths], rows, n_processes)
    for (line, _), us in zip(paths, each, strict=True):
        line["latency_p50_us"] = float(np.median(us))


def _cell(search: Any, folder: Path, us: float, size: int, rows: RealRows) -> Row:
    """Return what a budget gave, measured again in a process of its own."""
    budget = {"max_latency_us": us, "max_bytes": size}
    search = search.set_params(margin=0.15, meter=METER)
    try:
        chosen = search.select(**budget)
    except BudgetError as error:
        # Right where the nearest one, measured again, does break it.
        students = {number: search.student(number) for number in search.front_["trial"]}
        one = nearest([student.candidate for student in students.values()], Budget(us, size))
        students[one.number].save(folder / "again.ekd")
        again = latency_afresh(
            str(folder / "again.ekd"), timed_rows(rows), n_processes=1, meter=METER
        )
        n_bytes = one.measured.n_bytes
        return budget | {
            "refused": str(error), "us": again.p50_us, "bytes": n_bytes,
            "right": bool(again.p50_us > us or n_bytes > size),
        }  # fmt: skip
    path = folder / "again.ekd"
    n_bytes = chosen.save(path)
    again = _timed_again(path, rows)
    line = search.front_.set_index("trial").loc[chosen.candidate.number]
    return budget | {
        "refused": None, "us": again.p50_us, "p99_us": again.p99_us, "bytes": n_bytes,
        "right": bool(again.p50_us <= us and n_bytes <= size), "student": chosen.candidate.student,
        "loss": float(line["certified_loss"]), "gain_kept": float(line["certified_gain_kept"]),
    }  # fmt: skip


def _timed_again(path: Path, rows: RealRows) -> Latency:
    return latency_afresh(str(path), timed_rows(rows), n_processes=1, meter=METER)
