"""Batches: who of a leased segment comes next, with the gate asked again and all that letters say of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.consent import gate, rhythm
from campaigns.contacts import identity
from campaigns.contacts.models import Contact
from campaigns.database import BigId, db_now
from campaigns.delivery import joining, writing
from campaigns.delivery.changing import change
from campaigns.delivery.claiming import Lease
from campaigns.delivery.models import OPEN_STATES, Message, MessageStatus
from campaigns.delivery.results import ERASED, NO_ADDRESS, Result
from campaigns.delivery.writing import Edition, Recipient

ADDRESS_TAKEN = "address_taken"


@dataclass
class Batch:
    """Some recipients by ascending contact id, and what became of those who may not be mailed any more."""

    recipients: list[Recipient] = field(default_factory=list)
    skipped: dict[int, Result] = field(default_factory=dict)
    last: int | None = None  # the contact id up to which was looked; None: nobody was left
    moved: list[Any] = field(default_factory=list)  # rows whose contact is gone or has another address
    seldom: set[int] = field(default_factory=set)  # contacts whose wish lets so many letters through only


_message = cast(sa.Table, Message.__table__).c


def who_waits(lease: Lease, purpose: str) -> sa.Select[Any]:
    """Everybody in the segment who waits behind `after`, `most` of them, and what the gate says as of now."""
    of_contact = _message.contact_id
    return (
        sa.select(
            _message.id, of_contact, _message.address, _message.tries,
            Contact.email, Contact.rhythm, gate.refusal(purpose).label("refusal"),
        )
        .join_from(_message.id.table, Contact, Contact.id == of_contact, isouter=True)
        .where(
            _message.campaign_id == lease.campaign_id,
            of_contact.between(lease.first, lease.last),
            of_contact > sa.bindparam("after", type_=BigId),
            waits(_message),
        )
        .order_by(of_contact)
        .limit(sa.bindparam("most", type_=sa.Integer))
    )  # fmt: skip


def read(session: Session, chosen: sa.Select[Any], edition: Edition, after: int, most: int) -> Batch:
    """The next up to `most` of those chosen by `who_waits`, behind this contact id; looks only."""
    rows = session.connection().execute(chosen, {"after": after, "most": most}).all()
    batch = Batch(last=rows[-1].contact_id if rows else None)
    may = []
    for row in rows:
        if row.email is None or (row.refusal is None and row.email != row.address):
            batch.moved.append(row)
        elif row.refusal is not None:
            batch.skipped[row.id] = skipped(row.refusal)
        else:
            may.append(row)
    batch.recipients = _recipients(session, edition, may)
    if rhythm.bound(edition.purpose):
        batch.seldom = {row.contact_id for row in may if row.rhythm in rhythm.APART}
    return batch


def waits(message: Any = Message) -> sa.ColumnElement[bool]:
    """Whether a message is to be tried now."""
    return sa.or_(
        message.status == MessageStatus.PLANNED,
        sa.and_(message.status == MessageStatus.DEFERRED, message.next_try_at <= db_now()),
    )


def skipped(reason: str) -> Result:
    """The gate's no, as a result."""
    return Result(MessageStatus.SKIPPED, reason, tried=False)


def follow(session: Session, lease: Lease, edition: Edition, moved: Sequence[Any]) -> list[Recipient]:
    """Contacts that are gone are skipped, those with another address mailed there; within the lease.

    Whoever was merged into another contact is mailed as that one, unless the campaign writes to it already.
    """
    merged = identity.now_known_as(session, [row.contact_id for row in moved if row.email is None])
    mailed = []
    for row in moved:
        heir = merged.get(row.contact_id)
        who = (
            _heir(session, lease, edition, row, heir)
            if heir
            else _Who(row.id, row.contact_id, row.email, row.tries)
        )
        own = sa.and_(Message.id == row.id, waits())
        if isinstance(who, str):
            change(session, sa.update(Message).where(own).values(_skipped(who)))
        elif who.email is None:
            gone = _skipped(ERASED) | {"address": f"{NO_ADDRESS}{row.id}"}
            change(session, sa.update(Message).where(own).values(gone))
        elif _is_taken(session, lease.campaign_id, who, row.address):
            change(session, sa.update(Message).where(own).values(_skipped(ADDRESS_TAKEN)))
        elif change(session, sa.update(Message).where(own).values(address=who.email)):
            mailed.append(who)
    return _recipients(session, edition, mailed)


def _skipped(reason: str) -> dict[str, Any]:
    return {"status": MessageStatus.SKIPPED, "reason": reason, "next_try_at": None}


class _Who(NamedTuple):
    """Whom a message goes to."""

    id: int
    contact_id: int
    email: str | None
    tries: int


def _heir(session: Session, lease: Lease, edition: Edition, row: Any, contact_id: int) -> "_Who | str":
    """The contact that a message's was merged into; or why it is not mailed."""
    asked = sa.select(Contact.email, gate.refusal(edition.purpose)).where(Contact.id == contact_id)
    email, refusal = session.execute(asked).one_or_none() or (None, None)
    if refusal is not None:
        return str(refusal)
    written = sa.select(Message.id).where(
        Message.campaign_id == lease.campaign_id,
        Message.contact_id.in_(identity.numbers(session, contact_id)),
        Message.id != row.id,
        Message.status.in_([*OPEN_STATES, *joining.GOT]),
    )
    if session.scalar(written.limit(1)) is not None:
        return joining.MERGED
    return _Who(row.id, contact_id, email, row.tries)


def _is_taken(session: Session, campaign_id: int, who: _Who, address: str) -> bool:
    """Whether another of the campaign's letters goes to this address.

    One that was skipped because its contact was merged into this very one takes the `address` of before.
    """
    asked = sa.select(Message.id, Message.contact_id, Message.reason).where(
        Message.campaign_id == campaign_id, Message.address == who.email, Message.id != who.id
    )
    other = session.execute(asked).one_or_none()
    if other is None:
        return False
    if other.reason != joining.MERGED or other.contact_id not in identity.numbers(session, who.contact_id):
        return True
    for message_id, new in ((other.id, f"merged:{other.id}"), (who.id, who.email), (other.id, address)):
        change(session, sa.update(Message).where(Message.id == message_id).values(address=new))
    return False


def _recipients(session: Session, edition: Edition, rows: Sequence[Any]) -> list[Recipient]:
    known = writing.known(session, [row.contact_id for row in rows], edition)
    return [
        Recipient(row.id, row.contact_id, row.email, row.tries, *known[row.contact_id])
        for row in rows
        if row.contact_id in known
    ]
