"""What stands around a list of contacts: its filters and their choices, chips, and sorting."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import urlencode
from zoneinfo import available_timezones

import sqlalchemy as sa
from babel import Locale
from sqlalchemy.orm import Session

from campaigns.accounts.models import User
from campaigns.contacts import bulk, filters, tagging
from campaigns.contacts.filters import Filters
from campaigns.contacts.finding import SORTS
from campaigns.contacts.models import Category, Company, Tag
from campaigns.words import LANGUAGES, _

Choices = list[tuple[Any, str]]
_SUGGESTED = 500


def sort_of(given: str | None) -> str:
    """The order asked for, or by name."""
    return given if given in SORTS else "name"


def query(asked: Filters, sort: str, **other: str) -> str:
    """The query string of these filters in this order; `other` takes the place of some."""
    pairs = [(name, value) for name, value in filters.written(asked) if name not in other]
    pairs += [(name, value) for name, value in other.items() if value]
    return urlencode([*pairs, ("sort", sort)])


def around(session: Session, asked: Filters, sort: str, user: User) -> dict[str, Any]:
    """All that the list's page shows besides its rows."""
    choices, acts = _choices(session), bulk.open_to(user)
    offered = [act.offers(session) for act in acts.values() if act.offers]
    return {
        "asked": asked,
        "sort": sort,
        "query": query(asked, sort),
        "choices": choices,
        "offered": list(filters.offered.values()),
        "chips": _chips(session, asked, sort, choices),
        "acts": [(key, act.label()) for key, act in acts.items()],
        "doors": bulk.doors_of(user),
        "act_fields": list(dict.fromkeys(act.fields for act in acts.values() if act.fields)),
        "sorted_by": lambda order: query(asked, order),
    } | {key: value for some in offered for key, value in some.items()}


def _choices(session: Session) -> dict[str, Choices]:
    return {
        "category": [(label.id, label.name) for label in tagging.all_of(session, Category)],
        "tag": [(label.id, label.name) for label in tagging.all_of(session, Tag)],
        "owner": [("none", _("Nobody")), *colleagues(session)],
        "step": [
            ("none", _("No next step")),
            ("overdue", _("Overdue")),
            ("week", _("Due within 7 days")),
            ("planned", _("Any next step")),
        ],
        "quiet": [(days, _("Not for %(days)s days", days=days)) for days in filters.QUIET],
    }


def colleagues(session: Session) -> Choices:
    """Those who can own contacts."""
    people = session.scalars(sa.select(User).where(User.active).order_by(User.name, User.id))
    return [(user.id, user.name or user.email) for user in people]


def _chips(
    session: Session, asked: Filters, sort: str, choices: dict[str, Choices]
) -> Sequence[tuple[str, str]]:
    """What the list is narrowed by: in words, and the query without it."""
    pairs = filters.written(asked)
    named = {(name, str(value)): label for name, some in choices.items() for value, label in some}
    for key, known in filters.offered.items():
        named |= {(key, value): label for value, label in known.choices()}
    if asked.company:
        company = session.get(Company, asked.company)
        named["company", str(asked.company)] = company.name if company else "?"
    if asked.q:
        named["q", asked.q] = f"“{asked.q}”"
    return [
        (named.get(pair, pair[1]), urlencode([*(other for other in pairs if other != pair), ("sort", sort)]))
        for pair in pairs
    ]


def suggestions(session: Session) -> dict[str, Sequence[str]]:
    """Names to choose from while typing."""
    return {
        "company_names": session.scalars(
            sa.select(Company.name).order_by(Company.key).limit(_SUGGESTED)
        ).all(),
        "category_names": session.scalars(sa.select(Category.name).order_by(Category.key)).all(),
        "tag_names": session.scalars(sa.select(Tag.name).order_by(Tag.key).limit(_SUGGESTED)).all(),
    }


def languages() -> Choices:
    """Languages to choose from, ours first."""
    return [("", _("Not known")), *LANGUAGES.items(), *_other_languages()]


@cache
def _other_languages() -> Choices:
    known = "ar bg bn da de el es et fa fi fr he hi hr hu id it ja ko lt lv ms nl no pl pt sl sr sv th tr uk"
    named = [(code, (Locale.parse(code).display_name or code).capitalize()) for code in known.split()]
    return sorted(named, key=lambda choice: choice[1])


@cache
def countries() -> Choices:
    """All countries by their English name."""
    named = Locale("en").territories
    real = [(code, name) for code, name in named.items() if len(code) == 2 and code not in _NO_COUNTRIES]
    return [("", "–"), *sorted(real, key=lambda choice: choice[1])]


_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB"})


@cache
def timezones() -> Choices:
    """All time zones of places."""
    places = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc"))
    return [("", "–"), *((zone, zone.replace("_", " ")) for zone in places)]
