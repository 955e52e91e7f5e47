"""What the tests of this room share: what a database holds, and what must not differ after taking back."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.tables import Base

# What only remembers that something was done.
_REMEMBER = {"audit_entry", "contact_merge", "duplicate", "lease"}


def dump(session: Session, *besides: str) -> dict[str, list[Any]]:
    """All rows of all tables but those that only remember, in an order of their own."""
    session.flush()
    return {
        table.name: sorted(map(repr, session.execute(sa.select(table)).all()))
        for table in Base.metadata.sorted_tables
        if table.name not in _REMEMBER | set(besides)
    }
