"""Who came by a signed link from a letter, and how much such a link may do.

A link tightens for ever: an old letter still unsubscribes. It loosens only while it is fresh,
because letters are forwarded and lie about for years.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import tokens
from campaigns.contacts import identity
from campaigns.contacts.models import Contact
from campaigns.database import now
from campaigns.delivery.models import Message
from campaigns.errors import NotFound
from campaigns.tokens import BadToken, Purpose
from campaigns.words import _

FRESH = timedelta(days=60)
UNDO = timedelta(hours=1)


@dataclass(frozen=True)
class Visitor:
    """The contact that a link was made for, and the letter it stood in.

    `contact` is None for one who was erased meanwhile: the pages look the same to them.
    """

    contact_id: int
    message_id: int  # 0: no letter, a link that was made otherwise
    contact: Contact | None
    sent_at: datetime | None
    numbers: frozenset[int] = frozenset()  # those of contacts that were merged into this one, and its own

    @property
    def fresh(self) -> bool:
        """Whether the letter is new enough for its link to loosen anything."""
        return self.sent_at is not None and now() - self.sent_at < FRESH

    @property
    def source(self) -> str:
        """Where what they say here comes from, for the ledger."""
        return f"letter:{self.message_id}" if self.message_id else "preferences"

    @property
    def language(self) -> str:
        """The language they wish for; empty when unknown."""
        return self.contact.language if self.contact else ""

    @property
    def masked_address(self) -> str:
        """The address as somebody to whom the letter was forwarded may see it."""
        if self.contact is None:
            return ""
        local, _at, domain = self.contact.email.rpartition("@")
        return f"{local[:2] if len(local) > 3 else local[:1]}…@{domain}"


def visitor(session: Session, purpose: Purpose, token: str) -> Visitor:
    """Who the link was made for. Raises NotFound for one that was not made here."""
    try:
        contact_id, message_id = tokens.read(purpose, token)
    except (BadToken, ValueError) as error:
        raise NotFound(
            _("This link is not complete. Open it again from the letter, without copying it.")
        ) from error
    contact = identity.found(session, contact_id)
    if contact is not None:
        contact_id = contact.id  # of a letter to a contact that was merged into another: that one's
    numbers = identity.numbers(session, contact_id)
    sent_at = session.scalar(
        sa.select(Message.sent_at).where(Message.id == message_id, Message.contact_id.in_(numbers))
    )
    return Visitor(contact_id, message_id, contact, sent_at, frozenset(numbers))


def undo_token(who: Visitor) -> str:
    """Shown to whoever just unsubscribed: for an hour, proof that it was they."""
    return tokens.sign(Purpose.PREFERENCES, who.contact_id, who.message_id, int(now().timestamp()))


def may_undo(who: Visitor, token: str) -> bool:
    """Whether the token was given to this visitor within the hour."""
    try:
        contact_id, message_id, at = tokens.read(Purpose.PREFERENCES, token)
    except (BadToken, ValueError):
        return False
    recent = 0 <= now().timestamp() - at < UNDO.total_seconds()
    return recent and (contact_id, message_id) == (who.contact_id, who.message_id)
