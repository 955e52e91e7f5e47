"""The database: one engine a process, UTC times, and `transaction()` round every intention."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC as _UTC
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.sql.functions import GenericFunction

from campaigns import settings, turns
from campaigns.errors import BadInput

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(_UTC)


def moment(written: str) -> datetime:
    """The moment of an ISO text, in UTC; raises ValueError for what is none, or names no zone."""
    at = datetime.fromisoformat(written)
    if at.tzinfo is None:
        raise ValueError("no zone")
    try:
        return at.astimezone(_UTC)
    except OverflowError as error:
        raise ValueError("beyond the calendar") from error


class UTC(sa.types.TypeDecorator[datetime]):
    """A moment: aware UTC in Python; `timestamptz` on PostgreSQL, naive UTC text on SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment without a time zone can't be stored; use database.now().")
        value = value.astimezone(_UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=_UTC) if value.tzinfo is None else value.astimezone(_UTC)


class db_now(GenericFunction[datetime]):  # noqa: N801 - reads as the SQL function that it is
    """The database's own clock, plus `seconds`: what leases are measured by on every machine."""

    type = UTC()
    inherit_cache = True

    def __init__(self, seconds: float = 0) -> None:
        super().__init__(sa.literal(float(seconds), sa.Float))


@compiles(db_now, "postgresql")
def _db_now_postgresql(element: db_now, compiler: Any, **kw: Any) -> str:
    seconds = compiler.process(element.clauses, **kw)
    return f"(clock_timestamp() + {seconds} * interval '1 second')"


@compiles(db_now, "sqlite")
def _db_now_sqlite(element: db_now, compiler: Any, **kw: Any) -> str:
    seconds = compiler.process(element.clauses, **kw)
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', printf('%+.3f seconds', {seconds}))"


class earlier(GenericFunction[datetime]):  # noqa: N801 - reads as the SQL function that it is
    """A stored moment, so many seconds before."""

    type = UTC()
    inherit_cache = True

    def __init__(self, moment: Any, seconds: float) -> None:
        super().__init__(moment, sa.literal(float(seconds), sa.Float))


@compiles(earlier, "postgresql")
def _earlier_postgresql(element: earlier, compiler: Any, **kw: Any) -> str:
    moment, seconds = (compiler.process(part, **kw) for part in element.clauses)
    return f"({moment} - {seconds} * interval '1 second')"


@compiles(earlier, "sqlite")
def _earlier_sqlite(element: earlier, compiler: Any, **kw: Any) -> str:
    moment, seconds = (compiler.process(part, **kw) for part in element.clauses)
    return f"strftime('%Y-%m-%d %H:%M:%f000', {moment}, printf('%+.3f seconds', -{seconds}))"


def exact(length: int) -> sa.String:
    """Text compared byte by byte on every database, so that sorting and finding by prefix use its index."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


class Base(DeclarativeBase):
    """The root of all tables; names of constraints are fixed so that migrations can find them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigId,
        datetime: UTC(),
        dict[str, Any]: sa.JSON(),
        list[str]: sa.JSON(),
        list[int]: sa.JSON(),
        list[dict[str, str]]: sa.JSON(),
    }


class HasId:
    """A table with a number for a name."""

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True, sort_order=-10)


_engine: Engine | None = None
_make_session = sessionmaker(expire_on_commit=False)


def engine() -> Engine:
    """The engine of this process, made on first use from the settings."""
    global _engine
    if _engine is None:
        _engine = make_engine(settings.current().database_url)
    return _engine


def use(other: Engine | None) -> None:
    """Make `other` this process's engine (None: made anew on next use), closing the one before."""
    global _engine
    if _engine is not None and _engine is not other:
        _engine.dispose()
    _engine = other


