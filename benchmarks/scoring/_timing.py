"""Times of calls, measured in turns so that a busy machine is busy for all alike."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Call = Callable[[Any], Any]
N_CALLS = 64


def time_single_rows(
    contenders: Mapping[str, tuple[Call, Sequence[Any]]], n_rounds: int
) -> list[dict[str, Any]]:
    """Return microseconds a call: median, 99th percentile, amortised over 64 calls, and CPU.

    Parameters
    ----------
    contenders : mapping of str to (callable, sequence)
        What is called, and with what; at least one argument each.
    n_rounds : int
        Turns.
    """
    each: dict[str, list[float]] = {name: [] for name in contenders}
    loops: dict[str, list[float]] = {name: [] for name in contenders}
    cpu: dict[str, list[float]] = {name: [] for name in contenders}
    clock = time.perf_counter_ns
    for name, (call, arguments) in contenders.items():
        start = clock()
        call(arguments[0])
        if clock() - start > 5e6:  # so slow a call is timed a few times a turn
            contenders = {**contenders, name: (call, arguments[:2])}
    for _ in range(n_rounds):
        for name, (call, arguments) in contenders.items():
            arguments = arguments[:N_CALLS]
            for argument in arguments:
                start = clock()
                call(argument)
                each[name].append((clock() - start) / 1e3)
            start, start_cpu = clock(), time.process_time_ns()
            for argument in arguments:
                call(argument)
            cpu[name].append((time.process_time_ns() - start_cpu) / 1e3 / len(arguments))
            loops[name].append((clock() - start) / 1e3 / len(arguments))
    return [
        {
            "what": name,
            "median_us": float(np.median(each[name])),
            "p99_us": float(np.quantile(each[name], 0.99)),
            "amortised_us": float(np.median(loops[name])),
            "cpu_us": float(np.median(cpu[name])),
        }
        for name in contenders
    ]


def time_batches(
    contenders: Mapping[str, Callable[[], Any]], n_rows: int, n_rounds: int
) -> list[dict[str, Any]]:
    """Return nanoseconds a row, by the wall and by the CPU, medians over turns."""
    wall: dict[str, list[float]] = {name: [] for name in contenders}
    cpu: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(n_rounds + 1):
        for name, call in contenders.items():
            start, start_cpu = time.perf_counter(), time.process_time()
            call()
            if turn:  # the first warms up
                cpu[name].append((time.process_time() - start_cpu) / n_rows * 1e9)
                wall[name].append((time.perf_counter() - start) / n_rows * 1e9)
    return [
        {
            "what": name,
            "wall_ns": float(np.median(wall[name])),
            "best_wall_ns": float(np.min(wall[name])),
            "cpu_ns": float(np.median(cpu[name])),
        }
        for name in contenders
    ]


def time_processes(contenders: Mapping[str, str], n_rounds: int) -> list[dict[str, Any]]:
    """Return milliseconds of fresh processes that run some code, and their memory.

    They run without `site`, whose files may import anything before the code does.
    """
    path = [folder for folder in sys.path if folder]
    start = f"import sys; sys.path[:] = {path!r}\n"
    wall: dict[str, list[float]] = {name: [] for name in contenders}
    cpu: dict[str, list[float]] = {name: [] for name in contenders}
    memory = {}
    # Not ru_maxrss, which begins at the size of the process that forked.
    tail = "\nprint(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    for turn in range(n_rounds):
        for name, code in contenders.items():
            command = [sys.executable, "-I", "-S", "-c", start + code]
            if turn == 0:  # also brings the files into the page cache
                command[-1] += tail
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                memory[name] = int(done.stdout.split()[-1]) / 1024
                continue
            before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            wall[name].append((time.perf_counter() - began) * 1e3)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            cpu[name].append(used * 1e3)
    bare = float(np.median(cpu[next(iter(contenders))]))
    return [
        {
            "what": name,
            "wall_ms": float(np.median(wall[name])),
            "cpu_ms": float(np.median(cpu[name])),
            "cpu_over_bare_ms": float(np.median(cpu[name])) - bare,
            "memory_mib": memory[name],
        }
        for name in contenders
    ]
