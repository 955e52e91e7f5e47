"""Hits in the database: counted exactly, named only where that may be, and followed up once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import Organisation, Tracking
from campaigns.consent.models import Act, Purpose
from campaigns.contacts.models import Contact
from campaigns.crm.models import Activity, Kind
from campaigns.database import now, transaction
from campaigns.delivery.models import Message
from campaigns.tracking import counting, recording
from campaigns.tracking.models import Hit, HitCount, HitKind, Label
from tests import factories
from tests.tracking.mailed import APPLE, CHROME, GMAIL, counted, hit, make_campaign, make_letter


def labels(session, letter=None):
    query = sa.select(Hit.label).order_by(Hit.at, Hit.id)
    return session.scalars(query.where(Hit.message_id == letter.id) if letter else query).all()


def activities(session):
    return session.scalars(sa.select(Activity).order_by(Activity.at)).all()


def test_the_first_open_by_a_person_is_an_activity_and_the_last_contact(session):
    letter = make_letter(session, make_campaign(session, name="Spring"))
    opened = now() - timedelta(minutes=30)
    recording.record(session, [hit(letter, at=opened), hit(letter, at=opened + timedelta(minutes=5))])

    session.expire_all()
    assert session.get(Message, letter.id).opened_at == opened
    [activity] = activities(session)
    assert (activity.kind, activity.at, activity.summary) == (Kind.OPEN, opened, "Spring")
    contact = session.get(Contact, letter.contact_id)
    assert (contact.last_contact_at, contact.last_contact_how) == (opened, Kind.OPEN)


def test_a_click_tells_which_link(session):
    letter = make_letter(session, make_campaign(session))
    recording.record(session, [hit(letter, 3)])

    session.expire_all()
    assert session.get(Message, letter.id).clicked_at is not None
    assert session.get(Message, letter.id).opened_at is None
    [activity] = activities(session)
    assert (activity.kind, activity.detail) == (Kind.CLICK, "Link 3")


@pytest.mark.parametrize(
    ("agent", "label", "people"),
    [(GMAIL, Label.PROXIED, 1), (APPLE, Label.PREFETCHED, 0), ("curl/8", Label.MACHINE, 0)],
)
def test_machines_are_kept_and_never_counted_as_people(session, agent, label, people):
    campaign = make_campaign(session)
    letter = make_letter(session, campaign)
    recording.record(session, [hit(letter, agent=agent)])

    assert labels(session) == [label]
    assert counting.totals(session, campaign.id).opens == people
    assert len(activities(session)) == people


def test_the_same_hits_again_change_nothing(session):
    campaign = make_campaign(session)
    entries = [hit(make_letter(session, campaign), position) for position in (0, 1, 0, 2)]
    assert recording.record(session, entries) == 4
    before = counting.totals(session, campaign.id)

    assert recording.record(session, entries) == 0
    assert recording.record(session, [*entries, *entries]) == 0
    assert counting.totals(session, campaign.id) == before
    assert session.scalar(sa.select(sa.func.count()).select_from(Hit)) == 4


def test_one_batch_may_hold_a_hit_twice(session):
    entry = hit(make_letter(session, make_campaign(session)))
    assert recording.record(session, [entry, entry]) == 1


def test_each_letter_counts_once_under_its_surest_label(session):
    campaign = make_campaign(session)
    first, second = make_letter(session, campaign), make_letter(session, campaign)
    recording.record(session, [hit(first, agent=APPLE), hit(second, agent=APPLE)])
    assert counting.totals(session, campaign.id).opened == {Label.PREFETCHED: 2}

    recording.record(session, [hit(first, agent=GMAIL)])
    recording.record(session, [hit(first), hit(first)])
    totals = counting.totals(session, campaign.id)
    assert {label: n for label, n in totals.opened.items() if n} == {Label.HUMAN: 1, Label.PREFETCHED: 1}
    assert totals.open_hits == {Label.HUMAN: 2, Label.PROXIED: 1, Label.PREFETCHED: 2}


def test_links_count_each_person_once_and_the_letter_once(session):
    campaign = make_campaign(session)
    letter, other = make_letter(session, campaign), make_letter(session, campaign)
    long_ago = now() - timedelta(minutes=50)
    recording.record(session, [hit(letter, 1), hit(letter, 1), hit(letter, 2, at=long_ago), hit(other, 1)])

    by_link = {
        position: (people, hits)
        for position, people, hits in session.execute(
            sa.select(HitCount.position, sa.func.sum(HitCount.people), sa.func.sum(HitCount.hits))
            .where(HitCount.kind == HitKind.CLICK)
            .group_by(HitCount.position)
        )
    }
    assert by_link == {0: (2, 4), 1: (2, 3), 2: (1, 1)}
    assert counting.totals(session, campaign.id).clicks == 2


def test_three_links_at_once_undo_what_the_first_click_did(session):
    """The first click was written down before the third one showed what it was."""
    campaign = make_campaign(session)
    letter = make_letter(session, campaign)
    at = now() - timedelta(minutes=10)
    recording.record(session, [hit(letter, at=at), hit(letter, 1, at=at + timedelta(seconds=1))])
    assert [activity.kind for activity in activities(session)] == [Kind.OPEN, Kind.CLICK]
    recording.record(
        session, [hit(letter, 2, at=at + timedelta(seconds=2)), hit(letter, 3, at=at + timedelta(seconds=3))]
    )

    session.expire_all()
    assert labels(session) == [Label.MACHINE] * 4
    kept = session.get(Message, letter.id)
    assert (kept.opened_at, kept.clicked_at) == (None, None)
    assert activities(session) == []
    assert session.get(Contact, letter.contact_id).last_contact_at is None
    totals = counting.totals(session, campaign.id)
    assert (totals.opens, totals.clicks, totals.click_hits.get(Label.HUMAN)) == (0, 0, 0)


def test_a_person_after_the_machine_still_counts(session):
    letter = make_letter(session, make_campaign(session))
    at = now() - timedelta(minutes=10)
    recording.record(
        session, [hit(letter, p, at=at + timedelta(seconds=p), agent=CHROME + " x") for p in (1, 2, 3)]
    )
    recording.record(session, [hit(letter, 1, at=at + timedelta(minutes=5))])

    session.expire_all()
    assert session.get(Message, letter.id).clicked_at == at + timedelta(minutes=5)
    assert len(activities(session)) == 1


def test_a_hit_before_anybody_could_read_is_a_machine(session):
    letter = make_letter(session, make_campaign(session))
    recording.record(session, [hit(letter, at=letter.sent_at + timedelta(seconds=1))])
    assert labels(session) == [Label.MACHINE]


def test_who_withdrew_leaves_no_trace_in_letters_already_sent(session):
    letter = make_letter(session, make_campaign(session))
    factories.grant_consent(session, session.get(Contact, letter.contact_id), Purpose.TRACKING, Act.WITHDRAWN)
    assert recording.record(session, [hit(letter), hit(letter, 1)]) == 0
    assert labels(session) == []
    assert session.scalar(sa.select(sa.func.count()).select_from(HitCount)) == 0


def test_an_erased_contact_and_an_unknown_letter_leave_no_trace(session):
    letter, other = (make_letter(session, make_campaign(session)) for _ in range(2))
    session.execute(sa.delete(Contact).where(Contact.id == letter.contact_id))
    gone = hit(other)
    session.execute(sa.delete(Message).where(Message.id == other.id))
    assert recording.record(session, [hit(letter), gone]) == 0


@pytest.mark.parametrize(
    ("organisation", "campaign", "tracked", "rows", "named"),
    [
        (Tracking.IDENTIFIED, Tracking.IDENTIFIED, True, 1, True),
        (Tracking.IDENTIFIED, Tracking.IDENTIFIED, False, 1, True),
        (Tracking.ANONYMOUS, Tracking.IDENTIFIED, True, 1, True),
        (Tracking.ANONYMOUS, Tracking.IDENTIFIED, False, 1, False),
        (Tracking.IDENTIFIED, Tracking.ANONYMOUS, True, 1, False),
        (Tracking.IDENTIFIED, Tracking.OFF, True, 0, False),
        (Tracking.OFF, Tracking.IDENTIFIED, True, 0, False),
    ],
)
def test_the_ladder_is_asked_again_at_the_hit(session, organisation, campaign, tracked, rows, named):
    made = make_campaign(session, track_opens=campaign)
    letter = make_letter(session, made, tracked=tracked)
    session.execute(sa.update(Organisation).values(track_opens=organisation))
    assert recording.record(session, [hit(letter)]) == rows

    kept = session.scalars(sa.select(Hit)).all()
    assert [(row.message_id, row.ip) for row in kept] == [
        (letter.id, "192.0.2.0/24") if named else (None, "")
    ] * rows
    assert len(activities(session)) == (1 if named else 0)
    assert counting.totals(session, made.id).opens == (1 if named else 0)
    assert sum(counting.totals(session, made.id).open_hits.values()) == rows


def test_anonymous_hits_are_totals_only(session):
    campaign = make_campaign(session)
    recording.record(session, [counted(campaign), counted(campaign), counted(campaign, 1)])

    totals = counting.totals(session, campaign.id)
    assert totals.open_hits == {Label.HUMAN: 2}
    assert totals.click_hits == {Label.HUMAN: 1}
    assert (totals.opens, totals.clicks) == (0, 0)
    assert activities(session) == []


def test_anonymous_hits_of_a_campaign_that_follows_nobody_are_not_kept(session):
    campaign = make_campaign(session, track_opens=Tracking.OFF)
    assert recording.record(session, [counted(campaign)]) == 0


def test_a_user_agent_may_hold_anything(session):
    letter = make_letter(session, make_campaign(session))
    assert recording.record(session, [hit(letter, agent="a\x00b'; DROP TABLE hit; --\ud800<script>")]) == 1


@pytest.mark.parametrize("rounds", [5])
def test_processes_that_write_at_once_count_nobody_twice(session, rounds):
    campaign = make_campaign(session)
    letters = [make_letter(session, campaign) for _ in range(20)]
    session.commit()

    def write(number: int) -> None:
        for turn in range(rounds):
            mixed = letters[number:] + letters[:number]
            entries = [hit(letter, position, uid=f"{number}-{turn}-{letter.id}-{position}")
                       for letter in mixed for position in (0, 1)]  # fmt: skip
            with transaction() as own:
                recording.record(own, entries)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(write, number) for number in range(4)]:
            done.result()

    totals = counting.totals(session, campaign.id)
    assert (totals.opens, totals.clicks) == (20, 20)
    assert totals.open_hits == totals.click_hits == {Label.HUMAN: 4 * rounds * 20}
    assert len(activities(session)) == 40
