"""What others' texts say of a person who is erased: found in every table, and blackened there."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.contacts import field_index
from campaigns.contacts.models import Contact
from campaigns.database import Base, reading, transaction
from campaigns.rights import forgetting
from campaigns.rights.person import Person

BLACKENED = "[erased]"
_LONG = 100  # columns of fewer characters hold words of our own
_AT_ONCE = 200_000  # numbers looked through in one question

# Tables, or columns of them, in which nobody is looked for, and why.
LEFT_ALONE: Mapping[str, str] = {
    "user": "colleagues",
    "role": "our own words",
    "sender": "our own addresses",
    "organisation": "ourselves",
    "sender_pace": "our own addresses",
    "wording": "words that everybody was asked to agree to",
    "template": "letters to everybody",
    "topic": "what letters are about",
    "form": "our own words",
    "coupon_pool": "our own words",
    "form_revision": "words to everybody",
    "sign_up": "goes with its own person",
    "sign_up_letter": "seals",
    "revision": "letters to everybody, as they went out",
    "link": "addresses of pages",
    "category": "names of kinds of people",
    "tag": "names of kinds of people",
    "product": "names of things",
    "field": "names of fields",
    "option_renaming": "names of choices",
    "company.name": "a firm, which may be called as its owner is",
    "company.key": "a firm, which may be called as its owner is",
    "company.website": "a firm's page",
    "company.industry": "a kind of work",
    "lease": "names of processes",
    "mail_domain": "domains; those that only one person has go with them",
    "domain_pace": "domains; those that only one person has go with them",
    "tally": "counts",
    "segment": "numbers of letters, names of processes",
    "hit": "how programs call themselves",
    "message": "an address stands with its own letter only",
    "ad_given": "marks",
    "suppression": "seals",
    "consent_event": "the evidence of somebody else (GDPR Art. 17(3)(e))",
    "looked_at": "follows from the contact",
    "further_address": "an address stands with its own contact only",
    "contact.email": "an address stands with its own contact only",
    "contact.domain": "an address stands with its own contact only",
    "contact.first_name": "another person may have the same name",
    "contact.last_name": "another person may have the same name",
    "contact.name_key": "another person may have the same name",
    "contact.position": "a kind of work",
    "contact.city": "a place",
    "contact_value": "follows from the contact's fields",
    "company_value": "follows from the company's fields",
    "erasure": "sealed",
    "export.after": "how far a file is; emptied when it is done",
    "cleaning_run.after": "how far a search is; emptied when it is done",
}


@dataclass(frozen=True)
class Sought:
    """The words by which somebody is found in a text."""

    words: tuple[str, ...]

    def pattern(self) -> re.Pattern[str]:
        """Finds each of them, not as a part of another word."""
        either = "|".join(map(re.escape, self.words))
        return re.compile(rf"(?<![\w.+-])(?:{either})(?![\w-])", re.IGNORECASE)


def sought(session: Session, who: Person) -> Sought:
    """What to look for; a name that somebody else bears, too, says nothing of this person."""
    words = [*who.addresses, *([who.phone] if who.phone else [])]
    for name in who.names:
        first, _blank, last = name.partition(" ")
        alike = sa.select(Contact.id).where(
            sa.func.lower(sa.func.trim(Contact.first_name + " " + Contact.last_name)) == name.lower()
        )
        if session.scalar(alike.limit(1)) is None:
            words += [name, f"{last} {first}", f"{last}, {first}"]
    return Sought(tuple(words))


def columns() -> Iterator[tuple[sa.Table, list[Any]]]:
    """Every table with the columns of it in which anybody may have written anything."""
    for table in Base.metadata.sorted_tables:
        found = [column for column in table.c if _may_name(table, column)]
        if found:
            yield table, found


def _may_name(table: sa.Table, column: Any) -> bool:
    kind = column.type
    long = isinstance(kind, sa.JSON) or (isinstance(kind, sa.String) and (kind.length or _LONG) >= _LONG)
    return long and table.name not in LEFT_ALONE and f"{table.name}.{column.name}" not in LEFT_ALONE


def blacken(words: Sought, beat: Callable[[], None]) -> dict[str, int]:
    """Go through all tables, some hundred thousand rows at a time; how many rows of each named them."""
    found: dict[str, int] = {}
    if not words.words:
        return found
    for table, searched in columns():
        for window in _windows(table):
            beat()
            with reading() as session:
                named = _named(session, table, searched, words, window)
            if not named:
                continue
            with transaction() as session:
                forgetting.leave_no_trace(session)
                changed = _blacken(session, table, searched, words, window)
            if changed:
                found[table.name] = found.get(table.name, 0) + changed
    return found


def _windows(table: sa.Table) -> Iterator[Any]:
    """Conditions that together hold for all rows."""
    key = next(iter(table.primary_key.columns))
    if not isinstance(key.type, sa.BigInteger | sa.Integer):
        yield sa.true()
        return
    with reading() as session:
        first, last = session.execute(sa.select(sa.func.min(key), sa.func.max(key))).one()
    for start in range(first, last + 1, _AT_ONCE) if first is not None else ():
        yield key.between(start, start + _AT_ONCE - 1)


def _named(
    session: Session, table: sa.Table, searched: Sequence[Any], words: Sought, window: Any
) -> Sequence[Any]:
    """The rows that may name them, whole."""
    said = sa.or_(*(_says(session, column, word) for column in searched for word in words.words))
    return session.execute(sa.select(table).where(window, said)).mappings().all()


def _blacken(session: Session, table: sa.Table, searched: Sequence[Any], words: Sought, window: Any) -> int:
    keys = list(table.primary_key.columns)
    pattern, changed = words.pattern(), []
    for row in _named(session, table, searched, words, window):
        values = {column.name: blackened(row[column.name], pattern) for column in searched}
        new = {name: value for name, value in values.items() if value != row[name]}
        if new:
            mine = (key == row[key.name] for key in keys)
            session.execute(sa.update(table).where(*mine).values(new))
            changed.append(row)
    if table.name == Contact.__tablename__ and changed:
        field_index.refresh(session, [row["id"] for row in changed])
    return len(changed)


def _says(session: Session, column: Any, word: str) -> sa.ColumnElement[bool]:
    """Whether the column's text may hold the word; the pattern looks closer."""
    text = sa.cast(column, sa.Text)
    if session.get_bind().dialect.name == "sqlite":  # LIKE tells no small letter from a large one, up to Z
        return sa.or_(
            *(
                text.contains(form, autoescape=True)
                for form in {word, word.lower(), word.upper(), word.title()}
            )
        )
    found = text.icontains(word, autoescape=True)
    if isinstance(column.type, sa.JSON) and not word.isascii():
        found = sa.or_(found, text.icontains(_escaped(word), autoescape=True))
    return found


def _escaped(word: str) -> str:
    return "".join(char if char.isascii() else f"\\u{ord(char):04x}" for char in word)


def blackened(value: Any, pattern: re.Pattern[str]) -> Any:
    """The text, or all texts in a value of JSON; what stands in a list and names them is taken out whole."""
    if isinstance(value, str):
        return pattern.sub(BLACKENED, value)
    if isinstance(value, dict):
        kept = {key: one for key, one in value.items() if not pattern.search(key)}
        return {key: blackened(one, pattern) for key, one in kept.items()}
    if isinstance(value, list):
        return [
            blackened(one, pattern)
            for one in value
            if not (isinstance(one, dict | list) and _names(one, pattern))
        ]
    return value


def _names(value: Any, pattern: re.Pattern[str]) -> bool:
    if isinstance(value, dict):
        return any(pattern.search(key) or _names(one, pattern) for key, one in value.items())
    if isinstance(value, list):
        return any(_names(one, pattern) for one in value)
    return isinstance(value, str) and pattern.search(value) is not None
