"""What is written comes to its place whole or not at all, whatever stands there."""

import errno
import os
import stat
import struct
import subprocess
import sys
import threading
import time

import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.files import (
    WriteError,
    check_writable,
    is_replaced,
    replacing,
    write_atomically,
    write_failure,
)

ACL = "system.posix_acl_access"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask():
    """Everybody may read what is made, as by default on most machines."""
    before = os.umask(0o022)
    yield
    os.umask(before)


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("old", [0o600, 0o640, 0o664, 0o755])
def test_replacing_keeps_the_mode_of_the_old_file(tmp_path, umask, old):
    target = tmp_path / "m"
    target.write_bytes(b"old")
    target.chmod(old)
    write_atomically(b"new", target)
    assert (target.read_bytes(), mode(target), names(tmp_path)) == (b"new", old, ["m"])


def test_replacing_gives_a_new_file_the_mode_of_any(tmp_path, umask):
    write_atomically(b"new", tmp_path / "m")
    assert mode(tmp_path / "m") == 0o644


def test_replacing_lets_nobody_read_before_the_rights_are_kept(tmp_path, umask):
    target = tmp_path / "m"
    target.touch(mode=0o600)
    with replacing(target, binary=True):
        (temporary,) = (tmp_path / name for name in names(tmp_path) if name != "m")
        assert mode(temporary) == 0o600


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_replacing_keeps_the_owner_of_the_old_file(tmp_path):
    target = tmp_path / "m"
    target.touch(mode=0o640)
    os.chown(target, 12345, 54321)
    write_atomically(b"new", target)
    status = target.stat()
    assert (status.st_uid, status.st_gid, mode(target)) == (12345, 54321, 0o640)


def test_replacing_refuses_where_the_owner_would_change(tmp_path, monkeypatch):
    target = tmp_path / "m"
    target.write_bytes(b"old")

    def refuse(*_):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    own = os.fstat
    monkeypatch.setattr(os, "fchown", refuse)
    monkeypatch.setattr(os, "fstat", lambda fd: os.stat_result([*own(fd)[:4], -1, *own(fd)[5:]]))
    with pytest.raises(WriteError, match="its owner and rights would not be kept"):
        write_atomically(b"new", target)
    with pytest.raises(InputError, match=r"m cannot be written: it belongs to user \d+ and group"):
        check_writable(target)
    assert (target.read_bytes(), names(tmp_path)) == (b"old", ["m"])


def test_replacing_keeps_an_access_list(tmp_path):
    target = tmp_path / "m"
    target.touch(mode=0o600)
    # Owner rw, user 12345 r, group none, mask r, others none; as the kernel keeps it.
    entries = [(1, 6, -1), (2, 4, 12345), (4, 0, -1), (16, 4, -1), (32, 0, -1)]
    access = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    try:
        os.setxattr(target, ACL, access)
    except (OSError, AttributeError):
        pytest.skip("this file system has no access lists")
    write_atomically(b"new", target)
    assert os.getxattr(target, ACL) == access


def test_replacing_refuses_a_read_only_file_even_to_root(tmp_path):
    target = tmp_path / "m"
    target.write_bytes(b"old")
    target.chmod(0o444)
    with pytest.raises(WriteError, match=r"it is read-only; make it writable \(chmod u\+w\)"):
        write_atomically(b"new", target)
    with pytest.raises(InputError, match="m cannot be written: it is read-only"):
        check_writable(target)
    assert (target.read_bytes(), mode(target), names(tmp_path)) == (b"old", 0o444, ["m"])


def test_replacing_refuses_a_directory(tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "to_m").symlink_to("m")
    for path in (tmp_path / "m", tmp_path / "to_m"):
        with pytest.raises(WriteError, match="it must be a file, got the directory"):
            write_atomically(b"new", path)
        with pytest.raises(
            InputError, match="cannot be written: it must be a file, got the directory"
        ):
            check_writable(path)
    assert names(tmp_path) == ["m", "to_m"]


def test_replacing_keeps_the_old_file_where_its_block_fails(tmp_path):
    target = tmp_path / "m"
    target.write_text("old")
    for error in (RuntimeError, KeyboardInterrupt, SystemExit):
        with pytest.raises(error), replacing(target, binary=False) as file:
            file.write("new")
            raise error
        assert (target.read_text(), names(tmp_path)) == ("old", ["m"])


def test_replacing_writes_text_as_utf8_with_the_line_ends_given(tmp_path):
    with replacing(tmp_path / "m", binary=False) as file:
        file.write("å\n\r\n")
    assert (tmp_path / "m").read_bytes() == b"\xc3\xa5\n\r\n"


# --- links ----------------------------------------------------------------------------------------


def test_replacing_follows_links(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "v1").write_bytes(b"old")
    (tmp_path / "models" / "v1").chmod(0o600)
    (tmp_path / "current").symlink_to("models/v1")
    (tmp_path / "stable").symlink_to(tmp_path / "current")
    write_atomically(b"new", tmp_path / "stable")
    check_writable(tmp_path / "stable")
    assert (tmp_path / "stable").is_symlink()
    assert (tmp_path / "current").is_symlink()
    assert (tmp_path / "models" / "v1").read_bytes() == b"new"
    assert mode(tmp_path / "models" / "v1") == 0o600
    assert names(tmp_path) == ["current", "models", "stable"]
    assert names(tmp_path / "models") == ["v1"]


