"""Ways in which contacts are chosen for something done with many: kept as JSON, asked again while it is done.

A choice is a dict with one key that names the way: {"ids": [1, 2]}, {"filters": "tag=3&sort=name"}. Rooms
above offer ways of their own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import User
from campaigns.contacts import filters, finding, visibility
from campaigns.contacts.models import Contact
from campaigns.errors import NotFound
from campaigns.words import _, ngettext

Choice = Mapping[str, Any]
MOST_TICKED = 1000


@dataclass(frozen=True)
class Way:
    """How one way of choosing is read: the numbers of contacts, and the choice in words.

    `numbers` raises a PersonError for what is not there any more. A user of None sees all contacts.
    """

    numbers: Callable[[Session, Any, User | None], sa.Select[Any]]
    words: Callable[[Session, Any], str]
    addressed: bool = True  # whether an address may ask for it, as `?chosen=key:value`


ways: dict[str, Way] = {}


def offer(key: str, way: Way) -> None:
    """Let contacts be chosen in this way; called when the module is imported."""
    ways[key] = way


def numbers(session: Session, choice: Choice, user: User | None) -> sa.Select[Any]:
    """The numbers of the chosen contacts that this user may see, as a select over Contact."""
    way, chosen = _way(choice)
    return way.numbers(session, chosen, user)


def words(session: Session, choice: Choice) -> str:
    """The choice in words."""
    way, chosen = _way(choice)
    return way.words(session, chosen)


def _way(choice: Choice) -> tuple[Way, Any]:
    key, chosen = next(iter(choice.items()))
    if key not in ways:
        raise NotFound(_("There is nothing at this address. It may have been removed."))
    return ways[key], chosen


def addressed(text: str) -> Choice:
    """The choice that an address names, as “audience:3”; raises NotFound for none that may be."""
    key, _colon, chosen = text.partition(":")
    if key not in ways or not ways[key].addressed:
        raise NotFound(_("There is nothing at this address. It may have been removed."))
    return {key: chosen}


def seen_by(user: User | None) -> sa.ColumnElement[bool]:
    """The condition on Contact under which this user sees it; None sees all."""
    return sa.true() if user is None else visibility.visible_to(user)


def _ticked(_session: Session, chosen: Any, user: User | None) -> sa.Select[Any]:
    return sa.select(Contact.id).where(Contact.id.in_([int(number) for number in chosen]), seen_by(user))


def _matching(session: Session, query: Any, user: User | None) -> sa.Select[Any]:
    return finding.matching(
        session, filters.read(parse_qs(str(query))), visibility.limits(user) if user else None
    )


def _said_ticked(_session: Session, chosen: Any) -> str:
    return ngettext("%(num)s ticked contact", "%(num)s ticked contacts", len(chosen))


def _said_matching(_session: Session, query: Any) -> str:
    asked = filters.read(parse_qs(str(query)))
    if not asked:
        return _("All contacts")
    return _("Contacts found for “%(q)s”", q=asked.q) if asked.q else _("Contacts of a narrowed list")


offer("ids", Way(_ticked, _said_ticked, addressed=False))
offer("filters", Way(_matching, _said_matching, addressed=False))
