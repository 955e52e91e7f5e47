"""Planning: everybody of the audience has a row once, whatever is repeated, killed or raced."""

import threading
import time
from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from campaigns import database, leases
from campaigns.contacts.models import Contact
from campaigns.database import now, transaction
from campaigns.delivery import owning, planning
from campaigns.delivery.models import Message, MessageStatus
from campaigns.mailings.models import Status
from tests import factories
from tests.delivery.launching import account, fresh, launch, plan, segments, set_campaign


def test_everybody_gets_a_row_and_whoever_is_refused_a_reason(session, states):
    factories.make_contact(session, "ann@example.com")
    factories.make_contact(session, "bob@example.com", consented=False)
    factories.make_contact(session, "cyd@example.com")
    factories.suppress(session, "cyd@example.com")
    factories.make_contact(session, "dan@example.com", tags=("vip",))
    campaign = launch(session, rule='not tag:"vip"')

    plan(campaign)

    assert states(campaign) == {
        "ann@example.com": "planned",
        "bob@example.com": "skipped:no_consent",
        "cyd@example.com": "skipped:unsubscribed",
    }
    assert fresh(campaign).planned_at is not None
    assert account(campaign).skipped == {"no_consent": 1, "unsubscribed": 1}


def test_who_wants_fewer_letters_is_left_out_with_the_reason(session, states):
    before = factories.make_campaign(session, status=Status.SENT)
    for name in ("", "weekly", "monthly", "occasions"):
        some = factories.make_contact(session, f"{name or 'any'}@example.com", rhythm=name)
        factories.make_message(session, before, some, sent_at=now() - timedelta(days=7))
    campaign = launch(session)

    plan(campaign)

    assert states(campaign) == {
        "any@example.com": "planned",
        "weekly@example.com": "planned",
        "monthly@example.com": "skipped:too_often",
        "occasions@example.com": "skipped:occasions",
    }


def test_planning_again_adds_nobody(session, states):
    for _number in range(5):
        factories.make_contact(session)
    campaign = launch(session)
    plan(campaign)
    before = states(campaign)
    ranges = [(part.first_contact_id, part.last_contact_id) for part in segments(campaign)]

    set_campaign(campaign, planned_at=None)
    plan(campaign)

    assert states(campaign) == before
    assert [(part.first_contact_id, part.last_contact_id) for part in segments(campaign)] == ranges


def test_segments_hold_everybody_who_may_be_mailed_once(session, settings):
    settings.sending.planned_at_once = 7
    settings.sending.segment = 3
    settings.worker_processes = 64
    people = [factories.make_contact(session, consented=number % 4 != 0) for number in range(60)]
    campaign = launch(session)

    plan(campaign)

    parts = segments(campaign)
    for person in people:
        holding = [part for part in parts if part.first_contact_id <= person.id <= part.last_contact_id]
        assert len(holding) <= 1
        assert holding or account(campaign).skipped["no_consent"] == 15
    assert all(part.due_at is not None for part in parts)
    assert account(campaign).open == 45


def test_a_planner_that_was_killed_halfway_is_followed_by_another(session, settings, states):
    settings.sending.planned_at_once = 10
    for _number in range(25):
        factories.make_contact(session)
    campaign = launch(session)
    planning._Planner(campaign.id, "elsewhere:1:1:1").plan_some(0)  # and then it is killed
    with transaction() as other:
        other.execute(sa.update(leases.Lease).values(until=now()))

    plan(campaign)

    assert len(states(campaign)) == 25
    assert account(campaign).open == 25


def test_a_planner_at_work_is_not_joined_until_its_process_is_gone(session, states):
    factories.make_contact(session)
    campaign = launch(session)
    with transaction() as other:
        assert leases.hold(other, f"plan:{campaign.id}", owning.new(), 100)
    plan(campaign)
    assert states(campaign) == {}
    with transaction() as other:
        assert not planning.is_idle(other, campaign.id)
        dead = owning.new().replace(":", ":9999999", 1)
        other.execute(sa.update(leases.Lease).values(owner=dead))
    with transaction() as other:
        assert planning.is_idle(other, campaign.id)

    plan(campaign)

    assert len(states(campaign)) == 1


@pytest.mark.parametrize("status", [Status.DRAFT, Status.PAUSED, Status.CANCELLED, Status.SENT])
def test_only_a_campaign_that_is_sending_is_planned(session, states, status):
    factories.make_contact(session)
    campaign = launch(session)
    set_campaign(campaign, status=status)

    plan(campaign)

    assert states(campaign) == {}


def test_a_campaign_to_nobody_ends_at_once(session):
    factories.make_contact(session)
    campaign = launch(session, rule='tag:"nobody"')

    plan(campaign)

    assert fresh(campaign).status == Status.SENT
    assert fresh(campaign).finished_at is not None
    assert account(campaign).audience == 0


def test_a_campaign_whose_audience_may_not_be_mailed_ends_with_their_reasons(session):
    factories.make_contact(session, consented=False)
    campaign = launch(session)

    plan(campaign)

    assert fresh(campaign).status == Status.SENT
    assert account(campaign).skipped == {"no_consent": 1}


def test_an_address_that_moved_to_another_contact_is_mailed_once(session, settings, states):
    settings.sending.planned_at_once = 1
    first = factories.make_contact(session, "ann@example.com")
    factories.make_contact(session, "bob@example.com")
    campaign = launch(session)
    assert planning._Planner(campaign.id, "elsewhere:1:1:1").plan_some(0) == first.id
    with transaction() as other:
        other.execute(sa.update(leases.Lease).values(until=now()))
        other.execute(sa.delete(Contact).where(Contact.email == "bob@example.com"))
        other.execute(sa.update(Contact).values(email="ann@example.org"))
        factories.make_contact(other, "ann@example.com")

    plan(campaign)

    assert states(campaign) == {"ann@example.com": "planned"}


def test_planners_racing_leave_one_plan(session, states):
    for _number in range(40):
        factories.make_contact(session)
    campaign = launch(session)
    racers = [threading.Thread(target=planning.plan, args=(campaign.id,)) for _number in range(4)]

    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()

    assert account(campaign).open == 40
    parts = sorted((part.first_contact_id, part.last_contact_id) for part in segments(campaign))
    assert all(before[1] < after[0] for before, after in pairwise(parts))
    assert set(states(campaign).values()) == {MessageStatus.PLANNED}


def test_a_rule_that_can_not_be_read_any_more_pauses_the_campaign_and_says_why(session, states):
    factories.make_contact(session)
    campaign = launch(session, rule="tag:((")

    plan(campaign)

    assert fresh(campaign).status == Status.PAUSED
    assert fresh(campaign).pause_reason
    assert states(campaign) == {}


@pytest.mark.postgresql_only
def test_a_planner_whose_connection_is_cut_goes_on(session, settings):
    """As the server does to one that was stopped in the middle of a transaction."""
    settings.sending.planned_at_once = 1
    for number in range(40):
        factories.make_contact(session, f"p{number}@example.com")
    campaign = launch(session)
    others = sa.text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    session.close()
    engine = database.make_engine(settings.database_url)
    planner = threading.Thread(target=plan, args=(campaign,))
    planner.start()
    cut = 0
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while planner.is_alive() and cut < 3:
            if connection.scalar(sa.select(sa.func.count()).select_from(Message)):
                cut += connection.scalar(others)
            time.sleep(0.01)
        planner.join()
    engine.dispose()

    assert cut
    assert len(segments(campaign)) == 40
    assert fresh(campaign).planned_at is not None