def test_replacing_makes_the_file_that_a_link_leads_to(tmp_path):
    (tmp_path / "current").symlink_to("v1")
    write_atomically(b"new", tmp_path / "current")
    assert (tmp_path / "v1").read_bytes() == b"new"
    (tmp_path / "lost").symlink_to("absent/v1")
    with pytest.raises(FileNotFoundError):
        write_atomically(b"new", tmp_path / "lost")
    assert (tmp_path / "lost").is_symlink()


def test_replacing_refuses_links_in_a_circle(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(WriteError, match="lead in a circle"):
        write_atomically(b"new", tmp_path / "a")
    with pytest.raises(InputError, match="lead in a circle"):
        check_writable(tmp_path / "a")


# --- what is no file ------------------------------------------------------------------------------


def test_replacing_writes_into_a_named_pipe(tmp_path):
    pipe, heard = tmp_path / "pipe", []
    os.mkfifo(pipe)
    check_writable(pipe)  # and does not wait for a reader
    assert not is_replaced(pipe)
    (tmp_path / "to_pipe").symlink_to("pipe")
    for path in (pipe, tmp_path / "to_pipe"):
        reader = threading.Thread(target=lambda: heard.append(pipe.read_bytes()), daemon=True)
        reader.start()
        write_atomically(b"new", path)
        reader.join()
    assert heard == [b"new"] * 2
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert names(tmp_path) == ["pipe", "to_pipe"]


def test_replacing_writes_to_a_device_as_it_is():
    for path in ("/dev/null", "/dev/full"):
        before = os.stat(path)
        check_writable(path)
        if path == "/dev/null":
            write_atomically(b"x", path)
        else:
            with pytest.raises(OSError, match="No space left"):
                write_atomically(b"x", path)
        assert (os.stat(path).st_ino, os.stat(path).st_mode) == (before.st_ino, before.st_mode)


@pytest.mark.parametrize("name", ["/proc/self/fd/1", "/dev/stdout", "/dev/fd/1", "link"])
@pytest.mark.parametrize("to_file", [False, True])
def test_replacing_writes_to_what_the_process_has_open(tmp_path, name, to_file):
    code = (
        "import sys; from ensemble_kd.files import *\n"
        "print('before', flush=True)\n"
        "check_writable(sys.argv[1]); write_atomically(b'new\\n', sys.argv[1])\n"
        "print('after', is_replaced(sys.argv[1]))\n"
    )
    (tmp_path / "link").symlink_to("/proc/self/fd/1")
    path = str(tmp_path / "link") if name == "link" else name
    before = os.lstat(path)
    command = [sys.executable, "-c", code, path]
    with open(tmp_path / "out", "wb") as out:
        given = out if to_file else subprocess.PIPE
        done = subprocess.run(command, stdout=given, check=True, cwd=tmp_path)
    told = (tmp_path / "out").read_bytes() if to_file else done.stdout
    assert told == b"before\nnew\nafter False\n"
    assert stat.S_IFMT(os.lstat(path).st_mode) == stat.S_IFMT(before.st_mode)
    assert names(tmp_path) == ["link", "out"]


def test_replacing_writes_to_what_another_process_has_open(tmp_path):
    listener = subprocess.Popen(
        [sys.executable, "-c", "import sys; print(sys.stdin.readline(), end='')"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    write_atomically(b"new\n", f"/proc/{listener.pid}/fd/0")
    assert listener.communicate()[0] == b"new\n"


# --- what is left behind --------------------------------------------------------------------------


def test_writer_sweeps_what_a_killed_one_left_and_nothing_else(tmp_path):
    kept = [".ekd-young.tmp", ".other-stale.tmp", "m.tmp"]
    for name in (".ekd-stale.tmp", *kept):
        (tmp_path / name).touch()
        if name != ".ekd-young.tmp":
            os.utime(tmp_path / name, (time.time() - 4000,) * 2)
    check_writable(tmp_path / "m")
    assert names(tmp_path) == sorted(kept)


def test_writer_leaves_a_file_alone_that_waits_for_its_input(tmp_path):
    with replacing(tmp_path / "slow", binary=True) as file:
        (temporary,) = tmp_path.iterdir()
        os.utime(temporary, (time.time() - 4000,) * 2)
        write_atomically(b"new", tmp_path / "m")
        file.write(b"late")
    assert (tmp_path / "slow").read_bytes() == b"late"
    assert names(tmp_path) == ["m", "slow"]


def test_writer_says_why_and_what_to_do(tmp_path):
    with pytest.raises(InputError, match=r"No such file or directory; make sure that its dir"):
        check_writable(tmp_path / "absent" / "m")
    told = write_failure(OSError(errno.ENOSPC, "No space left on device"))
    assert told.startswith("No space left on device; make sure")
    assert told.endswith("unchanged.")
    assert write_failure(WriteError("so it is.")) == "so it is."


def test_writer_needs_neither_numpy_nor_anything_installed():
    code = (
        "import sys; sys.modules['numpy'] = None; import ensemble_kd.files\n"
        "print([name for name in ('numpy', 'safetensors') if sys.modules.get(name)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
