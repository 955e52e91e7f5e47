"""Resolving: a person decides about messages of which nobody knows whether they were taken."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts import audit
from campaigns.database import db_now, now
from campaigns.delivery import relay_times
from campaigns.delivery.changing import change
from campaigns.delivery.models import Message, MessageStatus, Segment
from campaigns.delivery.relay_log import Log
from campaigns.delivery.relay_times import Span
from campaigns.errors import Conflict
from campaigns.mailings.models import Campaign, Status
from campaigns.words import _

MOST = 10_000  # messages that are looked up in a log, or decided together, at a time
_EXTRA = timedelta(hours=24)  # for retries of a letter that is sent again after the campaign's time


@dataclass(frozen=True)
class Findings:
    """What a relay's log says of uncertain messages: by their id, the line of the log that says so.

    `absent` were surely not taken; `unclear` have a line that says too little, or nothing at all because the
    log does not cover their time. Nothing is decided by it.
    """

    span: Span | None  # None: the log names no letter of ours, so it can't be told what it covers
    taken: dict[int, str] = field(default_factory=dict)
    absent: dict[int, str] = field(default_factory=dict)
    unclear: dict[int, str] = field(default_factory=dict)


def uncertain(session: Session, campaign_id: int) -> Sequence[int]:
    """The campaign's first MOST uncertain messages."""
    asked = sa.select(Message.id).where(_uncertain(campaign_id, None)).order_by(Message.id).limit(MOST)
    return session.scalars(asked).all()


def compare(session: Session, log: Log, wanted: Sequence[int]) -> Findings:
    """Put what the log says of these messages beside the times at which they were handed over."""
    known = _times(session, list(log.times.samples))
    found = Findings(relay_times.span(log.times, known))
    handed_over = _times(session, wanted)
    for message_id in wanted:
        at = handed_over.get(message_id)
        covered = found.span is not None and at is not None and found.span.covers(at)
        if message_id in log.taken:
            found.taken[message_id] = log.taken[message_id]
        elif covered and (message_id in log.refused or message_id not in log.named):
            found.absent[message_id] = log.refused.get(message_id, "")
        else:
            found.unclear[message_id] = log.refused.get(message_id) or log.named.get(message_id, "")
    return found


def addresses_of(session: Session, message_ids: Sequence[int]) -> dict[int, str]:
    """To whom these messages go."""
    rows = session.execute(sa.select(Message.id, Message.address).where(Message.id.in_(message_ids[:MOST])))
    return {row.id: row.address for row in rows}


def _times(session: Session, message_ids: Sequence[int]) -> dict[int, datetime]:
    """When each of these messages was taken, or last handed over."""
    at = sa.func.coalesce(Message.sent_at, Message.handed_over_at, type_=Message.sent_at.type)
    found: dict[int, datetime] = {}
    for start in range(0, len(message_ids), MOST):
        some = Message.id.in_(message_ids[start : start + MOST])
        rows = session.execute(sa.select(Message.id, at).where(some, at.is_not(None)))
        found.update((message_id, moment) for message_id, moment in rows)
    return found


def send_again(
    session: Session,
    campaign_id: int,
    message_id: int | None = None,
    among: Sequence[int] | None = None,
    log: str = "",
) -> int:
    """Send uncertain messages once more (all of the campaign, one, or those `among`): people may get two.

    Returns how many; a campaign that had ended goes on for them. `log` is the file that the decision goes by.
    Raises Conflict for a cancelled one.
    """
    campaign = session.get_one(Campaign, campaign_id)
    if campaign.status == Status.CANCELLED:
        raise Conflict(_("This campaign was cancelled, so nothing of it can be sent again."))
    again = sa.update(Message).where(_uncertain(campaign_id, message_id, among))
    number = change(session, again.values(status=MessageStatus.PLANNED, reason="", reply=""))
    if not number:
        raise Conflict(_("This has been decided already. Load the page again."))
    _wake(session, campaign_id)
    if campaign.status == Status.SENT:
        campaign.status, campaign.finished_at = Status.SENDING, None
        campaign.expires_at = max(campaign.expires_at or now(), now() + _EXTRA)
    audit.note(session, "message.send_again", _subject(campaign_id, message_id), **_detail(number, log))
    return number


def count_as_sent(
    session: Session,
    campaign_id: int,
    message_id: int | None = None,
    among: Sequence[int] | None = None,
    log: str = "",
) -> int:
    """Take it that uncertain messages (all of the campaign, one, or those `among`) arrived; returns how many.

    `log` is the file that the decision goes by.
    """
    arrived = sa.update(Message).where(_uncertain(campaign_id, message_id, among))
    number = change(session, arrived.values(status=MessageStatus.SENT, sent_at=_about_then))
    if not number:
        raise Conflict(_("This has been decided already. Load the page again."))
    audit.note(session, "message.count_as_sent", _subject(campaign_id, message_id), **_detail(number, log))
    return number


# An uncertain row of an earlier version may not say when it was handed over.
_about_then = sa.func.coalesce(Message.handed_over_at, db_now())


def _uncertain(
    campaign_id: int, message_id: int | None, among: Sequence[int] | None = None
) -> sa.ColumnElement[bool]:
    one = Message.id == message_id if message_id else sa.true()
    some = Message.id.in_(among[:MOST]) if among is not None else sa.true()
    return sa.and_(Message.campaign_id == campaign_id, Message.status == MessageStatus.UNCERTAIN, one, some)


def _detail(number: int, log: str) -> dict[str, int | str]:
    return {"number": number, "log": log} if log else {"number": number}


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
