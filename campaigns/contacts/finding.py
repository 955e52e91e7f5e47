"""Finding contacts: searched, narrowed, sorted, a page at a time by key, however many there are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from campaigns.contacts import conditions
from campaigns.contacts.conditions import Condition, count_up_to
from campaigns.contacts.filters import Filters
from campaigns.contacts.models import Contact
from campaigns.database import moment
from campaigns.errors import BadInput
from campaigns.words import _

Key = Sequence[Any]  # the value sorted by (None: has none) and the contact's number
Where = list[sa.ColumnElement[bool]]


@dataclass(frozen=True)
class Sort:
    """An order of the list; whoever has no value comes last, by number."""

    column: Any
    descending: bool = False
    read: Callable[[Any], Any] = str
    nullable: bool = False
    begin: Any = None  # below all values; saying it makes SQLite take the index of this order


SORTS = {
    "name": Sort(Contact.name_key, begin=""),
    "-name": Sort(Contact.name_key, descending=True, begin=""),
    "last": Sort(Contact.last_contact_at, True, moment, nullable=True),
    "-last": Sort(Contact.last_contact_at, False, moment, nullable=True),
    "step": Sort(Contact.next_step_on, False, date.fromisoformat, nullable=True),
    "-step": Sort(Contact.next_step_on, True, date.fromisoformat, nullable=True),
    "new": Sort(Contact.id, True, int),
}
_LOAD = (
    selectinload(Contact.company),
    selectinload(Contact.owner),
    selectinload(Contact.categories),
    selectinload(Contact.tags),
)


def find(
    session: Session,
    asked: Filters,
    visible: Condition | None = None,
    sort: str = "name",
    after: Key | None = None,
    limit: int = 51,
) -> list[Contact]:
    """One page of contacts with their company, owner and labels, from beyond `after` on.

    Sorted by name, a search gives those first whose name in the list begins with what was typed.
    Raises BadInput for an `after` that no page of this sort gave.
    """
    order = SORTS[sort]
    value, number = _read(order, after) if after is not None else (None, None)
    found: list[Contact] = []
    for part in _parts(session, asked, visible, order, value, number):
        found += session.scalars(part.options(*_LOAD).limit(limit - len(found)))
        if len(found) == limit:
            break
    return found


def numbers(
    session: Session,
    asked: Filters,
    visible: Condition | None = None,
    sort: str = "name",
    after: Key | None = None,
    limit: int = 51,
) -> list[tuple[int, Any]]:
    """The numbers of one page of contacts, each with the value it is sorted by; see `find`."""
    order = SORTS[sort]
    value, number = _read(order, after) if after is not None else (None, None)
    found: list[tuple[int, Any]] = []
    for part in _parts(session, asked, visible, order, value, number):
        only = part.with_only_columns(Contact.id, order.column).limit(limit - len(found))
        found += [(row[0], row[1]) for row in session.execute(only)]
        if len(found) == limit:
            break
    return found


def key(contact: Contact, sort: str) -> Key:
    """What the page after this contact starts from."""
    return [getattr(contact, SORTS[sort].column.key), contact.id]


def matching(session: Session, asked: Filters, visible: Condition | None = None) -> sa.Select[Any]:
    """The numbers of all contacts that match, as a select to act upon."""
    return sa.select(Contact.id).where(*_narrowed(session, asked, visible), *_searched(session, asked))


def _read(order: Sort, after: Key) -> tuple[Any, int]:
    try:
        value, number = after
        return None if value is None else order.read(value), int(number)
    except (TypeError, ValueError) as error:
        raise BadInput(_("This page of the list can't be found. Go back to the first one.")) from error


def _parts(
    session: Session, asked: Filters, visible: Condition | None, order: Sort, value: Any, number: int | None
) -> Iterator[sa.Select[Any]]:
    """The list as selects to be read one after the other until the page is full."""
    where = _narrowed(session, asked, visible, order.column.key)
    phrases = conditions.phrases(asked.q) if order.column is Contact.name_key else []
    if phrases:
        first, begun = conditions.named(phrases), value is not None
        in_first = begun and any(value.startswith(phrase) for phrase in phrases)
        if not begun or in_first:
            yield _sorted(order, [*where, first], value, number)
            value, number = None, None
        rest = [*where, *_searched(session, asked), sa.not_(first)]
        yield _sorted(order, rest, value, number)
        return
    where += _searched(session, asked)
    if not order.nullable:
        yield _sorted(order, where, value, number)
        return
    if number is None or value is not None:
        yield _sorted(order, [*where, *_having(order, asked)], value, number)
        number = None
    yield _valueless(order, where, number)


def _having(order: Sort, asked: Filters) -> Where:
    """Those with a value to be sorted by; what was asked of it is said so that its index starts there."""
    if order.column is Contact.last_contact_at and asked.quiet:
        return [order.column < conditions.quiet_since(asked.quiet)]
    return [order.column.is_not(None)]


def _narrowed(session: Session, asked: Filters, visible: Condition | None, column: str = "") -> Where:
    asks = conditions.of(asked) + ([visible] if visible else [])
    return conditions.clauses(session, asks, column)


def _searched(session: Session, asked: Filters) -> Where:
    """The search; of several words that many have, the rarest leads."""
    words = conditions.words(asked.q)
    if len(words) < 2:
        return conditions.clauses(session, words)
    counts = [count_up_to(session, word.among, conditions.SOME) for word in words if word.among is not None]
    rarest = counts.index(min(counts))
    return [word.listed() if n == rarest else word.checked(session) for n, word in enumerate(words)]


def _sorted(order: Sort, where: Where, value: Any, number: int | None) -> sa.Select[Any]:
    column, direction = order.column, sa.desc if order.descending else sa.asc
    found = sa.select(Contact).where(*where).order_by(direction(column), direction(Contact.id))
    if number is None:
        return found if order.begin is None else found.where(column >= order.begin)
    here, there = sa.tuple_(column, Contact.id), sa.tuple_(value, number)
    return found.where(here < there if order.descending else here > there)


def _valueless(order: Sort, where: Where, number: int | None) -> sa.Select[Any]:
    found = sa.select(Contact).where(*where, order.column.is_(None)).order_by(Contact.id)
    return found.where(Contact.id > number) if number is not None else found
