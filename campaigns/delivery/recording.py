"""Recording what becomes of each message of one lease: durably before the dot, in small batches after it.

Results wait for the next hand-over and are committed with it, so a letter costs one commit and a
killed worker leaves at most its last letter uncertain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import tokens
from campaigns.consent import gate, suppression
from campaigns.consent.models import SuppressionReason
from campaigns.contacts.models import Contact
from campaigns.database import UTC, db_now, transaction
from campaigns.delivery.changing import change
from campaigns.delivery.claiming import ERASED, Lease
from campaigns.delivery.models import Message, MessageStatus
from campaigns.mailings.models import Campaign, Status

_message = cast(sa.Table, Message.__table__)
_IN_HAND = (MessageStatus.CLAIMED, MessageStatus.HANDED_OVER)
LONGEST_REPLY = 300


class NotHandedOver(Exception):  # noqa: N818 - not an error: what was decided
    """The final dot must not be sent; the letter is surely not taken."""


class LeaseLost(NotHandedOver):
    """Another worker has the segment now."""


class Halted(NotHandedOver):
    """The campaign was paused or cancelled."""


class GateClosed(NotHandedOver):
    """The contact may no longer be mailed; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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


class Recorder:
    """Writes for one lease; nothing it writes touches a row that another lease has claimed since."""

    def __init__(self, lease: Lease, purpose: str) -> None:
        self._lease = lease
        self._purpose = purpose
        self._waiting: dict[int, Result] = {}
        self._bounced: list[str] = []
        self.ask_anew()

    def ask_anew(self) -> None:
        """Ask the gate as of this moment from now on."""
        self._hand_over = _hand_over(self._purpose)

    def hand_over(self, message_id: int) -> None:
        """Commit that the message is about to be taken; raises NotHandedOver when it must not be.

        The same statement asks once more whether the lease, the campaign and the contact allow it.
        """
        self._waiting.pop(message_id, None)
        with transaction() as session:
            self._write(session)
            named = {"of_id": message_id, "of_fence": self._lease.fence}
            refused = None if change(session, self._hand_over, named) else self._why_not(session, message_id)
        self._written()
        if refused:
            raise refused

    def _why_not(self, session: Session, message_id: int) -> NotHandedOver:
        row = session.execute(
            sa.select(Message.fence, Message.status, Campaign.status, Contact.id, gate.refusal(self._purpose))
            .join(Campaign, Campaign.id == Message.campaign_id)
            .join(Contact, Contact.id == Message.contact_id, isouter=True)
            .where(Message.id == message_id)
        ).one()
        fence, status, campaign, contact_id, refusal = row
        if fence != self._lease.fence or status not in _IN_HAND:
            self._lease.lost.set()
            return LeaseLost(f"segment {self._lease.segment_id}")
        if campaign != Status.SENDING:
            return Halted(campaign)
        return GateClosed(ERASED if contact_id is None else refusal or "")

    def note(self, message_id: int, result: Result) -> None:
        """Keep the result of one message until the next commit."""
        self._waiting[message_id] = result

    def bounced(self, address: str) -> None:
        """Suppress the address with the next commit: its server says that it does not exist."""
        self._bounced.append(tokens.address_hash(address))

    def spare(self, session: Session, message_ids: Sequence[int]) -> None:
        """Take back that these failed by policy: the refusal was about us, and they wait again."""
        self._write(session)
        change(
            session,
            sa.update(_message)
            .where(
                _message.c.id.in_(message_ids),
                _message.c.fence == self._lease.fence,
                _message.c.status == MessageStatus.FAILED,
                _message.c.reason == "policy",
            )
            .values(status=MessageStatus.PLANNED, reason="", tries=_message.c.tries - 1),
        )

    def flush(self) -> None:
        """Commit what is still kept; what can't be committed stays kept."""
        if self._waiting or self._bounced:
            with transaction() as session:
                self._write(session)
            self._written()

    def _write(self, session: Session) -> None:
        if self._waiting:
            fence = self._lease.fence
            rows = [_values(message_id, fence, result) for message_id, result in self._waiting.items()]
            change(session, _record, rows)
        if self._bounced:
            source = f"campaign:{self._lease.campaign_id}"
            suppression.suppress_many(session, self._bounced, SuppressionReason.BOUNCED, source)

    def _written(self) -> None:
        self._waiting.clear()
        self._bounced.clear()


def _hand_over(purpose: str) -> sa.Update:
    sending = sa.exists().where(Campaign.id == _message.c.campaign_id, Campaign.status == Status.SENDING)
    allowed = sa.exists().where(Contact.id == _message.c.contact_id, gate.refusal(purpose).is_(None))
    return (
        sa.update(_message)
        .where(
            _message.c.id == sa.bindparam("of_id"),
            _message.c.fence == sa.bindparam("of_fence"),
            _message.c.status.in_(_IN_HAND),
            sending,
            allowed,
        )
        .values(status=MessageStatus.HANDED_OVER, handed_over_at=db_now())
    )


_record = (
    sa.update(_message)
    .where(
        _message.c.id == sa.bindparam("of_id"),
        _message.c.fence == sa.bindparam("of_fence"),
        sa.or_(
            *(_message.c.status == state for state in _IN_HAND),  # no IN: that can't be sent as a batch
            # An answer that came late is still an answer.
            sa.and_(_message.c.status == MessageStatus.UNCERTAIN, sa.bindparam("of_final", type_=sa.Boolean)),
        ),
    )
    .values(
        status=sa.bindparam("to_status", type_=sa.String),
        reason=sa.bindparam("to_reason", type_=sa.String),
        reply=sa.bindparam("to_reply", type_=sa.String),
        next_try_at=sa.bindparam("to_next_try_at", type_=UTC),
        sent_at=sa.bindparam("to_sent_at", type_=UTC),
        tries=_message.c.tries + sa.bindparam("to_tries", type_=sa.SmallInteger),
    )
)


def _values(message_id: int, fence: int, result: Result) -> dict[str, Any]:
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
