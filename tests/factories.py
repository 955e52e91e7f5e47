"""Makes rows for tests: sensible where nothing is said, flushed, never committed."""

import itertools
import uuid
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import tokens
from campaigns.accounts.models import Organisation, Role, RoleRow, User
from campaigns.audiences.models import Audience
from campaigns.consent.models import (
    Act,
    Basis,
    Consent,
    ConsentEvent,
    Purpose,
    Suppression,
    SuppressionReason,
)
from campaigns.contacts import names
from campaigns.contacts.models import Category, Company, Contact, Tag
from campaigns.crm.models import Activity, Kind, NextStep
from campaigns.database import now
from campaigns.delivery.models import Message, MessageStatus
from campaigns.mailings.models import Campaign, Sender, Source, Template

_numbers = itertools.count(1)


def _add(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row


def make_organisation(session: Session, **values: Any) -> Organisation:
    """The one organisation, made when there is none yet."""
    found = session.scalar(sa.select(Organisation).limit(1))
    defaults = {"name": "Example Tools", "postal_address": "1 Long Lane, 602 00 Brno, Czechia"}
    return found or _add(session, Organisation(**(defaults | values)))


def make_user(session: Session, role: Role = Role.ADMIN, **values: Any) -> User:
    """A user with that role; without a password unless a hash is given."""
    row = session.scalar(sa.select(RoleRow).where(RoleRow.name == role)) or RoleRow(name=role)
    n = next(_numbers)
    defaults = {"email": f"{role}{n}@example.com", "name": f"{role.title()} {n}"}
    user = User(**(defaults | values), fs_uniquifier=uuid.uuid4().hex, roles=[row])
    return _add(session, user)


def make_category(session: Session, name: str = "Cutters") -> Category:
    """The category of that name, made when there is none yet."""
    found = session.scalar(sa.select(Category).where(Category.key == name.casefold()))
    return found or _add(session, Category(name=name, key=name.casefold()))


def make_tag(session: Session, name: str = "basic") -> Tag:
    """The tag of that name, made when there is none yet."""
    found = session.scalar(sa.select(Tag).where(Tag.key == name.casefold()))
    return found or _add(session, Tag(name=name, key=name.casefold()))


def make_company(session: Session, name: str = "Example Mills", **values: Any) -> Company:
    """A company."""
    return _add(session, Company(name=name, key=name.casefold(), **values))


def make_contact(
    session: Session,
    email: str | None = None,
    *,
    consented: bool = True,
    tracked: bool = False,
    categories: tuple[str, ...] = (),
    tags: tuple[str, ...] = (),
    **values: Any,
) -> Contact:
    """A contact who agreed to mail (unless `consented=False`), and to tracking if `tracked`."""
    email = email or f"person{next(_numbers)}@example.com"
    last, first = values.get("last_name", ""), values.get("first_name", "")
    contact = Contact(
        email=email,
        address_hash=tokens.address_hash(email),
        domain=email.rpartition("@")[2],
        **names.keys(first, last, email),
        **values,
    )
    contact.categories = [make_category(session, name) for name in categories]
    contact.tags = [make_tag(session, name) for name in tags]
    _add(session, contact)
    if consented:
        grant_consent(session, contact, Purpose.MAIL)
    if tracked:
        grant_consent(session, contact, Purpose.TRACKING)
    return contact


def grant_consent(
    session: Session,
    contact: Contact,
    purpose: str = Purpose.MAIL,
    act: Act = Act.GRANTED,
    basis: Basis = Basis.CONSENT,
) -> ConsentEvent:
    """An entry in the ledger and the state that follows from it."""
    said = now()
    event = _add(
        session,
        ConsentEvent(
            contact_id=contact.id,
            purpose=purpose,
            act=act,
            basis=basis,
            source="test",
            method="form",
            at=said,
        ),
    )
    session.merge(
        Consent(contact_id=contact.id, purpose=purpose, state=act, basis=basis, at=said, event_id=event.id)
    )
    session.flush()
    return event


def suppress(
    session: Session, email: str, reason: SuppressionReason = SuppressionReason.UNSUBSCRIBED
) -> Suppression:
    """An entry in the suppression list."""
    return _add(session, Suppression(address_hash=tokens.address_hash(email), reason=reason, source="test"))


def make_audience(session: Session, rule: str = "", name: str | None = None) -> Audience:
    """An audience; the empty rule is everybody."""
    return _add(session, Audience(name=name or f"Audience {next(_numbers)}", rule=rule))


def make_template(session: Session, source: str | None = None, **values: Any) -> Template:
    """An HTML template with a name in it and one link."""
    plain = (
        '<p>Dear {{ contact.first_name or "friend" }},</p><p><a href="https://example.com/offer">Look</a></p>'
    )
    defaults = {"name": f"Template {next(_numbers)}", "subject": "News", "kind": Source.HTML}
    return _add(session, Template(source=plain if source is None else source, **(defaults | values)))


def make_sender(session: Session, address: str = "news@example.com", **values: Any) -> Sender:
    """The sender of that address, made when there is none yet."""
    found = session.scalar(sa.select(Sender).where(Sender.address == address))
    defaults = {"name": "Example Tools", "is_default": True}
    return found or _add(session, Sender(address=address, **(defaults | values)))


def make_campaign(session: Session, **values: Any) -> Campaign:
    """A draft campaign to everybody."""
    defaults: dict[str, Any] = {"name": f"Campaign {next(_numbers)}"}
    if "audience_id" not in values and "audience" not in values:
        defaults["audience"] = make_audience(session)
    if "template_id" not in values and "template" not in values:
        defaults["template"] = make_template(session)
    if "sender_id" not in values and "sender" not in values:
        defaults["sender"] = make_sender(session)
    return _add(session, Campaign(**(defaults | values)))


def make_message(
    session: Session,
    campaign: Campaign,
    contact: Contact,
    status: MessageStatus = MessageStatus.SENT,
    **values: Any,
) -> Message:
    """One email of the campaign to the contact, sent a minute ago unless said otherwise."""
    if status == MessageStatus.SENT:
        values.setdefault("sent_at", now() - timedelta(minutes=1))
    message = Message(
        campaign_id=campaign.id, contact_id=contact.id, address=contact.email, status=status, **values
    )
    return _add(session, message)


def make_activity(session: Session, contact: Contact, kind: Kind = Kind.CALL, **values: Any) -> Activity:
    """Something that happened with the contact just now."""
    return _add(session, Activity(contact_id=contact.id, kind=kind, **({"at": now()} | values)))


def make_next_step(session: Session, contact: Contact, what: str = "Call back", **values: Any) -> NextStep:
    """Something to do with the contact today."""
    return _add(session, NextStep(contact_id=contact.id, what=what, **({"due_on": now().date()} | values)))
