"""Options by which commands choose contacts, the same for bulk edits and files."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.audiences import chosen, saving  # noqa: F401 - chosen: a way of choosing
from campaigns.contacts import listing
from campaigns.contacts.addresses import canonical
from campaigns.contacts.choosing import Choice
from campaigns.contacts.filters import Filters
from campaigns.contacts.models import Category, Contact, Tag
from campaigns.contacts.names import fold
from campaigns.errors import BadInput, NotFound

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--audience", help="All whom this audience fits."),
    click.option("--search", help="The beginning of a name, address, company or phone."),
    click.option("--tag", "tags", multiple=True, help="Who wears this tag; may be said again."),
    click.option(
        "--category", "categories", multiple=True, help="Who is in this category; may be said again."
    ),
    click.option("--email", "emails", multiple=True, help="This contact; may be said again."),
    click.option("--everybody", is_flag=True, help="All contacts."),
)


def options(command: F) -> F:
    """Give a command the options of choosing."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def choice(session: Session, given: Mapping[str, Any]) -> Choice:
    """Whom the options mean. Raises BadInput unless they say one of the ways, NotFound for no such."""
    listed = bool(given["search"] or given["tags"] or given["categories"])
    if [bool(given["audience"]), listed, bool(given["emails"]), given["everybody"]].count(True) != 1:
        raise BadInput("Say of whom: --audience, --search / --tag / --category, --email, or --everybody.")
    if given["audience"]:
        return {"audience": saving.named(session, given["audience"]).id}
    if given["emails"]:
        return {"ids": _contacts(session, given["emails"])}
    return {"filters": listing.query(_filters(session, given), "name")}


def _filters(session: Session, given: Mapping[str, Any]) -> Filters:
    return Filters(
        q=given["search"] or "",
        tag=tuple(_label(session, Tag, name) for name in given["tags"]),
        category=tuple(_label(session, Category, name) for name in given["categories"]),
    )


def _label(session: Session, kind: type[Category] | type[Tag], name: str) -> int:
    found = session.scalar(sa.select(kind.id).where(kind.key == fold(name)))
    if found is None:
        raise NotFound(f"There is no {kind.__tablename__} named “{name}”.")
    return int(found)


def _contacts(session: Session, emails: Sequence[str]) -> list[int]:
    found = []
    for email in emails:
        number = session.scalar(sa.select(Contact.id).where(Contact.email == canonical(email).email))
        if number is None:
            raise NotFound(f"There is no contact with the address {email}.")
        found.append(int(number))
    return found
