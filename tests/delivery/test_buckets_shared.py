"""Buckets that several workers take from at the same time: never too much, and never stuck."""

import threading
from collections import Counter

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.database import db_now, reading, transaction
from campaigns.delivery import buckets
from campaigns.delivery.models import DomainPace
from tests import factories
from tests.delivery.limiting import limit, take


@pytest.fixture
def sender(session):
    """The id of a sender whose limits can be set."""
    made = factories.make_sender(session)
    session.commit()
    return made.id


# What each of several workers does: (letters to gmail, letters to others, how many of them come back).
work = st.lists(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 5)), min_size=1, max_size=8),
    min_size=2,
    max_size=4,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(work, st.integers(1, 400), st.integers(1, 40), st.integers(1, 200), st.integers(1, 20))
def test_workers_that_take_at_once_never_get_too_many(sender, work, letters, burst, of_domain, domain_burst):
    start = _clock()
    limit(sender, letters=letters, per=1, burst=burst, empty_at=None)
    limit(domain="gmail.example", letters=of_domain, per=1, burst=domain_burst, empty_at=None)
    got, errors = Counter(), []

    def run(asks):
        try:
            for gmail, other, back in asks:
                granted, _again_in = take(sender, gmail=gmail, other=other)
                back = min(back, granted["gmail"])
                with transaction() as session:
                    buckets.give_back(session, sender, {"gmail.example": back})
                granted["gmail"] -= back
                with lock:
                    got.update(granted)
        except Exception as error:
            errors.append(error)

    lock = threading.Lock()
    threads = [threading.Thread(target=run, args=(asks,)) for asks in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    passed = (_clock() - start).total_seconds() + 0.001  # SQLite's clock knows milliseconds

    assert errors == []
    assert got.total() <= burst + letters * passed
    assert got["gmail"] <= domain_burst + of_domain * passed
    assert take(sender, other=100)[0]["other"] <= burst


def _clock():
    with reading() as session:
        return session.scalar(sa.select(db_now()))


@pytest.mark.postgresql_only
def test_workers_that_ask_for_the_same_domains_in_another_order_do_not_block_each_other(sender):
    limit(domain=DomainPace.OTHERS, letters=1000, per=1, burst=1000)
    names, errors = [f"d{number}" for number in range(60)], []

    def run(number):
        try:
            for turn in range(6):
                order = names[number * turn :] + names[: number * turn]
                take(sender, **dict.fromkeys(order[:40], 2))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
