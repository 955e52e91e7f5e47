"""Claiming: one worker at a time, the gate asked again, and fences that keep late workers out."""

import threading

import pytest
import sqlalchemy as sa

from campaigns.consent.models import Act, Purpose
from campaigns.contacts.models import Contact
from campaigns.database import db_now, now, transaction
from campaigns.delivery import claiming, owning
from campaigns.delivery.claiming import Lease
from campaigns.delivery.models import Message, MessageStatus, Segment
from campaigns.mailings.models import Campaign, Status
from tests import factories
from tests.delivery.launching import launch, plan, segments, set_campaign


def take(campaign: Campaign, owner: str = "", number: int = 0) -> Lease | None:
    """Lease and claim one of the campaign's segments, as a worker does."""
    segment = segments(campaign)[number]
    with transaction() as session:
        lease = claiming.lease(session, campaign.id, segment.id, owner or owning.new())
        if lease is not None:
            claiming.claim(session, lease, campaign.purpose)
        return lease


def run_out(campaign: Campaign) -> None:
    """Let every lease of the campaign be over."""
    with transaction() as session:
        over = sa.update(Segment).where(Segment.campaign_id == campaign.id, Segment.lease_until.is_not(None))
        session.execute(over.values(lease_until=db_now(-1)))


def set_message(address: str, **values) -> None:
    with transaction() as session:
        session.execute(sa.update(Message).where(Message.address == address).values(**values))


@pytest.fixture
def campaign(session) -> Campaign:
    """A campaign to Ann and Bob, planned."""
    for name in ("ann", "bob"):
        factories.make_contact(session, f"{name}@example.com")
    made = launch(session)
    plan(made)
    return made


def test_a_segment_is_leased_to_one_worker_at_a_time(campaign, states):
    assert take(campaign) is not None
    assert take(campaign) is None
    assert states(campaign) == {"ann@example.com": "claimed", "bob@example.com": "claimed"}


def test_of_many_workers_at_once_one_has_the_lease(campaign):
    leases = []
    racers = [threading.Thread(target=lambda: leases.append(take(campaign))) for _number in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()

    assert len([lease for lease in leases if lease]) == 1


@pytest.mark.parametrize("status", [Status.PAUSED, Status.CANCELLED, Status.SENT])
def test_nothing_is_leased_of_a_campaign_that_is_not_sending(campaign, status):
    set_campaign(campaign, status=status)

    assert take(campaign) is None


def test_the_gate_is_asked_again(session, campaign, states):
    factories.suppress(session, "ann@example.com")
    bob = session.scalars(sa.select(Contact).where(Contact.email == "bob@example.com")).one()
    factories.grant_consent(session, bob, Purpose.MAIL, act=Act.WITHDRAWN)
    session.commit()

    take(campaign)

    assert states(campaign) == {
        "ann@example.com": "skipped:unsubscribed",
        "bob@example.com": "skipped:withdrawn",
    }


def test_an_erased_contact_leaves_a_count_without_an_address(session, campaign, states):
    session.execute(sa.delete(Contact).where(Contact.email == "ann@example.com"))
    session.commit()

    take(campaign)

    found = states(campaign)
    assert sorted(found.values()) == ["claimed", "skipped:erased"]
    assert "ann@example.com" not in found


def test_a_corrected_address_is_followed(session, campaign, states):
    session.execute(
        sa.update(Contact).where(Contact.email == "ann@example.com").values(email="ann@example.org")
    )
    session.commit()

    take(campaign)

    assert states(campaign) == {"ann@example.org": "claimed", "bob@example.com": "claimed"}


def test_an_address_that_another_of_the_campaign_had_is_not_mailed_twice(session, campaign, states):
    session.execute(sa.delete(Contact).where(Contact.email == "bob@example.com"))
    session.execute(
        sa.update(Contact).where(Contact.email == "ann@example.com").values(email="bob@example.com")
    )
    session.commit()
    set_message("bob@example.com", status=MessageStatus.SENT)

    take(campaign)

    assert states(campaign) == {"ann@example.com": "skipped:address_taken", "bob@example.com": "sent"}


def test_after_a_lease_ran_out_the_claimed_are_claimed_anew_and_the_handed_over_are_uncertain(
    campaign, states
):
    first = take(campaign)
    set_message("bob@example.com", status=MessageStatus.HANDED_OVER)
    run_out(campaign)

    second = take(campaign)

    assert second.fence == first.fence + 1
    assert states(campaign) == {"ann@example.com": "claimed", "bob@example.com": "uncertain:worker_lost"}


def test_the_deferred_are_claimed_when_their_time_has_come(campaign, states):
    set_message("ann@example.com", status=MessageStatus.DEFERRED, next_try_at=now())
    later = now().replace(year=now().year + 1)
    set_message("bob@example.com", status=MessageStatus.DEFERRED, next_try_at=later)

    take(campaign)

    assert states(campaign) == {"ann@example.com": "claimed", "bob@example.com": "deferred"}


def test_what_is_given_back_is_due_when_the_next_of_it_is(campaign, states):
    def released() -> Segment:
        lease = take(campaign)
        assert lease is not None
        with transaction() as session:
            claiming.release(session, lease)
        return segments(campaign)[0]

    assert released().due_at <= now()
    assert set(states(campaign).values()) == {"planned"}
    later = now().replace(year=now().year + 1)
    set_message("ann@example.com", status=MessageStatus.SENT)
    set_message("bob@example.com", status=MessageStatus.DEFERRED, next_try_at=later)
    assert released().due_at == later
    with transaction() as session:
        session.execute(sa.update(Segment).values(due_at=db_now()))
    set_message("bob@example.com", status=MessageStatus.FAILED)
    assert released().due_at is None
    assert take(campaign) is None


def test_a_late_worker_can_not_release_what_another_has(campaign, states):
    late = take(campaign)
    run_out(campaign)
    take(campaign)

    with transaction() as session:
        claiming.release(session, late)

    assert segments(campaign)[0].lease_until > now()
    assert set(states(campaign).values()) == {"claimed"}


def test_the_lease_of_a_process_that_is_gone_is_taken_back_at_once(campaign, states):
    dead = owning.new().replace(":", ":9999999", 1)
    take(campaign, owner=dead)
    set_message("bob@example.com", status=MessageStatus.HANDED_OVER)
    segment = segments(campaign)[0]

    with transaction() as session:
        claiming.recover(session, segment.id, dead, gone=owning.gone(dead))

    assert states(campaign) == {"ann@example.com": "planned", "bob@example.com": "uncertain:worker_lost"}
    assert segments(campaign)[0].lease_until is None
    assert take(campaign) is not None


def test_a_lease_that_was_renewed_or_changed_hands_meanwhile_is_not_taken_back(campaign):
    first = take(campaign)
    segment = segments(campaign)[0]

    with transaction() as session:
        claiming.recover(session, segment.id, first.owner, gone=False)
        claiming.recover(session, segment.id, "somebody:else:1:1", gone=True)

    assert segments(campaign)[0].fence == first.fence
    assert segments(campaign)[0].lease_until > now()


def test_a_lease_is_kept_for_as_long_as_the_work_takes(campaign, settings):
    settings.sending.lease = 0.5
    lease = take(campaign)

    with claiming.kept(lease):
        assert not lease.lost.wait(1.2)
        assert take(campaign) is None
        with transaction() as session:
            session.execute(sa.update(Segment).values(fence=Segment.fence + 1))
        assert lease.lost.wait(2)
