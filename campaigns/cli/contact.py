"""`campaigns contact`: one contact with all that is known of them, and the list."""

import json
from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from campaigns.cli import _asking, _bulk, _cleaning, _consent, _rights
from campaigns.cli._ready import demand_schema
from campaigns.consent import gate, ledger
from campaigns.consent.reasons import words
from campaigns.contacts import filters, finding
from campaigns.contacts.addresses import canonical
from campaigns.contacts.models import Contact
from campaigns.database import reading
from campaigns.errors import NotFound
from campaigns.words import _

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
_PAGE = 500


@click.group()
def contact() -> None:
    """The people you know, and what they agreed to."""
    demand_schema()


@contact.command()
@click.argument("email")
@_JSON
def show(email: str, as_json: bool) -> None:
    """One contact by address: labels, last contact, next step, consent."""
    with reading() as session:
        person = _person(session, email)
        known = _known(person) | _standing(session, person.id)
    if as_json:
        click.echo(json.dumps(known))
        return
    for name, value in known.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        if isinstance(value, dict):
            shown = ", ".join(f"{key}: {state}" for key, state in value.items())
        click.echo(f"{name.replace('_', ' '):14}  {shown if shown not in (None, '') else '–'}")


@contact.command("list")
@click.option("--search", default="", help="The beginning of a name, address, company or phone.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@_JSON
def list_(search: str, limit: int, as_json: bool) -> None:
    """Contacts by name; with --json one object a line."""
    left, after = limit, None
    while left:
        with reading() as session:
            rows = finding.find(session, filters.Filters(q=search), after=after, limit=min(left, _PAGE))
        for row in rows:
            click.echo(json.dumps(_known(row)) if as_json else f"{row.email:40}  {row.name}")
        if len(rows) < _PAGE:
            return
        left, after = left - len(rows), finding.key(rows[-1], "name")


def _person(session: Session, email: str) -> Contact:
    loaded = [selectinload(getattr(Contact, name)) for name in ("company", "owner", "categories", "tags")]
    found = session.scalar(sa.select(Contact).where(Contact.email == canonical(email).email).options(*loaded))
    if found is None:
        raise NotFound(_("There is no contact with the address %(email)s.", email=email))
    return found


def _known(person: Contact) -> dict[str, Any]:
    return {
        "id": person.id,
        "email": person.email,
        "name": person.name,
        "company": person.company.name if person.company else None,
        "phone": person.phone,
        "language": person.language,
        "categories": [label.name for label in person.categories],
        "tags": [label.name for label in person.tags],
        "owner": person.owner.email if person.owner else None,
        "source": person.source,
        "last_contact": person.last_contact_at.isoformat() if person.last_contact_at else None,
        "last_contact_how": person.last_contact_how or None,
        "next_step_on": person.next_step_on.isoformat() if person.next_step_on else None,
    }


def _standing(session: Session, contact_id: int) -> dict[str, Any]:
    since = session.get_one(Contact, contact_id).restricted_at
    reason = gate.refusals(session, [contact_id]).get(contact_id)
    states = ledger.states(session, contact_id)
    return {
        "may_be_mailed": reason is None,
        "why_not": words(reason) if reason else None,
        "restricted_at": since.isoformat() if since else None,
        "consent": {purpose: standing.state for purpose, standing in states.items()},
    }


_asking.add_to(contact)
_bulk.add_to(contact)
_cleaning.add_to(contact)
_rights.add_to(contact)
_consent.add_to(contact)
