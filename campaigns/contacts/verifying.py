"""What is known confirmed: by a colleague at once, by the person; and whose details are the oldest."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from campaigns.contacts import conditions
from campaigns.contacts.conditions import Condition
from campaigns.contacts.models import KNOWN_SINCE, Contact
from campaigns.database import UTC, now

STALE = 365  # days without a confirmation
CHOICES = (90, 180, 365, 730)


def confirm(session: Session, contact: Contact) -> None:
    """All that is known of the contact is right now."""
    contact.verified_at = now()
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
