"""Who somebody is now: contacts that were merged into others, and the further addresses of contacts."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import among
from campaigns.contacts.models import Contact, FurtherAddress, MergedContact

_MOST = 1000


def now_known_as(session: Session, contact_ids: Collection[int]) -> dict[int, int]:
    """Of these numbers those whose contact was merged into another: the number that it has now."""
    if not contact_ids:
        return {}
    asked = sa.select(MergedContact.gone_id, MergedContact.contact_id)
    rows = session.execute(asked.where(among(session, MergedContact.gone_id, list(contact_ids))))
    return {row.gone_id: row.contact_id for row in rows}


def numbers(session: Session, contact_id: int) -> list[int]:
    """All numbers under which this contact may be known, its own first."""
    gone = sa.select(MergedContact.gone_id).where(MergedContact.contact_id == contact_id)
    return [contact_id, *session.scalars(gone.order_by(MergedContact.gone_id).limit(_MOST))]


def found(session: Session, contact_id: int) -> Contact | None:
    """The contact of this number, or the one it was merged into; None when there is neither."""
    contact = session.get(Contact, contact_id)
    if contact is not None:
        return contact
    is_now = now_known_as(session, [contact_id]).get(contact_id)
    return session.get(Contact, is_now) if is_now is not None else None


def owners(session: Session, emails: Sequence[str]) -> dict[str, Contact]:
    """Of these canonical addresses those that are a further address of somebody: whose."""
    kept: dict[str, Contact] = {}
    for start in range(0, len(emails), _MOST):
        rows = session.execute(
            sa.select(FurtherAddress.email, Contact)
            .join(Contact, Contact.id == FurtherAddress.contact_id)
            .where(among(session, FurtherAddress.email, emails[start : start + _MOST]))
        )
        kept.update((email, contact) for email, contact in rows)
    return kept


def addresses(session: Session, contact_id: int) -> Sequence[str]:
    """The further addresses of a contact."""
    mine = sa.select(FurtherAddress.email).where(FurtherAddress.contact_id == contact_id)
    return session.scalars(mine.order_by(FurtherAddress.email)).all()


def add_address(session: Session, contact_id: int, email: str) -> None:
    """Remember a canonical address that this contact had; whoever comes with it is this contact."""
    session.merge(FurtherAddress(email=email, contact_id=contact_id))
    session.flush()


def drop_address(session: Session, email: str) -> None:
    """Forget that an address belonged to somebody."""
    session.execute(sa.delete(FurtherAddress).where(FurtherAddress.email == email))
