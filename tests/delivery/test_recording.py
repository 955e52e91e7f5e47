"""Recording: nothing is handed over that must not be, and late answers still count."""

import pytest
import sqlalchemy as sa

from campaigns.consent.models import Act, Purpose
from campaigns.contacts.models import Contact
from campaigns.database import now, transaction
from campaigns.delivery import claiming, owning
from campaigns.delivery.models import MessageStatus, Segment
from campaigns.delivery.recording import GateClosed, Halted, LeaseLost, Recorder
from campaigns.delivery.results import Result, clean
from campaigns.mailings.models import Status
from tests import factories
from tests.delivery.launching import launch, plan, segments, set_campaign

SENT = Result(MessageStatus.SENT, reply="250 Ok", sent_at=now())


@pytest.fixture
def campaign(session):
    """A campaign to Ann and Bob, planned."""
    for name in ("ann", "bob"):
        factories.make_contact(session, f"{name}@example.com")
    made = launch(session)
    plan(made)
    return made


def worker(campaign) -> Recorder:
    """A worker that has just claimed the campaign's only segment, whoever had it before."""
    with transaction() as session:
        session.execute(sa.update(Segment).values(lease_until=None))
        lease = claiming.lease(session, campaign.id, segments(campaign)[0].id, owning.new())
        claiming.claim(session, lease, campaign.purpose)
    return Recorder(lease, campaign.purpose)


def test_results_are_committed_with_the_next_hand_over(campaign, messages):
    recorder = worker(campaign)
    ann, bob = (messages(campaign)[f"{name}@example.com"].id for name in ("ann", "bob"))

    recorder.hand_over(ann)
    recorder.note(ann, SENT)
    assert messages(campaign)["ann@example.com"].status == MessageStatus.HANDED_OVER
    recorder.hand_over(bob)

    assert messages(campaign)["ann@example.com"].status == MessageStatus.SENT
    assert messages(campaign)["bob@example.com"].status == MessageStatus.HANDED_OVER


@pytest.mark.parametrize("status", [Status.PAUSED, Status.CANCELLED])
def test_nothing_is_handed_over_once_the_campaign_is_halted(campaign, messages, states, status):
    recorder = worker(campaign)
    set_campaign(campaign, status=status)

    with pytest.raises(Halted):
        recorder.hand_over(messages(campaign)["ann@example.com"].id)

    assert states(campaign)["ann@example.com"] == "claimed"


def test_nobody_is_handed_over_who_left_a_moment_ago(session, campaign, messages):
    recorder = worker(campaign)
    ann = messages(campaign)["ann@example.com"]
    factories.suppress(session, "ann@example.com")
    bob = session.scalars(sa.select(Contact).where(Contact.email == "bob@example.com")).one()
    factories.grant_consent(session, bob, Purpose.MAIL, act=Act.OBJECTED)
    session.commit()

    for message_id, reason in (
        (ann.id, "unsubscribed"),
        (messages(campaign)["bob@example.com"].id, "objected"),
    ):
        with pytest.raises(GateClosed) as refused:
            recorder.hand_over(message_id)
        assert refused.value.reason == reason


def test_an_erased_contact_is_not_handed_over(session, campaign, messages):
    recorder = worker(campaign)
    session.execute(sa.delete(Contact).where(Contact.email == "ann@example.com"))
    session.commit()

    with pytest.raises(GateClosed) as refused:
        recorder.hand_over(messages(campaign)["ann@example.com"].id)

    assert refused.value.reason == "erased"


def test_a_late_worker_can_hand_nothing_over(campaign, messages):
    late = worker(campaign)
    worker(campaign)

    with pytest.raises(LeaseLost):
        late.hand_over(messages(campaign)["ann@example.com"].id)


def test_a_late_workers_results_change_nothing_that_others_do(campaign, messages, states):
    late = worker(campaign)
    ann, bob = (messages(campaign)[f"{name}@example.com"].id for name in ("ann", "bob"))
    other = worker(campaign)
    other.hand_over(ann)
    late.note(ann, Result(MessageStatus.FAILED, "refused"))
    late.note(bob, Result(MessageStatus.DEFERRED, "deferred", next_try_at=now()))

    late.flush()

    assert states(campaign) == {"ann@example.com": "handed_over", "bob@example.com": "claimed"}


def test_an_answer_that_comes_late_still_settles_what_was_uncertain(campaign, messages, states):
    late = worker(campaign)
    ann, bob = (messages(campaign)[f"{name}@example.com"].id for name in ("ann", "bob"))
    late.hand_over(ann)
    late.hand_over(bob)
    worker(campaign)
    assert set(states(campaign).values()) == {"uncertain:worker_lost"}

    late.note(ann, SENT)
    late.note(bob, Result(MessageStatus.DEFERRED, "deferred", next_try_at=now()))
    late.flush()

    assert states(campaign) == {"ann@example.com": "sent", "bob@example.com": "uncertain:worker_lost"}


def test_a_letter_that_was_sent_can_not_be_handed_over_again(campaign, messages):
    recorder = worker(campaign)
    ann = messages(campaign)["ann@example.com"].id
    recorder.hand_over(ann)
    recorder.note(ann, SENT)
    recorder.flush()

    with pytest.raises(LeaseLost):
        recorder.hand_over(ann)


def test_a_hand_over_whose_commit_was_in_doubt_can_be_repeated(campaign, messages, states):
    recorder = worker(campaign)
    ann = messages(campaign)["ann@example.com"].id

    recorder.hand_over(ann)
    recorder.hand_over(ann)

    assert states(campaign)["ann@example.com"] == "handed_over"


def test_whoever_failed_for_the_senders_sake_waits_again(campaign, messages, states):
    recorder = worker(campaign)
    ann = messages(campaign)["ann@example.com"].id
    recorder.note(ann, Result(MessageStatus.FAILED, "policy", "550 5.7.1"))

    with transaction() as session:
        recorder.spare(session, [ann])
    recorder.flush()

    assert states(campaign)["ann@example.com"] == "planned"
    assert messages(campaign)["ann@example.com"].tries == 0


def test_a_servers_words_are_stored_short_and_plain():
    assert clean("550 5.1.1\r\n no\0 such  user") == "550 5.1.1 no such user"
    assert len(clean("x" * 1000)) == 300