def make_engine(url: str, idle: float = 60) -> Engine:
    """An engine for SQLite or PostgreSQL with the traps of each closed.

    `idle`: seconds after which PostgreSQL ends a transaction in which nothing is asked.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        made = sa.create_engine(
            parsed,
            connect_args={"timeout": 10, "check_same_thread": False},
            # SQLite finds no member whose name is kept with escapes, such as na\u00efve for naïve.
            json_serializer=partial(json.dumps, ensure_ascii=False),
        )
        event.listen(made, "connect", _prepare_sqlite)
        event.listen(made, "begin", _begin_sqlite)
        return made
    # A prepared statement gets a generic plan, which scans where a literal LIMIT would seek;
    # and PgBouncer knows no prepared statements.
    asked = {"prepare_threshold": None} | {
        name: value for name, value in _LIVELY.items() if name not in parsed.query
    }
    made = sa.create_engine(parsed, pool_pre_ping=True, pool_size=10, max_overflow=10, connect_args=asked)
    event.listen(made, "connect", partial(_prepare_postgresql, idle))
    event.listen(made, "handle_error", _told_as_away, retval=True)
    return made


# A server that is cut off is given up within half a minute or so, not after the system's two hours.
_LIVELY = {
    "keepalives_idle": 15,  # seconds
    "keepalives_interval": 5,  # seconds
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds
}


def _parsed(url: str) -> sa.URL:
    """The address in its parts; raises BadInput unless it names a database that we know."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise BadInput(
            "The database's address is not understood. Use postgresql://… or sqlite:///…"
        ) from error
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        shown = parsed.render_as_string(hide_password=True)
        raise BadInput(f"The database {shown} is of a kind that we don't know. Use PostgreSQL or SQLite.")
    return parsed


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy begins, below; the driver must not
    cursor = connection.cursor()
    turns.write_ahead(cursor)
    for pragma in ("foreign_keys=ON", "busy_timeout=10000", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    # SQLite's own knows the letters A to Z only.
    connection.create_function("lower", 1, _lower, deterministic=True)


def _prepare_postgresql(idle: float, connection: Any, _record: Any) -> None:
    # Whoever is stopped or cut off within a transaction keeps its locks, and all others wait for them.
    # Said with SET, as PgBouncer refuses whoever says it when connecting; where PgBouncer shares its
    # connections by transactions, set it for the server's user too.
    connection.autocommit = True  # a rollback would take it back
    connection.execute(f"SET idle_in_transaction_session_timeout = {round(idle * 1000)}")
    connection.execute("SET jit = off")  # compiling takes longer than any of our questions
    # Starting a second process takes longer than counting some thousand rows; large counts still have one.
    connection.execute("SET parallel_setup_cost = 5000")
    connection.autocommit = False


_given: ContextVar[Session | None] = ContextVar("_given", default=None)
_IDLE_TOO_LONG = "25P03"  # PostgreSQL's error code


def _told_as_away(context: sa.engine.ExceptionContext) -> BaseException | None:
    # The driver calls it an internal error; it is a lost connection, and whoever waits for a database
    # that is away may simply begin again.
    original = context.original_exception
    if getattr(original, "sqlstate", None) != _IDLE_TOO_LONG:
        return None
    return sa.exc.OperationalError(context.statement, None, original, connection_invalidated=True)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _begin_sqlite(connection: sa.Connection) -> None:
    # A deferred transaction that later writes loses updates or fails at once when another
    # wrote meanwhile; so writers take the lock first and readers promise not to write.
    if connection.get_execution_options().get("reading_only"):
        connection.exec_driver_sql("BEGIN")
    else:
        turns.begin(connection)


@contextmanager
def transaction() -> Iterator[Session]:
    """One intention: a session that commits at the end, or leaves nothing behind."""
    with _make_session(bind=engine()) as session, session.begin():
        yield session


@contextmanager
def reading(*, slowly: bool = False) -> Iterator[Session]:
    """A session for looking only; takes no write lock and is rolled back.

    Within `together` it is the one given there. `slowly`: there may be minutes between two questions, as
    while a file is being fetched.
    """
    given = _given.get()
    if given is not None and not slowly:
        try:
            yield given
        except sa.exc.DBAPIError:
            given.rollback()  # PostgreSQL answers nothing more in a transaction in which something failed
            raise
        return
    with _make_session(bind=engine().execution_options(reading_only=True)) as session:
        if slowly and engine().dialect.name == "postgresql":
            session.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        yield session


@contextmanager
def together(session: Session) -> Iterator[None]:
    """Within, `reading()` gives this session: the parts of a page see one moment and share what they read."""
    before = _given.set(session)
    try:
        yield
    finally:
        _given.reset(before)
