"""The list of addresses that are never mailed; it knows keyed hashes only, and outlives erasure.

An address stands here for its weightiest reason. What the person said weighs more than what servers and
colleagues noted, so that no admin lifts it; an objection more than leaving, as it asks for more; a complaint
more than both, because nobody takes it back; an erasure most, as nothing else may be told of that address.
But people take back only their own word: what else held the address stays beneath it, whichever came first,
and holds it again from then on.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from campaigns.bulk import among
from campaigns.consent.models import Suppression, SuppressionReason
from campaigns.contacts.addresses import canonical
from campaigns.contacts.models import Contact
from campaigns.database import now
from campaigns.errors import Forbidden, NotFound
from campaigns.words import _

_CHUNK = 1000
_HELD = "beneath"  # the source of what holds an address again
# Weightiest last: a lighter reason never takes the place of a weightier one.
_WEIGHT = {
    reason: weight
    for weight, reason in enumerate(
        (
            SuppressionReason.MANUAL,
            SuppressionReason.BOUNCED,
            SuppressionReason.UNSUBSCRIBED,
            SuppressionReason.OBJECTED,
            SuppressionReason.COMPLAINED,
            SuppressionReason.ERASED,
        )
    )
}
# What colleagues or servers noted may be lifted by an admin; what the person said, by nobody but them.
LIFTABLE = (SuppressionReason.MANUAL, SuppressionReason.BOUNCED)
_TAKEN_BACK = (SuppressionReason.UNSUBSCRIBED, SuppressionReason.OBJECTED)
# What stays when the person comes back.
_LASTING = (SuppressionReason.MANUAL, SuppressionReason.BOUNCED, SuppressionReason.COMPLAINED)


def suppress(session: Session, email: str, reason: SuppressionReason, source: str) -> None:
    """Never mail this address again; raises AddressProblem when it is none."""
    suppress_many(session, [canonical(email).hash], reason, source)


def suppress_many(session: Session, hashes: Iterable[str], reason: SuppressionReason, source: str) -> None:
    """Never mail any of these addresses again, given by `Contact.address_hash`."""
    rows = [
        {"address_hash": value, "reason": reason, "source": source[:300], "at": now()}
        for value in dict.fromkeys(hashes)
    ]
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    outweighed, goes_beneath, beneath = _there(reason)
    for start in range(0, len(rows), _CHUNK):
        insert = dialect.insert(Suppression).values(rows[start : start + _CHUNK])
        told = {
            name: sa.case((outweighed, insert.excluded[name]), else_=getattr(Suppression, name))
            for name in ("reason", "source", "at")
        }
        session.execute(
            insert.on_conflict_do_update(
                index_elements=["address_hash"],
                set_=told | {"beneath": beneath},
                where=sa.or_(outweighed, goes_beneath),
            )
        )


def _there(
    reason: SuppressionReason,
) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool], sa.ColumnElement[str]]:
    """Whether this reason outweighs an entry, whether it goes beneath it, and what is beneath then."""
    lighter = [other for other, weight in _WEIGHT.items() if weight < _WEIGHT[reason]]
    outweighed = Suppression.reason.in_(lighter)
    if reason in _LASTING:
        heavier = Suppression.reason.not_in([*lighter, *_LASTING])
        goes_beneath = sa.and_(heavier, Suppression.beneath.in_(["", *lighter]))
        return outweighed, goes_beneath, sa.case((goes_beneath, reason.value), else_="")
    lasting = sa.case((Suppression.reason.in_(_LASTING), Suppression.reason), else_=Suppression.beneath)
    return outweighed, sa.false(), lasting


def suppressed(session: Session, hashes: Sequence[str]) -> dict[str, str]:
    """Which of these address hashes are on the list, and why."""
    listed = sa.select(Suppression.address_hash, Suppression.reason)
    rows = session.execute(listed.where(among(session, Suppression.address_hash, hashes)))
    return {row.address_hash: row.reason for row in rows}


def reasons(session: Session, address_hash: str) -> list[SuppressionReason]:
    """All that this address is known to be on the list for, the weightiest first."""
    entry = session.scalar(sa.select(Suppression).where(Suppression.address_hash == address_hash))
    return entry.reasons if entry else []


def is_suppressed(session: Session, email: str) -> str | None:
    """Why this address is never mailed; None when it may be. Raises AddressProblem."""
    address_hash = canonical(email).hash
    return suppressed(session, [address_hash]).get(address_hash)


def lift(session: Session, suppression_id: int) -> Suppression:
    """Take an address off the list, on an admin's word; raises Forbidden for what the person decided."""
    entry = session.get(Suppression, suppression_id, populate_existing=True, with_for_update=True)
    if entry is None:
        raise NotFound(_("This address is not on the list any more."))
    if entry.reason not in LIFTABLE:
        raise Forbidden(
            _("This person asked not to be mailed. Only they can change that, from a link in their mail.")
        )
    session.delete(entry)
    return entry


def take_back(session: Session, address_hash: str, *, erased: bool = False) -> None:
    """The person themselves wants letters again: what they once said leaves the list, and nothing else.

    With `erased` only that they were erased: they are here again by their own wish.
    """
    reasons = (SuppressionReason.ERASED,) if erased else _TAKEN_BACK
    remove(session, Suppression.address_hash == address_hash, Suppression.reason.in_(reasons))


def remove(session: Session, *where: sa.ColumnElement[bool]) -> int:
    """Take these entries off the list, but for what is beneath; how many there were."""
    gone = session.execute(
        sa.delete(Suppression)
        .where(*where, Suppression.beneath == "")
        .execution_options(synchronize_session=False)
    )
    held = session.execute(
        sa.update(Suppression)
        .where(*where, Suppression.beneath != "")
        .values(reason=Suppression.beneath, beneath="", source=_HELD, at=now())
        .execution_options(synchronize_session=False)
    )
    return int(gone.rowcount + held.rowcount)  # type: ignore[attr-defined]


def listed(session: Session, reason: str = "", before: int | None = None, limit: int = 51) -> Sequence[Any]:
    """The list, newest first, each entry with its contact while there is one."""
    rows = (
        sa.select(Suppression, Contact)
        .outerjoin(Contact, Contact.address_hash == Suppression.address_hash)
        .order_by(Suppression.id.desc())
        .limit(limit)
    )
    if reason:
        rows = rows.where(Suppression.reason == reason)
    if before:
        rows = rows.where(Suppression.id < before)
    return session.execute(rows).all()
