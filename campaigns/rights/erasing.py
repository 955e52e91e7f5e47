"""Erasing a person (GDPR Art. 17): their row and all that hangs on it at once, the rest by a worker.

What stays is a seal of the address among those never mailed, letters as counts, and that there was an
erasure.
"""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import jobs
from campaigns.accounts import audit
from campaigns.consent import suppression
from campaigns.consent.models import SuppressionReason
from campaigns.contacts.models import Contact
from campaigns.rights import forgetting
from campaigns.rights import person as persons
from campaigns.rights.models import Erasure, Why
from campaigns.rights.person import Person
from campaigns.rights.registry import HELD

SOURCE = "erasure"


def erase(session: Session, contact: Contact, why: Why, user_id: int | None = None) -> Erasure:
    """Erase this person; from the commit on nobody finds or mails them.

    Unless it was a mistake that they were here, their addresses are never mailed again, whoever brings
    them.
    """
    who = persons.of_contact(session, contact)
    done = Erasure(
        gone_id=who.number, why=why, user_id=user_id, known=who.sealed(), gone=dict(rows(session, who))
    )
    session.expunge(contact)
    forgetting.leave_no_trace(session)
    forget(session, who)
    session.execute(sa.delete(Contact).where(Contact.id == who.number))
    if why != Why.MISTAKE:
        suppression.suppress_many(session, who.hashes, SuppressionReason.ERASED, SOURCE)
    session.add(done)
    audit.note(session, "contact.erase", f"contact:{who.number}", why=why)
    session.flush()
    forgetting.trail(session, who)
    jobs.ring(session, jobs.FINISH_ERASURE, done.id)
    return done


def forget(session: Session, who: Person) -> None:
    """Take away what does not go by itself with the contact's row; safe to do twice."""
    for undo in dict.fromkeys(held.forget for held in HELD if held.forget):
        undo(session, who)


def rows(session: Session, who: Person) -> Mapping[str, int]:
    """How many rows of each table are theirs, where there are any."""
    counted = {
        held.table.name: session.scalar(
            sa.select(sa.func.count()).select_from(held.table).where(held.theirs(who))
        )
        or 0
        for held in HELD
        if held.title is not None
    }
    return {name: number for name, number in counted.items() if number}
