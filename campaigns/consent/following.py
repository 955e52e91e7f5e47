"""The gate's other half: how far one contact's opens and clicks may be followed."""

from collections.abc import Sequence
from typing import cast

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from campaigns import bulk
from campaigns.accounts.models import Tracking
from campaigns.consent.models import Basis, Consent, Purpose
from campaigns.consent.reasons import Reason
from campaigns.consent.standing import NO, YES, State
from campaigns.contacts.models import Contact

log = structlog.get_logger()

_LADDER = (Tracking.OFF, Tracking.ANONYMOUS, Tracking.IDENTIFIED)
_NEVER = frozenset({*NO, Reason.RESTRICTED})
_CHUNK = 1000


def tracking_level(org_level: str, campaign_level: str, contact_state: str | None) -> Tracking:
    """The most that organisation, campaign and contact allow.

    What the organisation chose holds for those who were never asked; “off” holds for all. Whoever
    said yes may be followed as far as the campaign goes; whoever said no, never. After a yes that
    ran out people are counted without a name, whatever the organisation chose. Whose data are kept but
    not used is not followed, whatever they said.
    """
    organisation, campaign = Tracking(org_level), Tracking(campaign_level)
    if organisation == Tracking.OFF or contact_state in _NEVER:
        return Tracking.OFF
    if contact_state in YES:
        return campaign
    if contact_state == State.EXPIRED:
        return _lowest(organisation, campaign, Tracking.ANONYMOUS)
    return _lowest(organisation, campaign)


def _lowest(*levels: Tracking) -> Tracking:
    return min(levels, key=_LADDER.index)


def tracking_states(session: Session, contact_ids: Sequence[int]) -> dict[int, str]:
    """What each of these said about being followed; who is missing was never asked.

    Only consent counts as a yes here (ePrivacy 5(3)). “restricted” stands for all that somebody said whose
    data are kept but not used.
    """
    found: dict[int, str] = {}
    for start in range(0, len(contact_ids), _CHUNK):
        some = contact_ids[start : start + _CHUNK]
        said = _said.where(bulk.among(session, _consent.contact_id, some))
        kept = _restricted.where(bulk.among(session, _contact.id, some))
        for contact_id, state in session.execute(sa.union_all(said, kept)):
            if found.get(contact_id) != Reason.RESTRICTED:
                found[contact_id] = state
    return found


_consent = cast(sa.Table, Consent.__table__).c
_said = sa.select(_consent.contact_id, _consent.state).where(
    _consent.purpose == Purpose.TRACKING,
    sa.or_(_consent.state.not_in(YES), _consent.basis == Basis.CONSENT),
)
_contact = cast(sa.Table, Contact.__table__).c
_restricted = sa.select(_contact.id, sa.literal(Reason.RESTRICTED.value).label("state")).where(
    _contact.restricted_at.is_not(None)
)


def track_now(session: Session, contact_id: int, campaign_level: str, org_level: str) -> Tracking:
    """How far a hit of this contact's may be followed at this moment; not at all when that can't be told."""
    try:
        there = session.scalar(sa.select(Contact.id).where(Contact.id == contact_id))
        state = tracking_states(session, [contact_id]).get(contact_id)
    except sa.exc.SQLAlchemyError as error:
        log.warning("tracking could not be asked", error=str(error))
        return Tracking.OFF
    return tracking_level(org_level, campaign_level, state) if there else Tracking.OFF
