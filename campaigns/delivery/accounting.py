"""Accounting: audience = sent + failed + skipped + uncertain + open, for every campaign at any moment."""

from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.delivery.models import OPEN_STATES, Message, MessageStatus


@dataclass(frozen=True)
class Account:
    """How many of a campaign's audience stand where."""

    sent: int = 0
    failed: int = 0
    uncertain: int = 0
    open: int = 0
    deferred: int = 0  # those of the open ones that a server put off
    skipped: dict[str, int] = field(default_factory=dict)  # reason → how many

    @property
    def left_out(self) -> int:
        """All who were skipped."""
        return sum(self.skipped.values())

    @property
    def audience(self) -> int:
        """Everybody there is a message for."""
        return self.sent + self.failed + self.left_out + self.uncertain + self.open

    @property
    def done(self) -> int:
        """Everybody whose message will not move by itself any more."""
        return self.audience - self.open


def account(session: Session, campaign_id: int) -> Account:
    """Where the campaign's messages stand; one query, so that the sum always holds."""
    rows = session.execute(
        sa.select(Message.status, _why, sa.func.count())
        .where(Message.campaign_id == campaign_id)
        .group_by(Message.status, _why)
    ).all()
    counts: dict[str, int] = {}
    for status, _reason, number in rows:
        counts[status] = counts.get(status, 0) + number
    return Account(
        sent=counts.get(MessageStatus.SENT, 0),
        failed=counts.get(MessageStatus.FAILED, 0),
        uncertain=counts.get(MessageStatus.UNCERTAIN, 0),
        open=sum(counts.get(status, 0) for status in OPEN_STATES),
        deferred=counts.get(MessageStatus.DEFERRED, 0),
        skipped={reason: number for status, reason, number in rows if status == MessageStatus.SKIPPED},
    )


# Only of the skipped, so that the others are counted from the index alone where the database can.
_why = sa.case((Message.status == MessageStatus.SKIPPED, Message.reason), else_="").label("why")


@dataclass(frozen=True)
class Engagement:
    """How many did what, by their messages; people only, never machines."""

    opened: int = 0
    clicked: int = 0
    unsubscribed: int = 0
    bounced: int = 0
    complained: int = 0


def engagement(session: Session, campaign_id: int) -> Engagement:
    """How many of the campaign's recipients opened, clicked, unsubscribed, bounced and complained."""
    moments = (
        Message.opened_at,
        Message.clicked_at,
        Message.unsubscribed_at,
        Message.bounced_at,
        Message.complained_at,
    )
    row = session.execute(
        sa.select(*(sa.func.count(moment) for moment in moments)).where(Message.campaign_id == campaign_id)
    ).one()
    return Engagement(row[0], row[1], row[2], row[3], row[4])
