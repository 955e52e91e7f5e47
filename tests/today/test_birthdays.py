"""Whose birthday is this week: the next ones, however many there are."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from campaigns.today import gathering
from tests import factories


@pytest.mark.parametrize(
    ("today", "names"),
    [
        (date(2026, 12, 29), ["New Year's Eve", "New Year"]),
        (date(2026, 2, 22), ["Leap"]),
        (date(2026, 2, 24), ["Leap", "March"]),
        (date(2028, 2, 24), ["Leap", "March"]),
        (date(2026, 6, 1), []),
    ],
)
def test_birthdays_this_week(session, today, names):
    for name, day in (
        ("New Year", "01-01"),
        ("New Year's Eve", "12-31"),
        ("Leap", "02-29"),
        ("March", "03-01"),
        ("None", ""),
    ):
        factories.make_contact(session, first_name=name, birthday=day)
    found = gathering.birthdays(session, gathering.chosen(session, sa.true()), today)
    assert [one.contact.first_name for one in found] == names
    assert all(today <= one.day < today + timedelta(days=7) for one in found)


def test_of_many_birthdays_this_week_the_next_ones_are_shown(session):
    for day in (4, 3, 2):
        for number in range(30):
            factories.make_contact(session, first_name=f"{day} {number}", birthday=f"06-0{day}")
    found = gathering.birthdays(session, gathering.chosen(session, sa.true()), date(2026, 6, 1))
    assert {one.day for one in found} == {date(2026, 6, 2)}
    assert len(found) == 10
