"""Whom a right is about: one contact, under every number, address and name it was known by."""

import json
from dataclasses import asdict, dataclass

from sqlalchemy.orm import Session

from campaigns import sealing, tokens
from campaigns.cleaning import merging
from campaigns.contacts import identity
from campaigns.contacts.models import Contact

_SHORTEST_NAME = 6  # letters of a first and last name that may be looked for in texts


@dataclass(frozen=True)
class Person:
    """What a person is found by."""

    number: int
    numbers: tuple[int, ...]  # of contacts that were merged into this one, and its own
    addresses: tuple[str, ...]  # canonical
    names: tuple[str, ...]  # first and last
    phone: str

    @property
    def hashes(self) -> tuple[str, ...]:
        """Their addresses as the list of those never mailed has them."""
        return tuple(map(tokens.address_hash, self.addresses))

    def sealed(self) -> str:
        """All of it as it may stand in the database for a while."""
        return sealing.seal(json.dumps(asdict(self)))


def of_contact(session: Session, contact: Contact) -> Person:
    """Who this contact is and was."""
    before = merging.earlier(session, contact.id)
    addresses = [contact.email, *identity.addresses(session, contact.id), *(email for email, _name in before)]
    names = [contact.name, *(name for _email, name in before)]
    return Person(
        contact.id,
        tuple(identity.numbers(session, contact.id)),
        tuple(dict.fromkeys(addresses)),
        tuple(dict.fromkeys(name for name in names if _tells(name))),
        contact.phone,
    )


def unsealed(sealed: str) -> Person:
    """The person again; raises PersonError when they were sealed under another key."""
    known = json.loads(sealing.unseal(sealed))
    lists = {key: tuple(known[key]) for key in ("numbers", "addresses", "names")}
    return Person(number=known["number"], phone=known["phone"], **lists)


def _tells(name: str) -> bool:
    """Whether a name is one of a person and no common word."""
    return " " in name and len(name) >= _SHORTEST_NAME
