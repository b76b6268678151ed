"""From a model file to a scorer, by way of the file's own test."""

from __future__ import annotations

import os
import time

from ensemble_kd.bundle import load_bundle
from ensemble_kd.errors import BundleError
from ensemble_kd.log import logger, note_once
from ensemble_kd.runtime import without_core
from ensemble_kd.scoring._scorer import Scorer
from ensemble_kd.scoring._selftest import check_selftest

LOG = logger(__name__)


def load(
    path: str | os.PathLike[str] | bytes,
    *,
    n_jobs: int = 1,
    strict: bool = False,
    extra: str | None = None,
    require_signature: str | os.PathLike[str] | bytes | None = None,
) -> Scorer:
    """Load a saved model and test it on the rows it carries.

    Needs numpy and safetensors alone.

    Parameters
    ----------
    path : str, path or bytes
        A `.ekd` file, or its content.
    n_jobs : int, default=1
        Threads for a batch; see `Scorer`.
    strict : bool, default=False
        Whether to refuse a category never seen in training and a number out of the range that was.
    extra : {"ignore", "error"} or None, default=None
        What becomes of a column of a frame, and of a key of a dict, that the model does not take;
        None ignores the column and refuses the key.
    require_signature : str, path, bytes or None, default=None
        A public key, as a file or its content, whose signature the file must have; needs
        cryptography (the extra `sign`). None reads a file with or without one.

    Returns
    -------
    Scorer
        With `predict`, `predict_proba`, `predict_log_proba`, `predict_one` and
        `predict_proba_one`.

    Raises
    ------
    BundleError
        If the file is absent, truncated, altered, foreign or of an unknown version, or if the model
        does not give the answers that its file promises; or if a signature is required, and there
        is none, or another's, or the file was altered since.
    InputError
        If `require_signature` is no public key.

    Examples
    --------
    >>> load("missing.ekd")
    Traceback (most recent call last):
        ...
    ensemble_kd.errors.BundleError: ...
    """
    start = time.perf_counter()
    lacking = without_core()
    if lacking is not None:
        note_once(lacking)
    try:
        bundle = load_bundle(path, require_signature=require_signature)
        scorer = Scorer(bundle.model, bundle, n_jobs=n_jobs, strict=strict, extra=extra)
        check_selftest(bundle.model, bundle.selftest, scorer._respond)
    except MemoryError as error:
        raise BundleError("there is not enough memory for the model.") from error
    LOG.info(
        "loaded %r, %d bytes, scored by %s, in %.3f s",
        bundle.manifest["name"], bundle.size_bytes, scorer.runtime, time.perf_counter() - start,
    )  # fmt: skip
    return scorer
