"""Hands letters about details to the mail server: each once.

The gate is asked again before each, but for those that answer what the person asked for.
"""

from sqlalchemy.orm import Session

from campaigns.consent import gate
from campaigns.consent.models import Purpose
from campaigns.contacts.models import Contact
from campaigns.delivery import single
from campaigns.delivery.single import Ready
from campaigns.preferences import requesting
from campaigns.preferences.models import DetailsRequest


def send_waiting(most: int = single.AT_ONCE) -> int:
    """Send what waits, oldest first; returns how many went. Safe to run twice, also at the same time.

    Who asked for it themselves does not wait for the many whom we ask.
    """
    went = single.send_waiting(DetailsRequest, _written, most, DetailsRequest.own_wish.is_(True))
    return went + single.send_waiting(DetailsRequest, _written, most - went)


def _written(session: Session, request: DetailsRequest) -> Ready | str:
    """The letter, or why the gate says no."""
    if not request.own_wish:
        reason = gate.refusals(session, [request.contact_id], Purpose.MAIL).get(request.contact_id)
        if reason is not None:
            return reason
    return requesting.write(session, request, session.get_one(Contact, request.contact_id))
