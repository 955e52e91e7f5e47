"""Where each datum of a contact is from and when it was last confirmed.

A contact's data are from its own `source`, known since `created_at`, unless `Contact.origins` says
otherwise for one of them. `verified_at` confirms all of it. A datum is named by its column, `company`, or
`fields.<key>`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import User
from campaigns.contacts.models import Contact, Import
from campaigns.database import moment, now
from campaigns.words import _

PERSON = "person"  # said so themselves
CONFIRMED_BY = "*"  # a key of its own: PERSON where the last confirmation was theirs
DATA = (
    "email", "first_name", "last_name", "phone", "company", "position", "decision_role", "channel", "handles",
    "language", "city", "country", "timezone", "birthday", "birth_year",
)  # fmt: skip


@dataclass(frozen=True)
class Origin:
    """Where one datum is from, since when it is known, and when it was last confirmed."""

    source: str
    at: datetime
    verified_at: datetime | None


def of_user(user: User) -> str:
    """The source of what a colleague writes down."""
    return f"user:{user.id}"


def added(
    origins: Mapping[str, Any], names: Iterable[str], source: str, at: datetime | None = None
) -> dict[str, Any]:
    """The origins of a contact whose data `names` come from this source now (or `at`)."""
    said = [source[:200], (at or now()).isoformat()]
    return dict(origins) | dict.fromkeys(names, said)


def note(contact: Contact, names: Iterable[str], source: str) -> None:
    """These data of the contact are from this source, from now on."""
    changed = list(names)
    if changed:
        contact.origins = added(contact.origins or {}, changed, source)


def snapshot(contact: Contact) -> dict[str, Any]:
    """All data as they are, to be compared later; the company must be loaded."""
    found = {name: getattr(contact, name) for name in DATA if name != "company"}
    found["company"] = contact.company.name if contact.company else ""
    return found | {f"fields.{key}": value for key, value in (contact.fields or {}).items()}


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names of data that are different."""
    return [name for name in {**before, **after} if (before.get(name) or None) != (after.get(name) or None)]


def confirmed(origins: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The origins after all was confirmed by this source: by the person, what is from them."""
    kept = {name: said for name, said in origins.items() if name != CONFIRMED_BY}
    return kept | ({CONFIRMED_BY: PERSON} if source == PERSON else {})


def of(contact: Contact) -> dict[str, Origin]:
    """The origin of each datum that differs from the contact's own, by name."""
    return {name: one(contact, name) for name in contact.origins or {} if name != CONFIRMED_BY}


def one(contact: Contact, name: str) -> Origin:
    """The origin of one datum."""
    said = (contact.origins or {}).get(name)
    source, at = (said[0], moment(said[1])) if said else (contact.source, contact.created_at)
    own = at if source == PERSON else None
    by_person = (contact.origins or {}).get(CONFIRMED_BY) == PERSON
    everything = None if by_person and source != PERSON else contact.verified_at
    confirmed = max((when for when in (own, everything) if when), default=None)
    return Origin(source, at, confirmed if confirmed and confirmed >= at else own)


def words(session: Session, sources: Iterable[str]) -> dict[str, str]:
    """What sources read as: names of colleagues and files instead of numbers."""
    wanted = set(sources)
    numbers = {kind: _numbers(wanted, kind) for kind in ("user", "import")}
    people = sa.select(User.id, User.name, User.email).where(User.id.in_(numbers["user"]))
    files = sa.select(Import.id, Import.filename).where(Import.id.in_(numbers["import"]))
    found = {f"user:{row.id}": row.name or row.email for row in session.execute(people)}
    found |= {f"import:{row.id}": row.filename for row in session.execute(files)}
    found[PERSON] = _("The person")
    return {source: found.get(source, source or "–") for source in wanted}


def _numbers(sources: Iterable[str], kind: str) -> list[int]:
    parts = [source.partition(":") for source in sources]
    return [int(number) for start, _sign, number in parts if start == kind and number.isdecimal()]
