"""Letting a yes to letters run out that was given long ago by somebody of whom nothing was heard since."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.consent import ledger
from campaigns.consent.ledger import Said
from campaigns.consent.models import Act, Basis, Consent, Purpose
from campaigns.consent.standing import YES, Method
from campaigns.contacts.models import Contact
from campaigns.database import now, transaction

_AT_ONCE = 1_000


def due(before: datetime) -> sa.Select[int, str]:
    """Contact and purpose of what runs out: agreed to before that moment, and no sign of them since."""
    letters = sa.or_(Consent.purpose == Purpose.MAIL, Consent.purpose.startswith(f"{Purpose.MAIL}:"))
    silent = sa.or_(Contact.last_contact_at.is_(None), Contact.last_contact_at < before)
    return (
        sa.select(Consent.contact_id, Consent.purpose)
        .join(Contact, Contact.id == Consent.contact_id)
        .where(letters, Consent.state.in_(YES), Consent.basis == Basis.CONSENT, Consent.at < before, silent)
    )


def expire(before: datetime, at_once: int = _AT_ONCE) -> int:
    """Let it run out, a thousand at a time by ascending contact; how many did. Safe to run twice."""
    ran_out, after = 0, 0
    while True:
        with transaction() as session:
            some = session.execute(
                due(before).where(Consent.contact_id > after).order_by(Consent.contact_id).limit(at_once)
            ).all()
            # The last contact may have more purposes than fit: it is looked at again.
            whole = [row for row in some if len(some) < at_once or row.contact_id != some[-1].contact_id]
            _record(session, whole)
        ran_out += len(whole)
        if len(some) < at_once:
            return ran_out
        after = whole[-1].contact_id


def _record(session: Session, rows: Sequence[Any]) -> None:
    moment = now()
    ledger.record_many(
        session,
        [
            Said(row.contact_id, row.purpose, Act.EXPIRED, Basis.CONSENT, "clock", Method.CLOCK, moment)
            for row in rows
        ],
    )
