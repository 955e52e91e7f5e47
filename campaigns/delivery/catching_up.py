"""Catching up: when the database's clock was set back, nobody waits until it is again where it was."""

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from campaigns import leases
from campaigns.database import db_now, earlier
from campaigns.delivery import claiming
from campaigns.delivery.changing import change
from campaigns.delivery.models import Message, MessageStatus, Segment
from campaigns.mailings.models import Campaign, Status

log = structlog.get_logger()
_UNDER_WAY = (Status.SENDING, Status.PAUSED)


def catch_up(session: Session) -> None:
    """Bring to the new time what was written by the old one; does nothing while the clock goes on."""
    by = leases.set_back(session)
    if not by:
        return
    claiming.look_anew(session)
    longest = claiming.until()
    change(session, sa.update(Segment).where(Segment.lease_until > longest).values(lease_until=longest))
    under_way = sa.select(Campaign.id).where(Campaign.status.in_(_UNDER_WAY))
    change(
        session,
        sa.update(Message)
        .where(
            Message.campaign_id.in_(under_way),
            Message.status == MessageStatus.DEFERRED,
            Message.next_try_at > db_now(),
        )
        .values(next_try_at=earlier(Message.next_try_at, by)),
    )
    change(
        session,
        sa.update(Campaign)
        .where(Campaign.status == Status.PAUSED, Campaign.try_again_at > db_now())
        .values(try_again_at=earlier(Campaign.try_again_at, by)),
    )
    log.warning("clock was set back", seconds=round(by))
