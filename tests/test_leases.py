"""A lease is held by one at a time, by the database's clock."""

import pytest

from campaigns import leases

pytestmark = pytest.mark.both_databases


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
