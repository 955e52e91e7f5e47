"""Making two contacts one: every row follows, the strictest consent holds, and it can be taken back."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts import audit
from campaigns.cleaning import comparing, joined, proposing
from campaigns.cleaning import movers as _movers  # noqa: F401 - registers what follows a contact
from campaigns.cleaning.models import Merge
from campaigns.contacts import field_index, identity, moving
from campaigns.contacts.models import Contact, MergedContact
from campaigns.crm import steps
from campaigns.database import now
from campaigns.delivery import joining
from campaigns.errors import BadInput, Conflict
from campaigns.words import _

contacts: Any = Contact.__table__


def merge(
    session: Session,
    one_id: int,
    other_id: int,
    choices: Mapping[str, int] | None = None,
    user_id: int | None = None,
) -> Merge:
    """Make these two one contact; `choices` names, by datum, the contact whose value is kept.

    Without choices the better value of each is kept. The one that is older keeps its number. Raises
    NotFound when one is gone, BadInput for one and the same, Conflict while a letter to one is being sent or
    the data of one are only kept (GDPR Art. 18).
    """
    if one_id == other_id:
        raise BadInput(_("These are one and the same contact. Choose two."))
    kept, gone = _locked(session, one_id, other_id)
    problem = obstacle(kept, gone)
    if problem:
        raise Conflict(problem)
    chosen = comparing.choices(session, kept, gone) if choices is None else choices
    before = {"kept": row(session, kept.id), "gone": row(session, gone.id)}
    values = joined.columns(kept, gone, chosen)
    dropped = gone.email if values["email"] == kept.email else kept.email
    label = f"{gone.name} <{gone.email}>".strip()[:420]
    reasons, score = _proposed(session, kept.id, gone.id)
    moved = moving.take_all(session, gone.id, kept.id)
    _put_in_one(session, kept, gone, values)
    identity.drop_address(session, values["email"])
    identity.add_address(session, kept.id, dropped)
    made = Merge(
        contact_id=kept.id, into_id=kept.id, gone_id=gone.id, gone_label=label, reasons=reasons, score=score,
        before=before, after=row(session, kept.id), moved=moved, user_id=user_id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.note(session, "contact.merge", f"contact:{kept.id}", gone=made.gone_id, merge=made.id)
    return made


def _locked(session: Session, one_id: int, other_id: int) -> tuple[Contact, Contact]:
    """Both, the older number first, with nobody else changing them; letters locked first, as hits do it."""
    joining.hold(session, [one_id, other_id])
    lock = sa.select(Contact.id).where(Contact.id.in_([one_id, other_id])).order_by(Contact.id)
    session.execute(lock.with_for_update())
    return comparing.both(session, one_id, other_id)


def obstacle(*both: Contact) -> str:
    """Why these are not merged; empty when nothing speaks against it."""
    kept = next((contact for contact in both if contact.restricted_at is not None), None)
    if kept is None:
        return ""
    return _("The data of %(who)s are to be kept, but not used: nobody is merged with them.", who=kept.label)


def row(session: Session, contact_id: int) -> dict[str, Any]:
    """A contact's columns, as JSON can keep them."""
    found = session.execute(sa.select(contacts).where(contacts.c.id == contact_id)).mappings().one()
    return moving.pack(contacts, found)


def _proposed(session: Session, one_id: int, other_id: int) -> tuple[Sequence[str], int]:
    found = proposing.between(session, one_id, other_id)
    return (found.reasons, found.score) if found else ([], 0)


def _put_in_one(session: Session, kept: Contact, gone: Contact, values: Mapping[str, Any]) -> None:
    """Take the row away that nothing belongs to any more, and give the other its values."""
    kept_id, gone_id = kept.id, gone.id
    session.flush()
    session.expunge(gone)
    session.execute(sa.delete(contacts).where(contacts.c.id == gone_id))
    session.add(MergedContact(gone_id=gone_id, contact_id=kept_id))
    session.execute(sa.update(contacts).where(contacts.c.id == kept_id).values(**values, updated_at=now()))
    session.flush()
    session.expire(kept)
    steps.keep(session, kept_id)
    field_index.refresh(session, [kept_id])


def earlier(session: Session, contact_id: int) -> list[tuple[str, str]]:
    """Address and name of both sides of each merge into a contact that stands, as they were before it."""
    mine = sa.select(Merge.before).where(Merge.contact_id == contact_id, Merge.undone_at.is_(None))
    sides = [side for before in session.scalars(mine) for side in before.values()]
    return [(side["email"], f"{side['first_name']} {side['last_name']}".strip()) for side in sides]


def of_contact(session: Session, contact_id: int, limit: int = 20) -> Sequence[Merge]:
    """What was merged into a contact, the newest first, and taken back or not."""
    mine = sa.select(Merge).where(Merge.contact_id == contact_id).order_by(Merge.id.desc())
    return session.scalars(mine.limit(limit)).all()
