"""Fit a model and answer queries at an address: ``python -P _answering_worker.py FOLDER``.

FOLDER holds train.parquet and task.json; a fitted predictor stays there. The port is printed, and
then each ``{"rows": [...]}`` is answered until the process is ended. This file imports nothing of
the project, so that the environment needs AutoGluon alone.
"""

import http.server
import json
import pathlib
import sys

import pandas as pd

TARGET = "__target__"


def main() -> None:
    """Answer rows by the model that is asked for."""
    folder = pathlib.Path(sys.argv[1])
    task = json.loads((folder / "task.json").read_text())
    train = pd.read_parquet(folder / "train.parquet")
    kinds = train.drop(columns=TARGET).dtypes
    answer = MODELS[task["model"]](train, task, folder)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            rows = pd.DataFrame(json.loads(body)["rows"], columns=kinds.index).astype(kinds)
            found = json.dumps(answer(rows)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(found)))
            self.end_headers()
            self.wfile.write(found)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    print(f"port {server.server_port}", flush=True)
    server.serve_forever()


def _autogluon(train, task, folder):
    from autogluon.tabular import TabularPredictor

    path = folder / "models"
    if (path / "predictor.pkl").is_file():
        predictor = TabularPredictor.load(str(path), verbosity=0)
    else:
        predictor = TabularPredictor(
            TARGET, problem_type=task["kind"], eval_metric=task["metric"], path=str(path),
            verbosity=0,
        )  # fmt: skip
        predictor.fit(train, time_limit=task["seconds"], num_cpus=1, num_gpus=0)
    predictor.persist()
    if not predictor.can_predict_proba:
        return lambda rows: predictor.predict(rows).tolist()
    classes = sorted(predictor.class_labels)
    return lambda rows: predictor.predict_proba(rows)[classes].to_numpy().tolist()


def _boosting(train, task, folder):
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0)
    model.fit(train.drop(columns=TARGET), train[TARGET])
    return lambda rows: model.predict_proba(rows).tolist()


MODELS = {"autogluon": _autogluon, "boosting": _boosting}

if __name__ == "__main__":
    main()
