"""Listing: who stands behind a number, and what became of one contact's letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.contacts import identity
from campaigns.contacts.models import Contact
from campaigns.delivery.models import OPEN_STATES, Message, MessageStatus
from campaigns.mailings.models import Campaign

# What may be asked for, and the states behind each.
GROUPS: dict[str, tuple[MessageStatus, ...]] = {
    "all": tuple(MessageStatus),
    "sent": (MessageStatus.SENT,),
    "open": OPEN_STATES,
    "deferred": (MessageStatus.DEFERRED,),
    "failed": (MessageStatus.FAILED,),
    "skipped": (MessageStatus.SKIPPED,),
    "uncertain": (MessageStatus.UNCERTAIN,),
}


@dataclass(frozen=True)
class Line:
    """One message of a list, with its contact while there is one."""

    message: Message
    contact: Contact | None


def of_campaign(
    session: Session, campaign_id: int, group: str, reason: str = "", after: int = 0, limit: int = 51
) -> list[Line]:
    """The campaign's messages of a group, by id, from the one after `after` on.

    Each state is read on its own from the index and the few rows are merged: a list of several states
    would make the database sort all of them for each page.
    """
    found: list[Message] = []
    for state in GROUPS[group]:
        rows = sa.select(Message).where(
            Message.campaign_id == campaign_id, Message.status == state, Message.id > after
        )
        if reason:
            rows = rows.where(Message.reason == reason)
        found += session.scalars(rows.order_by(Message.id).limit(limit))
    return _with_contacts(session, sorted(found, key=lambda message: message.id)[:limit])


def _with_contacts(session: Session, messages: Sequence[Message]) -> list[Line]:
    ids = [message.contact_id for message in messages]
    merged = identity.now_known_as(session, ids)
    contacts = {
        contact.id: contact
        for contact in session.scalars(sa.select(Contact).where(Contact.id.in_({*ids, *merged.values()})))
    }
    return [
        Line(message, contacts.get(message.contact_id) or contacts.get(merged.get(message.contact_id, 0)))
        for message in messages
    ]


def of_contact(session: Session, contact_id: int, limit: int = 20) -> Sequence[Any]:
    """The newest messages to one contact, each with its campaign's name."""
    return session.execute(
        sa.select(Message, Campaign.name)
        .join(Campaign, Campaign.id == Message.campaign_id)
        .where(Message.contact_id.in_(identity.numbers(session, contact_id)))
        .order_by(Message.id.desc())
        .limit(limit)
    ).all()
