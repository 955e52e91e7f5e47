"""More hits than one process brings in, and a web process that is killed: what was answered is kept, once."""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import tokens
from campaigns.database import reading
from campaigns.processes import die_with_parent, free_port
from campaigns.settings import Settings
from campaigns.tokens import Purpose
from campaigns.tracking import flushing
from campaigns.tracking.journal import Journal
from campaigns.tracking.models import Hit
from tests.tracking.mailed import CHROME, make_campaign, make_letter

_READERS = 4


def kept() -> tuple[int, int]:
    """How many hits are in the database, and of how many letters."""
    with reading() as session:
        counts = sa.func.count(), sa.func.count(sa.distinct(Hit.message_id))
        return tuple(session.execute(sa.select(*counts)).one())


def write(journal: Journal, message_id: int, times: int) -> None:
    for _time in range(times):
        journal.write("open", message_id, None, 0, "GET", "192.0.2.0/24", CHROME)


def test_a_flood_is_left_to_the_workers_and_comes_in_once(session: Session, settings: Settings):
    letter = make_letter(session, make_campaign(session))
    session.commit()
    journal = Journal(flushing.folder())
    write(journal, letter.id, 50)
    journal.hand_over()
    write(journal, letter.id, 7)  # on a new page, which is still this process's

    assert flushing.collect() == 50
    assert flushing.collect() == 0
    assert flushing.flush(journal) == 7
    assert kept() == (57, 1)
    assert list(flushing.folder().iterdir()) == []


def test_what_no_worker_takes_comes_in_by_itself(session: Session, settings: Settings):
    letter = make_letter(session, make_campaign(session))
    session.commit()
    write(flushing.start(), letter.id, 3000)

    until = time.monotonic() + 90
    while kept() != (3000, 1):
        assert time.monotonic() < until
        time.sleep(0.2)


@pytest.mark.both_databases
@pytest.mark.parametrize("whole", [True, False], ids=["after the last answer", "in the middle"])
def test_a_web_process_killed_loses_no_hit_that_it_answered(session: Session, settings: Settings, whole):
    campaign = make_campaign(session)
    letters = [make_letter(session, campaign).id for _number in range(20)]
    session.commit()
    port = free_port()
    server = _web(settings, port)
    try:
        readers = [Reader(port, letters, 400 if whole else 100_000) for _number in range(_READERS)]
        for reader in readers:
            reader.start()
        if whole:
            for reader in readers:
                reader.join(60)
        else:
            time.sleep(1)
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(10)
    for reader in readers:
        reader.join(10)
    answered = sum(reader.answered for reader in readers)

    until = time.monotonic() + 60
    while list(flushing.folder().iterdir()):  # its page is held until the kernel has buried it
        flushing.collect()
        assert time.monotonic() < until

    under_way = 0 if whole else _READERS  # written, but killed before the answer was out
    assert answered >= (400 * _READERS if whole else 50)
    assert answered <= kept()[0] <= answered + under_way
    assert flushing.collect() == 0


class Reader(threading.Thread):
    """Fetches pixels over one connection, and counts the whole answers."""

    def __init__(self, port: int, letters: list[int], most: int) -> None:
        super().__init__(daemon=True)
        self._port, self._most, self.answered = port, most, 0
        self._paths = [f"/o/{tokens.sign(Purpose.OPEN, number)}.gif" for number in letters]

    def run(self) -> None:
        """Until there were enough answers, or the server is gone."""
        with suppress(http.client.HTTPException, OSError), closing(_connection(self._port)) as connection:
            for number in range(self._most):
                path = self._paths[number % len(self._paths)]
                connection.request("GET", path, headers={"User-Agent": CHROME})
                answer = connection.getresponse()
                assert (answer.status, len(answer.read())) == (200, 43)
                self.answered += 1


def _connection(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=20)


def _web(settings: Settings, port: int) -> "subprocess.Popen[bytes]":
    """The product's own web process on this test's database; its group can be killed."""
    environment = os.environ | {
        "CAMPAIGNS_DATA_DIR": str(settings.data_dir),
        "CAMPAIGNS_DATABASE_URL": settings.database_url,
        "CAMPAIGNS_BROKER_URL": settings.broker_url,
        "CAMPAIGNS_SECRET_KEY": settings.secret_key.get_secret_value(),
        "CAMPAIGNS_PORT": str(port),
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "campaigns.cli", "web"], env=environment, cwd=Path(__file__).parents[2],
        start_new_session=True, preexec_fn=die_with_parent,
    )  # fmt: skip
    until = time.monotonic() + 60
    while True:
        assert server.poll() is None
        assert time.monotonic() < until
        with suppress(OSError), closing(_connection(port)) as connection:
            connection.request("GET", "/health")
            connection.getresponse().read()
            return server
        time.sleep(0.1)
