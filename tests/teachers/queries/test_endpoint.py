"""A model behind an address answers rows, or says why not."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pandas as pd
import pytest

from ensemble_kd import DistilledClassifier
from ensemble_kd.errors import InputError
from ensemble_kd.teachers import EndpointError, HTTPTeacher, QueriedTeacher

X = pd.DataFrame({"a": [0.5, np.nan, -1.0], "c": pd.Categorical(["u", "v", None])})


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((json.loads(body)["rows"], dict(self.headers)))
        status, answer = self.server.answers(json.loads(body)["rows"])
        self.send_response(status)
        self.end_headers()
        self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def service():
    """A loopback server, whose answers a test sets."""
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.answers = [], lambda rows: (200, [0.25] * len(rows))
    server.url = f"http://127.0.0.1:{server.server_port}/score?token=secret"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_rows_go_out_as_json_with_null_for_what_is_missing(service):
    np.testing.assert_array_equal(
        HTTPTeacher(service.url, headers={"Authorization": "Bearer t"})(X), [0.25] * 3
    )
    rows, headers = service.asked[0]
    assert rows == [{"a": 0.5, "c": "u"}, {"a": None, "c": "v"}, {"a": -1.0, "c": None}]
    assert headers["Authorization"] == "Bearer t"


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ([[0.7, 0.3]] * 3, None),
        ({"scores": [[0.7, 0.3]] * 3, "model": "x"}, None),
        ({"scores": [[0.7, 0.3]] * 3, "reasons": []}, "scores"),
        ([{"no": 0.7, "yes": 0.3}] * 3, None),
    ],
    ids=["list", "only list", "field", "classes"],
)
def test_answer_is_found_in_what_comes_back(service, answer, field):
    service.answers = lambda rows: (200, answer)
    found = HTTPTeacher(service.url, field=field)(X)
    np.testing.assert_array_equal(np.asarray(found), [[0.7, 0.3]] * 3)
    if isinstance(answer, list) and isinstance(answer[0], dict):
        assert list(found.columns) == ["no", "yes"]


def test_failure_that_may_pass_is_tried_again(service):
    statuses = [503, 429]
    service.answers = lambda rows: (statuses.pop(), {}) if statuses else (200, [0.5] * len(rows))
    np.testing.assert_array_equal(HTTPTeacher(service.url, wait=0)(X), [0.5] * 3)
    assert len(service.asked) == 3


@pytest.mark.parametrize(
    ("status", "answer", "message", "tries"),
    [
        (403, b"no key", "answers with status 403: 'no key'", 1),
        (500, b"oops", r"answers with status 500: 'oops' \(after 2 tries", 2),
        (200, b"<html>", "must answer with JSON, got '<html>'", 1),
        (200, [0.1], "must answer each of 3 rows, got 1 answers", 1),
        (200, {"a": [1], "b": [2]}, "must answer with one list of answers.*field= names it", 1),
        (200, ["a", "b", "c"], "must answer rows with numbers", 1),
    ],
    ids=["refused", "broken", "no JSON", "rows", "two lists", "no numbers"],
)
def test_endpoint_that_does_not_answer_is_told(service, status, answer, message, tries):
    service.answers = lambda rows: (status, answer)
    with pytest.raises(EndpointError, match=message) as told:
        HTTPTeacher(service.url, retries=1, wait=0)(X)
    assert "secret" not in str(told.value)
    assert len(service.asked) == tries


def test_endpoint_that_is_not_there_or_too_slow_is_told(service):
    event = threading.Event()
    service.answers = lambda rows: (event.wait(1), (200, [0.5] * 3))[1]
    with pytest.raises(EndpointError, match=r"cannot be asked: .*after 1 tries of 0.05 s"):
        HTTPTeacher(service.url, timeout=0.05, retries=0)(X)
    event.set()
    with pytest.raises(EndpointError, match="cannot be asked"):
        HTTPTeacher("http://127.0.0.1:9/", retries=0)(X)


@pytest.mark.parametrize("bad", [{"url": "ftp://a"}, {"url": "http://a", "timeout": 0}])
def test_parameter_out_of_range_is_refused(bad):
    with pytest.raises(InputError, match="must"):
        HTTPTeacher(**bad)


@pytest.mark.filterwarnings("ignore:the teacher .* in-sample", "ignore:the budget of")
def test_endpoint_is_distilled_by_its_budget(service):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=300), "c": rng.choice(["u", "v"], 300)})
    service.answers = lambda rows: (200, [1 / (1 + np.exp(-4 * r["a"])) for r in rows])
    teacher = QueriedTeacher(HTTPTeacher(service.url), budget=120, batch_size=40)
    clf = DistilledClassifier(teacher, student="tree", recipe="fast", n_synthetic=0)
    clf.fit(table, (table["a"] > 0).astype(int))
    assert sum(len(rows) for rows, _ in service.asked) == teacher.n_asked == 120
    assert max(len(rows) for rows, _ in service.asked) <= 40
    assert clf.queries_["queries"].iloc[-1] == 120
    assert clf.fidelity_.rmse < 0.2
