"""The ledger: who may get a letter next, as of a moment ago, and never more than was written down before."""

import time
from collections import Counter
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from campaigns.consent.models import Act, Purpose
from campaigns.contacts.models import Contact
from campaigns.database import now, reading, transaction
from campaigns.delivery import patience, writing
from campaigns.delivery.journal import Journal
from campaigns.delivery.ledger import Ledger
from campaigns.delivery.models import MessageStatus, Segment
from campaigns.delivery.patience import clock
from campaigns.delivery.results import Result, clean
from campaigns.mailings.models import Campaign, Status
from tests import factories
from tests.delivery.launching import segments, set_campaign, set_message, take, to

SENT = Result(MessageStatus.SENT, reply="250 Ok", sent_at=now())


@pytest.fixture
def campaign(session) -> Campaign:
    """A campaign to Ann and Bob, planned."""
    return to(session, "ann", "bob")


@pytest.fixture
def worker():
    """`worker(campaign)` has just leased the campaign's only segment, whoever had it before."""
    made: list[tuple[Ledger, Journal]] = []

    def start(campaign: Campaign) -> Ledger:
        with transaction() as session:
            session.execute(sa.update(Segment).values(lease_until=None, fence=Segment.fence + 1))
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


def wait_for(ask: Callable[[], object]) -> None:
    until = time.monotonic() + 10
    while not ask():
        assert time.monotonic() < until
        time.sleep(0.01)


def given_out(one: Ledger, number: int = 10) -> dict[str, int]:
    """Who may get a letter, by address."""
    wait_for(lambda: one.ready or one.dry or one.halted or one.lost)
    return {recipient.address: recipient.message_id for recipient in one.next(number)}


def test_nobody_is_given_out_who_is_not_written_down_first(campaign, worker):
    given = given_out(worker(campaign))

    assert sorted(given) == ["ann@example.com", "bob@example.com"]
    assert segments(campaign)[0].wire == sorted(given.values())
    assert segments(campaign)[0].marked_at <= now()


def test_results_are_in_the_database_within_a_moment(campaign, worker, states):
    one = worker(campaign)
    ids = given_out(one)
    one.note(ids["ann@example.com"], SENT)

    wait_for(lambda: states(campaign)["ann@example.com"] == "sent")
    assert segments(campaign)[0].wire == [ids["bob@example.com"]]
    assert not one.lost


@pytest.mark.parametrize("status", [Status.PAUSED, Status.CANCELLED])
def test_a_campaign_that_is_halted_is_noticed(campaign, worker, status):
    one = worker(campaign)
    given_out(one)
    set_campaign(campaign, status=status)

    wait_for(lambda: one.halted)


def test_nobody_is_given_out_who_left_since_planning(session, campaign, worker, states):
    factories.suppress(session, "ann@example.com")
    bob = session.scalars(sa.select(Contact).where(Contact.email == "bob@example.com")).one()
    factories.grant_consent(session, bob, Purpose.MAIL, act=Act.WITHDRAWN)
    session.commit()

    assert given_out(worker(campaign)) == {}

    wait_for(lambda: "planned" not in states(campaign).values())
    assert states(campaign) == {
        "ann@example.com": "skipped:unsubscribed",
        "bob@example.com": "skipped:withdrawn",
    }


def test_who_leaves_while_waiting_for_a_slow_server_gets_no_letter(session, campaign, worker, states):
    one = worker(campaign)
    given_out(one, 1)
    factories.suppress(session, "bob@example.com")
    session.commit()

    wait_for(lambda: not one.ready)

    assert one.next(10) == []
    wait_for(lambda: states(campaign)["bob@example.com"] == "skipped:unsubscribed")


def test_who_leaves_when_the_letter_is_written_is_told_before_its_dot(session, campaign, worker):
    one = worker(campaign)
    bob = given_out(one)["bob@example.com"]
    factories.suppress(session, "bob@example.com")
    session.commit()

    wait_for(lambda: bob in one.refused)

    assert one.refused[bob].reason == "unsubscribed"


def test_while_the_database_keeps_the_ledger_waiting_nobodys_word_is_taken_for_fresh(campaign, worker):
    one = worker(campaign)
    given_out(one)
    assert one.fresh

    with transaction() as session:
        session.scalars(sa.select(Segment).with_for_update()).all()
        wait_for(lambda: not one.fresh)
        time.sleep(0.5)
        assert not one.fresh

    wait_for(lambda: one.fresh)


