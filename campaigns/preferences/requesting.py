"""Asking people by a letter to confirm their details: who is asked, and what the letter says.

Nobody is asked whom the gate keeps from letters, nor twice within a month.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from babel.dates import format_date
from sqlalchemy.orm import Session

from campaigns import jobs, settings, tokens
from campaigns.bulk import among
from campaigns.consent import gate
from campaigns.consent.models import Purpose
from campaigns.contacts.models import Contact
from campaigns.database import now
from campaigns.delivery import single
from campaigns.delivery.single import LetterStatus, Ready
from campaigns.preferences.models import DetailsRequest

WORKS_FOR = timedelta(days=60)
AGAIN_AFTER = timedelta(days=30)
OWN_AGAIN_AFTER = timedelta(days=1)
_LIVE = (LetterStatus.WAITING, LetterStatus.SENDING, LetterStatus.SENT)


@dataclass(frozen=True)
class Asked:
    """Of those chosen: how many are asked, may not be written to, or were asked a short while ago."""

    asked: int
    refused: int
    lately: int


def asked_lately() -> sa.ColumnElement[bool]:
    """The condition on DetailsRequest that its person was asked a short while ago."""
    return sa.and_(
        DetailsRequest.own_wish.is_(False),
        DetailsRequest.status.in_(_LIVE),
        DetailsRequest.asked_at > now() - AGAIN_AFTER,
    )


def ask(
    session: Session, contact_ids: Collection[int], user_id: int | None = None, *, note_refused: bool = True
) -> Asked:
    """Write to these people, soon after the commit; whoever may not be written to is noted with the reason.

    Two who ask the same people at once wait for each other, so that nobody gets two letters. Raises NotReady
    while there is nobody whose name letters could bear.
    """
    single.sender(session)
    wanted = list(dict.fromkeys(contact_ids))
    mine = sa.select(Contact.id).where(among(session, Contact.id, wanted)).order_by(Contact.id)
    session.execute(mine.with_for_update(key_share=True)).all()
    recent = sa.select(DetailsRequest.contact_id).where(
        among(session, DetailsRequest.contact_id, wanted), asked_lately()
    )
    lately = set(session.scalars(recent))
    new = [number for number in wanted if number not in lately]
    refusals = gate.refusals(session, new, Purpose.MAIL)
    for number in new:
        reason = refusals.get(number)
        if reason and not note_refused:
            continue
        status = LetterStatus.SKIPPED if reason else LetterStatus.WAITING
        session.add(
            DetailsRequest(contact_id=number, user_id=user_id, status=status, reason=reason or "")
        )  # fmt: skip
    session.flush()
    if len(refusals) < len(new):
        jobs.ring(session, jobs.ASK_DETAILS)
    return Asked(len(new) - len(refusals), len(refusals), len(lately))


def ask_for_own(session: Session, contact: Contact) -> None:
    """They want to see what is known of them: a link to it goes to their own address, once a day at most.

    No consent is asked for: it is the answer to their request (GDPR Art. 12(3)). Raises NotReady while
    there is nobody whose name letters could bear.
    """
    single.sender(session)
    lately = sa.select(DetailsRequest.id).where(
        DetailsRequest.contact_id == contact.id,
        DetailsRequest.own_wish,
        DetailsRequest.status.in_(_LIVE),
        DetailsRequest.asked_at > now() - OWN_AGAIN_AFTER,
    )
    if session.scalar(lately.limit(1)) is None:
        session.add(DetailsRequest(contact_id=contact.id, own_wish=True))
        jobs.ring(session, jobs.ASK_DETAILS)


def of_contact(session: Session, contact_id: int, limit: int = 5) -> Sequence[DetailsRequest]:
    """The newest letters by which one contact was asked; not those that they asked for themselves."""
    mine = sa.select(DetailsRequest).where(
        DetailsRequest.contact_id == contact_id, DetailsRequest.own_wish.is_(False)
    )
    return session.scalars(mine.order_by(DetailsRequest.id.desc()).limit(limit)).all()


def write(session: Session, request: DetailsRequest, contact: Contact) -> Ready:
    """The letter in the contact's language, signed, and the address on its envelope that bounces go to."""
    unsubscribe = f"{settings.current().base_url}/u/{tokens.sign(tokens.Purpose.UNSUBSCRIBE, contact.id, 0)}"
    return single.written(
        session,
        "own_data" if request.own_wish else "details",
        (contact.name, contact.email),
        [contact.language],
        tokens.sign(tokens.Purpose.DETAILS, request.id),
        (
            ("List-Unsubscribe", f"<{unsubscribe}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ),
        link=link(request),
        until=lambda language: format_date(now() + WORKS_FOR, "long", locale=language),
        unsubscribe=unsubscribe,
    )


def link(request: DetailsRequest) -> str:
    """The page without a password that belongs to this letter."""
    return f"{settings.current().base_url}/d/{tokens.sign(tokens.Purpose.DETAILS, request.id)}"
