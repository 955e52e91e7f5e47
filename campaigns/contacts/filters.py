"""What a list of contacts can be narrowed by; rooms above offer filters of their own here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import sqlalchemy as sa

from campaigns.contacts.names import tidy

_MOST = 20

STEPS = ("none", "overdue", "week", "planned")
QUIET = (30, 90, 180, 365)


@dataclass(frozen=True)
class Filter:
    """A filter that another room offers: a choice of values, and what each means.

    `among` selects the numbers of all contacts that meet a value from an index; None where none can. For the
    values in `joined` it asks a second table about each of them: counting far costs more than it saves.
    """

    key: str
    label: Callable[[], str]
    choices: Callable[[], list[tuple[str, str]]]
    where: Callable[[str], sa.ColumnElement[bool]]
    among: Callable[[str], sa.Select[Any] | None]
    joined: frozenset[str] = frozenset()


offered: dict[str, Filter] = {}


def offer(added: Filter) -> None:
    """Let lists of contacts be narrowed by this; called while the application is being made."""
    offered[added.key] = added


@dataclass(frozen=True)
class Filters:
    """What is asked of a list; the empty one asks nothing."""

    q: str = ""
    category: tuple[int, ...] = ()
    tag: tuple[int, ...] = ()
    company: int | None = None
    owner: str = ""  # a number, or "none"
    step: str = ""
    quiet: int | None = None  # days since the last contact, or never any
    others: Mapping[str, str] = field(default_factory=dict)  # key of an offered filter → its value

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))


def read(given: Mapping[str, list[str]]) -> Filters:
    """The filters in a query string (`request.args.to_dict(flat=False)`); what makes no sense is left out."""
    one = {name: values[-1].strip() for name, values in given.items() if values}
    owner = one.get("owner", "")
    return Filters(
        q=tidy(one.get("q", ""), 200),
        category=_numbers(given.get("category", [])),
        tag=_numbers(given.get("tag", [])),
        company=_number(one.get("company", "")),
        owner=owner if owner == "none" or _number(owner) else "",
        step=one.get("step", "") if one.get("step") in STEPS else "",
        quiet=_number(one.get("quiet", "")),
        others={key: one[key] for key in offered if one.get(key, "") in _values(offered[key])},
    )


def _values(known: Filter) -> list[str]:
    return [value for value, _label in known.choices() if value]


def _number(given: str) -> int | None:
    return next(iter(_numbers([given])), None)


def _numbers(given: list[str]) -> tuple[int, ...]:
    found = (int(text) for text in given if text.isascii() and text.isdigit() and len(text) < 16)
    return tuple(dict.fromkeys(number for number in found if number))[:_MOST]


def written(asked: Filters) -> list[tuple[str, str]]:
    """The filters as pairs of a query string; `read` gives the same ones back."""
    pairs = [("q", asked.q), ("owner", asked.owner), ("step", asked.step), *asked.others.items()]
    pairs += [("category", str(number)) for number in asked.category]
    pairs += [("tag", str(number)) for number in asked.tag]
    pairs += [(name, str(getattr(asked, name) or "")) for name in ("company", "quiet")]
    return [(name, value) for name, value in pairs if value]
