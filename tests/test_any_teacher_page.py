"""The code of the page of teachers runs, and does what the page says."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.students import TreeStudent

PAGE = Path(__file__).parents[1] / "docs" / "any_teacher.md"
RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(300, 2)), columns=["a", "b"])
P = 1 / (1 + np.exp(-3 * X["a"].to_numpy()))
Y = (RNG.random(300) < P).astype(int)


class Service(BaseHTTPRequestHandler):
    """Answers as the page says that a service does."""

    def do_POST(self) -> None:
        rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["rows"]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps([1 / (1 + np.exp(-3 * row["a"])) for row in rows]).encode())

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


def visit(estimator: Any) -> Any:
    """Return states on a line that the estimator's actions lead to."""
    place, states = 0.0, []
    for _ in range(60):
        states.append([place])
        place += RNG.normal() + float(2 * estimator.predict([[place]])[0] - 1)
    return np.array(states)


@pytest.mark.filterwarnings("ignore")
def test_code_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(
        "ensemble_kd.students.STUDENTS", dict.fromkeys(("mlp", "gbdt", "tree"), TreeStudent)
    )
    monkeypatch.chdir(tmp_path)
    server = HTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    names: dict[str, Any] = {
        "X": X, "y": Y, "p": P, "url": f"http://127.0.0.1:{server.server_port}/",
        "states": np.linspace(-1, 1, 80)[:, None], "visit": visit,
        "policy": lambda rows: np.column_stack([rows[:, 0] > 0, rows[:, 0] <= 0]).astype(float),
    }  # fmt: skip
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(code) == 4
    try:
        for block in code:
            exec(compile(block, str(PAGE), "exec"), names)
    finally:
        server.shutdown()
        server.server_close()
    assert names["teacher"].n_asked == 200
    assert (tmp_path / "queries.png").is_file()
    assert names["asked"].n_asked <= 200
    is_right = names["automatiser"].predict(names["windows"]) == names["following"]
    assert is_right[names["last"]].all()
    chunker, last = names["chunker"], names["last"]
    lower = [chunker.lower.loc[s].idxmax() for s in names["windows"][last].iloc[:, -1]]
    assert 0.35 < (np.array(lower) == names["following"][last]).mean() < 0.65
