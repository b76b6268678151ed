"""Where a study is kept: a journal that was cut off, a database that two make at once, a folder."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState
from sqlalchemy.exc import OperationalError

from ensemble_kd.errors import InputError
from ensemble_kd.tuning.study import StudyPlace, claim, open_storage, tally
from ensemble_kd.tuning.study import _storage as storage
from ensemble_kd.tuning.study._journal import mend_journal
from ensemble_kd.tuning.study._recovery import heartbeat, requeue_dead_trials
from ensemble_kd.tuning.study._work import work

# A worker that opens the study when the others do.
OPEN_CODE = """
import sys, time
from pathlib import Path
from ensemble_kd.tuning.study import StudyPlace
import optuna.storages
print("ready", flush=True)
sys.stdin.readline()
study = StudyPlace(sys.argv[1], Path(), "s", "tpe").open()
study.ask()
"""


def quick(study, trial):
    return [trial.suggest_float("x", 0, 1), 0.0, 0.0]


@pytest.fixture
def place(tmp_path):
    return StudyPlace(None, tmp_path, "s", "tpe")


# --- a torn journal -------------------------------------------------------------------------------


@pytest.mark.parametrize("n_cut", [1, 2, 20, 60])
def test_journal_that_was_cut_off_goes_on(place, n_cut):
    work(quick, place, 3, None, 0)
    journal = place.folder / storage.JOURNAL
    content = journal.read_bytes()
    journal.write_bytes(content[:-n_cut])
    with pytest.warns(UserWarning, match=r"journal .*journal\.log was cut off while a record"):
        work(quick, place, 4, None, 0)
    assert content.startswith(journal.read_bytes()[: content[:-n_cut].rindex(b"\n")])
    found = tally(place.open())
    assert (found.complete, found.running, found.waiting) == (4, 0, 0)


@pytest.mark.parametrize(
    "tail",
    [
        b'{"op_code": 8, "worker',
        b"\0" * 512,
        b'{"op_code": 8, "wor{"op_code":6,"worker_id":"w"}\n',  # of a writer that did not see it
        b'{"op_code": 8, "wor{"op_code":6,"worker_id":"w"}\n{"op_code":6,"worker_id":"w"}\n',
        b'{"op_code":6,"worker_id":"w"}',  # whole, but for the end of its line
        b"\xff\xfe\n",
    ],
)
def test_journal_is_cut_back_to_its_last_whole_record(place, tail):
    work(quick, place, 2, None, 0)
    journal = place.folder / storage.JOURNAL
    content = journal.read_bytes()
    journal.write_bytes(content + tail)
    with pytest.warns(UserWarning, match=f"its last {len(tail)} bytes are dropped"):
        open_storage(None, place.folder)
    assert journal.read_bytes() == content
    assert sorted(path.name for path in place.folder.iterdir()) == ["journal.log"]


def test_journal_torn_in_its_first_record_begins_again(place):
    journal = place.folder / storage.JOURNAL
    for torn in (b'{"op_code":0,"wor', b'{"op', b"\0\0"):
        journal.write_bytes(torn)
        with pytest.warns(UserWarning, match="was cut off"):
            assert place.open().trials == []


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b'{"name": "Oslo"}\n', b"\x89PNG\r\n\x1a\n"])
def test_file_that_is_no_journal_is_left_alone(tmp_path, content):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match="storage must be a journal of Optuna's or a new file"):
        open_storage(path, tmp_path)
    assert path.read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]


def test_whole_journal_is_not_touched(place):
    work(quick, place, 2, None, 0)
    journal = place.folder / storage.JOURNAL
    before = journal.stat()
    mend_journal(journal, None)  # without the lock
    mend_journal(place.folder / "absent", None)
    assert journal.stat() == before


def test_trial_that_this_process_has_given_up_is_done_again(place):
    study = place.open()
    with heartbeat(study.ask()):
        assert requeue_dead_trials(study) == []
    assert requeue_dead_trials(study) == [0]
    work(quick, place, 1, None, 0)
    assert [t.state for t in study.trials] == [TrialState.FAIL, TrialState.COMPLETE]


# --- a database -----------------------------------------------------------------------------------


def test_database_is_made_by_several_at_once(tmp_path):
    url = f"sqlite:///{tmp_path}/study.db"
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN_CODE, url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("\n")
        worker.stdin.flush()
    told = [worker.communicate()[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 3, told
    assert len(StudyPlace(url, tmp_path, "s", "tpe").open().trials) == 3


def test_database_is_tried_again_where_another_makes_its_tables(tmp_path, monkeypatch):
    errors = [
        OperationalError("CREATE TABLE trials", {}, Exception("table trials already exists")),
        AssertionError(),  # Optuna's own, where it finds tables without their version
    ]
    real = optuna.storages.RDBStorage

    def begun_at_once(url):
        if errors:
            raise errors.pop()
        return real(url)

    monkeypatch.setattr(optuna.storages, "RDBStorage", begun_at_once)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    assert open_storage(f"sqlite:///{tmp_path}/study.db", tmp_path).get_all_studies() == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:////absent/folder/study.db", "unable to open database file"),
        ("nosuch://user:secret@host/base", "nosuch"),
    ],
)
def test_database_that_cannot_be_opened_is_refused(url, words, monkeypatch, tmp_path):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    with pytest.raises(InputError, match=f"storage must be a database .*{words}") as raised:
        open_storage(url, tmp_path)
    assert "secret" not in str(raised.value)


# --- whose students -------------------------------------------------------------------------------


def test_claim_lets_one_folder_alone_share_a_study(place, tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    study = place.open()
    claim(study, one)
    claim(study, one)
    with pytest.raises(InputError, match=r"must share its workdir, too: .*/one, got .*/other"):
        claim(study, other)
    moved = one.rename(tmp_path / "moved")
    claim(study, moved)


def test_claim_of_two_that_begin_at_once_is_of_one(place, tmp_path, monkeypatch):
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    studies = [place.open(), place.open()]

    def meanwhile(seconds):
        monkeypatch.setattr(time, "sleep", lambda seconds: None)
        studies[1].set_user_attr("workdir", {"id": "of the other", "path": str(folders[1])})

    monkeypatch.setattr(time, "sleep", meanwhile)
    with pytest.raises(InputError, match="must share its workdir"):
        claim(studies[0], folders[0])


def test_claim_names_a_folder_whose_namer_was_killed(place, tmp_path):
    (tmp_path / "workdir.id").touch()
    claim(place.open(), Path(tmp_path))
    assert (tmp_path / "workdir.id").read_text()
