"""What filters ask of a contact, each in two forms: to look it up, and to list who meets it.

Which one is quick depends on how many meet it. Those that few meet lead the search; those that many
meet are checked while walking the list in its order. Databases guess this wrongly for a page of a
long list, by seconds, so it is counted (up to a few thousand).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from campaigns.contacts.filters import Filters, offered
from campaigns.contacts.models import Company, Contact, contact_category, contact_tag
from campaigns.contacts.names import fold, plain
from campaigns.database import now

FEW = 5_000
HELD = 20_000  # numbers that are soon gathered, and then at hand for each contact met on the way
SOME = 10_000
_BY_OWNER = frozenset({Contact.name_key.key, Contact.last_contact_at.key})
_HIGHEST = "\U0010ffff"
_MOST_WORDS = 8
_PHONE = re.compile(r"\+?[\d\s()/.-]{4,}")

Ids = sa.Select[Any] | sa.CompoundSelect[Any]


@dataclass(frozen=True)
class Condition:
    """Something a contact must meet."""

    where: sa.ColumnElement[bool]  # asked of one contact
    among: Ids | None = None  # the numbers of all who meet it, from an index; None: nothing lists them
    sorted_by: frozenset[str] = frozenset()  # columns by which an index holds those who meet it in order
    most: int = HELD  # who meet it are counted no further than this, and gathered up to here

    def checked(self, session: Session) -> sa.ColumnElement[bool]:
        """As a check of each contact met on the way.

        PostgreSQL's statistics find the quick way; SQLite has few, and CASE keeps it from starting here.
        """
        if session.get_bind().dialect.name == "postgresql":
            return self.where
        return sa.case((self.where, 1), else_=0) == 1

    def held(self, session: Session) -> sa.ColumnElement[bool]:
        """As a list that is gathered once, in which each contact met on the way is looked for.

        Neither database may start from it: IS TRUE and CASE see to that.
        """
        listed = self.listed()
        if session.get_bind().dialect.name == "postgresql":
            return listed.is_(sa.true())
        return sa.case((listed, 1), else_=0) == 1

    def listed(self) -> sa.ColumnElement[bool]:
        """As the list to start from."""
        assert self.among is not None
        return Contact.id.in_(self.among)


def clauses(
    session: Session, conditions: Sequence[Condition], column: str = ""
) -> list[sa.ColumnElement[bool]]:
    """Each condition in the form that is quick here, for a list sorted by this column."""
    return [_clause(session, each, column) for each in conditions]


def _clause(session: Session, asked: Condition, column: str) -> sa.ColumnElement[bool]:
    ordered = column in asked.sorted_by
    most = FEW if ordered else asked.most
    count = count_up_to(session, asked.among, most) if asked.among is not None else most
    if count < FEW:
        return asked.listed()
    if ordered:
        return asked.where
    return asked.held(session) if count < most else asked.checked(session)


def count_up_to(session: Session, chosen: Ids, most: int) -> int:
    """How many there are, counted no further than `most`."""
    some = chosen.limit(most).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def usable(number: Any = Contact.id) -> sa.ColumnElement[bool]:
    """The condition on a contact's number under which its data are not only kept (GDPR Art. 18).

    By the few numbers that an index lists of the others, so that counting all stays the work of an index.
    """
    return number.not_in(_only_kept())


@cache
def _only_kept() -> sa.Select[Any]:
    kept = aliased(Contact)
    return sa.select(kept.id).where(kept.restricted_at.is_not(None))


def of(asked: Filters) -> list[Condition]:
    """What these filters ask, but for the search."""
    found = [labelled(contact_category.c.category_id, number) for number in asked.category]
    found += [labelled(contact_tag.c.tag_id, number) for number in asked.tag]
    if asked.company:
        found.append(_indexed(Contact.company_id == asked.company))
    if asked.owner:
        found.append(owned([None if asked.owner == "none" else int(asked.owner)]))
    if asked.step:
        found.append(_indexed(_planned(asked.step)))
    if asked.quiet:
        found.append(_quiet_for(asked.quiet))
    for key, value in asked.others.items():
        of_key = offered[key]
        most = FEW if value in of_key.joined else HELD
        found.append(Condition(of_key.where(value), of_key.among(value), most=most))
    return found


def _indexed(where: sa.ColumnElement[bool]) -> Condition:
    return Condition(where, sa.select(Contact.id).where(where))


def labelled(column: sa.Column[Any], number: int) -> Condition:
    """The contacts that wear a category or tag."""
    table = column.table
    wearing = sa.select(table.c.contact_id).where(column == number)
    worn = wearing.where(table.c.contact_id == Contact.id).correlate(Contact).limit(1).scalar_subquery()
    return Condition(worn.is_not(None), wearing)  # PostgreSQL makes a join of EXISTS, in an order of its own


def _planned(step: str) -> sa.ColumnElement[bool]:
    """What is to be done asks nothing of those whose data are only kept; what is planned is told of all."""
    today: date = now().date()
    on = Contact.next_step_on
    return {
        "none": sa.and_(on.is_(None), usable()),
        "overdue": sa.and_(on < today, usable()),
        "week": sa.and_(on >= today, on <= today + timedelta(days=7), usable()),
        "planned": on.is_not(None),
    }[step]


def quiet_since(days: int) -> datetime:
    """Before which moment the last contact of somebody lies who was quiet for so long."""
    return now() - timedelta(days=min(days, 36_500))


def _quiet_for(days: int) -> Condition:
    last, since = Contact.last_contact_at, quiet_since(days)
    before, never = sa.select(Contact.id).where(last < since), sa.select(Contact.id).where(last.is_(None))
    return Condition(sa.or_(last.is_(None), last < since), before.union_all(never))


def owned(owners: Sequence[int | None]) -> Condition:
    """The contacts of these colleagues; None: of nobody."""
    each = [Contact.owner_id.is_(None) if one is None else Contact.owner_id == one for one in owners]
    among = sa.union_all(*(sa.select(Contact.id).where(one) for one in each))
    return Condition(sa.or_(*each), among, _BY_OWNER if len(each) == 1 else frozenset())


def words(text: str) -> list[Condition]:
    """What a search asks: each word begins a name, an address, a domain, a phone or a company."""
    given = list(dict.fromkeys(text.split()))[:_MOST_WORDS]
    if _PHONE.fullmatch(text):
        return [_any([_begins(Contact.phone, _dialled(text)), *_meanings(text)])]
    whole = [_works_for(text)] if len(given) > 1 else []
    return [_any(_meanings(word) + whole) for word in given]


def _meanings(word: str) -> list[sa.ColumnElement[bool]]:
    typed, folded = word.lower(), plain(word)
    found = [_begins(Contact.email, typed)]
    if folded:
        found += [_begins(Contact.name_key, folded), _begins(Contact.first_key, folded), _works_for(word)]
    if "." in word:
        found.append(Contact.domain == typed.lstrip("@"))
    return found


def _works_for(text: str) -> sa.ColumnElement[bool]:
    return Contact.company_id.in_(sa.select(Company.id).where(_begins(Company.key, fold(text))))


def _any(meanings: list[sa.ColumnElement[bool]]) -> Condition:
    lists = [sa.select(Contact.id).where(meaning) for meaning in meanings]
    return Condition(sa.or_(*meanings), sa.union_all(*lists), most=FEW)  # a company's are found one by one


def _dialled(text: str) -> str:
    digits = re.sub(r"[^\d+]", "", text)
    return "+" + digits[2:] if digits.startswith("00") else digits


def phrases(text: str) -> list[str]:
    """How the name that was typed may stand in the list: as typed, or with its last word in front."""
    typed = plain(text).split()
    return list(dict.fromkeys(" ".join(order) for order in (typed, [*typed[-1:], *typed[:-1]]) if order))


def named(typed: Sequence[str]) -> sa.ColumnElement[bool]:
    """The contacts whose name in the list begins with one of these."""
    return sa.or_(*(_begins(Contact.name_key, phrase) for phrase in typed))


def _begins(column: InstrumentedAttribute[str], prefix: str) -> sa.ColumnElement[bool]:
    """A range rather than LIKE: that uses the column's index on every database."""
    return sa.and_(column >= prefix, column < prefix + _HIGHEST)
