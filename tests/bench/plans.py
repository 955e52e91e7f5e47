"""How the database answers the hardest pages: `bin/bench plans --database … --keep FOLDER`.

Asks each page once within this process, and prints the statement that took longest with its plan.
"""

import time
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from campaigns import database
from campaigns.accounts.models import User
from campaigns.app import create_app
from campaigns.mailings.models import Campaign, Status
from tests.bench.crowd import crowd, parser

_LINES = 14  # of a plan; the rest is detail
_WIDE = 150
_TIMES = 4


def _pages() -> list[str]:
    """The addresses, for the largest campaign and the one that is under way."""
    with database.reading() as session:
        newest = sa.select(Campaign.status, sa.func.max(Campaign.id)).group_by(Campaign.status)
        last = dict(session.execute(newest).all())
    large, moving = last[Status.SENT], last[Status.PAUSED]
    return [
        "/today/",
        "/today/due",
        "/contacts/?q=an",
        "/contacts/?quiet=90&sort=last",
        "/contacts/?category=30&sort=name",
        "/contacts/?owner=1&category=1&sort=name",
        "/contacts/?owner=1&step=overdue",
        "/audiences/2/people",
        "/audiences/3",
        f"/reports/{large}/people?did=skipped&reason=complained",
        f"/reports/{large}/people?did=clicked&link=2",
        f"/delivery/campaigns/{moving}/progress",
        "/labels/",
    ]


def main() -> None:
    """Print them all."""
    given = parser("plans").parse_args()
    if given.keep is None:
        raise SystemExit("Say where the crowd is kept: --keep FOLDER")
    with crowd(given.database, given.contacts, given.events, given.keep.absolute()):
        app, asked = create_app(), _listen()
        for path in _pages():
            statement, values = _slowest(app, path, asked)
            print(f"\n{path}\n  {' '.join(statement.split())[:400]}")
            for line in _plan(statement, values)[:_LINES]:
                print(f"    {line[:_WIDE]}")


def _listen() -> list[tuple[float, str, Any]]:
    """A list that fills with every statement: seconds, words, values."""
    asked: list[tuple[float, str, Any]] = []
    engine = database.engine()

    @event.listens_for(engine, "before_cursor_execute")
    def _begin(_connection, _cursor, _statement, _values, context, _many) -> None:
        context.began = time.perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def _end(_connection, _cursor, statement, values, context, _many) -> None:
        asked.append((time.perf_counter() - context.began, statement, values))

    return asked


def _slowest(app: Flask, path: str, asked: list[tuple[float, str, Any]]) -> tuple[str, Any]:
    """The statement of this page that takes longest, each at its quickest of some times."""
    with database.reading() as session:
        admin = session.get_one(User, 1)
    client = app.test_client()
    with client.session_transaction() as stored:
        stored.update(_user_id=admin.fs_uniquifier, _fresh=True, fs_cc="set", fs_paa=time.time())
    quickest: dict[str, tuple[float, Any]] = {}
    for _time in range(_TIMES):
        asked.clear()
        client.get(path)
        for took, statement, values in asked:
            if statement not in quickest or took < quickest[statement][0]:
                quickest[statement] = took, values
    statement = max(quickest, key=lambda words: quickest[words][0])
    return statement, quickest[statement][1]


def _plan(statement: str, values: Any) -> list[str]:
    with database.reading() as session:
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            rows = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, COSTS OFF) {statement}", values)
            return [row[0] for row in rows]
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
