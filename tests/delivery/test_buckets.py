"""Buckets in the database: shared by workers, surviving restarts, by the database's clock."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from campaigns import database
from campaigns.database import db_now, now, reading, transaction
from campaigns.delivery import buckets
from campaigns.delivery.models import DomainPace, SenderPace
from campaigns.settings import current
from tests import factories
from tests.delivery.limiting import limit, take

ROOT = __file__.rpartition("/tests/")[0]


@pytest.fixture
def sender(session):
    """The id of a sender whose limits can be set."""
    factories.make_organisation(session, timezone="Europe/Prague")
    made = factories.make_sender(session)
    session.commit()
    return made.id


def move(model, hours):
    """Let everything that a bucket remembers have happened by a clock that was ahead by so many hours."""
    with transaction() as session:
        row = session.scalars(sa.select(model)).one()
        row.empty_at += timedelta(hours=hours)


def test_nothing_is_limited_until_somebody_says_so(sender):
    assert take(sender, gmail=900, other=100) == ({"gmail": 900, "other": 100}, 0)


def test_what_is_not_limited_costs_no_statement(sender):
    take(sender, gmail=1)
    seen = []
    wanted = {f"d{number}.example": 3 for number in range(300)}
    with transaction() as session:
        sa.event.listen(session.connection(), "before_cursor_execute", lambda *a: seen.append(a[2]))
        grant = buckets.take(session, sender, wanted)

    assert grant.of_domain == wanted
    assert seen == []


def test_a_sender_is_held_to_its_rate(sender):
    limit(sender, letters=20, per=60, burst=10)

    assert take(sender, gmail=6) == ({"gmail": 6}, 0)
    granted, again_in = take(sender, gmail=100)
    assert granted == {"gmail": 4}
    assert again_in == pytest.approx(5, abs=0.5)
    assert take(sender, gmail=100) == ({"gmail": 0}, 60)


def test_what_is_worth_waiting_for_is_waited_for(sender):
    limit(sender, letters=20, per=60, burst=10)

    _granted, again_in = take(sender, gmail=11)

    assert again_in == pytest.approx(3, abs=0.2)  # one letter more


def test_one_domain_is_held_and_the_others_are_not(sender):
    limit(domain="gmail.example", letters=60, per=60, burst=10)

    granted, again_in = take(sender, gmail=100, other=900)

    assert granted == {"gmail": 10, "other": 900}
    assert 1 <= again_in <= 5


def test_what_holds_for_all_others_holds_for_each(sender):
    limit(domain=DomainPace.OTHERS, letters=60, per=60, burst=2)
    limit(domain="free.example")

    wanted = {f"d{number}": 3 for number in range(300)} | {"free": 50}
    granted, _again_in = take(sender, **wanted)

    assert granted == {f"d{number}": 2 for number in range(300)} | {"free": 50}
    again, _again_in = take(sender, **wanted)
    assert sum(again.values()) <= 50 + 300 * 1  # a second or less has passed
    with reading() as session:
        kept = session.scalar(sa.select(sa.func.count()).where(DomainPace.domain != DomainPace.OTHERS))
    assert kept == 301


def test_the_sender_is_shared_fairly_and_only_among_those_who_may(sender):
    limit(sender, letters=100, per=60, burst=100)
    limit(domain="held.example", letters=1, per=3600, burst=1)

    granted, _again_in = take(sender, large=800, small=100, held=500, tiny=1)

    # 100 letters over wishes of 800, 100, 1 and 1: nobody is a whole letter off.
    exact = {"large": 800, "small": 100, "held": 1, "tiny": 1}
    assert sum(granted.values()) == 100
    assert all(abs(granted[name] - Fraction(wish * 100, 902)) < 1 for name, wish in exact.items())


def test_what_one_limit_refuses_is_not_taken_from_the_other(sender):
    limit(sender, letters=100, per=3600, burst=100)
    limit(domain="held.example", letters=1, per=3600, burst=1)

    take(sender, held=500)

    assert take(sender, other=500)[0] == {"other": 99}


def test_what_is_given_back_can_be_taken_again(sender):
    limit(sender, letters=100, per=3600, burst=100)
    limit(domain="gmail.example", letters=50, per=3600, burst=50)

    assert take(sender, gmail=80)[0] == {"gmail": 50}
    with transaction() as session:
        buckets.give_back(session, sender, {"gmail.example": 20})
    assert take(sender, gmail=80)[0] == {"gmail": 20}
    assert take(sender, gmail=80, other=100)[0] == {"gmail": 0, "other": 50}


def test_giving_back_never_makes_more_than_a_full_bucket(sender):
    limit(sender, letters=100, per=1, burst=100)
    take(sender, gmail=100)
    time.sleep(1.1)  # full again by itself
    with transaction() as session:
        buckets.give_back(session, sender, {"gmail.example": 100})

    assert take(sender, gmail=500)[0] == {"gmail": 100}


def test_what_is_undone_was_not_taken(sender):
    limit(sender, letters=10, per=3600, burst=10)
    limit(domain=DomainPace.OTHERS, letters=10, per=3600, burst=10)
    with Session(database.engine()) as session:
        buckets.take(session, sender, {"new.example": 10})
        session.rollback()

    assert take(sender, new=20)[0] == {"new": 10}


def test_a_restart_forgets_nothing(sender):
    limit(sender, letters=10, per=3600, burst=10)
    limit(domain="gmail.example", letters=10, per=86_400, burst=5)
    ask = (
        "from campaigns import tables\n"
        "from campaigns.database import transaction\n"
        "from campaigns.delivery import buckets\n"
        "with transaction() as session:\n"
        f"    print(buckets.take(session, {sender}, {{'gmail.example': 9, 'other.example': 2}}).of_domain)"
    )
    chosen = current()
    outside = {"CAMPAIGNS_DATABASE_URL": chosen.database_url, "CAMPAIGNS_DATA_DIR": str(chosen.data_dir)}
    answers = [
        subprocess.run(
            [sys.executable, "-c", ask], cwd=ROOT, env=outside, capture_output=True, text=True, check=True
        ).stdout.strip()
        for _start in range(3)
    ]  # fmt: skip

    assert answers == [
        "{'gmail.example': 5, 'other.example': 2}",
        "{'gmail.example': 0, 'other.example': 2}",
        "{'gmail.example': 0, 'other.example': 1}",
    ]


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_worker_whose_own_clock_is_wrong_gets_no_more_and_no_less(sender, hours):
    limit(sender, letters=10, per=3600, burst=10)
    with time_machine.travel(now() + timedelta(hours=hours)):
        assert take(sender, gmail=8)[0] == {"gmail": 8}
    assert take(sender, gmail=8)[0] == {"gmail": 2}
    with time_machine.travel(now() + timedelta(hours=hours)):
        assert take(sender, gmail=8)[0] == {"gmail": 0}


def test_when_the_databases_clock_jumps_forward_a_bucket_is_full_once(sender):
    limit(sender, letters=10, per=3600, burst=10)
    take(sender, gmail=10)

    move(SenderPace, -2)

    assert take(sender, gmail=30)[0] == {"gmail": 10}
    assert take(sender, gmail=30)[0] == {"gmail": 0}


def test_when_the_databases_clock_is_set_back_a_bucket_does_not_wait_for_the_old_time(sender):
    limit(sender, letters=36_000, per=3600, burst=10)
    take(sender, gmail=10)

    move(SenderPace, 2)

    granted, again_in = take(sender, gmail=30)
    assert granted == {"gmail": 0}
    assert again_in < 10
    time.sleep(0.5)
    assert 1 <= take(sender, gmail=30)[0]["gmail"] <= 10


def test_a_warm_up_lets_so_many_go_and_the_rest_waits_for_tomorrow(sender):
    with reading() as session:
        moment = session.scalar(sa.select(db_now()))
    prague = moment.astimezone(ZoneInfo("Europe/Prague"))
    limit(sender, warm_from=prague.date())

    granted, again_in = take(sender, gmail=150, other=150)
    assert granted == {"gmail": 100, "other": 100}
    midnight = datetime.combine(prague.date() + timedelta(days=1), datetime.min.time(), prague.tzinfo)
    assert again_in == pytest.approx((midnight.astimezone(UTC) - moment).total_seconds(), abs=10)
    assert take(sender, gmail=1)[0] == {"gmail": 0}
    with transaction() as session:
        buckets.give_back(session, sender, {"gmail.example": 3})
    assert take(sender, gmail=9)[0] == {"gmail": 3}

    with transaction() as session:  # it began yesterday, and all that was yesterday
        row = session.get_one(SenderPace, sender)
        row.warm_from -= timedelta(days=1)
        row.warm_day -= timedelta(days=1)
    assert take(sender, gmail=999)[0] == {"gmail": 237}


def test_a_warm_up_that_has_not_begun_or_is_over_limits_nothing(sender):
    for days in (-2, 50):
        limit(sender, warm_from=now().date() - timedelta(days=days))
        assert take(sender, gmail=500_000) == ({"gmail": 500_000}, 0)
