"""Appending through memory: what is stored outlives a kill, and a full disk is told at once."""

import os
import subprocess
import sys

import pytest

from campaigns.appending import Appended


@pytest.fixture
def descriptor(tmp_path):
    """An open, empty file, `file` in the test's folder."""
    made = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    yield made
    os.close(made)


def test_the_file_holds_what_was_appended_and_no_more_once_it_is_closed(tmp_path, descriptor):
    file = Appended(descriptor, 10)
    for number in range(3000):
        file.append(b"%d\n" % number)
    assert (tmp_path / "file").read_bytes().rstrip(b"\0").endswith(b"2999\n"), "others see it at once"

    file.close()

    assert (tmp_path / "file").read_bytes() == b"".join(b"%d\n" % number for number in range(3000))


def test_a_killed_process_loses_nothing(tmp_path):
    program = (
        "import os, signal, sys; from campaigns.appending import Appended\n"
        f"file = Appended(os.open({str(tmp_path / 'file')!r}, os.O_RDWR | os.O_CREAT), 100)\n"
        "for number in range(1000): file.append(b'%d,' % number)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == -9

    written = (tmp_path / "file").read_bytes().rstrip(b"\0")
    assert written == b"".join(b"%d," % number for number in range(1000))


def test_a_forked_process_cuts_nothing_off(tmp_path, descriptor):
    file = Appended(descriptor, 10)
    file.append(b"one ")
    child = os.fork()
    if not child:
        file.close()
        os._exit(0)
    file.append(b"two")
    os.waitpid(child, 0)
    assert (tmp_path / "file").read_bytes().rstrip(b"\0") == b"one two"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_where_there_is_no_room_it_says_so():
    full = os.open("/dev/full", os.O_RDWR)
    try:
        with pytest.raises(OSError):
            Appended(full, 10)
    finally:
        os.close(full)
