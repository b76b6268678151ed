"""Where a study is kept: a journal file by default, or any storage of Optuna."""

from __future__ import annotations

import random
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ensemble_kd._optional import require
from ensemble_kd.errors import InputError
from ensemble_kd.tuning.study._journal import mend_journal

JOURNAL = "journal.log"
SAMPLERS = ("tpe", "nsga2")
OBJECTIVES = ("loss", "latency_us", "size_bytes")
# Trials before the sampler learns from them, the starting points among them.
N_STARTUP = 12
# Seconds between tries to open a database.
_WAITS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)


def open_storage(storage: Any, folder: Path) -> Any:
    """Return an Optuna storage.

    Parameters
    ----------
    storage : None, str, path or optuna.storages.BaseStorage
        None: `journal.log` in the folder. With "://" the URL of a database (SQLite, PostgreSQL,
        MySQL); else the path of a journal file.
    folder : Path
        Of the search.

    Returns
    -------
    optuna.storages.BaseStorage

    Raises
    ------
    InputError
        If a database cannot be opened, or a file is in no folder or is no journal.
    """
    optuna = require("optuna", extra="tune")
    if storage is not None and not isinstance(storage, str | Path):
        return storage
    if isinstance(storage, str) and "://" in storage:
        return _open_database(storage)
    path = Path(folder / JOURNAL if storage is None else storage)
    if not path.parent.is_dir():
        raise InputError(f"storage must be a file in a folder that is there, got {str(path)!r}.")
    journal = require("optuna.storages.journal", extra="tune")
    # An open file as lock works over NFS 3 on; a lock left by a killed process ages out.
    lock = journal.JournalFileOpenLock(str(path), grace_period=15)
    mend_journal(path, lock)
    return optuna.storages.JournalStorage(journal.JournalFileBackend(str(path), lock_obj=lock))


def _open_database(url: str) -> Any:
    """Return the storage, tried again where another process makes the same tables just now."""
    optuna = require("optuna", extra="tune")
    errors = require("sqlalchemy.exc", extra="tune")
    waits = iter(_WAITS)
    while True:
        try:
            with quiet():
                return optuna.storages.RDBStorage(url)
        except (errors.DBAPIError, optuna.exceptions.StorageInternalError, AssertionError) as error:
            wait = next(waits, None)
            if wait is None:
                raise _not_opened(error) from error
            time.sleep(wait * random.uniform(0.5, 1.5))
        except (errors.SQLAlchemyError, ImportError, RuntimeError) as error:
            raise _not_opened(error) from error


def _not_opened(error: Exception) -> InputError:
    """Return the error without the URL, which may hold a password."""
    why = str(error).partition("\n")[0]
    return InputError(f"storage must be a database that can be opened, but: {why}")


@dataclass(frozen=True)
class StudyPlace:
    """Which study, and where it is; travels to workers.

    Parameters
    ----------
    storage : None, str, path or optuna.storages.BaseStorage
        As `open_storage` takes it.
    folder : Path
        Of the search.
    name : str
        Of the study; tells data, teacher and budget apart.
    sampler : {"tpe", "nsga2"}
        What suggests parameters.
    """

    storage: Any
    folder: Path
    name: str
    sampler: str

    def open(self, seed: int = 0) -> Any:
        """Return the study, made where there is none of its name; the seed is the sampler's."""
        optuna = require("optuna", extra="tune")
        storage, samplers = open_storage(self.storage, self.folder), optuna.samplers
        with quiet():
            if self.sampler == "tpe":
                sampler = samplers.TPESampler(
                    seed=seed, n_startup_trials=N_STARTUP, multivariate=True, group=True,
                    constant_liar=True,
                )  # fmt: skip
            else:
                sampler = samplers.NSGAIISampler(seed=seed, population_size=N_STARTUP)
            study = optuna.create_study(
                storage=storage, study_name=self.name, sampler=sampler, load_if_exists=True,
                directions=["minimize"] * len(OBJECTIVES),
            )  # fmt: skip
            study.set_metric_names(list(OBJECTIVES))
        return study


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna's own lines inside: what is experimental, each trial, and what has no trials.

    Yields
    ------
    None
    """
    optuna = require("optuna", extra="tune")
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)