def test_who_is_erased_when_the_letter_is_written_leaves_no_address(session, campaign, worker, states):
    one = worker(campaign)
    bob = given_out(one)["bob@example.com"]
    session.execute(sa.delete(Contact).where(Contact.email == "bob@example.com"))
    session.commit()

    wait_for(lambda: bob in one.refused)
    one.note(bob, one.refused[bob])
    one.finish((), Counter())

    assert states(campaign) == {"ann@example.com": "planned", f"erased:{bob}": "skipped:erased"}


def test_who_is_erased_while_the_letter_waits_leaves_no_address(session, campaign, worker, states):
    one = worker(campaign)
    wait_for(lambda: one.ready)
    session.execute(sa.delete(Contact).where(Contact.email == "bob@example.com"))
    session.commit()

    wait_for(lambda: "skipped:erased" in states(campaign).values())

    assert "bob@example.com" not in states(campaign)


def test_an_erased_contact_leaves_a_count_without_an_address(session, campaign, worker, states):
    session.execute(sa.delete(Contact).where(Contact.email == "ann@example.com"))
    session.commit()

    assert list(given_out(worker(campaign))) == ["bob@example.com"]

    found = states(campaign)
    assert sorted(found.values()) == ["planned", "skipped:erased"]
    assert "ann@example.com" not in found


def test_a_corrected_address_is_followed(session, campaign, worker):
    changed = sa.update(Contact).where(Contact.email == "ann@example.com").values(email="ann@example.org")
    session.execute(changed)
    session.commit()

    assert sorted(given_out(worker(campaign))) == ["ann@example.org", "bob@example.com"]


def test_an_address_that_another_of_the_campaign_had_is_not_mailed_twice(session, campaign, worker, states):
    session.execute(sa.delete(Contact).where(Contact.email == "bob@example.com"))
    session.execute(
        sa.update(Contact).where(Contact.email == "ann@example.com").values(email="bob@example.com")
    )
    session.commit()
    set_message("bob@example.com", status=MessageStatus.SENT)

    assert given_out(worker(campaign)) == {}

    assert states(campaign) == {"ann@example.com": "skipped:address_taken", "bob@example.com": "sent"}


def test_the_deferred_come_when_their_time_has_come(campaign, worker):
    set_message("ann@example.com", status=MessageStatus.DEFERRED, next_try_at=now())
    later = now().replace(year=now().year + 1)
    set_message("bob@example.com", status=MessageStatus.DEFERRED, next_try_at=later)

    assert list(given_out(worker(campaign))) == ["ann@example.com"]


def test_a_late_worker_is_told_and_gives_nothing_out(campaign, worker):
    late = worker(campaign)
    given_out(late)
    worker(campaign)

    wait_for(lambda: late.lost)
    assert late.until < clock()


def test_a_late_workers_results_change_nothing_that_others_do(campaign, worker, states):
    late = worker(campaign)
    ids = given_out(late)
    given_out(worker(campaign))
    late.note(ids["ann@example.com"], Result(MessageStatus.FAILED, "refused"))
    late.note(ids["bob@example.com"], Result(MessageStatus.DEFERRED, "deferred", next_try_at=now()))

    late.finish((), Counter())

    assert set(states(campaign).values()) == {"planned"}


def test_the_lease_is_kept_for_as_long_as_the_work_takes(campaign, worker, settings):
    settings.sending.lease = 2
    one = worker(campaign)
    until = time.monotonic() + 4
    while time.monotonic() < until:
        assert take(campaign) is None
        time.sleep(0.05)
    assert not one.lost
    assert one.until > clock()


def test_at_the_end_only_the_doubtful_stay_named(campaign, worker):
    one = worker(campaign)
    ids = given_out(one)

    one.finish({ids["bob@example.com"]}, Counter())

    assert segments(campaign)[0].wire == [ids["bob@example.com"]]


def test_windows_follow_the_speed_of_the_server(session, worker):
    campaign = to(session, *(f"p{number}" for number in range(400)))
    one = worker(campaign)

    assert len(given_out(one, 100)) == 8, "at the start twice the least"

    until = time.monotonic() + 10
    most = 0
    while not one.dry and time.monotonic() < until:
        for recipient in (now_given := one.next(100)):
            one.note(recipient.message_id, SENT)
        most = max(most, len(now_given))
        time.sleep(0.005)
    assert most > 8


def test_a_servers_words_are_stored_short_and_plain():
    assert clean("550 5.1.1\r\n no\0 such  user") == "550 5.1.1 no such user"
    assert len(clean("x" * 1000)) == 300


def test_a_database_that_is_away_for_good_is_told_after_a_while(monkeypatch):
    monkeypatch.setattr(patience, "_PATIENCE", 0)

    def away() -> None:
        raise sa.exc.OperationalError("", {}, Exception("away"))

    with pytest.raises(sa.exc.OperationalError):
        patience.patiently(away)
