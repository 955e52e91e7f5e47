"""Letters of two contacts that become one: nobody gets a campaign twice, and old links mean who is there."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns.cleaning import merging, unmerging
from campaigns.consent import gate, ledger
from campaigns.consent.models import Act, Purpose
from campaigns.contacts import tagging
from campaigns.contacts.models import Contact
from campaigns.crm.models import Activity, Kind
from campaigns.database import db_now, now, reading, transaction
from campaigns.delivery import ending, joining, listing, sending, visiting
from campaigns.delivery.models import Message, MessageStatus, Segment
from campaigns.errors import Conflict
from campaigns.mailings.models import Campaign, Status
from campaigns.preferences import choosing
from campaigns.preferences.choosing import Evidence
from campaigns.tokens import Purpose as Link
from campaigns.tokens import sign
from campaigns.tracking import recording
from tests import factories
from tests.delivery import launching
from tests.tracking import mailed

pytestmark = pytest.mark.both_databases
LETTER = "ann@example.com"
OTHER = "a.smith@example.org"


@pytest.fixture
def pair(session):
    """Two contacts of one person, and a third one."""
    made = [factories.make_contact(session, email) for email in (LETTER, OTHER, "bob@example.com")]
    session.commit()
    return made[0].id, made[1].id


def merge(pair, **choices):
    with transaction() as session:
        made = merging.merge(session, *pair, choices or {"email": pair[0]})
        return made.id


def set_status(campaign, contact_id, status):
    with transaction() as session:
        of = sa.update(Message).where(Message.campaign_id == campaign.id, Message.contact_id == contact_id)
        session.execute(of.values(status=status, sent_at=now() if status == "sent" else None))


def finish(campaign):
    with transaction() as session:
        return ending.end_if_done(session, campaign.id)


@pytest.mark.parametrize("kept_address", [0, 1])
def test_of_two_letters_that_wait_one_is_sent(session, mail, states, pair, kept_address):
    campaign = launching.launch(session)
    launching.plan(campaign)

    merge(pair, email=pair[kept_address])
    launching.send(campaign)

    address = (LETTER, OTHER)[kept_address]
    assert sorted(mail.addresses) == sorted([address, "bob@example.com"])
    found = launching.account(campaign)
    assert (found.sent, found.skipped) == (2, {"merged": 1})
    assert finish(campaign) or launching.fresh(campaign).status == Status.SENT


def _to_other_only(session, pair):
    tagging.put_on(
        session, factories.make_tag(session, "vip"), sa.select(Contact.id).where(Contact.id == pair[1])
    )
    session.commit()
    campaign = launching.launch(session, rule='tag = "vip"')
    launching.plan(campaign)
    return campaign


@pytest.mark.parametrize("got", [MessageStatus.SENT, MessageStatus.UNCERTAIN])
@pytest.mark.parametrize("who", [0, 1])
@pytest.mark.parametrize("kept_address", [0, 1])
def test_whoever_got_it_under_one_address_does_not_get_it_under_the_other(
    session, mail, pair, got, who, kept_address
):
    campaign = launching.launch(session)
    launching.plan(campaign)
    set_status(campaign, pair[who], got)

    merge(pair, email=pair[kept_address])
    launching.send(campaign)

    assert mail.addresses == ["bob@example.com"]
    assert launching.account(campaign).skipped == {"merged": 1}


def test_a_letter_that_only_the_other_one_waits_for_is_sent_to_the_kept_one(session, mail, states, pair):
    campaign = _to_other_only(session, pair)

    merge(pair)
    launching.send(campaign)

    assert mail.addresses == [LETTER]
    assert states(campaign) == {LETTER: "sent"}
    with reading() as fresh:
        [(letter, _name)] = listing.of_contact(fresh, pair[0])
        assert letter.contact_id == pair[1]  # as its segment knows it
        [line] = listing.of_campaign(fresh, campaign.id, "sent")
        assert line.contact.id == pair[0]


def test_such_a_letter_is_not_sent_when_the_kept_one_said_no(session, mail, states, pair):
    campaign = launching.launch(session)
    launching.plan(campaign)
    set_status(campaign, pair[0], MessageStatus.FAILED)
    with transaction() as fresh:
        ledger.record(fresh, pair[0], Purpose.MAIL, Act.WITHDRAWN, "consent", "page", "page")

    merge(pair)
    launching.send(campaign)

    assert mail.addresses == ["bob@example.com"]
    assert states(campaign)[OTHER] == "skipped:withdrawn"


def test_contacts_merged_before_they_are_planned_are_one_recipient(session, mail, pair):
    campaign = launching.launch(session)

    merge(pair)
    launching.plan(campaign)
    launching.send(campaign)

    assert sorted(mail.addresses) == [LETTER, "bob@example.com"]
    assert launching.account(campaign).audience == 2


def test_nobody_is_merged_while_a_letter_to_them_is_in_somebodys_hands(session, mail, pair):
    campaign = launching.launch(session)
    launching.plan(campaign)
    with transaction() as fresh:
        fresh.execute(sa.update(Segment).values(lease_until=db_now(60), owner="w"))

    with pytest.raises(Conflict, match="being sent"):
        merge(pair)

    with reading() as fresh:
        assert fresh.get(Contact, pair[1]) is not None
    with transaction() as fresh:
        fresh.execute(sa.update(Segment).values(lease_until=None, owner=""))
    merge(pair)


def test_a_letter_planned_while_they_were_merged_is_the_kept_ones_too(session, mail, states, pair):
    """A planner's transaction may bring a letter to the one whose row is gone by then."""
    campaign = launching.launch(session)
    launching.plan(campaign)
    with transaction() as fresh:
        theirs = fresh.scalars(sa.select(Message).where(Message.contact_id == pair[1])).one()
        values = {"campaign_id": theirs.campaign_id, "contact_id": pair[1], "address": OTHER}
        fresh.delete(theirs)
    merge(pair, email=pair[1])
    with transaction() as fresh:
        fresh.add(Message(**values))

    launching.send(campaign)

    assert len([address for address in mail.addresses if address in (LETTER, OTHER)]) == 1
    assert launching.account(campaign).sent == 2


