"""Times model files in turn, where nothing else is: a process of its own, for `side_by_side`.

It is given the number of turns and the files, and the rows as JSON on stdin.
"""

from __future__ import annotations

import json
import sys

from ensemble_kd import load
from ensemble_kd.metrics import measure_latency

SECONDS = 0.06


def main() -> None:
    """Print the latencies, turn by turn that of each file."""
    n_turns, paths, rows = int(sys.argv[1]), sys.argv[2:], json.load(sys.stdin)
    scorers = [load(path) for path in paths]
    calls = [s.predict_proba_one if s.model.has_classes else s.predict_one for s in scorers]
    turns = [[measure_latency(call, rows, seconds=SECONDS) for call in calls]
             for _ in range(n_turns)]  # fmt: skip
    print(json.dumps([[vars(latency) for latency in turn] for turn in turns]))


if __name__ == "__main__":
    main()
