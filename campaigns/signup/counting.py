"""How many filled in a form, counted to a limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.contacts.models import Contact
from campaigns.database import now
from campaigns.signup.models import Form, SignUp

COUNTED = 10_000
_LATELY = timedelta(days=30)


@dataclass(frozen=True)
class Counts:
    """Of those who filled a form in within thirty days: all, and who confirmed; COUNTED means “or more”."""

    filled: int
    confirmed: int


def of(session: Session, form: Form) -> Counts:
    """The counts of one form."""
    newest = (
        sa.select(SignUp.at, SignUp.confirmed_at)
        .where(SignUp.form_id == form.id)
        .order_by(SignUp.id.desc())
        .limit(COUNTED)
        .subquery()
    )
    lately = newest.c.at > now() - _LATELY
    filled, confirmed = session.execute(
        sa.select(
            sa.func.count().filter(lately), sa.func.count().filter(lately, newest.c.confirmed_at.is_not(None))
        ).select_from(newest)
    ).one()
    return Counts(filled, confirmed)


def latest(session: Session, form: Form, limit: int = 20) -> Sequence[Any]:
    """The newest who filled it in, each with the contact once it is confirmed."""
    found = (
        sa.select(SignUp, Contact)
        .outerjoin(Contact, Contact.id == SignUp.contact_id)
        .where(SignUp.form_id == form.id)
        .order_by(SignUp.id.desc())
        .limit(limit)
    )
    return session.execute(found).all()
