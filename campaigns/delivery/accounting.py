"""Accounting: audience = sent + failed + skipped + uncertain + open, for every campaign at any moment."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.database import now
from campaigns.delivery.models import OPEN_STATES, Message, MessageStatus, Tally

_QUICK, _SMALL = 0.02, 20_000  # seconds, messages: what takes longer to count is shown again for a while
_AGAIN = 20  # times as long as it took


@dataclass(frozen=True)
class Account:
    """How many of a campaign's audience stand where."""

    sent: int = 0
    failed: int = 0
    uncertain: int = 0
    open: int = 0
    deferred: int = 0  # those of the open ones that a server put off
    skipped: dict[str, int] = field(default_factory=dict)  # reason → how many
    counted_at: datetime | None = field(default=None, compare=False)  # None: just now, or it can't change

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
    return settled(session, [campaign_id]).get(campaign_id) or count(session, campaign_id)


def settled(session: Session, campaign_ids: Sequence[int]) -> dict[int, Account]:
    """The accounts of those campaigns of which nothing can move any more, as kept when they had ended."""
    kept = sa.select(Tally.campaign_id, Tally.account).where(
        Tally.campaign_id.in_(campaign_ids), Tally.settled
    )
    return {campaign_id: Account(**values) for campaign_id, values in session.execute(kept)}


_counted: dict[int, tuple[Account, float]] = {}


def lately(session: Session, campaign_id: int) -> Account:
    """The account for a page: counted now, or where that takes long a little earlier; then it says when."""
    kept, until = _counted.get(campaign_id, (None, 0.0))
    if kept is not None and time.monotonic() < until:
        return kept
    began = time.monotonic()
    found = account(session, campaign_id)
    took = time.monotonic() - began
    if took > _QUICK and found.audience > _SMALL:
        _counted[campaign_id] = (replace(found, counted_at=now()), began + _AGAIN * took)
    else:
        _counted.pop(campaign_id, None)
    return found


def written(found: Account) -> dict[str, Any]:
    """The account as it is kept in a tally."""
    return {name: value for name, value in asdict(found).items() if name != "counted_at"}


def count(session: Session, campaign_id: int) -> Account:
    """The account counted from the messages, whatever is kept."""
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
