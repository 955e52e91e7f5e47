"""Walking through all contacts in blocks of those who share something, page by page and in little memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import among
from campaigns.cleaning.domains import FREE
from campaigns.cleaning.likeness import Person
from campaigns.cleaning.models import Looked, Reason
from campaigns.contacts.models import Contact

PAGE = 4_000
EVERYBODYS = 2_000  # addresses in one domain, from which on it is taken for one that anybody may be in
_OVERLAP = 100  # of a block larger than a page, the end of one part is the beginning of the next
PERSON = tuple(getattr(Contact, field.name) for field in fields(Person))
_COLUMNS = {Reason.PHONE: Contact.phone, Reason.COMPANY: Contact.company_id, Reason.DOMAIN: Contact.domain}


@dataclass
class Blocks:
    """Some blocks, how many people were read for them, and the key after which the next ones begin."""

    blocks: list[list[Person]]
    read: int
    after: list[Any]  # empty: that was all


def next_blocks(session: Session, shared: Reason, after: Sequence[Any]) -> Blocks:
    """The blocks of a page of contacts, in the order of what they share; only blocks of two and more."""
    if shared == Reason.MAILBOX:
        return _mailboxes(session, after)
    column = _COLUMNS[shared]
    if len(after) > 1:
        return _part(session, column, after)
    people = _people(session, column, after)
    key = _keys(shared)
    if len(people) < PAGE:
        return Blocks(_grouped(people, key, shared), len(people), [])
    last = key(people[-1])
    whole = [person for person in people if key(person) != last]
    if whole:
        return Blocks(_grouped(whole, key, shared), len(whole), [key(whole[-1])])
    if shared == Reason.DOMAIN:
        return Blocks([], len(people), [last])
    return Blocks([], 0, [last, "", 0])


def _keys(shared: Reason) -> Any:
    name = _COLUMNS[shared].key
    return lambda person: getattr(person, name)


def _people(session: Session, column: Any, after: Sequence[Any]) -> list[Person]:
    rows = sa.select(*PERSON).order_by(column, Contact.id).limit(PAGE)
    if column is Contact.company_id:
        rows = rows.where(column > (after[0] if after else 0))
    else:
        rows = rows.where(column > (after[0] if after else ""))
    if column is Contact.domain:
        rows = rows.where(column.not_in(FREE))
    return [Person(*row) for row in session.execute(rows)]


def _grouped(people: Sequence[Person], key: Any, shared: Reason) -> list[list[Person]]:
    found = (list(block) for _key, block in groupby(people, key=key))
    most = EVERYBODYS if shared == Reason.DOMAIN else PAGE
    return [block for block in found if 1 < len(block) <= most]


def _part(session: Session, column: Any, after: Sequence[Any]) -> Blocks:
    """A page of one large block, in the order of names; parts overlap, so that neighbours meet."""
    key, name_key, number = after
    rows = session.execute(
        sa.select(*PERSON, Contact.name_key)
        .where(column == key, sa.tuple_(Contact.name_key, Contact.id) > sa.tuple_(name_key, number))
        .order_by(Contact.name_key, Contact.id)
        .limit(PAGE)
    ).all()
    people = [Person(*row[:-1]) for row in rows]
    if len(rows) < PAGE:
        return Blocks([people], len(rows), [key])
    again = rows[-_OVERLAP]
    return Blocks([people], len(rows) - _OVERLAP, [key, again.name_key, again.id])


def _mailboxes(session: Session, after: Sequence[Any]) -> Blocks:
    """Those whose mailbox has another spelling, with whoever has that one."""
    spelt = session.scalars(
        sa.select(Looked.mailbox)
        .where(Looked.mailbox != "", Looked.mailbox > (after[0] if after else ""))
        .distinct()
        .order_by(Looked.mailbox)
        .limit(PAGE // 4)
    ).all()
    blocks = [block for block in of_mailboxes(session, spelt) if len(block) > 1]
    return Blocks(blocks, len(spelt), [spelt[-1]] if len(spelt) == PAGE // 4 else [])


def of_mailboxes(session: Session, spelt: Sequence[str]) -> Iterator[list[Person]]:
    """Everybody who has one of these mailboxes, spelt so or otherwise; mailbox by mailbox."""
    found: dict[str, list[Person]] = {}
    for row in session.execute(sa.select(*PERSON).where(among(session, Contact.email, spelt))):
        found.setdefault(row.email, []).append(Person(*row))
    otherwise = sa.select(*PERSON, Looked.mailbox).join(Looked, Looked.contact_id == Contact.id)
    for row in session.execute(otherwise.where(Looked.mailbox != "", among(session, Looked.mailbox, spelt))):
        found.setdefault(row.mailbox, []).append(Person(*row[:-1]))
    yield from found.values()


def some(session: Session, where: Any, limit: int) -> list[Person]:
    """Up to `limit` people of whom this holds."""
    return [Person(*row) for row in session.execute(sa.select(*PERSON).where(where).limit(limit))]


def some_after(session: Session, after: int, limit: int) -> list[Person]:
    """The next people by number."""
    rows = sa.select(*PERSON).where(Contact.id > after).order_by(Contact.id).limit(limit)
    return [Person(*row) for row in session.execute(rows)]
