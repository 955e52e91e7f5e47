"""What contacts looked like when they were last compared; who changed since."""

import hashlib
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import among, insert_many
from campaigns.cleaning.likeness import Person, mailbox
from campaigns.cleaning.models import Looked
from campaigns.contacts.addresses import AddressProblem, canonical


def look(session: Session, people: Sequence[Person]) -> list[Person]:
    """Remember how these look now; gives those who are new or look otherwise than before."""
    asked = sa.select(Looked.contact_id, Looked.seen)
    found = session.execute(asked.where(among(session, Looked.contact_id, [person.id for person in people])))
    before = {row.contact_id: row.seen for row in found}
    changed = [person for person in people if before.get(person.id) != _seen(person)]
    rows = [
        {
            "contact_id": person.id, "seen": _seen(person), "mailbox": _mailbox(person.email),
            "fault": _fault(person.email),
        }
        for person in changed
    ]  # fmt: skip
    insert_many(session, Looked, rows, conflict=["contact_id"], update=["seen", "mailbox", "fault"])
    return changed


def _seen(person: Person) -> int:
    kept = () if person.restricted_at is None else (person.restricted_at,)
    told = "\n".join(
        map(str, (person.email, person.first_name, person.last_name, person.phone, person.company_id,
                  person.birthday, person.birth_year, *kept))
    )  # fmt: skip
    return int.from_bytes(hashlib.blake2b(told.encode(), digest_size=8).digest(), "big", signed=True)


def _mailbox(email: str) -> str:
    spelt = mailbox(email)
    return "" if spelt == email else spelt


def _fault(email: str) -> str:
    """What is wrong with the spelling of an address that came by a road without our checks."""
    try:
        return "" if canonical(email).email == email else "not_canonical"
    except AddressProblem as error:
        return error.reason[:24]
