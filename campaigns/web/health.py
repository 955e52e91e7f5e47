"""`/health`: this process is alive. `/ready`: database, schema and queue are there."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, jsonify

from campaigns import broker, database, schema
from campaigns.web import guards

pages = Blueprint("health", __name__)


@pages.get("/health")
@guards.public
def alive() -> Any:
    """Answers as long as the process does."""
    return jsonify(status="ok")


@pages.get("/ready")
@guards.public
def ready() -> Any:
    """503 while something that work needs is away; names only which."""
    found = {"database": _database(), "schema": _schema(), "queue": _queue()}
    return jsonify(found), 200 if all(found.values()) else 503


def _database() -> bool:
    try:
        with database.reading() as session:
            return session.scalar(sa.select(1)) == 1
    except sa.exc.SQLAlchemyError:
        return False


def _schema() -> bool:
    try:
        return schema.revision() == schema.head()
    except sa.exc.SQLAlchemyError:
        return False


def _queue() -> bool:
    client = getattr(broker.current(), "client", None)
    try:
        return bool(client.ping()) if client is not None else True
    except Exception:  # whatever the queue's client raises: it is away
        return False
