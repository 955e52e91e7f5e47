"""Letters to one person that no campaign sends, such as a link they asked for: each handed over once."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Mapped, Session, mapped_column

from campaigns import settings
from campaigns.accounts import people
from campaigns.database import UTC, now, transaction
from campaigns.errors import NotReady
from campaigns.mail import compile, dkim, notices
from campaigns.mail.letter import Letter
from campaigns.mail.outcomes import Deferred, NotSent, TransportTrouble, Unknown
from campaigns.mail.transport import Transport, open_transport
from campaigns.mailings import dns_records, senders
from campaigns.mailings.models import Sender
from campaigns.words import LANGUAGES, _, speaking

log = structlog.get_logger()
AT_ONCE = 200  # letters of one call; the clock calls again
_PATIENCE = timedelta(days=3)  # with a mail server that says “not now”


class LetterStatus(StrEnum):
    """Where one such letter stands."""

    WAITING = "waiting"
    SENDING = "sending"  # handed to the mail server now; if this stays, nobody knows whether it was taken
    SENT = "sent"
    SKIPPED = "skipped"  # it may not go; `reason` says why
    FAILED = "failed"


class SingleLetter:
    """The columns of a table whose rows are letters to be sent; each table needs an index (status, id)."""

    id: Mapped[int]
    status: Mapped[str] = mapped_column(sa.String(8), default=LetterStatus.WAITING)
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    asked_at: Mapped[datetime] = mapped_column(UTC, default=now)
    sent_at: Mapped[datetime | None] = mapped_column(UTC)


L = TypeVar("L", bound=SingleLetter)


class Ready(NamedTuple):
    """A letter as the mail server gets it."""

    envelope_from: str
    to: str
    raw: bytes


def send_waiting(
    kind: type[L],
    write: Callable[[Session, L], Ready | str],
    most: int = AT_ONCE,
    only: sa.ColumnElement[bool] | None = None,
) -> int:
    """Send what waits in that table, oldest first; returns how many went. Safe to run twice, also at once.

    `write` gives the letter, or why it may not go; `only` leaves the others waiting.
    """
    went, after = 0, 0
    with open_transport(settings.current()) as transport:
        for _letter in range(most):
            with transaction() as session:
                row = _next(session, kind, after, only)
                if row is None:
                    return went
                after = row.id
                ready = _claimed(session, row, write)
            if ready is None:
                continue
            try:
                went += _handed_over(transport, kind, after, ready)
            except TransportTrouble as trouble:
                log.warning("mail server away", error=trouble.text)
                return went
    return went


def _next(session: Session, kind: type[L], after: int, only: sa.ColumnElement[bool] | None) -> L | None:
    waiting = sa.select(kind).where(kind.status == LetterStatus.WAITING, kind.id > after)
    waiting = waiting if only is None else waiting.where(only)
    return session.scalar(waiting.order_by(kind.id).limit(1).with_for_update(skip_locked=True))


def _claimed(session: Session, row: L, write: Callable[[Session, L], Ready | str]) -> Ready | None:
    """The letter, its row marked as being sent; None when it may not go, which the row then says."""
    made = write(session, row)
    if isinstance(made, str):
        row.status, row.reason = LetterStatus.SKIPPED, made
        return None
    row.status = LetterStatus.SENDING
    return made


def _handed_over(transport: Transport, kind: type[L], number: int, ready: Ready) -> bool:
    """Whether the mail server took it. Raises TransportTrouble when it is away; then the letter waits."""
    try:
        transport.send(*ready)
    except (TransportTrouble, Deferred) as error:
        _settle(kind, number, LetterStatus.WAITING, error.text)
        if isinstance(error, TransportTrouble):
            raise
        return False
    except Unknown:
        return False  # it stays as being sent, and is never sent again
    except NotSent as error:
        _settle(kind, number, LetterStatus.FAILED, error.text)
        return False
    _settle(kind, number, LetterStatus.SENT)
    return True


def _settle(kind: type[L], number: int, status: LetterStatus, reason: str = "") -> None:
    with transaction() as session:
        row = session.get(kind, number)
        if row is None:
            return  # erased meanwhile
        late = status == LetterStatus.WAITING and row.asked_at < now() - _PATIENCE
        row.status, row.reason = LetterStatus.FAILED if late else status, reason[:300]
        row.sent_at = now() if status == LetterStatus.SENT else None


def sender(session: Session) -> Sender:
    """Who these letters come from: the default sender. Raises NotReady when there is none."""
    found = next(iter(senders.listed(session)), None)
    if found is None:
        raise NotReady(_("There is no sender yet. Add one in the settings, under Senders."))
    return found


def written(
    session: Session,
    name: str,
    to: tuple[str, str],
    languages: Iterable[str],
    message_id: str,
    headers: tuple[tuple[str, str], ...] = (),
    **values: Any,
) -> Ready:
    """The letter `templates/emails/<name>` to `to` (name, address), signed.

    It speaks the first of `languages` that is ours, else the organisation's. Its template gets `values`
    (those that can be called are asked once the language is spoken), `name`, `firm` and `address`.
    """
    ours, own = people.organisation(session), sender(session)
    wished = [*languages, ours.language if ours else ""]
    language = next((code for code in wished if code in LANGUAGES), "en")
    with speaking(language):
        said = notices.written(
            name,
            language,
            name=to[0],
            firm=ours.name if ours else own.name,
            address=ours.postal_address.replace("\n", ", ") if ours else "",
            **{key: value(language) if callable(value) else value for key, value in values.items()},
        )
    letter = Letter(
        from_name=own.name,
        from_address=own.address,
        reply_to=own.reply_to,
        to_name=to[0],
        to_address=to[1],
        subject=said.subject,
        html=said.html,
        text=said.text,
        message_id=f"{message_id}@{dns_records.domain_of(own)}",
        date=now(),
        headers=(*headers, ("Auto-Submitted", "auto-generated")),
    )
    raw = compile.build(letter)
    for key in reversed(dns_records.keys_of(own)):
        raw = dkim.sign(raw, key)
    return Ready(own.address, to[1], raw)
