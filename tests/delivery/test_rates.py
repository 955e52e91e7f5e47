"""The arithmetic of buckets: never more than burst + rate × time, and never much less."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from campaigns.delivery import warming
from campaigns.delivery.rates import Rate, mended
from campaigns.delivery.sharing import share

START = datetime(2027, 3, 1, 12, tzinfo=UTC)
rates = st.builds(
    Rate, st.integers(1, 100_000), st.sampled_from([1, 60, 3600, 86_400]), st.integers(1, 100_000)
)
# How long after the one before, in microseconds; what is asked for; how much of it comes back.
asks = st.lists(
    st.tuples(st.integers(0, 10**9), st.integers(0, 200_000), st.integers(0, 1000)), min_size=1, max_size=40
)


@given(rates, asks)
def test_whatever_is_asked_when_no_more_than_burst_and_rate_allow_goes(rate, asks):
    now, empty_at, total = START, None, 0
    for micros, wanted, back in asks:
        now += timedelta(microseconds=micros)
        number = min(wanted, rate.held(empty_at, now))
        if number:
            empty_at = rate.taken(empty_at, now, number)
            returned = min(back, number)
            empty_at = rate.given_back(empty_at, returned)
            total += number - returned
        passed = (now - START) // timedelta(microseconds=1)
        assert total <= rate.burst + Fraction(passed * rate.letters, rate.per * 10**6)


@given(rates, st.integers(1, 200))
def test_who_takes_all_there_is_loses_nothing_to_rounding(rate, rounds):
    assume(rate.burst > 1)  # a bucket for one is full, and overflows, whenever a look comes late
    step = timedelta(seconds=rate.per / rate.letters * min(rate.burst, 3) / 2)
    now, empty_at, total = START, rate.taken(None, START, rate.burst), 0
    for _round in range(rounds):
        now += step
        number = rate.held(empty_at, now)
        if number:
            empty_at, total = rate.taken(empty_at, now, number), total + number

    # Each taking may round by a microsecond.
    spared = (now - START) // timedelta(microseconds=1) - rounds
    assert total >= Fraction(spared * rate.letters, rate.per * 10**6) - 1


@given(rates, st.integers(1, 200_000))
def test_after_the_wait_it_holds_what_was_waited_for(rate, number):
    empty_at = rate.taken(None, START, rate.burst)
    later = START + timedelta(seconds=rate.wait(empty_at, START, number)) + timedelta(microseconds=1)

    assert rate.held(empty_at, later) >= min(number, rate.burst)


def test_a_full_bucket_stays_full_and_an_empty_one_says_when():
    rate = Rate(letters=20, per=60, burst=4)

    assert rate.held(None, START) == 4
    assert rate.held(START - timedelta(days=9), START) == 4
    empty = rate.taken(None, START, 4)
    assert (rate.held(empty, START), rate.wait(empty, START, 1), rate.wait(empty, START, 99)) == (0, 3, 12)
    assert rate.held(empty, START + timedelta(seconds=2.9)) == 0
    assert rate.held(empty, START + timedelta(seconds=3)) == 1


def test_a_clock_that_was_set_back_does_not_stop_a_bucket():
    ahead = START + timedelta(hours=2)

    assert mended(ahead, START) == START
    assert mended(START + timedelta(seconds=30), START) == START + timedelta(seconds=30)
    assert mended(None, START) is None


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 10_000), max_size=30), st.integers(0, 50_000))
def test_each_gets_its_part_to_within_a_letter(wanted, number):
    got, total = share(wanted, number), sum(wanted.values())

    assert sum(got.values()) == min(number, total)
    assert got.keys() == wanted.keys()
    for name, wish in wanted.items():
        assert 0 <= got[name] <= wish
        if number < total:
            assert abs(Fraction(wish * number, total) - got[name]) < 1


def test_warming_up_takes_six_weeks():
    first = date(2027, 3, 1)
    days = [warming.allowance(first, first + timedelta(days=day)) for day in range(42)]

    assert (days[0], days[1], days[7], days[41]) == (200, 237, 650, 200_000)
    assert days == sorted(days)
    assert warming.allowance(first, first - timedelta(days=1)) is None
    assert warming.allowance(first, first + timedelta(days=42)) is None
    assert warming.allowance(None, first) is None


@pytest.mark.parametrize(
    ("zone", "day", "next_day"),
    [
        ("Europe/Prague", date(2027, 3, 1), "2027-03-01T23:00:00+00:00"),
        ("Europe/Prague", date(2027, 3, 28), "2027-03-28T22:00:00+00:00"),  # the clocks go forward
        ("Asia/Manila", date(2027, 3, 2), "2027-03-02T16:00:00+00:00"),
        ("America/New_York", date(2027, 3, 1), "2027-03-02T05:00:00+00:00"),
    ],
)
def test_days_are_those_of_the_time_zone(zone, day, next_day):
    zone = ZoneInfo(zone)
    midnight = warming.next_day(day, zone)

    assert midnight.astimezone(UTC).isoformat() == next_day
    assert warming.counted_day(None, midnight - timedelta(seconds=1), zone) == day
    assert warming.counted_day(None, midnight, zone) == day + timedelta(days=1)


def test_a_clock_set_back_over_midnight_gives_no_day_twice():
    zone, day = ZoneInfo("Europe/Prague"), date(2027, 3, 2)
    before_midnight = datetime(2027, 3, 1, 23, 30, tzinfo=zone)

    assert warming.counted_day(day, before_midnight, zone) == day
    assert warming.counted_day(day + timedelta(days=30), before_midnight, zone) == date(2027, 3, 1)
