"""Bringing friends: a link of one's own; the friend signs up by himself, and both get something once.

We never ask anybody for somebody else's address.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import settings, tokens
from campaigns.contacts import identity
from campaigns.contacts.models import Contact
from campaigns.signup.models import Form, SignUp
from campaigns.tokens import BadToken, Purpose


def link(form: Form, contact: Contact) -> str:
    """The form's address by which this contact brings others."""
    return (
        f"{settings.current().base_url}/f/{form.key}?by={tokens.sign(Purpose.REFERRAL, form.id, contact.id)}"
    )


def read(form: Form, token: str) -> int | None:
    """Who brings, by the link's token; None for one that was not made for this form."""
    try:
        form_id, contact_id = tokens.read(Purpose.REFERRAL, token)
    except (BadToken, ValueError):
        return None
    return contact_id if form_id == form.id else None


def referrer(session: Session, sign_up: SignUp) -> Contact | None:
    """Who brought this one, while they are still here."""
    return identity.found(session, sign_up.referrer_id) if sign_up.referrer_id else None


def brought_by(session: Session, contact_id: int, limit: int = 20) -> Sequence[Contact]:
    """The newest whom this contact brought."""
    numbers = identity.numbers(session, contact_id)
    theirs = (
        sa.select(Contact)
        .join(SignUp, SignUp.contact_id == Contact.id)
        .where(SignUp.referrer_id.in_(numbers), SignUp.brought)
        .order_by(SignUp.id.desc())
        .limit(limit)
    )
    return session.scalars(theirs).all()


def came_through(session: Session, contact_id: int) -> Contact | None:
    """Who brought this contact."""
    mine = sa.select(SignUp).where(SignUp.contact_id == contact_id, SignUp.brought).limit(1)
    sign_up = session.scalar(mine)
    return referrer(session, sign_up) if sign_up else None
