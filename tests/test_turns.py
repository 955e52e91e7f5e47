"""Turns: of many who open a SQLite file or write to it none is passed over; who can't in time is told."""

import sqlite3
import subprocess
import sys
import threading

import pytest
import sqlalchemy as sa

from campaigns import database, turns

pytestmark = pytest.mark.sqlite_only

# Writes one transaction after the other, as long work does, and says how many so far.
BUSY = """
import sys, time
import sqlalchemy as sa
from campaigns import database
database.use(database.make_engine(sys.argv[1]))
for number in range(10_000):
    with database.transaction() as session:
        session.execute(sa.text("UPDATE turn SET number = :number"), {"number": number})
        time.sleep(0.02)
    if number == 0:
        print("busy", flush=True)
"""


@pytest.fixture
def url(tmp_path):
    url = f"sqlite:///{tmp_path / 'turns.db'}"
    engine = database.make_engine(url)
    database.use(engine)
    with database.transaction() as session:
        session.execute(sa.text("CREATE TABLE turn (number INTEGER)"))
        session.execute(sa.text("INSERT INTO turn VALUES (-1)"))
    yield url
    database.use(None)


def number(session):
    return session.scalar(sa.text("SELECT number FROM turn"))


def test_who_waits_is_next_however_busy_another_writer_is(url):
    busy = subprocess.Popen([sys.executable, "-c", BUSY, url], stdout=subprocess.PIPE, text=True)
    try:
        assert busy.stdout.readline() == "busy\n"
        passed_over = []
        for _time in range(20):
            with database.reading() as session:
                before = number(session)
            with database.transaction() as session:
                passed_over.append(number(session) - before)
    finally:
        busy.kill()
        busy.communicate()

    # One may end and one begin between looking and standing in line.
    assert max(passed_over) <= 3, passed_over


def test_of_many_threads_each_gets_its_turn_and_nothing_is_lost(url):
    def write():
        for _time in range(20):
            with database.transaction() as session:
                session.execute(sa.text("UPDATE turn SET number = number + 1"))

    threads = [threading.Thread(target=write) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.reading() as session:
        assert number(session) == 8 * 20 - 1


def test_who_waits_too_long_is_told_and_the_line_goes_on(url, monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE", 0.1)
    with sqlite3.connect(url.removeprefix("sqlite:///")) as other:
        other.execute("BEGIN IMMEDIATE")
        for _time in range(2):
            with (
                pytest.raises(sa.exc.OperationalError, match="locked"),
                database.transaction() as session,
            ):
                number(session)
        other.rollback()

    with database.transaction() as session:
        assert number(session) == -1
        assert session.scalar(sa.text("PRAGMA busy_timeout")) == 10_000


def test_where_no_line_can_be_made_it_goes_without(url, monkeypatch, tmp_path):
    (tmp_path / "turns.db-line").unlink()
    (tmp_path / "turns.db-line").mkdir()

    with database.transaction() as session:
        assert number(session) == -1


def test_many_may_open_a_new_file_at_once(tmp_path):
    troubles = []

    def look(url, ready):
        engine = database.make_engine(url)
        ready.wait()
        try:
            with engine.execution_options(reading_only=True).connect() as connection:
                connection.execute(sa.text("SELECT 1"))
        except sa.exc.OperationalError as error:
            troubles.append(error)
        engine.dispose()

    for number in range(40):
        url, ready = f"sqlite:///{tmp_path / f'{number}.db'}", threading.Barrier(6)
        threads = [threading.Thread(target=look, args=(url, ready)) for _thread in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert troubles == []
