"""The one gate: may this contact be mailed, may it be tracked, and if not, why.

Asked in SQL when a million are planned, for some when a batch is claimed, and for one when a
pixel or link is hit. `decide` says the same in plain Python; tests hold the two together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from campaigns.consent import rhythm
from campaigns.consent.following import track_now, tracking_level, tracking_states
from campaigns.consent.models import Basis, Consent, Purpose, Suppression
from campaigns.consent.reasons import Reason
from campaigns.consent.standing import NO, YES, State
from campaigns.contacts.models import Contact
from campaigns.database import now

__all__ = [
    "Facts", "Reason", "decide", "refusal", "refusals", "track_now", "tracking_level", "tracking_states"
]  # fmt: skip

YOUNGEST = 16  # GDPR Art. 8(1)
_TOPIC = f"{Purpose.MAIL}:"
_MAY = "may"
_CHUNK = 1000


@dataclass(frozen=True)
class Facts:
    """What the gate looks at for one contact and one purpose."""

    state: str | None = None  # on the purpose itself
    basis: str | None = None
    mail_state: str | None = None  # on mail at large, when the purpose is one of its topics
    mail_basis: str | None = None
    suppressed: str | None = None
    paused_until: datetime | None = None
    birth_year: int | None = None
    birthday: str = ""
    restricted: bool = False
    rhythm: str = ""
    last_sent_at: datetime | None = None  # their last letter, or one that may have gone


def grounds(purpose: str, given_for: str) -> frozenset[Basis]:
    """The legal grounds that, recorded for `given_for`, carry `purpose`.

    A customer relation (ePrivacy 13(2)) carries advertising; a contract or a legitimate interest
    only the very topic it was recorded for; everything else but mail needs consent.
    """
    if not (purpose == Purpose.MAIL or purpose.startswith(_TOPIC)):
        return frozenset({Basis.CONSENT})
    if given_for.startswith(_TOPIC):
        return frozenset(Basis)
    return frozenset({Basis.CONSENT, Basis.EXISTING_CUSTOMER})


def decide(facts: Facts, purpose: str = Purpose.MAIL, at: datetime | None = None) -> Reason | None:
    """Why not, or None when nothing speaks against it."""
    at = at or now()
    if facts.suppressed is not None:
        return Reason(facts.suppressed)
    if facts.restricted:
        return Reason.RESTRICTED
    refused = _consent_speaks(facts, purpose)
    if refused is not None:
        return refused
    if _is_minor(facts, at):
        return Reason.MINOR
    if facts.paused_until is not None and facts.paused_until > at:
        return Reason.PAUSED
    return rhythm.decide(facts.rhythm, facts.last_sent_at, at) if rhythm.bound(purpose) else None


def _consent_speaks(facts: Facts, purpose: str) -> Reason | None:
    state, basis, given_for = facts.state, facts.basis, purpose
    if purpose.startswith(_TOPIC) and (state is None or facts.mail_state in NO):
        state, basis, given_for = facts.mail_state, facts.mail_basis, Purpose.MAIL
    if state is None:
        return Reason.NO_CONSENT
    if state not in YES:
        return Reason(state)
    return None if basis in grounds(purpose, given_for) else Reason.BASIS


def _is_minor(facts: Facts, at: datetime) -> bool:
    if facts.birth_year is None:
        return False
    years = at.year - facts.birth_year
    had_birthday = facts.birthday != "" and facts.birthday <= f"{at:%m-%d}"
    return years < YOUNGEST or (years == YOUNGEST and not had_birthday)


def refusal(
    purpose: str = Purpose.MAIL, at: datetime | None = None, contact: Any = Contact
) -> sa.ColumnElement[str | None]:
    """A column beside `contact` (Contact or an alias of it): NULL when it may be mailed, else the Reason."""
    at = at or now()
    return sa.func.coalesce(
        _suppressed(contact),
        sa.case((contact.restricted_at.is_not(None), Reason.RESTRICTED.value)),
        sa.func.nullif(sa.func.coalesce(_spoken(purpose, contact), Reason.NO_CONSENT.value), _MAY),
        sa.case(
            (_minor(contact, at), Reason.MINOR.value),
            (contact.paused_until > at, Reason.PAUSED.value),
        ),
        *([rhythm.refusal(at, contact)] if rhythm.bound(purpose) else []),
    )


def _suppressed(contact: Any) -> sa.ScalarSelect[str]:
    listed = aliased(Suppression)
    found = sa.select(listed.reason).where(listed.address_hash == contact.address_hash)
    return found.correlate(contact).scalar_subquery()


def _spoken(purpose: str, contact: Any) -> sa.ScalarSelect[str]:
    """What the deciding row of consent says: “may” or a reason; NULL when there is none."""
    said = aliased(Consent)
    verdict = sa.case(
        (said.state.in_([*NO, State.EXPIRED, State.NARROWED, State.UNCONFIRMED]), said.state),
        (sa.and_(said.state.in_(YES), _carried(said, purpose)), _MAY),
        else_=Reason.BASIS.value,
    )
    found = sa.select(verdict).where(said.contact_id == contact.id).correlate(contact)
    if not purpose.startswith(_TOPIC):
        return found.where(said.purpose == purpose).scalar_subquery()
    rank = sa.case(
        (sa.and_(said.purpose == Purpose.MAIL, said.state.in_(NO)), 0), (said.purpose == purpose, 1), else_=2
    )
    both = found.where(said.purpose.in_([purpose, Purpose.MAIL.value]))
    return both.order_by(rank).limit(1).scalar_subquery()


def _carried(said: Any, purpose: str) -> sa.ColumnElement[bool]:
    own = said.basis.in_(grounds(purpose, purpose))
    if not purpose.startswith(_TOPIC):
        return own
    general = said.basis.in_(grounds(purpose, Purpose.MAIL))
    return sa.case((said.purpose == purpose, own), else_=general)


def _minor(contact: Any, at: datetime) -> sa.ColumnElement[bool]:
    latest = at.year - YOUNGEST
    had_birthday = sa.and_(contact.birthday != "", contact.birthday <= f"{at:%m-%d}")
    return sa.or_(contact.birth_year > latest, sa.and_(contact.birth_year == latest, sa.not_(had_birthday)))


def refusals(
    session: Session, contact_ids: Sequence[int], purpose: str = Purpose.MAIL, at: datetime | None = None
) -> dict[int, Reason]:
    """Who of these may not be mailed, and why; an empty answer lets all through.

    A contact that is no longer there was erased.
    """
    verdict = refusal(purpose, at)
    answer = dict.fromkeys(contact_ids, Reason.ERASED)
    for start in range(0, len(contact_ids), _CHUNK):
        some = contact_ids[start : start + _CHUNK]
        for contact_id, reason in session.execute(sa.select(Contact.id, verdict).where(Contact.id.in_(some))):
            if reason is None:
                del answer[contact_id]
            else:
                answer[contact_id] = Reason(reason)
    return answer
