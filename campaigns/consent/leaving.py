"""Saying no, and coming back: what a person decides about all mail, written down in one go."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.consent import ledger, suppression
from campaigns.consent.models import Act, Basis, Purpose, Suppression, SuppressionReason
from campaigns.consent.standing import NO, YES
from campaigns.contacts.models import Contact

_BY_ACT = {Act.WITHDRAWN: SuppressionReason.UNSUBSCRIBED, Act.OBJECTED: SuppressionReason.OBJECTED}


def unsubscribe(
    session: Session,
    contact_id: int,
    source: str,
    method: str,
    ip: str = "",
    user_agent: str = "",
    **evidence: Any,
) -> bool:
    """No letters to this contact from now on; False when that was so already, or nobody is there."""
    said = {"source": source, "method": method, "ip": ip, "user_agent": user_agent} | evidence
    return _leave(session, contact_id, Act.WITHDRAWN, [Purpose.MAIL], said)


def object_(
    session: Session,
    contact_id: int,
    source: str,
    method: str,
    ip: str = "",
    user_agent: str = "",
    **evidence: Any,
) -> bool:
    """No letters, no following and no profile any more (GDPR Art. 21); False when it was so already."""
    said = {"source": source, "method": method, "ip": ip, "user_agent": user_agent} | evidence
    purposes = [Purpose.MAIL, Purpose.TRACKING, Purpose.PROFILING, Purpose.AD_PLATFORMS]
    return _leave(session, contact_id, Act.OBJECTED, purposes, said)


def come_back(
    session: Session, contact_id: int, source: str, method: str, act: Act = Act.GRANTED, **evidence: Any
) -> bool:
    """The person asks for letters again, shown to be them by a letter to their address.

    A complaint, a bounce, an erasure or a colleague's hand keeps its hold on the address, also where it
    stood beneath their own word. False when the way they came
    proves nothing, or nobody is there.
    """
    contact = session.get(Contact, contact_id)
    if contact is None:
        return False
    standing = ledger.record(
        session, contact_id, Purpose.MAIL, act, Basis.CONSENT, source, method, **evidence
    )
    if standing is None or standing.state not in YES:
        return False
    suppression.take_back(session, contact.address_hash)
    return True


def agree(
    session: Session,
    contact: Contact,
    words: Mapping[str, int],
    source: str,
    method: str,
    act: Act,
    **evidence: Any,
) -> None:
    """The person says yes to these purposes (with the wording of each), shown to be them by a letter.

    Who left everything and now chooses single topics gets letters about these only: the no to all letters
    runs out, without becoming a yes. Who was erased is here again by their own wish; a complaint or a
    bounce keeps its hold on the address.
    """
    said: dict[str, Any] = {"source": source, "method": method} | evidence
    for purpose, wording_id in words.items():
        ledger.record(session, contact.id, purpose, act, Basis.CONSENT, wording_id=wording_id, **said)
    suppression.take_back(session, contact.address_hash, erased=True)
    if not any(purpose.startswith(Purpose.MAIL) for purpose in words):
        return
    standing = ledger.state(session, contact.id, Purpose.MAIL)
    if standing is not None and standing.state in NO:
        for purpose in [*_older_topics(session, contact.id, words), Purpose.MAIL]:
            ledger.record(session, contact.id, purpose, Act.NARROWED, Basis.CONSENT, **said)
    suppression.take_back(session, contact.address_hash)


def _older_topics(session: Session, contact_id: int, words: Mapping[str, int]) -> list[str]:
    """What they had agreed to before they left everything: the no to all covered it, and runs out now."""
    agreed = [purpose for purpose, held in ledger.states(session, contact_id).items() if held.state in YES]
    return [one for one in agreed if one.startswith(f"{Purpose.MAIL}:") and one not in words]


def _leave(
    session: Session, contact_id: int, act: Act, purposes: list[Purpose], said: dict[str, Any]
) -> bool:
    contact = session.get(Contact, contact_id)
    if contact is None or _has_left(session, contact, act, purposes):
        return False
    for purpose in purposes:
        ledger.record(session, contact_id, purpose, act, Basis.CONSENT, **said)
    suppression.suppress_many(session, [contact.address_hash], _BY_ACT[act], said["source"])
    return True


def _has_left(session: Session, contact: Contact, act: Act, purposes: list[Purpose]) -> bool:
    listed = sa.select(Suppression.id).where(Suppression.address_hash == contact.address_hash)
    if session.scalar(listed) is None:
        return False
    enough = {Act.OBJECTED} if act == Act.OBJECTED else NO
    standings = ledger.states(session, contact.id)
    return all(purpose in standings and standings[purpose].state in enough for purpose in purposes)
