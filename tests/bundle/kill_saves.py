"""Save models to one file in turn without end, be killed, and look at what is there, many times.

A program of its own, since a process with the threads of a training library is not to be forked.
It prints how many of the two models were found.
"""

from __future__ import annotations

import os
import random
import signal
import time
from typing import NoReturn

from ensemble_kd.bundle import load_bundle, save_bundle

from .hand_made import CREATED, MODELS, selftest_for

TWO = (MODELS["mlp_classifier"], MODELS["trees_sigmoid"])
PATH = "model.ekd"
N_KILLS = 40


def save(model, path=PATH):
    save_bundle(model, path, selftest=selftest_for(model), created=CREATED, name="m")


def save_without_end(parent: int, told: int) -> NoReturn:
    """Save the models in turn, telling of each save, for as long as the parent lives."""
    while os.getppid() == parent:
        for model in TWO:
            save(model)
            os.write(told, b".")
    os._exit(0)


def killed_in_a_save(rng: random.Random) -> bytes:
    """Return what is in the file after a child was killed in one of its saves."""
    parent, (heard, told) = os.getpid(), os.pipe()
    child = os.fork()
    if child == 0:
        save_without_end(parent, told)
    os.close(told)
    try:
        for _ in range(rng.randint(1, 6)):  # saves that are done, however slow the machine is
            assert os.read(heard, 1), "the child has ended by itself"
        time.sleep(rng.uniform(0.0, 0.01))  # to be killed anywhere in one
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(heard)
    with open(PATH, "rb") as file:
        return file.read()


def main() -> None:
    whole, seen, rng = set(), set(), random.Random(0)
    for i, model in enumerate(TWO):
        save(model, str(i))
        with open(str(i), "rb") as file:
            whole.add(file.read())
    starter = os.getppid()
    for _ in range(N_KILLS):
        found = killed_in_a_save(rng)
        assert found in whole
        load_bundle(PATH)
        seen.add(found)
        if os.getppid() != starter:
            raise SystemExit("whoever started this has gone")
    print(len(seen))


if __name__ == "__main__":
    main()
