"""Resolving: a person decides about messages of which nobody knows whether they were taken."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts import audit
from campaigns.database import db_now, now
from campaigns.delivery.changing import change
from campaigns.delivery.models import Message, MessageStatus, Segment
from campaigns.errors import Conflict
from campaigns.mailings.models import Campaign, Status
from campaigns.words import _

_EXTRA = timedelta(hours=24)  # for retries of a letter that is sent again after the campaign's time


def send_again(session: Session, campaign_id: int, message_id: int | None = None) -> int:
    """Send uncertain messages once more (all of the campaign, or one): their people may get two.

    Returns how many; a campaign that had ended goes on for them. Raises Conflict for a cancelled one.
    """
    campaign = session.get_one(Campaign, campaign_id)
    if campaign.status == Status.CANCELLED:
        raise Conflict(_("This campaign was cancelled, so nothing of it can be sent again."))
    again = sa.update(Message).where(_uncertain(campaign_id, message_id))
    number = change(session, again.values(status=MessageStatus.PLANNED, reason="", reply=""))
    if not number:
        raise Conflict(_("This has been decided already. Load the page again."))
    _wake(session, campaign_id)
    if campaign.status == Status.SENT:
        campaign.status, campaign.finished_at = Status.SENDING, None
        campaign.expires_at = max(campaign.expires_at or now(), now() + _EXTRA)
    audit.note(session, "message.send_again", _subject(campaign_id, message_id), number=number)
    return number


def count_as_sent(session: Session, campaign_id: int, message_id: int | None = None) -> int:
    """Take it that uncertain messages (all of the campaign, or one) arrived; returns how many."""
    arrived = sa.update(Message).where(_uncertain(campaign_id, message_id))
    number = change(session, arrived.values(status=MessageStatus.SENT, sent_at=Message.handed_over_at))
    if not number:
        raise Conflict(_("This has been decided already. Load the page again."))
    audit.note(session, "message.count_as_sent", _subject(campaign_id, message_id), number=number)
    return number


def _uncertain(campaign_id: int, message_id: int | None) -> sa.ColumnElement[bool]:
    one = Message.id == message_id if message_id else sa.true()
    return sa.and_(Message.campaign_id == campaign_id, Message.status == MessageStatus.UNCERTAIN, one)


def _subject(campaign_id: int, message_id: int | None) -> str:
    return f"message:{message_id}" if message_id else f"campaign:{campaign_id}"


def _wake(session: Session, campaign_id: int) -> None:
    """Make the segments due in which somebody waits now."""
    waits = sa.exists().where(
        Message.campaign_id == campaign_id,
        Message.status == MessageStatus.PLANNED,
        Message.contact_id.between(Segment.first_contact_id, Segment.last_contact_id),
    )
    change(
        session, sa.update(Segment).where(Segment.campaign_id == campaign_id, waits).values(due_at=db_now())
    )
