"""A model behind an address: rows go out as JSON, probabilities or values come back."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ensemble_kd.errors import InputError, NotDistillableError, cause, reason, shown

# Answers that another try may change: too many requests, and errors of the service itself.
TRY_AGAIN = (408, 425, 429, 500, 502, 503, 504)


class EndpointError(NotDistillableError):
    """The endpoint cannot be reached, refuses, or answers what is no answer to rows."""


class HTTPTeacher:
    """A callable teacher: POSTs ``{"rows": [{column: value, ...}, ...]}``, reads one answer a row.

    The answer is JSON: a list with a number, a list of numbers, or an object from class to number
    for each row; or an object that holds such a list. Missing values go as null. Put it into a
    `QueriedTeacher` to bound what it costs.

    Parameters
    ----------
    url : str
        With http or https.
    field : str or None, default=None
        Name of the list in the answer; None takes a bare list, or the only list in an object.
    headers : mapping of str to str or None, default=None
        Further headers, such as a token; they are in no message.
    timeout : float, default=30.0
        Seconds that one try may take, greater than 0.
    retries : int, default=2
        Further tries after a failure that may pass, at least 0.
    wait : float, default=1.0
        Seconds before the second try, doubled before each other one, at least 0.
    licence_note : str or None, default=None
        What binds a student of this model; it goes into the model card.

    Raises
    ------
    InputError
        If a parameter is out of range.
    """

    def __init__(
        self,
        url: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        retries: int = 2,
        wait: float = 1.0,
        licence_note: str | None = None,
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise InputError(f"url must begin with http:// or https://, got {url!r}.")
        if not timeout > 0 or retries < 0 or wait < 0:
            raise InputError(
                f"timeout must be > 0, retries and wait >= 0, got {timeout!r}, {retries!r} and "
                f"{wait!r}."
            )
        self.url, self.field, self.headers = url, field, dict(headers or {})
        self.timeout, self.retries, self.wait = timeout, retries, wait
        self.licence_note = licence_note
        # What messages call it, without what may be secret in the address.
        self.__qualname__ = url.partition("?")[0]

    def __call__(self, X: Any) -> Any:
        """Return the answer to rows.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes), or data frame
            A frame where each row came as an object from class to number.

        Raises
        ------
        EndpointError
            If it does not answer each row.
        """
        frame = pd.DataFrame(X).rename(columns=str)
        rows = json.loads(frame.to_json(orient="records", date_format="iso", double_precision=15))
        answers = self._answers(self._post(json.dumps({"rows": rows}).encode()))
        if len(answers) != len(rows):
            raise EndpointError(
                f"{self.__qualname__} must answer each of {len(rows):,} rows, got "
                f"{len(answers):,} answers."
            )
        try:
            if answers and isinstance(answers[0], dict):
                return pd.DataFrame(answers).astype(np.float64)
            return np.asarray(answers, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise EndpointError(
                f"{self.__qualname__} must answer rows with numbers: {reason(error)}"
            ) from cause(error)

    def _answers(self, text: bytes) -> list[Any]:
        try:
            found = json.loads(text)
        except ValueError as error:
            raise EndpointError(
                f"{self.__qualname__} must answer with JSON, got {_shown(text)}."
            ) from cause(error)
        if isinstance(found, dict):
            lists = [value for value in found.values() if isinstance(value, list)]
            found = found.get(self.field) if self.field else lists[0] if len(lists) == 1 else None
        if not isinstance(found, list):
            named = f"a list under {self.field!r}" if self.field else "one list of answers"
            raise EndpointError(
                f"{self.__qualname__} must answer with {named}, got {_shown(text)}; "
                "field= names it."
            )
        return found

    def _post(self, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json", "Accept": "application/json"} | self.headers
        request = urllib.request.Request(self.url, body, headers, method="POST")
        failure: OSError
        for tried in range(self.retries + 1):
            try:
                with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                    found: bytes = answer.read()
                    return found
            except urllib.error.HTTPError as error:
                told = f"answers with status {error.code}: {_shown(error.read())}"
                passes, failure = error.code in TRY_AGAIN, error
            except OSError as error:  # no connection, no answer in time
                told, passes, failure = f"cannot be asked: {reason(error)}", True, error
            if not passes or tried == self.retries:
                raise EndpointError(
                    f"{self.__qualname__} {told} (after {tried + 1} tries of {self.timeout:g} s at "
                    "most)."
                ) from cause(failure)
            time.sleep(self.wait * 2**tried)
        raise AssertionError


def _shown(text: bytes) -> str:
    return shown(text.decode("utf-8", "replace"))
