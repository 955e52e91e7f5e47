"""Two campaigns at once to people who want letters seldom: one of the two reaches them, not both."""

import threading
import time
from collections import Counter

import pytest
import sqlalchemy as sa

from campaigns.consent.rhythm import Rhythm
from campaigns.contacts.models import Contact
from campaigns.database import engine, now, reading, transaction
from campaigns.delivery import windows, writing
from campaigns.delivery.journal import Journal
from campaigns.delivery.ledger import Ledger
from campaigns.delivery.models import Message, MessageStatus
from campaigns.mailings.models import Campaign
from tests import factories
from tests.delivery.launching import launch, plan, segments, take

MANY = 40
SEEN = 0.6  # seconds; a window follows within half a second


@pytest.fixture
def worker():
    """`worker(campaign)` has just leased the campaign's only segment."""
    made: list[tuple[Ledger, Journal]] = []

    def start(campaign: Campaign) -> Ledger:
        lease = take(campaign)
        with reading() as session:
            edition = writing.edition(session, session.get_one(Campaign, campaign.id))
        journal = Journal(lease.owner, lease.segment_id, lease.fence)
        made.append((Ledger(lease, campaign.sender_id, edition, journal, 4, 0, lambda: None), journal))
        return made[-1][0]

    yield start
    for one, journal in made:
        one.finish((), Counter())
        journal.discard()


def two(session, wish: str, number: int = 1, **second) -> tuple[Campaign, Campaign]:
    """Two planned campaigns to Bob, who takes all, and to some others who have this wish."""
    factories.make_contact(session, "bob@example.com")
    for one in range(number):
        factories.make_contact(session, f"ann{one}@example.com", rhythm=wish)
    campaigns = launch(session), launch(session, **second)
    for campaign in campaigns:
        plan(campaign)
    return campaigns


def given_out(one: Ledger) -> dict[str, int]:
    """All who may get a letter, by address."""
    found: dict[str, int] = {}
    until = time.monotonic() + 20
    while not (one.dry or one.halted or one.lost):
        assert time.monotonic() < until
        found |= {recipient.address: recipient.message_id for recipient in one.next(10)}
        time.sleep(0.01)
    return found


def stands(campaign: Campaign) -> dict[str, tuple[str, str]]:
    with reading() as session:
        asked = sa.select(Message.address, Message.status, Message.reason)
        rows = session.execute(asked.where(Message.campaign_id == campaign.id)).all()
        return {row.address: (row.status, row.reason) for row in rows}


def soon(ask) -> None:
    until = time.monotonic() + 10
    while not ask():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("wish", [Rhythm.WEEKLY, Rhythm.MONTHLY])
def test_who_is_about_to_get_a_letter_gets_no_second_one(session, worker, wish):
    first, second = two(session, wish)

    assert sorted(given_out(worker(first))) == ["ann0@example.com", "bob@example.com"]
    other = worker(second)
    given = given_out(other)

    assert sorted(given) == ["bob@example.com"]
    soon(lambda: stands(second)["ann0@example.com"] == ("skipped", "too_often"))
    assert segments(second)[0].wire == [given["bob@example.com"]]
    assert stands(first)["ann0@example.com"] == ("planned", "")


def test_whose_other_letter_went_out_since_they_were_read_gets_none(session):
    first, second = two(session, Rhythm.WEEKLY)
    lease = take(second)
    with transaction() as other:
        ann = other.scalars(sa.select(Contact).where(Contact.rhythm != "")).one()
        letters = {
            one.campaign_id: one for one in other.scalars(sa.select(Message).filter_by(contact_id=ann.id))
        }
        letters[first.id].status, letters[first.id].sent_at = MessageStatus.SENT, now()
    mine = letters[second.id].id

    status, kept = windows.write(lease, "mail", {}, [], {mine}, {mine: ann.id})

    assert (status, {number: one.reason for number, one in kept.items()}) == ("sending", {mine: "too_often"})
    assert segments(second)[0].wire == []


@pytest.mark.parametrize("wish", [Rhythm.AS_IT_COMES, Rhythm.WEEKLY])
def test_who_set_no_limit_and_letters_for_birthdays_are_not_kept_back(session, worker, wish):
    first, second = two(session, wish, purpose="mail:occasions") if wish else two(session, wish)

    both = ["ann0@example.com", "bob@example.com"]
    assert sorted(given_out(worker(first))) == both
    assert sorted(given_out(worker(second))) == both


def test_a_letter_that_was_not_named_keeps_nobody_back(session, worker):
    first, second = two(session, Rhythm.WEEKLY)
    take(first)

    assert sorted(given_out(worker(second))) == ["ann0@example.com", "bob@example.com"]


def test_each_of_many_is_reached_by_one_of_two_that_run_at_once(session, worker):
    campaigns = two(session, Rhythm.WEEKLY, MANY)
    found: list[dict[str, int]] = []
    ledgers = [worker(campaign) for campaign in campaigns]
    threads = [threading.Thread(target=lambda one=one: found.append(given_out(one))) for one in ledgers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    reached = Counter(address for given in found for address in given)
    assert reached.pop("bob@example.com") == 2
    assert reached == {f"ann{one}@example.com": 1 for one in range(MANY)}
    time.sleep(SEEN)
    left = Counter(one for campaign in campaigns for one in stands(campaign).values())
    assert left["skipped", "too_often"] == MANY


def test_nothing_more_is_asked_where_nobody_set_a_limit(session, worker):
    first, _second = two(session, Rhythm.AS_IT_COMES)
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_more):
        asked.append(statement)

    sa.event.listen(engine(), "before_cursor_execute", note)
    try:
        assert len(given_out(worker(first))) == 2
    finally:
        sa.event.remove(engine(), "before_cursor_execute", note)

    assert not [one for one in asked if "contact.rhythm IN" in one or "JOIN segment" in one]
