"""Destinations: how many letters at once, and leaving a domain alone that refuses too often."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns.database import db_now, reading, transaction
from campaigns.delivery import buckets, destinations, limits
from campaigns.delivery.destinations import Destination, Destinations
from campaigns.delivery.limits import DomainLimit, Limits
from campaigns.delivery.models import DomainPace, Segment
from campaigns.delivery.rates import Rate
from tests import factories
from tests.delivery.launching import take, to


def fill(domains, domain, most=1000):
    """Begin letters until there is no room; how many."""
    return next(number for number in range(most + 1) if number == most or not domains.enter(domain))


def known(**domains):
    return lambda: Limits(domains={f"{name}.example": limit for name, limit in domains.items()})


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_it_begins_with_five_and_grows_to_twenty():
    one = Destination()
    widths = [one.width]
    for _letter in range(500):
        one.took()
        widths.append(one.width)

    assert widths[0] == 5
    assert widths == sorted(widths)
    assert widths[-1] == 20
    assert 100 < widths.index(20) < 300


def test_it_shrinks_by_half_and_never_to_nothing():
    one = Destination()
    for _letter in range(500):
        one.took()
    widths = []
    for _letter in range(6):
        one.refused()
        widths.append(one.width)

    assert widths == [10, 5, 2, 1, 1, 1]


def test_ten_refusals_in_a_row_are_too_many():
    one = Destination()
    told = [one.refused() for _letter in range(9)]
    one.took()
    told += [one.refused() for _letter in range(9)]

    assert not any(told)
    assert one.refused()
    assert not one.refused()  # it counts anew


def test_domains_without_limits_are_not_counted(settings):
    domains = Destinations(known())

    assert fill(domains, "any.example") == 1000


def test_a_limit_is_divided_over_the_worker_processes(settings):
    settings.worker_processes = 4
    domains = Destinations(known(gmail=DomainLimit(at_once=12), tiny=DomainLimit(at_once=1)))

    assert fill(domains, "gmail.example") == 3
    assert fill(domains, "tiny.example") == 1
    domains.leave("gmail.example", refused=False)
    assert fill(domains, "gmail.example") == 1


def test_a_limit_above_twenty_is_grown_to(settings):
    settings.worker_processes = 1
    domains = Destinations(known(gmail=DomainLimit(at_once=50)))
    for _letter in range(5000):
        assert domains.enter("gmail.example")
        domains.leave("gmail.example", refused=False)

    assert fill(domains, "gmail.example") == 50


def test_a_domain_with_a_rate_grows_too(settings):
    assert fill(Destinations(known(gmail=DomainLimit(rate=Rate(20, 60, 4)))), "gmail.example") == 5


def test_a_domain_that_asked_to_try_later_is_watched_for_ten_minutes(settings):
    clock = Clock()
    domains = Destinations(known(), clock)
    domains.enter("slow.example")
    domains.leave("slow.example", refused=True)

    assert fill(domains, "slow.example") == 2
    clock.now += 599
    assert fill(domains, "slow.example") == 0
    clock.now += 2
    assert fill(domains, "slow.example") == 1000


def test_a_domain_that_refuses_too_often_is_left_alone_here_at_once(settings):
    clock = Clock()
    domains = Destinations(known(), clock)
    told = []
    for _letter in range(10):
        assert domains.enter("slow.example")
        told.append(domains.leave("slow.example", refused=True))

    assert told == [False] * 9 + [True]
    assert domains.is_alone("slow.example")
    assert not domains.enter("slow.example")
    assert domains.enter("other.example")
    clock.now += 301
    assert not domains.is_alone("slow.example")
    assert domains.enter("slow.example")


def refuse(domains, domain="slow.example"):
    """The domain asks to try later until it is left alone."""
    while domains.enter(domain):
        if domains.leave(domain, refused=True):
            return


def test_a_domain_that_was_let_go_elsewhere_is_sent_to_again(session, settings):
    """Two workers; what one found out and somebody else undid, the other hears from the database."""
    clock = Clock()
    domains = Destinations(clock=clock)
    limits.current(session)
    session.rollback()
    refuse(domains)
    with transaction() as other:
        destinations.hold(other, "slow.example", "421 No")
    clock.now += 11
    with reading() as other:
        limits.current(other)
    assert domains.is_alone("slow.example"), "the database says so too"
    assert not domains.enter("slow.example")

    with transaction() as other:
        destinations.let_go(other, "slow.example")
    with reading() as other:
        limits.current(other)
    assert not domains.is_alone("slow.example")
    assert domains.enter("slow.example")


def test_what_the_database_said_before_is_no_answer(session, settings):
    clock = Clock()
    domains = Destinations(clock=clock)
    limits.current(session)
    session.rollback()
    refuse(domains)
    clock.now += 290

    assert domains.is_alone("slow.example")


def test_letting_go_looks_at_what_waits_anew(session):
    campaign = to(session, "ann")
    with transaction() as other:
        other.execute(sa.update(Segment).values(due_at=db_now(300)))
    assert take(campaign) is None

    with transaction() as other:
        destinations.let_go(other, "slow.example")

    assert take(campaign) is not None


def test_letters_that_ended_otherwise_change_nothing(settings):
    domains = Destinations(known(gmail=DomainLimit(rate=Rate(1, 1, 1))))
    for _letter in range(300):
        domains.enter("gmail.example")
        assert not domains.leave("gmail.example")

    assert fill(domains, "gmail.example") == 5


def test_threads_share_one_count(settings):
    domains = Destinations(known(gmail=DomainLimit(rate=Rate(1, 1, 1))))
    entered = []
    threads = [
        threading.Thread(target=lambda: entered.append(fill(domains, "gmail.example"))) for _n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(entered) == 5


@pytest.mark.parametrize(
    ("code", "enhanced", "about"),
    [
        (421, "4.7.0", True), (450, "", True), (451, "4.7.1", True), (452, "4.3.1", True),
        (452, "4.2.2", False), (450, "4.2.1", False), (450, "4.1.1", False), (421, "4.2.1", True),
        (550, "5.7.1", False),
    ],
)  # fmt: skip
def test_a_mailbox_that_is_full_says_nothing_about_its_domain(code, enhanced, about):
    assert destinations.is_about_destination(code, enhanced) is about


def test_a_domain_that_is_left_alone_waits_for_all_workers_and_others_go_on(session):
    sender = factories.make_sender(session)
    session.commit()
    with transaction() as other:
        until = destinations.hold(other, "slow.example", "421 Too many of you")
    with transaction() as other:
        assert destinations.hold(other, "slow.example", "421 Again") is None
        grant = buckets.take(other, sender.id, {"slow.example": 5, "other.example": 5})
        clock = other.scalar(sa.select(db_now()))

    assert timedelta(minutes=4) < until - clock < timedelta(minutes=6)
    assert grant.of_domain == {"slow.example": 0, "other.example": 5}
    assert grant.again_in == pytest.approx(300, abs=10)
    with transaction() as other:
        destinations.let_go(other, "slow.example")
        assert buckets.take(other, sender.id, {"slow.example": 5}).of_domain == {"slow.example": 5}


def _past(**how_long):
    """The hold of slow.example ended so long ago."""
    with transaction() as session:
        clock = session.scalar(sa.select(db_now()))
        session.execute(sa.update(DomainPace).values(held_until=clock - timedelta(**how_long)))
    limits.forget()


def test_each_time_it_is_left_alone_for_longer_up_to_an_hour(session):
    session.commit()
    minutes = []
    for _time in range(6):
        with transaction() as other:
            until = destinations.hold(other, "slow.example", "421 No")
            minutes.append(round((until - other.scalar(sa.select(db_now()))).total_seconds() / 60))
        _past(minutes=10)
    _past(hours=2)
    with transaction() as other:
        until = destinations.hold(other, "slow.example", "421 No")
        minutes.append(round((until - other.scalar(sa.select(db_now()))).total_seconds() / 60))

    assert minutes == [5, 10, 20, 40, 60, 60, 5]


def test_when_its_time_is_over_its_letters_go(session):
    sender = factories.make_sender(session)
    session.commit()
    with transaction() as other:
        destinations.hold(other, "slow.example", "421 No")
    _past(seconds=1)

    with transaction() as other:
        assert buckets.take(other, sender.id, {"slow.example": 5}).of_domain == {"slow.example": 5}


def test_a_clock_that_is_set_back_leaves_nobody_alone_for_longer(session):
    sender = factories.make_sender(session)
    session.commit()
    with transaction() as other:
        destinations.hold(other, "slow.example", "421 No")
    _past(hours=-2)  # as it looks when the clock was two hours ahead then

    with transaction() as other:
        assert buckets.take(other, sender.id, {"slow.example": 5}).of_domain == {"slow.example": 5}


def test_how_many_at_once_is_known_without_a_session_once_letters_were_taken(session, settings):
    settings.worker_processes = 2
    sender = factories.make_sender(session)
    session.add(DomainPace(domain="gmail.example", chosen=True, at_once=9))
    session.commit()
    with transaction() as other:
        buckets.take(other, sender.id, {"gmail.example": 5})

    assert destinations.at_once("gmail.example") == 4
    assert destinations.at_once("other.example") is None
    with reading() as other:
        assert limits.current(other).of("gmail.example").at_once == 9
