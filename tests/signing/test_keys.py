"""Keys in files: private to their owner, never written over, refused by name if they are none."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys

import pytest

from ensemble_kd import InputError
from ensemble_kd.signing import (
    is_signed_by,
    key_id,
    make_keys,
    read_private_key,
    read_public_key,
)

pytest.importorskip("cryptography")
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519


@pytest.fixture
def pair(tmp_path):
    return make_keys(tmp_path / "release")


def pem_of(key, passphrase=None) -> bytes:
    encryption = (
        serialization.NoEncryption()
        if passphrase is None
        else serialization.BestAvailableEncryption(passphrase)
    )
    pkcs8 = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, encryption)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_private_key_is_its_owners_alone_whatever_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        pair = make_keys(tmp_path / "k")
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(pair.private).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(pair.public).st_mode) == 0o644 & ~umask


def test_keys_belong_together(pair):
    message = b"what is signed"
    signature = read_private_key(pair.private).sign(message)
    key = read_public_key(pair.public)
    assert is_signed_by(key, signature, message)
    assert is_signed_by(key, signature, memoryview(message))
    assert not is_signed_by(key, signature, message + b".")
    assert not is_signed_by(key, signature[:-1], message)
    assert pair.id == key_id(key)
    assert re.fullmatch("[0-9a-f]{16}", pair.id)


def test_public_key_may_be_given_as_its_content(pair, tmp_path):
    content = (tmp_path / "release.pub").read_bytes()
    assert key_id(read_public_key(content)) == pair.id


def test_two_keys_are_not_the_same(tmp_path):
    assert make_keys(tmp_path / "a").id != make_keys(tmp_path / "b").id


@pytest.mark.parametrize("there", ["release.key", "release.pub"])
def test_keys_are_never_written_over(tmp_path, there):
    (tmp_path / there).write_text("mine")
    with pytest.raises(InputError, match=f"never written over, but .*{there}"):
        make_keys(tmp_path / "release")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(there, "mine")]


def test_keys_need_a_directory(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        make_keys(tmp_path / "none" / "release")


def test_wrong_key_is_refused_by_name(tmp_path, pair):
    (tmp_path / "text").write_text("a key")
    (tmp_path / "curve").write_bytes(pem_of(ec.generate_private_key(ec.SECP256R1())))
    (tmp_path / "other").write_bytes(pem_of(x25519.X25519PrivateKey.generate()))
    locked = ed25519.Ed25519PrivateKey.generate()
    (tmp_path / "locked").write_bytes(pem_of(locked, b"secret"))
    for name, message in [
        ("missing", "cannot be read"),
        ("text", "a private Ed25519 key and no passphrase, got .*text"),
        ("release.pub", "a private Ed25519 key and no passphrase, got .*release.pub"),
        ("locked", "no passphrase, got .*locked"),
        ("curve", "must be of Ed25519, got .*curve"),
        ("other", "must be of Ed25519, got .*other"),
    ]:
        with pytest.raises(InputError, match=message):
            read_private_key(tmp_path / name)
    for name, message in [
        ("missing", "cannot be read"),
        ("text", "a public Ed25519 key, got .*text"),
        ("release.key", "a public Ed25519 key, got .*release.key"),
    ]:
        with pytest.raises(InputError, match=message):
            read_public_key(tmp_path / name)
    with pytest.raises(InputError, match="got bytes"):
        read_public_key(b"a key")
    for wrong in (None, 0, False, True, ""):
        with pytest.raises(InputError, match="cannot be read"):
            read_public_key(wrong)


def test_signing_says_which_extra_it_needs(tmp_path):
    code = (
        "import sys; sys.modules['cryptography.hazmat.primitives.serialization'] = None\n"
        "from ensemble_kd.signing import make_keys\n"
        f"try: make_keys({str(tmp_path / 'k')!r})\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "MissingDependencyError" in done.stdout
    assert 'pip install "ensemble_kd[sign]"' in done.stdout
