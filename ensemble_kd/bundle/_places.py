"""The named places of format version 4: what a file may come to hold before the next version.

Each has a name, so that one version serves them all. A reader refuses a file that uses a place it
does not serve, in words that say what it is. To serve one: take it out here, put its form into the
table of the format, and describe it in docs/bundle_format.md, section 9.
"""

from __future__ import annotations

from collections.abc import Iterable

from ensemble_kd.errors import BundleError

PLACES_VERSION = 4

# Where a place is: its name there, and what it is to hold. All of them wait for their readers.
WAITING: dict[str, dict[str, str]] = {
    "members": {
        "policy.json": "a policy and its operating curve",
        "reasons.json": "reasons for an answer",
        "carry_over.json": "a map from its scores to those of an earlier model",
        "certificate.json": "a certificate of what was shown of its answers",
        "deferral.json": "which rows are left to the teacher",
    },
    "manifest.json: task": {
        "outliers": "a score without classes",
    },
    "model.json": {
        "score_threshold": "the threshold of a score without classes",
    },
    "schema.json": {
        "salt": "the salt of hashed categories",
    },
    "schema.json: column": {
        "category_hashes": "categories kept as salted hashes",
    },
}


def refuse_waiting(where: str, names: Iterable[str]) -> None:
    """Refuse a file that uses a place which this reader does not serve.

    Parameters
    ----------
    where : str
        A key of `WAITING`.
    names : iterable of str
        What the file has there.

    Raises
    ------
    BundleError
        If a place of that name waits.
    """
    for name in names:
        what = WAITING[where].get(name) if isinstance(name, str) else None
        if what is not None:
            raise BundleError(
                f"the file holds {what} ({where}: {name}), a place of format version "
                f"{PLACES_VERSION} that this version of ensemble_kd does not serve yet: update "
                f"ensemble_kd."
            )
