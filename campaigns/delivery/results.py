"""What one attempt to hand a message over came to, and how it is written down."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa

from campaigns.database import UTC
from campaigns.delivery.models import Message, MessageStatus

table = cast(sa.Table, Message.__table__)
IN_HAND = (MessageStatus.CLAIMED, MessageStatus.HANDED_OVER)
LONGEST_REPLY = 300


@dataclass(frozen=True, slots=True)
class Result:
    """What one attempt came to. `final`: it also settles a row that was thought uncertain meanwhile."""

    status: MessageStatus
    reason: str = ""
    reply: str = ""
    tried: bool = True
    next_try_at: datetime | None = None
    sent_at: datetime | None = None

    @property
    def final(self) -> bool:
        """Whether the server's own answer ends the message's way."""
        return self.tried and self.status in (MessageStatus.SENT, MessageStatus.FAILED)


record = (
    sa.update(table)
    .where(
        table.c.id == sa.bindparam("of_id"),
        table.c.fence == sa.bindparam("of_fence"),
        sa.or_(
            *(table.c.status == state for state in IN_HAND),  # no IN: that can't be sent as a batch
            # An answer that came late is still an answer.
            sa.and_(table.c.status == MessageStatus.UNCERTAIN, sa.bindparam("of_final", type_=sa.Boolean)),
        ),
    )
    .values(
        status=sa.bindparam("to_status", type_=sa.String),
        reason=sa.bindparam("to_reason", type_=sa.String),
        reply=sa.bindparam("to_reply", type_=sa.String),
        next_try_at=sa.bindparam("to_next_try_at", type_=UTC),
        sent_at=sa.bindparam("to_sent_at", type_=UTC),
        tries=table.c.tries + sa.bindparam("to_tries", type_=sa.SmallInteger),
    )
)


def values(message_id: int, fence: int, result: Result) -> dict[str, Any]:
    """The result as `record` takes it: it holds only while the row carries this fence."""
    return {
        "of_id": message_id,
        "of_fence": fence,
        "of_final": result.final,
        "to_status": result.status,
        "to_reason": result.reason,
        "to_reply": clean(result.reply),
        "to_next_try_at": result.next_try_at,
        "to_sent_at": result.sent_at,
        "to_tries": int(result.tried),
    }


def clean(reply: str) -> str:
    """A server's words as they can be stored and shown: short, printable, without NUL."""
    shown = "".join(char if char.isprintable() else " " for char in reply)
    return " ".join(shown.split())[:LONGEST_REPLY]
