"""Ending: a campaign is over when nobody in it waits any more."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.database import now
from campaigns.delivery.changing import change
from campaigns.delivery.models import OPEN_STATES, Message, MessageStatus, Segment
from campaigns.mailings.models import Campaign, Status

CANCELLED = "cancelled"


def end_if_done(session: Session, campaign_id: int) -> bool:
    """Call the campaign sent when it is planned to its end and nobody waits; whether it was."""
    ended = change(
        session,
        sa.update(Campaign)
        .where(
            Campaign.id == campaign_id,
            Campaign.status == Status.SENDING,
            Campaign.planned_at.is_not(None),
            ~is_open(campaign_id),
        )
        .values(status=Status.SENT, finished_at=now()),
    )
    return bool(ended)


def is_open(campaign_id: int) -> sa.ColumnElement[bool]:
    """Whether somebody waits; a look into the index for each open state."""
    return sa.or_(
        *(
            sa.exists().where(Message.campaign_id == campaign_id, Message.status == state)
            for state in OPEN_STATES
        )
    )


def close_cancelled(session: Session, campaign_id: int) -> None:
    """Skip everybody who still waits in a cancelled campaign; what a worker has is left to that worker."""
    free = sa.and_(Segment.campaign_id == campaign_id, Segment.lease_until.is_(None))
    nobody_has = sa.exists().where(
        free, Message.contact_id.between(Segment.first_contact_id, Segment.last_contact_id)
    )
    change(
        session,
        sa.update(Message)
        .where(Message.campaign_id == campaign_id, Message.status.in_(OPEN_STATES), nobody_has)
        .values(status=MessageStatus.SKIPPED, reason=CANCELLED, next_try_at=None),
    )
    change(session, sa.update(Segment).where(free).values(due_at=None))
    change(
        session,
        sa.update(Campaign)
        .where(Campaign.id == campaign_id, Campaign.finished_at.is_(None))
        .values(finished_at=now()),
    )
