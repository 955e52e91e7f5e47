"""What is known confirmed: by a colleague at once, by the person; and whose details are the oldest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from campaigns.contacts import conditions, origins
from campaigns.contacts.conditions import Condition
from campaigns.contacts.models import KNOWN_SINCE, Contact
from campaigns.database import UTC, now

STALE = 365  # days without a confirmation
CHOICES = (90, 180, 365, 730)


@dataclass(frozen=True)
class Way:
    """How those in the queue can be asked; `endpoint` takes a POST with their numbers as `id`."""

    label: Callable[[], str]
    endpoint: str


ways: list[Way] = []


def offer(label: Callable[[], str], endpoint: str) -> None:
    """Let people be asked in this way; called while the application is being made."""
    way = Way(label, endpoint)
    if endpoint not in {known.endpoint for known in ways}:
        ways.append(way)


def confirm(session: Session, contact: Contact, source: str = "") -> None:
    """All that is known of the contact is right now; said by the person, only what is from them."""
    contact.verified_at = now()
    contact.origins = origins.confirmed(contact.origins or {}, source)
    session.flush()


def stale(
    session: Session,
    days: int = STALE,
    visible: Condition | None = None,
    after: tuple[datetime, int] | None = None,
    limit: int = 51,
) -> Sequence[Contact]:
    """Contacts whose details nobody confirmed for so many days, the oldest first, from beyond `after` on."""
    since = sa.type_coerce(KNOWN_SINCE, UTC())
    found = sa.select(Contact).where(since < now() - timedelta(days=days))
    if visible is not None:
        found = found.where(*conditions.clauses(session, [visible]))
    if after:
        moment, number = after
        found = found.where(since >= moment, sa.or_(since > moment, Contact.id > number))
    found = found.order_by(KNOWN_SINCE, Contact.id).limit(limit)
    return session.scalars(found.options(selectinload(Contact.company))).all()


def key(contact: Contact) -> list[Any]:
    """What the page after this contact starts from."""
    return [(contact.verified_at or contact.created_at).isoformat(), contact.id]
