"""Recording what becomes of each message of one lease: durably before the dot, in small batches after it.

Results wait for the next hand-over and are committed with it, so a letter costs one commit. They are
in the journal meanwhile: a killed worker leaves only the letter uncertain that had no answer yet.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import tokens
from campaigns.consent import gate, suppression
from campaigns.consent.models import SuppressionReason
from campaigns.contacts.models import Contact
from campaigns.database import db_now, transaction
from campaigns.delivery.changing import change
from campaigns.delivery.claiming import ERASED, Lease
from campaigns.delivery.journal import Journal
from campaigns.delivery.models import Message, MessageStatus
from campaigns.delivery.results import IN_HAND, Result, record, table, values
from campaigns.mailings.models import Campaign, Status


class NotHandedOver(Exception):
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


class Recorder:
    """Writes for one lease; nothing it writes touches a row that another lease has claimed since."""

    def __init__(self, lease: Lease, purpose: str) -> None:
        self._lease = lease
        self._purpose = purpose
        self._waiting: dict[int, Result] = {}
        self._bounced: list[str] = []
        self._journal = Journal(lease.owner, lease.fence)
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
        if fence != self._lease.fence or status not in IN_HAND:
            self._lease.lost.set()
            return LeaseLost(f"segment {self._lease.segment_id}")
        if campaign != Status.SENDING:
            return Halted(campaign)
        return GateClosed(ERASED if contact_id is None else refusal or "")

    def note(self, message_id: int, result: Result) -> None:
        """Keep the result of one message until the next commit; an answer is in the journal meanwhile."""
        self._waiting[message_id] = result
        if result.tried:
            self._journal.write(message_id, result)

    def bounced(self, address: str) -> None:
        """Suppress the address with the next commit: its server says that it does not exist."""
        self._bounced.append(tokens.address_hash(address))

    def spare(self, session: Session, message_ids: Sequence[int]) -> None:
        """Take back that these failed by policy: the refusal was about us, and they wait again."""
        self._write(session)
        change(
            session,
            sa.update(table)
            .where(
                table.c.id.in_(message_ids),
                table.c.fence == self._lease.fence,
                table.c.status == MessageStatus.FAILED,
                table.c.reason == "policy",
            )
            .values(status=MessageStatus.PLANNED, reason="", tries=table.c.tries - 1),
        )

    def flush(self) -> None:
        """Commit what is still kept; what can't be committed stays kept."""
        if self._waiting or self._bounced:
            with transaction() as session:
                self._write(session)
            self._written()

    def close(self) -> None:
        """Commit what is still kept, and be done."""
        self.flush()
        self._journal.done()

    def _write(self, session: Session) -> None:
        if self._waiting:
            fence = self._lease.fence
            rows = [values(message_id, fence, result) for message_id, result in self._waiting.items()]
            change(session, record, rows)
        if self._bounced:
            source = f"campaign:{self._lease.campaign_id}"
            suppression.suppress_many(session, self._bounced, SuppressionReason.BOUNCED, source)

    def _written(self) -> None:
        self._waiting.clear()
        self._bounced.clear()


def _hand_over(purpose: str) -> sa.Update:
    sending = sa.exists().where(Campaign.id == table.c.campaign_id, Campaign.status == Status.SENDING)
    allowed = sa.exists().where(Contact.id == table.c.contact_id, gate.refusal(purpose).is_(None))
    return (
        sa.update(table)
        .where(
            table.c.id == sa.bindparam("of_id"),
            table.c.fence == sa.bindparam("of_fence"),
            table.c.status.in_(IN_HAND),
            sending,
            allowed,
        )
        .values(status=MessageStatus.HANDED_OVER, handed_over_at=db_now())
    )
