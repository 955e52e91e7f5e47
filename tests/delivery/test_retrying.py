"""Retries: 5, 15, 30 minutes, doubling to 8 hours, spread, and never beyond the campaign's time."""

from datetime import timedelta

from campaigns.database import now
from campaigns.delivery import retrying


def test_waits_grow_to_eight_hours_and_stay_there():
    waits = [retrying.minutes(tries) for tries in range(1, 12)]

    assert waits == [5, 15, 30, 60, 120, 240, 480, 480, 480, 480, 480]
    assert retrying.minutes(10_000) == 480


def test_waits_are_spread_by_a_fifth():
    found = {(retrying.next_try(1, None) - now()).total_seconds() / 60 for _time in range(200)}

    assert 3.9 < min(found) < 4.5
    assert 5.5 < max(found) < 6.1


def test_there_is_no_try_after_the_campaigns_time():
    assert retrying.next_try(3, now() + timedelta(minutes=10)) is None
    assert retrying.next_try(1, now() + timedelta(minutes=10)) is not None
