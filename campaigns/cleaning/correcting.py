"""Giving a contact the address that was likely meant: the person stays, and so does all they said."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts import audit
from campaigns.cleaning import verdicts
from campaigns.cleaning.models import MailDomain
from campaigns.consent import suppression
from campaigns.consent.joining import OF_THE_PERSON
from campaigns.contacts import identity, names
from campaigns.contacts.addresses import canonical
from campaigns.contacts.models import Contact
from campaigns.errors import Conflict, NotFound, PersonError
from campaigns.words import _

_AT_ONCE = 1_000  # contacts of one domain


def correct(session: Session, contact_id: int) -> Contact:
    """Give the contact the address that was likely meant; the one before stays a further address of theirs.

    Raises NotFound, or Conflict where nothing better is known, somebody has that address, or it is never
    mailed.
    """
    found = sa.select(Contact).where(Contact.id == contact_id).with_for_update(key_share=True)
    contact = session.scalar(found)
    if contact is None:
        raise NotFound(_("There is no such contact."))
    hint = verdicts.of(session, contact.email)
    if not hint.meant:
        raise Conflict(_("Nothing better than %(address)s is known.", address=contact.email))
    change_address(session, contact, hint.meant)
    return contact


def change_address(session: Session, contact: Contact, given: str) -> None:
    """Another address for the same person: consent is theirs and stays, and so does what they refused."""
    new, old = canonical(given), contact.email
    _free(session, contact, new.email, new.hash)
    for reason in suppression.reasons(session, contact.address_hash):
        if reason in OF_THE_PERSON:
            suppression.suppress_many(session, [new.hash], reason, f"contact:{contact.id}")
    identity.drop_address(session, new.email)
    contact.email, contact.address_hash, contact.domain = new.email, new.hash, new.domain
    for name, value in names.keys(contact.first_name, contact.last_name, new.email).items():
        setattr(contact, name, value)
    session.flush()
    identity.add_address(session, contact.id, old)
    audit.note(session, "contact.address", f"contact:{contact.id}")


def _free(session: Session, contact: Contact, email: str, address_hash: str) -> None:
    other = session.scalar(sa.select(Contact.id).where(Contact.email == email))
    owner = identity.owners(session, [email]).get(email)
    if other is not None or (owner is not None and owner.id != contact.id):
        raise Conflict(
            _("Another contact has the address %(address)s. Merge the two instead.", address=email)
        )
    if suppression.suppressed(session, [address_hash]):
        raise Conflict(_("%(address)s is on the list of addresses that are never mailed.", address=email))


def correct_domain(session: Session, domain: str) -> tuple[int, int]:
    """Give all contacts of a mistyped domain the address that was meant; how many, and how many could not.

    Up to a thousand at a time.
    """
    known = session.get(MailDomain, domain)
    if known is None or not known.meant:
        raise NotFound(_("Nothing better than %(domain)s is known.", domain=domain))
    done = []
    numbers = _of_domain(session, domain)
    for contact_id in numbers:
        try:
            with session.begin_nested():
                correct(session, contact_id)
            done.append(contact_id)
        except PersonError:
            continue
    known.contacts = max(known.contacts - len(done), 0)
    audit.note(session, "contacts.correct_domain", domain, meant=known.meant, number=len(done))
    return len(done), len(numbers) - len(done)


def _of_domain(session: Session, domain: str) -> Sequence[int]:
    found = sa.select(Contact.id).where(Contact.domain == domain).order_by(Contact.id)
    return session.scalars(found.limit(_AT_ONCE)).all()


def dismiss(session: Session, domain: str) -> None:
    """The domain is spelt as it should be: nothing else is suggested for it any more."""
    known = session.get(MailDomain, domain)
    if known is None:
        raise NotFound(_("Nobody has an address in %(domain)s.", domain=domain))
    known.dismissed = True
    audit.note(session, "domain.dismiss", domain)


def mistyped(session: Session, after: tuple[int, str] | None = None, limit: int = 51) -> Sequence[MailDomain]:
    """The domains that are likely mistyped, those with most addresses first."""
    found = (
        sa.select(MailDomain)
        .where(MailDomain.meant != "", MailDomain.dismissed.is_(False), MailDomain.contacts > 0)
        .order_by(MailDomain.contacts.desc(), MailDomain.domain.desc())
        .limit(limit)
    )
    if after:
        found = found.where(sa.tuple_(MailDomain.contacts, MailDomain.domain) < sa.tuple_(*after))
    return session.scalars(found).all()
