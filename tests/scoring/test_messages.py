"""What a message shows of the caller's data: 40 characters of a value, or none if it is quiet."""

from __future__ import annotations

import traceback
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ensemble_kd import DistilledClassifier, DistilledRegressor, load
from ensemble_kd.cli.main import main
from ensemble_kd.errors import EnsembleKDError, InputError, shown
from ensemble_kd.schema import TableSchema
from ensemble_kd.table_files import check_column

GOLDEN = Path(__file__).parents[1] / "golden" / "v1_mlp_binary.ekd"
ROW = {"amount": 1.0, "age": 3, "country": "NO", "online": True}
SECRET = "s3cret"
LONGEST_MESSAGE = 500


class Hostile:
    """Its representation fails."""

    def __repr__(self):
        raise RuntimeError(SECRET)


class Talkative:
    """Its representation is long."""

    def __repr__(self):
        return SECRET * 20_000


ODD = {
    "text": f"{SECRET} 078-05-1120",
    "long text": SECRET * 50_000,
    "text with NUL": f"{SECRET}\0",
    "surrogate": f"{SECRET}\ud800",
    "numpy text": np.str_(SECRET * 100),
    "bytes": SECRET.encode() * 1000,
    "list": [SECRET] * 1000,
    "dict": {SECRET: SECRET * 1000},
    "large number": 10**5000,
    "timedelta": np.timedelta64(5),
    "complex": 1 + 2j,
    "hostile": Hostile(),
    "talkative": Talkative(),
}
HASHABLE = {
    name: value
    for name, value in ODD.items()
    if not isinstance(value, list | dict | np.timedelta64)
}


def frame(**columns):
    filled = {name: pd.Series([value] * 2, dtype=object) for name, value in ROW.items()}
    return pd.DataFrame(filled | {k: pd.Series([v] * 2, dtype=object) for k, v in columns.items()})


def one_row_doors():
    scorers = [load(GOLDEN)]
    try:
        from ensemble_kd import without_numpy
    except ImportError:
        pass
    else:
        scorers.append(without_numpy.load(GOLDEN))
    for scorer in scorers:
        yield from (scorer.predict_one, scorer.predict_proba_one, scorer.score_one)
    yield lambda row: scorers[0].predict([row])
    yield lambda row: scorers[0].predict_proba([ROW, row])


def told(door, *given):
    """Return the message and the traceback of a refusal, None where there is none."""
    try:
        door(*given)
    except EnsembleKDError as error:
        return str(error), "".join(traceback.format_exception(error))
    return None


def check(outcome, quiet):
    if outcome is None:
        return
    message, whole = outcome
    assert len(message) <= LONGEST_MESSAGE
    assert SECRET * 7 not in message  # 42 characters
    if quiet:
        assert SECRET not in message
        assert SECRET not in whole


@pytest.fixture(params=[False, True], ids=["shown", "quiet"])
def quiet(request, monkeypatch):
    monkeypatch.setenv("ENSEMBLE_KD_QUIET_VALUES", "1" if request.param else "0")
    return request.param


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_messages_about_a_row_show_little_of_a_value(value, quiet):
    for door in one_row_doors():
        for name in ROW:
            check(told(door, ROW | {name: value}), quiet)


@pytest.mark.parametrize("key", HASHABLE.values(), ids=HASHABLE)
def test_messages_about_a_row_show_little_of_a_key(key, quiet):
    for door in one_row_doors():
        outcome = told(door, ROW | {key: 1})
        assert outcome is not None
        check(outcome, quiet)


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_messages_about_a_table_show_little_of_a_value(value, quiet):
    scorer = load(GOLDEN)
    for name in ROW:
        check(told(scorer.predict, frame(**{name: value})), quiet)
        check(told(TableSchema.infer, frame(**{name: value})), quiet)


def test_messages_about_columns_show_little_of_their_names(quiet):
    scorer = load(GOLDEN)
    names = ["amount", "age", "country", f"onlin{SECRET * 30}"]
    check(told(scorer.predict, pd.DataFrame([[1, 2, "NO", True]], columns=names)), quiet)
    twice = pd.DataFrame([[1, 2]], columns=[SECRET * 30] * 2)
    for door in (TableSchema.infer, lambda X: DistilledClassifier().fit(X, [0])):
        outcome = told(door, twice)
        assert outcome is not None
        check(outcome, quiet)
    outcome = told(check_column, "an id", "id", [SECRET * 30] * 9, "table.csv")
    assert outcome is not None
    check(outcome, quiet)


@pytest.mark.parametrize("of", ["y", "sample_weight", "time", "groups", "one class"])
@pytest.mark.parametrize("estimator", [DistilledClassifier(), DistilledRegressor()])
def test_messages_about_a_fit_show_little_of_a_value(estimator, of, quiet):
    texts = [f"{SECRET * (9 + i)}" for i in range(8)]
    X, y = np.arange(16.0).reshape(8, 2), np.arange(8) % 2
    if of == "y":
        texts[0] = None
    given = {} if of in ("y", "one class") else {of: texts}
    y = {"y": texts, "one class": texts[:1] * 8}.get(of, y)
    if of == "groups":
        given = {"groups": texts[:1] * 8}
    outcome = told(lambda: estimator.fit(X, y, **given))
    assert outcome is not None
    check(outcome, quiet)


def test_messages_about_what_a_teacher_cannot_read_show_little_of_it(quiet):
    from sklearn.linear_model import LogisticRegression

    X = pd.DataFrame({"a": [SECRET * 50] * 40, "b": np.arange(40.0)})
    outcome = told(lambda: DistilledClassifier(LogisticRegression()).fit(X, np.arange(40) % 2))
    assert outcome is not None
    check(outcome, quiet)


def test_warnings_of_odd_columns_show_little_of_them(quiet):
    mails = [f"{SECRET}{i}.{SECRET * 9}@example.org" for i in range(60)]
    X = pd.DataFrame({"mail": mails, "b": np.arange(60.0)})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        DistilledClassifier(student="tree", alpha=0, n_synthetic=0).fit(X, np.arange(60) % 2)
    messages = [str(one.message) for one in caught]
    assert any("'mail'" in message for message in messages)
    for message in messages:
        check((message, message), quiet)


@pytest.mark.parametrize("cells", [f"{SECRET * 40},3,NO,true", f"1,3,NO,{SECRET * 40}"])
def test_messages_of_the_command_line_show_little_of_a_cell(cells, quiet, tmp_path, capsys):
    path = tmp_path / "rows.csv"
    path.write_text(f"amount,age,country,online\n1,3,NO,true\n{cells}\n")
    assert main(["score", str(GOLDEN), str(path)]) == 2
    message = capsys.readouterr().err
    assert "row 2" in message
    check((message, message), quiet)


@pytest.mark.parametrize(
    "given", [bytearray(SECRET.encode() * 999), SECRET.encode(), 7, Talkative()]
)
def test_messages_about_a_file_show_nothing_of_its_content(given, quiet):
    from ensemble_kd import without_numpy

    for door in (load, without_numpy.load):
        outcome = told(door, given)
        assert outcome is not None
        check(outcome, quiet)


def test_shown_values_name_their_kind_where_it_is_quiet(monkeypatch):
    assert shown("a text") == "'a text'"
    assert len(shown("x" * 1000)) == 40
    monkeypatch.setenv("ENSEMBLE_KD_QUIET_VALUES", "1")
    kinds = [shown(value) for value in ("a", True, 2, 2.5, None, [])]
    assert kinds == ["<text>", "<boolean>", "<number>", "<number>", "<missing>", "<list>"]
    assert issubclass(InputError, ValueError)
