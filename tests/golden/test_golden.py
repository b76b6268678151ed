"""Files of every format version still load, and still give the answers of their day."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ensemble_kd import BundleError, load
from ensemble_kd.bundle import FORMAT_VERSION

FOLDER = Path(__file__).parent
KNOWN = json.loads((FOLDER / "answers.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(KNOWN["answers"]))
def test_golden_bundle_gives_the_answers_of_its_day(name: str) -> None:
    answers = load(FOLDER / name).respond(KNOWN["rows"])
    np.testing.assert_allclose(answers, KNOWN["answers"][name], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in KNOWN["answers"] if "signed" in name])
def test_golden_bundle_is_signed_by_the_key_of_its_day(name: str) -> None:
    pytest.importorskip("cryptography")
    key = KNOWN["public_key"].encode("ascii")
    scorer = load(FOLDER / name, require_signature=key)
    assert scorer.bundle is not None and scorer.bundle.key_id is not None
    with pytest.raises(BundleError, match="got no signature"):
        load(FOLDER / "v1_mlp_binary.ekd", require_signature=key)


def test_golden_bundles_cover_every_version() -> None:
    versions = {int(path.name.split("_")[0][1:]) for path in FOLDER.glob("*.ekd")}
    assert versions == set(range(1, FORMAT_VERSION + 1))


def test_golden_answers_cover_every_bundle() -> None:
    assert {path.name for path in FOLDER.glob("*.ekd")} == set(KNOWN["answers"])
