"""Third persons in what somebody gets of their own data: whoever else is named there is blackened."""

import re
from collections.abc import Callable, Collection, Iterator
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import among
from campaigns.contacts.models import Contact
from campaigns.contacts.names import name_key
from campaigns.rights.person import Person

HIDDEN = "[another person]"
_ADDRESS = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER = re.compile(r"\+\d(?:[ ()/-]?\d){7,14}")
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|-|['’](?=[A-Z]))+")
_AT_ONCE = 5_000


def without_others(session: Session, who: Person, found: Any) -> Any:
    """The same value of JSON without others' addresses and telephone numbers, and names of contacts."""
    own = {address.lower() for address in who.addresses}
    digits = _digits(who.phone)
    named: set[str] = set()

    def note(text: str) -> str:
        named.update(form for span in _pairs(text) for form in _forms(text[slice(*span)]))
        return text

    _each(found, note)
    people = _known(session, named) - {form for name in who.names for form in _forms(name)}

    def hide(text: str) -> str:
        text = _ADDRESS.sub(lambda match: match[0] if match[0].lower() in own else HIDDEN, text)
        text = _NUMBER.sub(lambda match: match[0] if _digits(match[0]) == digits else HIDDEN, text)
        for start, end in _people(text, people):
            text = text[:start] + HIDDEN + text[end:]
        return text

    return _each(found, hide)


def _each(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: _each(one, change) for key, one in value.items()}
    if isinstance(value, list):
        return [_each(one, change) for one in value]
    return change(value) if isinstance(value, str) else value


def _known(session: Session, names: Collection[str]) -> set[str]:
    """Those of these keys that are a contact's."""
    keys, found = sorted(names), set[str]()
    for start in range(0, len(keys), _AT_ONCE):
        some = among(session, Contact.name_key, keys[start : start + _AT_ONCE])
        found.update(session.scalars(sa.select(Contact.name_key).where(some)))
    return found


def _people(text: str, people: set[str]) -> list[tuple[int, int]]:
    """Where these are named, from the last to the first; none twice."""
    found, last = [], 0
    for start, end in _pairs(text):
        if start >= last and not people.isdisjoint(_forms(text[start:end])):
            found.append((start, end))
            last = end
    return found[::-1]


def _pairs(text: str) -> Iterator[tuple[int, int]]:
    """Words beside each other that begin with a capital."""
    for one, other in pairwise(_WORD.finditer(text)):
        if one[0][0].isupper() and other[0][0].isupper() and text[one.end() : other.start()].isspace():
            yield one.start(), other.end()


def _forms(name: str) -> tuple[str, str]:
    """The keys of a name, whichever of its words comes first."""
    first, _blank, last = name.partition(" ")
    last = last.strip()
    return name_key(first, last, ""), name_key(last, first, "")


def _digits(phone: str) -> str:
    return re.sub(r"\D", "", phone)
