"""Merge values: what a template can say about one contact, the firm, and the letter itself."""

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts import people
from campaigns.contacts import fields as known_fields
from campaigns.contacts.models import Category, Company, Contact, Tag, contact_category, contact_tag
from campaigns.contacts.names import slug
from campaigns.words import _

Values = dict[str, Any]

# Columns that stand in a template under their own name.
PLAIN = (
    "email", "first_name", "last_name", "position", "language", "country", "city", "phone", "birthday",
)  # fmt: skip
LINKS = ("unsubscribe_url", "preferences_url", "web_url")  # the last is empty until there is an archive
_LABELS: dict[str, tuple[sa.Table, sa.Column[int], type[Category] | type[Tag]]] = {
    "categories": (contact_category, contact_category.c.category_id, Category),
    "tags": (contact_tag, contact_tag.c.tag_id, Tag),
}
_KNOWN = ("unsubscribe_url", "preferences_url", "firm.name", "firm.postal_address", "firm.language")


def fields(session: Session) -> list[tuple[str, str, str]]:
    """The merge fields to choose from: what to write, what it is, and a fallback that reads well."""
    own = [(f"contact.fields.{key}", name, "") for key, name in field_names(session).items()]
    return [
        ("contact.first_name", _("First name"), _("friend")),
        ("contact.last_name", _("Last name"), ""),
        ("contact.name", _("Full name"), _("friend")),
        ("contact.email", _("Address"), ""),
        ("contact.company", _("Company"), _("your firm")),
        ("contact.position", _("Position"), ""),
        ("contact.city", _("City"), ""),
        ("contact.country", _("Country code"), ""),
        ("contact.birthday", _("Birthday (MM-DD)"), ""),
        *own,
        ("firm.name", _("Our name"), ""),
        ("firm.postal_address", _("Our postal address"), ""),
        ("unsubscribe_url", _("Address for unsubscribing"), ""),
        ("preferences_url", _("Address of the contact's own settings"), ""),
    ]


def known(name: str) -> bool:
    """Whether a name can be filled in at all; custom fields can't be told from typing errors."""
    root, _point, rest = name.partition(".")
    if root == "contact":
        allowed = {*PLAIN, "name", "company", "categories", "tags"}
        return rest in allowed or rest.startswith("fields.")
    return name in _KNOWN


def of_firm(session: Session) -> Values:
    """What letters say of the organisation."""
    found = people.organisation(session)
    if found is None:
        return {"name": "", "postal_address": "", "language": "en"}
    return {"name": found.name, "postal_address": found.postal_address, "language": found.language}


def of_contacts(
    session: Session, ids: Collection[int], names: Iterable[str] | None = None
) -> dict[int, Values]:
    """What letters say of these contacts, by id; `names` limits the work to the merge fields used."""
    wanted = None if names is None else {name.split(".")[1] for name in names if name.startswith("contact.")}
    columns = [getattr(Contact, name) for name in PLAIN]
    rows = session.execute(
        sa.select(Contact.id, Contact.fields, Company.name, *columns)
        .outerjoin(Company, Company.id == Contact.company_id)
        .where(Contact.id.in_(ids))
    )
    called = field_names(session)
    found = {
        id_: _contact(named(rest[0], called), rest[1] or "", dict(zip(PLAIN, rest[2:], strict=True)))
        for id_, *rest in rows
    }
    for key in ("categories", "tags"):
        if wanted is None or key in wanted:
            add_labels(session, found, key)
    return found


def add_labels(session: Session, found: dict[int, Values], key: str) -> None:
    """Give each of these contacts its list of `categories` or `tags`, by name."""
    links, other_id, label = _LABELS[key]
    rows = session.connection().execute(
        sa.select(links.c.contact_id, label.name)
        .join(label, label.id == other_id)
        .where(links.c.contact_id.in_(found))
        .order_by(label.name)
    )
    for contact in found.values():
        contact[key] = []
    for contact_id, name in rows:
        found[contact_id][key].append(name)


def sample() -> Values:
    """A contact that does not exist, for previews while there are none."""
    values = dict.fromkeys(PLAIN, "") | {
        "email": "anna@example.com",
        "first_name": _("Anna"),
        "last_name": _("Example"),
        "position": _("Buyer"),
        "country": "CZ",
        "city": "Brno",
        "birthday": "03-14",
    }
    return _contact({}, _("Example Mills"), values)


def values(contact: Values, firm: Values, links: dict[str, str]) -> Values:
    """All that one letter can say; `links` are those of LINKS that there are."""
    return {"contact": contact, "firm": firm, **dict.fromkeys(LINKS, ""), **links}


def named(custom: dict[str, Any] | None, names: Mapping[str, str] | None = None) -> Values:
    """Fields and columns of imports under the keys that can follow a point, and under their names.

    `names`: what fields are called, by key. Several choices are one text here.
    """
    kept = {label: ", ".join(value) if isinstance(value, list) else value
            for label, value in (custom or {}).items()}  # fmt: skip
    found = {field_key(label): value for label, value in kept.items()}
    found |= {name: kept[key] for key, name in (names or {}).items() if key in kept}
    return found | kept


def field_names(session: Session) -> dict[str, str]:
    """What the fields of contacts are called, by key."""
    return {key: field.name for key, field in known_fields.known(session).items()}


field_key = lru_cache(maxsize=10_000)(slug)


def _contact(custom: Values, company: str, plain: Values) -> Values:
    name = f"{plain['first_name']} {plain['last_name']}".strip()
    return {**plain, "name": name, "company": company, "fields": custom, "categories": [], "tags": []}
