"""Hands letters about details to the mail server: each once.

The gate is asked again before each, but for those that answer what the person asked for.
"""

from datetime import timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from campaigns import settings
from campaigns.consent import gate
from campaigns.consent.models import Purpose
from campaigns.contacts.models import Contact
from campaigns.database import now, transaction
from campaigns.mail.outcomes import Deferred, NotSent, TransportTrouble, Unknown
from campaigns.mail.transport import Transport, open_transport
from campaigns.preferences import requesting
from campaigns.preferences.models import DetailsRequest, RequestStatus

log = structlog.get_logger()
AT_ONCE = 200  # letters of one call; the clock calls again
_PATIENCE = timedelta(days=3)  # with a mail server that says “not now”


def send_waiting(most: int = AT_ONCE) -> int:
    """Send what waits, oldest first; returns how many went. Safe to run twice, also at the same time."""
    went, after = 0, 0
    with open_transport(settings.current()) as transport:
        for _letter in range(most):
            with transaction() as session:
                request = _next(session, after)
                if request is None:
                    return went
                after = request.id
                letter = _prepared(session, request)
            if letter is None:
                continue
            try:
                went += _handed_over(transport, request.id, *letter)
            except TransportTrouble as trouble:
                log.warning("mail server away", error=trouble.text)
                return went
    return went


def _next(session: Session, after: int) -> DetailsRequest | None:
    waiting = sa.select(DetailsRequest).where(
        DetailsRequest.status == RequestStatus.WAITING, DetailsRequest.id > after
    )
    return session.scalar(waiting.order_by(DetailsRequest.id).limit(1).with_for_update(skip_locked=True))


def _prepared(session: Session, request: DetailsRequest) -> tuple[str, str, bytes] | None:
    """Envelope and letter, the request marked as being sent; None when the gate says no."""
    reason = None
    if not request.own_wish:
        reason = gate.refusals(session, [request.contact_id], Purpose.MAIL).get(request.contact_id)
    if reason is not None:
        request.status, request.reason = RequestStatus.SKIPPED, reason
        return None
    contact = session.get_one(Contact, request.contact_id)
    envelope_from, raw = requesting.write(session, request, contact)
    request.status = RequestStatus.SENDING
    return envelope_from, contact.email, raw


def _handed_over(transport: Transport, request_id: int, envelope_from: str, to: str, raw: bytes) -> bool:
    """Whether the mail server took it. Raises TransportTrouble when it is away; then the letter waits."""
    try:
        transport.send(envelope_from, to, raw)
    except (TransportTrouble, Deferred) as error:
        _settle(request_id, RequestStatus.WAITING, error.text)
        if isinstance(error, TransportTrouble):
            raise
        return False
    except Unknown:
        return False  # it stays as being sent, and is never sent again
    except NotSent as error:
        _settle(request_id, RequestStatus.FAILED, error.text)
        return False
    _settle(request_id, RequestStatus.SENT)
    return True


def _settle(request_id: int, status: RequestStatus, reason: str = "") -> None:
    with transaction() as session:
        request = session.get(DetailsRequest, request_id)
        if request is None:
            return  # erased meanwhile
        late = status == RequestStatus.WAITING and request.asked_at < now() - _PATIENCE
        request.status, request.reason = RequestStatus.FAILED if late else status, reason[:300]
        request.sent_at = now() if status == RequestStatus.SENT else None
