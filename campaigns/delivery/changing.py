"""Changing rows by one statement: this room's way, past the objects that a session may hold."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session


def change(
    session: Session,
    statement: sa.Update,
    values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
) -> int:
    """Run the UPDATE; how many rows it changed (unknown for a list of values)."""
    done = session.execute(statement, values, execution_options={"synchronize_session": False})
    return cast("sa.CursorResult[Any]", done).rowcount
