"""Erasures are remembered outside the database, too: a backup from before one is erased again.

In the data folder stands a list of seals of addresses, each with the day of its erasure. Every machine
keeps one and brings it and the database in line, both ways; so after a backup was put back any of them
knows what was erased since.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from campaigns import settings, tokens
from campaigns.bulk import among
from campaigns.consent import suppression
from campaigns.consent.models import Suppression, SuppressionReason
from campaigns.contacts.models import Contact, FurtherAddress
from campaigns.database import moment, reading, transaction

log = structlog.get_logger()

_AT_ONCE = 100
_CHUNK = 5_000


def path() -> Path:
    """Where the list stands."""
    return settings.current().data_dir / "erased.txt"


def recall() -> int:
    """Bring the list and the database in line; how many people were erased again. Safe to run twice."""
    kept, listed = _kept(), _listed()
    _write({seal: at for seal, at in listed.items() if seal not in kept})
    lost = {seal: at for seal, at in kept.items() if seal not in listed}
    number = 0
    if lost:
        number = _again(lost)
    if number:
        log.warning("erased again after a backup was put back", people=number)
    return number


def add(text: str) -> None:
    """Take in what stands on a list that was kept elsewhere."""
    kept = _kept()
    _write({seal: at for seal, at in _read(text).items() if seal not in kept})


def _kept() -> dict[str, datetime]:
    try:
        return _read(path().read_text())
    except FileNotFoundError:
        return {}


def _read(text: str) -> dict[str, datetime]:
    """A list: seal and time; a line that a full disk cut short is no seal."""
    found = (line.split(" ") for line in text.splitlines())
    return {words[0]: moment(words[1]) for words in found if len(words) == 3 and words[2] == "."}


def _listed() -> dict[str, datetime]:
    """What the database knows."""
    erased = sa.select(Suppression.address_hash, Suppression.at)
    with reading() as session:
        rows = session.execute(erased.where(Suppression.reason == SuppressionReason.ERASED))
        return {row.address_hash: row.at for row in rows}


def _write(new: Mapping[str, datetime]) -> None:
    if not new:
        return
    path().parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, "".join(f"{seal} {at.isoformat()} .\n" for seal, at in new.items()).encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def _again(lost: Mapping[str, datetime]) -> int:
    """Erase those who are there again from before; whoever came by their own wish since stays."""
    from campaigns.rights import erasing  # all rooms hang on it, and workers look here every minute
    from campaigns.rights.models import Why

    number, newer = 0, set()
    for contact_id, seals in _found(lost).items():
        with transaction() as session:
            contact = session.get(Contact, contact_id)
            if contact is None:
                continue
            if contact.created_at > max(lost[seal] for seal in seals):
                newer |= set(seals)
                continue
            erasing.erase(session, contact, Why.RESTORED)
            number += 1
    with transaction() as session:
        seals = [seal for seal in lost if seal not in newer]
        suppression.suppress_many(session, seals, SuppressionReason.ERASED, erasing.SOURCE)
    return number


def _found(lost: Collection[str]) -> dict[int, list[str]]:
    """Which contacts have these addresses, now or further ones."""
    found: dict[int, list[str]] = {}
    with reading() as session:
        seals = list(lost)
        for start in range(0, len(seals), _AT_ONCE):
            some = among(session, Contact.address_hash, seals[start : start + _AT_ONCE])
            for row in session.execute(sa.select(Contact.id, Contact.address_hash).where(some)):
                found.setdefault(row.id, []).append(row.address_hash)
        for email, contact_id in _further(session):
            seal = tokens.address_hash(email)
            if seal in lost:
                found.setdefault(contact_id, []).append(seal)
    return found


def _further(session: Session) -> Iterator[tuple[str, int]]:
    rows = session.execute(sa.select(FurtherAddress.email, FurtherAddress.contact_id))
    for some in rows.partitions(_CHUNK):
        yield from ((row.email, row.contact_id) for row in some)
