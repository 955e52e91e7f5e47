"""Owners: a name for a run, and seeing that its process has ended."""

import os
import subprocess
import sys

import pytest

from campaigns.delivery import owning


def test_a_living_process_is_not_gone():
    assert not owning.gone(owning.new())
    assert owning.new() != owning.new()
    assert len(owning.new()) <= 120


def test_an_ended_process_is_gone_and_a_killed_one_too():
    code = "from campaigns.delivery import owning; print(owning.new(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        name = process.stdout.readline().strip()
        assert not owning.gone(name)
        process.kill()
        process.wait()
        assert owning.gone(name)


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs the start times of Linux")
def test_a_number_that_is_used_again_is_another_process():
    machine, pid, start, run = owning.new().split(":")

    assert owning.gone(f"{machine}:{pid}:{int(start) - 1}:{run}")


@pytest.mark.parametrize("name", ["", "x", "other-machine:1:1:1", "a:b:c:d", "::::"])
def test_what_can_not_be_seen_from_here_is_not_called_gone(name):
    assert not owning.gone(name)
