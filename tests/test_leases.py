"""A lease is held by one at a time, by the database's clock."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns import database, leases

pytestmark = pytest.mark.both_databases


def ahead(session, seconds):
    """Leave every lease as it is when the clock has been set back by so many seconds since."""
    for lease in session.scalars(sa.select(leases.Lease)):
        lease.until += timedelta(seconds=seconds)
    session.flush()


def test_one_holds_it_and_may_go_on_holding_it(session):
    assert leases.hold(session, "clock", "a", 30)
    assert not leases.hold(session, "clock", "b", 30)
    assert leases.hold(session, "clock", "a", 30)


def test_names_do_not_stand_in_each_others_way(session):
    assert leases.hold(session, "clock", "a", 30)
    assert leases.hold(session, "broom", "b", 30)


def test_when_it_ran_out_another_takes_it_and_the_first_has_lost_it(session):
    assert leases.hold(session, "clock", "a", -1)
    assert leases.hold(session, "clock", "b", 30)
    assert not leases.hold(session, "clock", "a", 30)


def test_only_its_holder_gives_it_back(session):
    leases.hold(session, "clock", "a", 30)
    leases.release(session, "clock", "b")
    assert not leases.hold(session, "clock", "b", 30)

    leases.release(session, "clock", "a")
    assert leases.hold(session, "clock", "b", 30)


def test_one_from_before_the_clock_was_set_back_is_over(session):
    leases.hold(session, "clock", "a", 30)
    ahead(session, 60)

    assert not leases.is_held(session, "clock", 30)
    assert leases.hold(session, "clock", "b", 30)
    assert not leases.hold(session, "clock", "a", 30)
    assert leases.is_held(session, "clock", 30)


def test_a_clock_that_goes_on_was_not_set_back(session):
    assert leases.set_back(session) == 0
    assert leases.set_back(session) == 0
    ahead(session, -3600)
    assert leases.set_back(session) == 0


def test_by_how_much_it_was_set_back_is_told_once(session):
    leases.set_back(session)
    ahead(session, 7200)

    assert leases.set_back(session) == pytest.approx(7200, abs=5)
    assert leases.set_back(session) == 0


def test_some_seconds_are_nothing(session):
    leases.set_back(session)
    ahead(session, 3)

    assert leases.set_back(session) == 0


def test_of_many_who_ask_at_once_one_is_told(session):
    leases.set_back(session)
    ahead(session, 7200)
    session.commit()
    told: list[float] = []

    def ask() -> None:
        with database.transaction() as own:
            told.append(leases.set_back(own))

    threads = [threading.Thread(target=ask) for _thread in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(told) == 6
    assert len([by for by in told if by]) == 1
