"""A process ends with the one that started it, also when that was gone before it had begun."""

import os
import signal
import subprocess
import sys


def run(starter: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "campaigns.processes", str(starter), "calendar", "2026", "11"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_with_its_starter_it_runs_the_module():
    done = run(os.getpid())

    assert done.returncode == 0
    assert "November 2026" in done.stdout


def test_without_its_starter_it_ends_at_once():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()

    done = run(gone.pid)

    assert done.returncode == -signal.SIGTERM
    assert done.stdout == ""
