"""What one attempt to hand a message over came to, and how many of them are written down at once."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from campaigns.database import UTC
from campaigns.delivery.changing import change
from campaigns.delivery.models import OPEN_STATES, Message, MessageStatus

table = cast(sa.Table, Message.__table__)
LONGEST_REPLY = 300
ERASED = "erased"  # as a reason: the contact is not there any more
NO_ADDRESS = "erased:"  # in the place of an address, with the message's number


class Result(NamedTuple):
    """What one attempt came to; `tried` is False where the letter surely never got its final dot."""

    status: MessageStatus
    reason: str = ""
    reply: str = ""
    tried: bool = True
    next_try_at: datetime | None = None
    sent_at: datetime | None = None
    handed_over_at: datetime | None = None  # of an uncertain one

    @property
    def settles(self) -> bool:
        """Whether it is known what became of the letter, so that a row thought uncertain is so no more."""
        return self.status in (MessageStatus.SENT, MessageStatus.FAILED) or not self.tried


NOT_TAKEN = Result(MessageStatus.PLANNED, tried=False)


def record(session: Session, fence: int, results: Mapping[int, Result], *, held: bool) -> int:
    """Write down what became of messages tried under this fence, by id; how many rows that changed.

    `held`: the lease is ours in this very transaction, so waiting rows are ours too. Without it only
    rows change that became uncertain under this fence: an answer that came late is still an answer.
    Writing the same twice does no harm.
    """
    if not results:
        return 0
    if session.get_bind().dialect.name == "postgresql":
        written = json.dumps([_given(*item) for item in results.items()])
        changed = change(session, _AT_ONCE, {"of_fence": fence, "held": held, "given": written})
    else:
        rows = [_row(fence, message_id, result, held) for message_id, result in results.items()]
        changed = change(session, _ONE_BY_ONE, rows)
    _forget(session, [message_id for message_id, result in results.items() if result.reason == ERASED])
    return changed


def _forget(session: Session, message_ids: Collection[int]) -> None:
    """Of people who are gone, and were not mailed, no address stays."""
    if message_ids:
        gone = sa.update(table).where(table.c.id.in_(message_ids), table.c.reason == ERASED)
        change(session, gone.values(address=NO_ADDRESS + sa.cast(table.c.id, sa.String)))


_TYPES: dict[str, Any] = {
    "id": sa.BigInteger(), "settles": sa.Boolean(), "status": sa.String(), "reason": sa.String(),
    "reply": sa.String(), "next_try_at": UTC(), "sent_at": UTC(), "handed_over_at": UTC(),
    "tried": sa.SmallInteger(),
}  # fmt: skip


_MOMENTS = ("next_try_at", "sent_at", "handed_over_at")


def _values(message_id: int, result: Result) -> tuple[Any, ...]:
    """In the order of `_TYPES`."""
    return (
        message_id, result.settles, result.status.value, result.reason, clean(result.reply),
        result.next_try_at, result.sent_at, result.handed_over_at, int(result.tried),
    )  # fmt: skip


def _given(message_id: int, result: Result) -> dict[str, Any]:
    """The new values as JSON has them; what is left out is NULL."""
    row = {
        "id": message_id, "settles": result.settles, "status": result.status, "reason": result.reason,
        "reply": clean(result.reply), "tried": int(result.tried),
    }  # fmt: skip
    for name in _MOMENTS:
        moment = getattr(result, name)
        if moment:
            row[name] = moment.isoformat()
    return row


def _row(fence: int, message_id: int, result: Result, held: bool) -> dict[str, Any]:
    named = zip(_TYPES, _values(message_id, result), strict=True)
    return {"of_fence": fence, "held": held, **{f"to_{name}": value for name, value in named}}


def _statement(given: Any) -> sa.Update:
    """The UPDATE whose new values are found under their names in `given`."""
    ours = sa.and_(
        sa.bindparam("held", type_=sa.Boolean),
        sa.or_(*(table.c.status == state for state in OPEN_STATES)),  # no IN: that can't be sent as a batch
    )
    late = sa.and_(
        table.c.status == MessageStatus.UNCERTAIN,
        table.c.fence == sa.bindparam("of_fence", type_=sa.BigInteger),
        given("settles"),
    )
    return (
        sa.update(table)
        .where(table.c.id == given("id"), sa.or_(ours, late))
        .values(
            status=given("status"),
            reason=given("reason"),
            reply=given("reply"),
            next_try_at=given("next_try_at"),
            sent_at=given("sent_at"),
            handed_over_at=given("handed_over_at"),
            tries=table.c.tries + given("tried"),
            fence=sa.bindparam("of_fence", type_=sa.BigInteger),
        )
    )


def _all_given() -> Any:
    """All new values in one text: one statement for hundreds of rows, and a third of the cost of arrays."""
    rows = (
        sa.func.json_to_recordset(sa.cast(sa.bindparam("given", type_=sa.Text), postgresql.JSON))
        .table_valued(*(sa.column(name, kind) for name, kind in _TYPES.items()))
        .render_derived(name="given", with_types=True)
    )
    return lambda name: rows.c[name]


_ONE_BY_ONE = _statement(lambda name: sa.bindparam(f"to_{name}", type_=_TYPES[name]))
_AT_ONCE = _statement(_all_given())


def clean(reply: str) -> str:
    """A server's words as they can be stored and shown: short, printable, without NUL."""
    if len(reply) <= LONGEST_REPLY and reply.isprintable() and "  " not in reply:
        return reply.strip()
    shown = "".join(char if char.isprintable() else " " for char in reply)
    return " ".join(shown.split())[:LONGEST_REPLY]
