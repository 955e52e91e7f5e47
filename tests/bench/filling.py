"""Fills a database with contacts and their consent by the hundred thousand; the same seed gives the same."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from campaigns import tokens
from campaigns.consent.models import Act, Basis, Consent, ConsentEvent, Purpose, Suppression
from campaigns.contacts import names
from campaigns.contacts.models import Category, Contact, Tag, contact_category, contact_tag
from campaigns.database import engine
from campaigns.demo.people import LANDS

SEED = 2026
RULE = '(category:"Cutters" or category:"Grinders") and not tag:"left"'  # fits all but those who left
_AT_ONCE = 20_000
_SINCE = datetime(2026, 1, 5, 9, tzinfo=UTC)
_COLUMNS = (
    "email", "address_hash", "domain", "first_name", "last_name", "name_key", "first_key", "language",
    "timezone", "country", "city", "birthday", "phone", "position", "note", "fields", "source",
    "last_contact_how", "created_at", "updated_at",
)  # fmt: skip


@dataclass(frozen=True)
class Shares:
    """One in so many contacts is of this kind; 0: none is."""

    left: int = 0  # does not fit the rule
    unasked: int = 0  # never said anything about mail
    withdrawn: int = 0
    suppressed: int = 0
    followed: int = 1  # agreed to be followed


MIXED = Shares(left=50, unasked=40, withdrawn=60, suppressed=100, followed=2)
WILLING = Shares()  # everybody gets the letter


def fill(count: int, shares: Shares = WILLING, seed: int = SEED) -> None:
    """Write so many contacts with labels and consent into an empty database, and let it take stock."""
    with engine().connect() as connection:
        if connection.dialect.name == "postgresql":  # every key here names a row that was just written
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        with _without_indexes(connection):
            _write(connection, _contacts(count, seed))
        _label(connection, shares)
        _agree(connection, shares)
        _suppress(connection, count, shares, seed)
        connection.commit()
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if connection.dialect.name == "sqlite" else "VACUUM (ANALYZE)")


def address(number: int, seed: int = SEED) -> str:
    """The address of the contact with that number, from 1."""
    return f"reader{number}.{seed}@host{number % 200}.example.com"


@contextmanager
def _without_indexes(connection: Connection) -> Iterator[None]:
    """The contacts' indexes are built afterwards, at once: a third of the time."""
    indexes = sorted(cast(sa.Table, Contact.__table__).indexes, key=lambda index: str(index.name))
    for index in indexes:
        index.drop(connection)
    yield
    for index in indexes:
        index.create(connection)


def _contacts(count: int, seed: int) -> Iterator[list[tuple[Any, ...]]]:
    """The rows, some thousand at a time."""
    rng = random.Random(seed)
    kinds = [
        (first, last, *names.keys(first, last, "").values(), land, rng.choice(land.cities))
        for land in LANDS
        for first in land.first_names
        for last in land.last_names
    ]
    for start in range(1, count + 1, _AT_ONCE):
        yield [
            _row(address(number, seed), rng.choice(kinds), rng.randrange(1, 29))
            for number in range(start, min(start + _AT_ONCE, count + 1))
        ]


def _row(email: str, kind: tuple[Any, ...], day: int) -> tuple[Any, ...]:
    first, last, name_key, first_key, land, city = kind
    return (
        email, tokens.address_hash(email), email.rpartition("@")[2], first, last, name_key, first_key,
        land.language, land.timezone, land.country, city, f"05-{day:02}", "", "", "", "{}", "bench", "",
        _SINCE, _SINCE,
    )  # fmt: skip


def _write(connection: Connection, parts: Iterator[list[tuple[Any, ...]]]) -> None:
    """COPY on PostgreSQL, one INSERT for all rows of a part elsewhere."""
    listed = ", ".join(_COLUMNS)
    if connection.dialect.name == "postgresql":
        raw: Any = connection.connection.driver_connection
        with raw.cursor() as cursor, cursor.copy(f"COPY contact ({listed}) FROM STDIN") as copy:
            for part in parts:
                copy.write("".join("\t".join(map(str, row)) + "\n" for row in part))
        return
    marks = ", ".join("?" * len(_COLUMNS))
    for part in parts:
        rows = [(*row[:-2], *(at.strftime("%Y-%m-%d %H:%M:%S.%f") for at in row[-2:])) for row in part]
        connection.exec_driver_sql(f"INSERT INTO contact ({listed}) VALUES ({marks})", rows)


def _label(connection: Connection, shares: Shares) -> None:
    """Everybody is in one of two categories, one in ten is a VIP, and some have left."""
    groups = _named(connection, Category, ("Cutters", "Grinders"))
    kinds = _named(connection, Tag, ("vip", "left"))
    in_group = sa.select(Contact.id, sa.case((Contact.id % 2 == 0, groups[0]), else_=groups[1]))
    connection.execute(sa.insert(contact_category).from_select(["contact_id", "category_id"], in_group))
    for tag, every in zip(kinds, (10, shares.left), strict=True):
        if every:
            tagged = sa.select(Contact.id, sa.literal(tag)).where(Contact.id % every == 0)
            connection.execute(sa.insert(contact_tag).from_select(["contact_id", "tag_id"], tagged))


def _named(connection: Connection, table: Any, wanted: Sequence[str]) -> list[int]:
    for name in wanted:
        connection.execute(sa.insert(table).values(name=name, key=names.fold(name)))
    known = {row.name: row.id for row in connection.execute(sa.select(table.id, table.name))}
    return [known[name] for name in wanted]


def _agree(connection: Connection, shares: Shares) -> None:
    """An entry in the ledger for each who was asked about mail, or about being followed, and its sum."""
    act = sa.literal(Act.CONFIRMED)
    if shares.withdrawn:
        act = sa.case((Contact.id % shares.withdrawn == 7, Act.WITHDRAWN), else_=Act.CONFIRMED)
    asked = Contact.id % shares.unasked != 3 if shares.unasked else sa.true()
    _say(connection, Purpose.MAIL, act, asked)
    if shares.followed:
        _say(connection, Purpose.TRACKING, sa.literal(Act.GRANTED), Contact.id % shares.followed == 0)
    columns = {
        "contact_id": ConsentEvent.contact_id, "purpose": ConsentEvent.purpose, "state": ConsentEvent.act,
        "basis": ConsentEvent.basis, "at": ConsentEvent.at, "event_id": ConsentEvent.id,
    }  # fmt: skip
    connection.execute(sa.insert(Consent).from_select(list(columns), sa.select(*columns.values())))


def _say(connection: Connection, purpose: str, act: Any, who: Any) -> None:
    said = sa.literal(_SINCE, ConsentEvent.at.type)
    row = {
        "contact_id": Contact.id, "purpose": sa.literal(purpose), "act": act,
        "basis": sa.literal(Basis.CONSENT), "source": sa.literal("bench"), "method": sa.literal("form"),
        "at": said, "recorded_at": said, "page_url": sa.literal(""), "ip": sa.literal(""),
        "user_agent": sa.literal(""), "evidence": sa.literal(""),
    }  # fmt: skip
    chosen = sa.select(*row.values()).where(who).order_by(Contact.id)
    connection.execute(sa.insert(ConsentEvent).from_select(list(row), chosen, include_defaults=False))


def _suppress(connection: Connection, count: int, shares: Shares, seed: int) -> None:
    if not shares.suppressed:
        return
    rows = [
        {"address_hash": tokens.address_hash(address(number, seed)), "reason": "bounced", "source": "bench"}
        for number in range(shares.suppressed, count + 1, shares.suppressed)
    ]
    connection.execute(sa.insert(Suppression), rows)
