"""The breaker: a campaign that meets trouble with the mail server pauses itself and says why."""

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from campaigns import settings
from campaigns.database import db_now, now, reading, transaction
from campaigns.delivery.changing import change
from campaigns.delivery.models import Message, MessageStatus, Segment
from campaigns.mailings.models import Campaign, Status

log = structlog.get_logger()
_MOMENT = 5  # seconds


def pause_itself(session: Session, campaign_id: int, reason: str, *, ask_again: bool) -> None:
    """Pause a campaign that is sending; `ask_again`: go on by itself once the mail server is back."""
    after = settings.current().sending.ask_again
    paused = change(
        session,
        sa.update(Campaign)
        .where(Campaign.id == campaign_id, Campaign.status == Status.SENDING)
        .values(status=Status.PAUSED, pause_reason=reason, try_again_at=db_now(after) if ask_again else None),
    )
    if paused:
        log.warning("campaign paused itself", campaign=campaign_id, reason=reason)


def spare(session: Session, campaign_id: int) -> None:
    """In a campaign that paused itself: who failed by policy waits again, as the refusals were about us.

    Each run does this when it ends, too: answers come in any order, and from many workers.
    """
    itself = sa.select(Campaign.id).where(
        Campaign.id == campaign_id, Campaign.status == Status.PAUSED, Campaign.pause_reason != ""
    )
    of_policy = (Message.status == MessageStatus.FAILED, Message.reason == "policy")
    spared = change(
        session,
        sa.update(Message)
        .where(Message.campaign_id.in_(itself), *of_policy)
        .values(status=MessageStatus.PLANNED, reason="", tries=Message.tries - 1),
    )
    if spared:
        waits = sa.exists().where(
            Message.campaign_id == Segment.campaign_id,
            Message.contact_id.between(Segment.first_contact_id, Segment.last_contact_id),
            Message.status == MessageStatus.PLANNED,
        )
        due = sa.update(Segment).where(Segment.campaign_id == campaign_id, waits).values(due_at=db_now())
        change(session, due)


def works_for_others(campaign_id: int) -> bool:
    """Whether the mail server took a letter of this campaign a moment ago, from another connection."""
    with reading() as session:
        moment = now() - timedelta(seconds=_MOMENT)
        taken = sa.select(Message.id).where(
            Message.campaign_id == campaign_id, Message.status == MessageStatus.SENT, Message.sent_at > moment
        )
        return session.scalar(taken.limit(1)) is not None


def try_again(answers: Callable[[], bool]) -> None:
    """Let campaigns that paused for a silent mail server go on when it answers; ask later when not."""
    waiting = sa.and_(
        Campaign.status == Status.PAUSED, Campaign.pause_reason != "", Campaign.try_again_at <= db_now()
    )
    with transaction() as session:
        later = db_now(settings.current().sending.ask_again)
        ids = session.scalars(
            sa.update(Campaign)
            .where(waiting)
            .values(try_again_at=later)
            .returning(Campaign.id)
            .execution_options(synchronize_session=False)
        ).all()
    if not ids or not answers():
        return
    with transaction() as session:
        change(
            session,
            sa.update(Campaign)
            .where(Campaign.id.in_(ids), Campaign.status == Status.PAUSED, Campaign.pause_reason != "")
            .values(status=Status.SENDING, pause_reason="", try_again_at=None),
        )
    log.info("mail server is back", campaigns=list(ids))
