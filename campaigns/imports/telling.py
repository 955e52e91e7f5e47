"""What a look ahead, an import or an undoing has counted, in words and in the order in which it is told."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.contacts import changing, left_words
from campaigns.contacts import fields as custom
from campaigns.contacts import undoing as changes
from campaigns.contacts.field_models import Field
from campaigns.contacts.models import Contact, Import
from campaigns.imports import remembering, targets, undoing
from campaigns.imports.tallying import Tally
from campaigns.words import _


def fields(tally: Tally, known: dict[str, Field]) -> list[tuple[str, int]]:
    """How many people get another value, by what it is; the most frequent first."""
    counted = sorted(tally.get("fields", {}).items(), key=lambda item: (-item[1], item[0]))
    return [(field(name, known), number) for name, number in counted]


def field(name: str, known: dict[str, Field]) -> str:
    """What a column of contacts, or a field, is called."""
    if name.startswith("fields."):
        key = name.removeprefix("fields.")
        return known[key].name if key in known else key
    return dict(targets.choices()).get(name) or {"birth_year": _("Year of birth")}.get(name, name)


def consent(tally: Tally) -> Iterator[tuple[str, int]]:
    """What would change, and what would not, of what people agreed to."""
    counted: dict[str, Any] = tally.get("consent", {})
    for key, sentence in _moves():
        if number := counted.get(key):
            yield sentence, number


def _moves() -> list[tuple[str, str]]:
    return [
        ("mail:granted", _("Agree to letters from now on")),
        ("mail:withdrawn", _("Agree no more: the file says that they left")),
        ("tracking:granted", _("May be followed by name from now on")),
        ("tracking:declined", _("Are not followed any more")),
        ("list:unsubscribed", _("Go on the list of those who are never mailed: they left")),
        ("list:bounced", _("Go on the list of those who are never mailed: letters came back")),
        ("said_no", _("Have said no here, and it stays so")),
    ]


def labels(tally: Tally) -> Iterator[tuple[str, int]]:
    """How many categories and tags are put on people."""
    counted = tally.get("labels", {})
    for kind, sentence in (("category", _("Categories put on")), ("tag", _("Tags put on"))):
        if number := counted.get(kind):
            yield sentence, number


def for_pages(session: Session) -> dict[str, Any]:
    """What a page needs to tell of a tally."""
    known = custom.known(session)
    return {
        "fields_of": lambda tally: fields(tally, known),
        "field_name": lambda name: field(name, known),
        "labels_of": lambda tally: list(labels(tally)),
        "consent_of": lambda tally: list(consent(tally)),
    }


def of_undoing(session: Session, import_: Import) -> dict[str, Any]:
    """Whether an import can be undone; what undoing it took back, and what it left."""
    undone = import_.undone or {}
    some = undone.get("some", [])
    numbers = [number for number, _why in some]
    rows = session.scalars(sa.select(Contact).where(Contact.id.in_(numbers))) if numbers else ()
    contacts = {contact.id: contact for contact in rows}
    found = changing.of(session, remembering.reference(import_.id)) if undone else None
    return {
        "undone": undone,
        "why": undoing.why,
        "can_undo": import_.status in undoing.ENDED and bool(import_.created or import_.updated),
        "left_contacts": [(contacts[number], undoing.why(why)) for number, why in some if number in contacts],
        "left_parts": left_words.lines(session, changes.left(session, found, limit=20)) if found else [],
    }
