"""Launching and steering a campaign: each move once, whoever else tries."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from campaigns import database
from campaigns.accounts.models import AuditEntry
from campaigns.audiences import rules
from campaigns.audiences.models import Audience
from campaigns.database import now
from campaigns.errors import BadInput, Conflict, NotReady
from campaigns.mailings import preparing, rendering, scheduling
from campaigns.mailings.models import Campaign, Link, Revision, Sender, Template
from tests import factories


@pytest.fixture
def campaign(session):
    factories.make_organisation(session)
    factories.make_contact(session, "ann@example.com", categories=("Cutters",))
    made = factories.make_campaign(session)
    session.commit()
    return made


def asked(session):
    return session.info.get("rung", [])


def test_sending_freezes_everything_once(session, campaign):
    assert scheduling.send_now(session, campaign) is True
    assert ("plan_campaign", (campaign.id,)) in [(job.name, ids) for job, ids in asked(session)]
    session.commit()
    rule = session.scalar(sa.select(Audience.rule))
    session.execute(sa.update(Template).values(source="<p>other</p>", subject="Other"))
    session.execute(sa.update(Audience).values(rule='tag:"other"'))
    session.execute(sa.update(Sender).values(name="Other", address="other@example.com"))
    session.commit()
    session.expire_all()

    sent = session.get_one(Campaign, campaign.id)
    assert sent.status == "sending"
    assert sent.started_at
    assert sent.started_at < sent.expires_at <= sent.started_at + timedelta(hours=72, seconds=1)
    assert rules.parse(sent.rule) == rules.parse(rule)
    assert sent.sender_frozen["address"] != "other@example.com"
    assert set(sent.sender_frozen) == {"name", "address", "reply_to", "bounce_domain"}
    revision = session.get_one(Revision, sent.revision_id)
    assert revision.subject != "Other"
    assert "other" not in revision.html
    thawed = rendering.thaw(session, revision.id)
    assert len(thawed.links) == session.scalar(sa.select(sa.func.count()).select_from(Link))


def test_a_second_press_changes_nothing(session, campaign):
    assert scheduling.send_now(session, campaign) is True
    session.commit()
    before = campaign.revision_id
    assert scheduling.send_now(session, campaign) is False
    session.commit()
    assert campaign.revision_id == before
    assert session.scalar(sa.select(sa.func.count()).select_from(Revision)) == 1


def test_many_presses_at_once_start_one_run(session, campaign):
    session.rollback()
    started, errors = [], []

    def press():
        try:
            with database.transaction() as own:
                started.append(scheduling.send_now(own, preparing.get(own, campaign.id)))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=press) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert sorted(started) == [False] * 11 + [True]
    sends = sa.select(sa.func.count()).select_from(AuditEntry).where(AuditEntry.act == "campaign.send")
    assert session.scalar(sends) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(Revision)) == 1


def test_all_that_is_missing_is_listed_and_nothing_moves(session, campaign):
    session.execute(sa.update(Template).values(subject=" ", source="<p>a</p>\n{{ oops"))
    session.execute(sa.text("UPDATE organisation SET postal_address = ''"))
    session.commit()
    session.expire_all()
    with pytest.raises(NotReady) as caught:
        scheduling.send_now(session, campaign)
    problems = " ".join(caught.value.problems)
    assert "postal address" in problems
    assert "no subject" in problems
    assert "Line 2" in problems
    session.rollback()
    assert session.get_one(Campaign, campaign.id, populate_existing=True).status == "draft"


def test_nobody_to_mail_is_said_before(session, campaign):
    session.execute(sa.update(Audience).values(rule='category:"Nobody"'))
    session.commit()
    session.expire_all()
    with pytest.raises(NotReady) as caught:
        scheduling.send_now(session, campaign)
    assert "may be mailed" in caught.value.problems[0]


def test_a_schedule_starts_once_when_its_moment_comes(session, campaign):
    at = now() + timedelta(minutes=30)
    scheduling.schedule(session, campaign, at)
    session.commit()
    assert campaign.status == "scheduled"
    assert campaign.revision_id
    assert scheduling.start_due(session) == []
    with time_machine.travel(at + timedelta(seconds=1), tick=False):
        assert scheduling.start_due(session) == [campaign.id]
        assert scheduling.start_due(session) == []
        session.commit()
    assert campaign.status == "sending"


def test_a_late_schedule_is_asked_about(session, campaign):
    at = now() + timedelta(minutes=30)
    scheduling.schedule(session, campaign, at)
    session.commit()
    with time_machine.travel(at + timedelta(hours=1, seconds=1), tick=False):
        assert scheduling.start_due(session) == []
        session.commit()
        assert campaign.status == "paused"
        assert campaign.started_at is None
        assert "Its time came" in campaign.pause_reason
        assert scheduling.never_began(campaign)
        scheduling.resume(session, campaign)
        session.commit()
    assert campaign.status == "sending"
    assert campaign.started_at
    assert campaign.expires_at
    assert campaign.pause_reason == ""


def test_a_late_schedule_can_get_another_time(session, campaign):
    scheduling.schedule(session, campaign, now() + timedelta(minutes=30))
    session.commit()
    with time_machine.travel(now() + timedelta(hours=5), tick=False):
        scheduling.start_due(session)
        scheduling.schedule(session, campaign, now() + timedelta(hours=1))
        session.commit()
    assert campaign.status == "scheduled"
    assert campaign.pause_reason == ""


@pytest.mark.parametrize("ahead", [timedelta(seconds=-1), timedelta(days=400)])
def test_moments_that_make_no_sense_are_refused(session, campaign, ahead):
    with pytest.raises(BadInput):
        scheduling.schedule(session, campaign, now() + ahead)


def test_a_schedule_taken_back_is_a_draft_again(session, campaign):
    scheduling.schedule(session, campaign, now() + timedelta(days=1))
    scheduling.unschedule(session, campaign)
    session.commit()
    assert campaign.status == "draft"
    assert campaign.scheduled_at is None
    with time_machine.travel(now() + timedelta(days=1, seconds=5), tick=False):
        assert scheduling.start_due(session) == []


def test_pausing_resuming_and_cancelling(session, campaign):
    scheduling.send_now(session, campaign)
    scheduling.pause(session, campaign)
    assert campaign.status == "paused"
    scheduling.pause(session, campaign)
    started = campaign.started_at
    scheduling.resume(session, campaign)
    scheduling.resume(session, campaign)
    assert campaign.status == "sending"
    assert campaign.started_at == started
    scheduling.cancel(session, campaign)
    scheduling.cancel(session, campaign)
    assert campaign.status == "cancelled"
    assert campaign.finished_at
    session.commit()
    for verb in (scheduling.pause, scheduling.resume, scheduling.send_now, scheduling.unschedule):
        with pytest.raises(Conflict):
            verb(session, campaign)


def test_a_draft_can_be_neither_paused_nor_resumed(session, campaign):
    for verb in (scheduling.pause, scheduling.resume, scheduling.unschedule):
        with pytest.raises(Conflict):
            verb(session, campaign)
    scheduling.cancel(session, campaign)
    assert campaign.status == "cancelled"


def test_local_times_become_moments():
    assert scheduling.moment("2027-01-15T09:30", "Europe/Prague") == datetime(2027, 1, 15, 8, 30, tzinfo=UTC)
    assert scheduling.moment("2027-07-15 09:30", "Europe/Prague") == datetime(2027, 7, 15, 7, 30, tzinfo=UTC)
    # The hour that comes twice: the first of the two.
    assert scheduling.moment("2027-10-31T02:30", "Europe/Prague") == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert scheduling.moment("2028-02-29T00:00", "UTC") == datetime(2028, 2, 29, tzinfo=UTC)
    for bad in ("2027-03-28T02:30", "2027-02-29T10:00", "soon", ""):
        with pytest.raises(BadInput):
            scheduling.moment(bad, "Europe/Prague")


def test_the_end_of_retries_can_be_sooner_but_not_later(session, campaign):
    campaign.expires_at = now() + timedelta(hours=5)
    session.commit()
    wanted = campaign.expires_at
    scheduling.send_now(session, campaign)
    assert campaign.expires_at == wanted


def test_a_campaign_that_expired_is_not_sent(session, campaign):
    campaign.expires_at = now() - timedelta(minutes=1)
    session.commit()
    with pytest.raises(NotReady):
        scheduling.send_now(session, campaign)
