"""How far opens and clicks are followed: never further than anyone allows."""

from itertools import product

import pytest

from campaigns.accounts.models import Tracking
from campaigns.consent import gate
from campaigns.consent.models import Act, Basis, Purpose
from campaigns.consent.standing import NO, State
from tests import factories

OFF, ANONYMOUS, IDENTIFIED = Tracking
_RANK = {OFF: 0, ANONYMOUS: 1, IDENTIFIED: 2}


@pytest.mark.parametrize(
    ("organisation", "campaign", "contact", "level"),
    [
        (OFF, IDENTIFIED, State.GRANTED, OFF),
        (ANONYMOUS, IDENTIFIED, None, ANONYMOUS),
        (IDENTIFIED, IDENTIFIED, None, IDENTIFIED),
        (IDENTIFIED, ANONYMOUS, None, ANONYMOUS),
        (ANONYMOUS, IDENTIFIED, State.GRANTED, IDENTIFIED),
        (ANONYMOUS, ANONYMOUS, State.CONFIRMED, ANONYMOUS),
        (IDENTIFIED, OFF, State.GRANTED, OFF),
        (IDENTIFIED, IDENTIFIED, State.EXPIRED, ANONYMOUS),
        (IDENTIFIED, IDENTIFIED, State.UNCONFIRMED, IDENTIFIED),
    ],
)
def test_the_level_is_what_all_three_allow(organisation, campaign, contact, level):
    assert gate.tracking_level(organisation, campaign, contact) == level


def test_a_no_turns_everything_off_and_a_campaign_is_never_exceeded():
    for organisation, campaign, state in product(Tracking, Tracking, [None, *State]):
        level = gate.tracking_level(organisation, campaign, state)
        assert _RANK[level] <= _RANK[campaign]
        if state in NO:
            assert level == OFF


def test_states_count_only_consent_as_a_yes(session):
    asked = factories.make_contact(session, tracked=True)
    never = factories.make_contact(session)
    declined = factories.make_contact(session)
    factories.grant_consent(session, declined, Purpose.TRACKING, Act.DECLINED)
    assumed = factories.make_contact(session)
    factories.grant_consent(session, assumed, Purpose.TRACKING, Act.GRANTED, Basis.LEGITIMATE_INTEREST)

    states = gate.tracking_states(session, [asked.id, never.id, declined.id, assumed.id])

    assert states == {asked.id: "granted", declined.id: "declined"}


def test_a_hit_is_followed_as_the_contact_allows_now(session):
    contact = factories.make_contact(session, tracked=True)
    session.flush()
    assert gate.track_now(session, contact.id, IDENTIFIED, ANONYMOUS) == IDENTIFIED

    factories.grant_consent(session, contact, Purpose.TRACKING, Act.WITHDRAWN)
    assert gate.track_now(session, contact.id, IDENTIFIED, IDENTIFIED) == OFF


def test_a_hit_of_nobody_or_without_a_database_is_not_followed(session):
    assert gate.track_now(session, 4711, IDENTIFIED, IDENTIFIED) == OFF

    session.connection().close()
    assert gate.track_now(session, 4711, IDENTIFIED, IDENTIFIED) == OFF
