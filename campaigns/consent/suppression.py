"""The list of addresses that are never mailed; it knows keyed hashes only, and outlives erasure."""

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
    lighter = [other for other, weight in _WEIGHT.items() if weight < _WEIGHT[reason]]
    for start in range(0, len(rows), _CHUNK):
        insert = dialect.insert(Suppression).values(rows[start : start + _CHUNK])
        session.execute(
            insert.on_conflict_do_update(
                index_elements=["address_hash"],
                set_={name: insert.excluded[name] for name in ("reason", "source", "at")},
                where=Suppression.reason.in_(lighter),
            )
        )


def suppressed(session: Session, hashes: Sequence[str]) -> dict[str, str]:
    """Which of these address hashes are on the list, and why."""
    listed = sa.select(Suppression.address_hash, Suppression.reason)
    rows = session.execute(listed.where(among(session, Suppression.address_hash, hashes)))
    return {row.address_hash: row.reason for row in rows}


def is_suppressed(session: Session, email: str) -> str | None:
    """Why this address is never mailed; None when it may be. Raises AddressProblem."""
    address_hash = canonical(email).hash
    return suppressed(session, [address_hash]).get(address_hash)


def lift(session: Session, suppression_id: int) -> Suppression:
    """Take an address off the list, on an admin's word; raises Forbidden for what the person decided."""
    entry = session.get(Suppression, suppression_id)
    if entry is None:
        raise NotFound(_("This address is not on the list any more."))
    if entry.reason not in LIFTABLE:
        raise Forbidden(
            _("This person asked not to be mailed. Only they can change that, from a link in their mail.")
        )
    session.delete(entry)
    return entry


def take_back(session: Session, address_hash: str, *, erased: bool = False) -> None:
    """The person themselves wants letters again: what they once said leaves the list.

    With `erased` only that they were erased: they are here again by their own wish.
    """
    reasons = (SuppressionReason.ERASED,) if erased else _TAKEN_BACK
    session.execute(
        sa.delete(Suppression).where(
            Suppression.address_hash == address_hash, Suppression.reason.in_(reasons)
        )
    )


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
