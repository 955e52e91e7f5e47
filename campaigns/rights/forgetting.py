"""What of a person does not go by itself with their contact's row."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import AuditEntry
from campaigns.cleaning.models import Merge
from campaigns.contacts import tagging
from campaigns.delivery.models import Message
from campaigns.delivery.results import NO_ADDRESS
from campaigns.exports import ad_layouts
from campaigns.exports.ad_marks import Marks
from campaigns.exports.models import AdGiven
from campaigns.rights.person import Person
from campaigns.signup.models import SignUp
from campaigns.tracking.models import Hit


def leave_no_trace(session: Session) -> None:
    """Have SQLite write zeros over what goes from now on; it would stand in the file until overwritten."""
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql("PRAGMA secure_delete = ON")


def of_letters(person: Person) -> sa.Select[int]:
    """The numbers of all letters that were to go to them."""
    return sa.select(Message.id).where(Message.contact_id.in_(person.numbers))


def letters(session: Session, person: Person) -> None:
    """Letters stay as counts: whom they went to, and what a server said of the address, is emptied."""
    gone: dict[str, Any] = {"address": NO_ADDRESS + sa.cast(Message.id, sa.String), "reply": ""}
    _change(session, sa.update(Message).where(Message.contact_id.in_(person.numbers)).values(gone))


def hits(session: Session, person: Person) -> None:
    """Opens and clicks stay as what was counted without a name."""
    theirs = Hit.message_id.in_(of_letters(person))
    _change(session, sa.update(Hit).where(theirs).values(message_id=None, ip=""))


def labels(session: Session, person: Person) -> None:
    """Their categories and tags; the links to them are no foreign keys."""
    tagging.strip(session, [person.number])


def sign_ups(session: Session, person: Person) -> None:
    """What they filled in and did not confirm; the rest goes with the contact."""
    _change(session, sa.delete(SignUp).where(SignUp.address_hash.in_(person.hashes)))


def trail(session: Session, person: Person) -> None:
    """From where they did themselves what stands in the audit log."""
    _change(session, sa.update(AuditEntry).where(own_acts(person)).values(ip=""))


def own_acts(person: Person) -> sa.ColumnElement[bool]:
    """What the audit log has of their own acts."""
    subjects = [f"contact:{number}" for number in person.numbers]
    return sa.and_(AuditEntry.subject.in_(subjects), AuditEntry.user_id.is_(None))


def merges(session: Session, person: Person) -> None:
    """What a merge that was taken back keeps of them with the other contact."""
    _change(session, sa.delete(Merge).where(Merge.gone_id.in_(person.numbers)))


def given_to_platforms(person: Person) -> sa.ColumnElement[bool]:
    """Where they were given to an ad platform: it knows their address in its own form of it."""
    marks = Marks()
    forms = {form(email) for email in person.addresses for form in ad_layouts.EMAIL_FORMS}
    return AdGiven.email_mark.in_(sorted(marks.mark(ad_layouts.hashed(form)) for form in forms))


def _change(session: Session, statement: Any) -> None:
    session.execute(statement.execution_options(synchronize_session=False))
