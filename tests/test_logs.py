"""The log: what is meant to be so is no warning, and everything else is told."""

import os
import signal
import subprocess
import sys

import pytest

from campaigns.processes import die_with_parent

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def told(settings, valkey):
    """What a process of ours is told."""
    return os.environ | {
        "CAMPAIGNS_DATA_DIR": str(settings.data_dir), "CAMPAIGNS_DATABASE_URL": settings.database_url,
        "CAMPAIGNS_BROKER_URL": valkey, "CAMPAIGNS_SECRET_KEY": settings.secret_key.get_secret_value(),
    }  # fmt: skip


def test_a_worker_that_starts_warns_of_nothing(told):
    worker = subprocess.Popen(
        [sys.executable, "-m", "workers"], env=told, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: die_with_parent(signal.SIGKILL),
    )  # fmt: skip
    assert worker.stderr
    lines = []
    while not any("working" in line for line in lines):
        lines.append(worker.stderr.readline())
        assert lines[-1], "it ended"
    worker.send_signal(signal.SIGTERM)
    lines += worker.communicate(timeout=30)[1].splitlines()

    assert [line for line in lines if '"warning"' in line or '"error"' in line] == []


def test_another_part_that_is_added_twice_is_told(told):
    twice = (
        "from campaigns import broker, logs\n"
        "from dramatiq.middleware import AgeLimit\n"
        "logs.configure('worker')\n"
        "broker.current().add_middleware(AgeLimit())\n"
    )
    done = subprocess.run([sys.executable, "-c", twice], env=told, capture_output=True, text=True, timeout=60)

    assert done.returncode == 0
    assert "same type twice" in done.stderr
