"""`campaigns run`: all parts start, come back when they die, and leave nothing running when they end."""

import os
import re
import signal
import socket
import subprocess
import time

import psutil
import pytest
import redis
import requests

from campaigns import embedded
from tests.stories.installation import installation, wait_for

PARTS = {
    "web": "campaigns.cli web",
    "worker": "workers --threads",
    "clock": "campaigns.cli clock",
    "queue": "unixsocket:",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """An installation that runs, for tests that leave it as it was."""
    with installation(tmp_path_factory.mktemp("run")) as made:
        made.start()
        yield made


@pytest.fixture
def fresh(tmp_path):
    """An installation of the test's own, not started yet."""
    with installation(tmp_path, CAMPAIGNS_WORKER_PROCESSES="1") as made:
        yield made


def _parts(made) -> list[psutil.Process]:
    return psutil.Process(made.process.pid).children(recursive=True)


def _all_of(made, name: str) -> list[psutil.Process]:
    children = psutil.Process(made.process.pid).children()
    return [child for child in children if PARTS[name] in _words(child)]


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # gone, or ended and not looked after yet
        return ""


def _works(made) -> bool:
    """Web, database, queue and schema answer, and what the clock rings is taken off the queue."""
    client = redis.Redis.from_url(embedded.url(made.folder / "data"))
    try:
        return requests.get(f"{made.url}/ready", timeout=5).ok and not client.llen("{dramatiq}:upkeep")
    except redis.ConnectionError:
        return False


def test_one_address_is_printed_and_its_page_answers(running):
    assert running.log() == f"Campaigns is ready: {running.url}\n"
    assert requests.get(running.url, timeout=5).status_code == 200
    assert wait_for(lambda: _works(running))


def test_each_part_has_a_session_of_its_own(running):
    children = psutil.Process(running.process.pid).children()
    sessions = {os.getsid(child.pid) for child in children}

    assert len(sessions) == len(children) == 5  # queue, web, two workers, clock
    assert os.getsid(running.process.pid) not in sessions


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_is_killed_comes_back(running, name):
    told = re.compile(rf"^{name}\b.* ended \(signal SIGKILL\); starting it again", re.MULTILINE)
    before = _all_of(running, name)
    before[0].kill()

    assert wait_for(lambda: told.search(running.said()))
    assert wait_for(lambda: len(_all_of(running, name)) == len(before))
    assert before[0] not in _all_of(running, name)
    assert wait_for(lambda: _works(running))


def test_a_server_inside_the_web_that_is_killed_comes_back(running):
    [web] = wait_for(lambda: _all_of(running, "web"))
    killed = wait_for(lambda: web.children())[-1]
    killed.kill()

    assert wait_for(lambda: [child for child in web.children() if child.pid > killed.pid])
    assert wait_for(lambda: requests.get(f"{running.url}/health", timeout=5).ok)


def test_a_second_start_says_that_the_first_is_there(running):
    said = running.command("run", code=1)

    assert f"at {running.url}" in said
    assert said.count("\n") == 1


def test_it_ends_clean_however_it_is_asked_and_starts_again_with_everything(fresh):
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        fresh.start()
        parts = _parts(fresh)
        began = time.monotonic()
        fresh.process.send_signal(sign)

        assert fresh.process.wait(10) == 0
        assert time.monotonic() - began < 10
        assert not [part for part in parts if part.is_running()]
        assert not list(fresh.folder.rglob("*.sock"))

    fresh.start()
    parts = _parts(fresh)
    fresh.process.kill()  # nobody is left to end them
    fresh.process.wait()
    assert wait_for(lambda: not [part for part in parts if part.is_running()], 15)

    fresh.start()
    assert wait_for(lambda: _works(fresh))
    assert fresh.signed_in().get("/")


def test_an_awkward_place(tmp_path):
    """A folder with a long name, queue files that no server can read, a port that is taken."""
    deep = tmp_path / ("a long name of a folder " * 4).strip()
    kept = deep / "data" / "queue" / "appendonlydir"
    kept.mkdir(parents=True)
    (kept / "appendonly.aof.manifest").write_text("nonsense\n")
    with installation(deep, CAMPAIGNS_WORKER_PROCESSES="1") as made:
        port = int(made.environment["CAMPAIGNS_PORT"])
        with socket.create_server(("127.0.0.1", port)):
            process = subprocess.Popen(
                [made.python, "-m", "campaigns.cli", "run"],
                env=made.environment, cwd=deep, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
            said = process.stdout.readline()
            process.terminate()
            warned = process.communicate(timeout=15)[1]

    assert said.startswith("Campaigns is ready: http://127.0.0.1:")
    assert f":{port}\n" not in said
    assert f"Port {port} is taken; using " in warned
    assert "were moved to" in warned
    assert list((deep / "data").glob("queue-unreadable-*"))
