"""The people behind a number of a report, listed by key; only where they may be named."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from campaigns import database
from campaigns.accounts.models import Organisation
from campaigns.contacts.models import Contact
from campaigns.delivery.models import OPEN_STATES, Message, MessageStatus
from campaigns.errors import BadInput
from campaigns.tracking import counting
from campaigns.tracking.machines import RANK
from campaigns.tracking.models import Hit, HitKind, Label
from campaigns.words import _


class Did(StrEnum):
    """What a list of people has in common."""

    CLICKED = "clicked"
    OPENED = "opened"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNCERTAIN = "uncertain"
    OPEN = "open"


_MOMENTS: Mapping[Did, InstrumentedAttribute[datetime | None]] = {
    Did.CLICKED: Message.clicked_at,
    Did.OPENED: Message.opened_at,
    Did.UNSUBSCRIBED: Message.unsubscribed_at,
    Did.BOUNCED: Message.bounced_at,
    Did.COMPLAINED: Message.complained_at,
}
_STATES: Mapping[Did, tuple[str, ...]] = {
    Did.SENT: (MessageStatus.SENT,),
    Did.FAILED: (MessageStatus.FAILED,),
    Did.SKIPPED: (MessageStatus.SKIPPED,),
    Did.UNCERTAIN: (MessageStatus.UNCERTAIN,),
    Did.OPEN: OPEN_STATES,
}
_CHUNK = 1000


@dataclass(frozen=True)
class Wanted:
    """Which people of which campaign."""

    campaign_id: int
    did: Did
    reason: str = ""  # of those failed or skipped
    position: int = 0  # the link that was clicked; 0: any


@dataclass(frozen=True)
class Person:
    """One of them; `contact` is None for those who were erased meanwhile."""

    message: Message
    contact: Contact | None
    at: datetime | None
    label: Label | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """Where the next page starts after this one."""
        return (self.at.isoformat() if self.at else None, self.message.id)


def wanted(campaign_id: int, did: str, reason: str = "", position: str = "") -> Wanted:
    """What a request asks for. Raises BadInput for what there is no list of."""
    try:
        return Wanted(campaign_id, Did(did), reason[:40], int(position or 0))
    except ValueError as error:
        raise BadInput(_("There is no such list. Go back to the report.")) from error


def people(
    session: Session,
    what: Wanted,
    after: Sequence[Any] | None,
    size: int,
    visible: sa.ColumnElement[bool] | None = None,
) -> list[Person]:
    """Up to `size` of them, the latest first, those after that key.

    `visible` is what the person who asks may see of contacts; None: all, and those erased meanwhile.
    """
    rows = _rows(session, what, after, size, visible)
    labels = _labels(session, [message.id for message, _contact in rows]) if what.did == Did.OPENED else {}
    return [
        Person(message, contact, _at(message, what.did), labels.get(message.id)) for message, contact in rows
    ]


def _rows(
    session: Session,
    what: Wanted,
    after: Sequence[Any] | None,
    size: int,
    visible: sa.ColumnElement[bool] | None,
) -> list[Any]:
    """Messages with their contacts; each state is read by itself from its index, and the few are merged."""
    moment = _MOMENTS.get(what.did)
    query = sa.select(Message, Contact).outerjoin(Contact, Contact.id == Message.contact_id)
    query = query.where(Message.campaign_id == what.campaign_id)
    if moment is not None:
        query = query.where(moment.is_not(None)).order_by(moment.desc(), Message.id.desc())
    else:
        query = query.order_by(Message.id.desc())
    if visible is not None:
        query = query.where(visible)
    if what.reason:
        query = query.where(Message.reason == what.reason)
    if what.position:
        # By LIMIT, not EXISTS: PostgreSQL thinks that few followed, and sorts instead of walking the index.
        query = query.where(_click(what.position).limit(1).scalar_subquery().is_not(None))
    if after is not None:
        query = query.where(_later(moment, after))
    query = query.limit(size)
    if moment is not None:
        return list(session.execute(query))
    found = [
        row for state in _STATES[what.did] for row in session.execute(query.where(Message.status == state))
    ]
    return sorted(found, key=lambda row: -row[0].id)[:size]


def contact_ids(what: Wanted) -> sa.Select[Any]:
    """The numbers of those of them who are still there."""
    moment = _MOMENTS.get(what.did)
    query = sa.select(Message.contact_id).where(Message.campaign_id == what.campaign_id)
    query = query.where(moment.is_not(None) if moment is not None else Message.status.in_(_STATES[what.did]))
    if what.reason:
        query = query.where(Message.reason == what.reason)
    return query.where(_click(what.position).exists()) if what.position else query


def all_people(session: Session, what: Wanted) -> Iterator[Person]:
    """All of them, fetched a thousand at a time."""
    after: Sequence[Any] | None = None
    while some := people(session, what, after, _CHUNK):
        yield from some
        after = some[-1].key


def forgotten(session: Session, what: Wanted, started_at: datetime | None) -> bool:
    """Whether hits that this list is made of have gone, as their time was over; counts never go."""
    if started_at is None or (what.did != Did.OPENED and not what.position):
        return False
    since = session.scalar(sa.select(Organisation.hits_kept_from).limit(1))
    return since is not None and started_at < since


def _at(message: Message, did: Did) -> datetime | None:
    moment = _MOMENTS.get(did, Message.sent_at)
    return getattr(message, moment.key)


def _later(
    moment: InstrumentedAttribute[datetime | None] | None, after: Sequence[Any]
) -> sa.ColumnElement[bool]:
    try:
        at, message_id = after
        if moment is None:
            return Message.id < int(message_id)
        then = sa.literal(database.moment(at), moment.type)
        return sa.tuple_(moment, Message.id) < sa.tuple_(then, sa.literal(int(message_id)))
    except (ValueError, TypeError) as error:
        raise BadInput(_("This page of the list can't be found. Go back to the first one.")) from error


def _click(position: int) -> sa.Select[Any]:
    """A person's click on that link, in the message asked about."""
    return (
        sa.select(sa.literal(1))
        .where(
            Hit.message_id == Message.id,
            Hit.kind == HitKind.CLICK,
            Hit.position == position,
            Hit.label == Label.HUMAN,
        )
        .correlate(Message)
    )


def _labels(session: Session, message_ids: Sequence[int]) -> dict[int, Label]:
    """How sure it is that a person opened each of these."""
    return {
        place.message_id: min(by_label, key=RANK.__getitem__)
        for place, by_label in counting.firsts(session, message_ids).items()
        if place.kind == HitKind.OPEN
    }