def test_settled_letters_follow_and_the_one_that_tells_most_stands_with_the_contact(session, pair):
    sent, both = (factories.make_campaign(session, status=Status.SENT) for _number in range(2))
    one, other = (session.get_one(Contact, number) for number in pair)
    only = factories.make_message(session, sent, other)
    mine = factories.make_message(session, both, one, MessageStatus.SKIPPED, reason="no_consent")
    theirs = factories.make_message(session, both, other)
    ids = only.id, mine.id, theirs.id
    session.commit()

    merge_id = merge(pair)

    with reading() as fresh:
        assert [fresh.get_one(Message, number).contact_id for number in ids] == [pair[0], pair[1], pair[0]]
    with transaction() as fresh:
        unmerging.unmerge(fresh, merge_id)
    with reading() as fresh:
        assert [fresh.get_one(Message, number).contact_id for number in ids] == [pair[1], pair[0], pair[1]]


def test_what_was_skipped_for_the_merge_waits_again_after_taking_it_back(session, mail, pair):
    campaign = launching.launch(session)
    launching.plan(campaign)
    merge_id = merge(pair)

    with transaction() as fresh:
        unmerging.unmerge(fresh, merge_id)
    launching.send(campaign)

    assert sorted(mail.addresses) == sorted([LETTER, OTHER, "bob@example.com"])
    assert launching.account(campaign).sent == 3


def test_a_letter_sent_through_the_other_one_is_its_own_again_after_taking_it_back(session, mail, pair):
    campaign = _to_other_only(session, pair)
    merge_id = merge(pair)
    launching.send(campaign)

    with transaction() as fresh:
        unmerging.unmerge(fresh, merge_id)
        [(letter, _name)] = listing.of_contact(fresh, pair[1])

    assert letter.status == MessageStatus.SENT
    assert listing.of_contact(session, pair[0]) == []


def _letter(session, **values):
    factories.make_contact(session)
    campaign = mailed.make_campaign(session)
    letter = mailed.make_letter(session, campaign, **values)
    kept = factories.make_contact(session, tracked=True)
    factories.make_contact(session)
    session.commit()
    return letter, kept.id


def test_an_old_link_unsubscribes_the_kept_contact(session):
    letter, kept_id = _letter(session)
    token = sign(Link.UNSUBSCRIBE, letter.contact_id, letter.id)
    old = letter.contact_id
    with transaction() as fresh:
        merging.merge(fresh, old, kept_id, {})
        kept_id = fresh.scalars(sa.select(Contact.id).where(Contact.id.in_([old, kept_id]))).one()

    with transaction() as fresh:
        for_whom = [old, kept_id]
        who = visiting.visitor(fresh, Link.UNSUBSCRIBE, token)
        assert who.contact_id in for_whom
        assert who.contact.id == kept_id
        assert who.fresh
        choosing.unsubscribe(fresh, who, Evidence(method="one_click"))

    with reading() as fresh:
        assert gate.refusals(fresh, [kept_id])
        assert fresh.get_one(Message, letter.id).unsubscribed_at


@pytest.mark.parametrize("moved", [True, False])
def test_opens_and_clicks_of_old_letters_are_the_kept_contacts(session, moved):
    letter, kept_id = _letter(session)
    if not moved:  # both had a letter of the campaign, so this one stays under its own number
        other, campaign = session.get_one(Contact, kept_id), session.get_one(Campaign, letter.campaign_id)
        factories.make_message(session, campaign, other, clicked_at=now())
    number, gone = letter.id, letter.contact_id
    session.commit()
    with transaction() as fresh:
        made = merging.merge(fresh, gone, kept_id, {})
        kept, gone = made.contact_id, made.gone_id

    with transaction() as fresh:
        assert recording.record(fresh, [mailed.hit(fresh.get_one(Message, number), position=1)]) == 1

    with reading() as fresh:
        clicks = fresh.scalars(sa.select(Activity).where(Activity.kind == Kind.CLICK)).all()
        assert [click.contact_id for click in clicks] == [kept]
        assert fresh.get_one(Message, number).clicked_at
        assert fresh.get_one(Contact, kept).last_contact_at > now() - timedelta(hours=2)


def test_the_queue_of_work_is_not_needed_for_any_of_it(session, mail, pair):
    campaign = launching.launch(session)
    launching.plan(campaign)
    merge(pair)
    for _round in range(2):  # each actor may run twice
        for segment in launching.segments(campaign):
            sending.send_segment(campaign.id, segment.id)

    assert sorted(mail.addresses) == [LETTER, "bob@example.com"]
    assert joining.MERGED in launching.account(campaign).skipped
