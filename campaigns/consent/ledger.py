"""The consent ledger: entries are only ever added, and each moves the state that is kept beside them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from campaigns.bulk import insert_many, load, new_ids
from campaigns.consent.models import Act, AsOf, Basis, Consent, ConsentEvent
from campaigns.consent.standing import Standing, fold, moved
from campaigns.contacts import sources
from campaigns.contacts.models import Contact
from campaigns.database import now
from campaigns.errors import BadInput
from campaigns.words import _

_CHUNK = 1000
_LONGEST = {"source": 300, "method": 40, "page_url": 500, "ip": 64, "user_agent": 500, "evidence": 500}
_entries = cast(sa.Table, ConsentEvent.__table__)
_KEPT = (Consent.contact_id, Consent.purpose, Consent.state, Consent.basis, Consent.at, Consent.event_id)

Key = tuple[int, str]  # contact, purpose


@dataclass(frozen=True, slots=True)
class Said:
    """One thing to be written into the ledger: who, about what, on which ground, and the evidence."""

    contact_id: int
    purpose: str
    act: str
    basis: str
    source: str
    method: str
    at: datetime
    wording_id: int | None = None
    page_url: str = ""
    ip: str = ""
    user_agent: str = ""
    evidence: str = ""
    user_id: int | None = None


_SAID = [field.name for field in fields(Said)]


class _Entry(NamedTuple):
    """What of a written entry decides where somebody stands."""

    id: int
    contact_id: int
    purpose: str
    act: str
    basis: str
    method: str
    at: datetime
    undoes: int | None = None


def record(
    session: Session,
    contact_id: int,
    purpose: str,
    act: str,
    basis: str,
    source: str,
    method: str,
    wording_id: int | None = None,
    at: datetime | None = None,
    **evidence: Any,
) -> Standing | None:
    """Write one entry and return where the contact stands after it.

    `evidence` may hold page_url, ip, user_agent, evidence and user_id. Raises BadInput for a source
    that is refused to all, or for a ground that lacks its evidence.
    """
    said = Said(contact_id, purpose, act, basis, source, method, at or now(), wording_id, **evidence)
    record_many(session, [said])
    return state(session, contact_id, purpose)


def record_many(session: Session, rows: Iterable[Said]) -> int:
    """Write many entries, a thousand at a time; returns how many states they moved."""
    changed = 0
    batch: list[Said] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _CHUNK:
            changed += _write(session, batch)
            batch = []
    return changed + (_write(session, batch) if batch else 0)


def _write(session: Session, batch: Sequence[Said]) -> int:
    _check_all(batch)
    contact_ids = sorted({row.contact_id for row in batch})
    lock(session, contact_ids)
    before = _standings(session, contact_ids)
    after: dict[Key, Standing | None] = dict(before)
    for entry in _append(session, batch, contact_ids):
        key = (entry.contact_id, entry.purpose)
        after[key] = moved(after.get(key), entry)
    return _keep(session, {key: new for key, new in after.items() if new and new != before.get(key)})


def record_first(session: Session, rows: Sequence[Said]) -> None:
    """Write what is said of contacts that this transaction has made: nobody else knows them yet.

    Rows of one contact and purpose follow each other in the order in which they count.
    """
    _check_all(rows)
    numbers = new_ids(session, _entries, len(rows))
    moment = now()
    load(
        session, _entries, ["id", *_SAID, "recorded_at"],
        [[number, *_values(row).values(), moment] for number, row in zip(numbers, rows, strict=True)],
    )  # fmt: skip
    standings: dict[Key, Standing | None] = {}
    for number, said in zip(numbers, rows, strict=True):
        key = (said.contact_id, said.purpose)
        entry = _Entry(number, said.contact_id, said.purpose, said.act, said.basis, said.method, said.at)
        standings[key] = moved(standings.get(key), entry)
    columns = ["contact_id", "purpose", "state", "basis", "at", "event_id"]
    kept = [
        (*key, new.state, new.basis, new.at, new.event_id)
        for key, new in standings.items()
        if new is not None
    ]
    load(session, Consent, columns, kept)


def _check_all(rows: Iterable[Said]) -> None:
    for source, act, basis, proven in {(row.source, row.act, row.basis, bool(row.evidence)) for row in rows}:
        _check(source, act, basis, proven)


def _check(source: str, act: str, basis: str, proven: bool) -> None:
    ground = Basis(basis)
    if Act(act) not in (Act.GRANTED, Act.CONFIRMED):
        return
    # An import names itself before the source that was given for it.
    sources.accepted(source.partition(" ")[2] if source.startswith("import:") else source)
    if ground == Basis.EXISTING_CUSTOMER and not proven:
        raise _without_evidence()


def customer_evidence(purchase: str, products: str, told: str) -> str:
    """The evidence that lets customers be written to without consent (ePrivacy 13(2)).

    What they bought, which products of our own like it the letters are about, and how they were told
    that they may say no. Raises BadInput when one is missing.
    """
    facts = {"bought": purchase.strip(), "letters about": products.strip(), "told": told.strip()}
    if not all(facts.values()):
        raise _without_evidence()
    return "; ".join(f"{name}: {fact[:150]}" for name, fact in facts.items())


def _without_evidence() -> BadInput:
    return BadInput(
        _(
            "Customers may be written to without their consent only with a note of what they bought, which "
            "similar products the letters are about, and how they were told that they may say no."
        ),
        field="evidence",
    )


def lock(session: Session, contact_ids: Sequence[int]) -> None:
    """Let nobody else move these contacts' states until the end; SQLite has one writer anyway."""
    session.execute(
        sa.select(Contact.id)
        .where(Contact.id.in_(contact_ids))
        .order_by(Contact.id)
        .with_for_update(key_share=True)
    )


def _append(session: Session, batch: Sequence[Said], contact_ids: Sequence[int]) -> Iterator[_Entry]:
    """Add the entries, and give them with the numbers they got, in order.

    Asking for the numbers afterwards is several times quicker than RETURNING them row by row; nobody
    else adds entries for these contacts meanwhile, for they are locked.
    """
    last = session.scalar(sa.select(sa.func.max(_entries.c.id))) or 0
    moment = now()
    insert_many(session, _entries, [_values(row) | {"recorded_at": moment} for row in batch])
    numbers = session.scalars(
        sa.select(_entries.c.id)
        .where(_entries.c.id > last, _entries.c.contact_id.in_(contact_ids))
        .order_by(_entries.c.id)
    )
    for number, said in zip(numbers, batch, strict=True):
        yield _Entry(number, said.contact_id, said.purpose, said.act, said.basis, said.method, said.at)


def _values(said: Said) -> dict[str, Any]:
    values = {name: getattr(said, name) for name in _SAID}
    for name, longest in _LONGEST.items():
        if len(values[name]) > longest:
            values[name] = values[name][:longest]
    return values


def _standings(session: Session, contact_ids: Sequence[int]) -> dict[Key, Standing]:
    rows = session.execute(sa.select(*_KEPT).where(Consent.contact_id.in_(contact_ids)))
    return {(row[0], row[1]): Standing(*row[2:]) for row in rows}


def _keep(session: Session, standings: Mapping[Key, Standing | None]) -> int:
    rows = [
        {
            "contact_id": contact_id,
            "purpose": purpose,
            "state": new.state,
            "basis": new.basis,
            "at": new.at,
            "event_id": new.event_id,
        }
        for (contact_id, purpose), new in standings.items()
        if new is not None
    ]
    key, rest = ["contact_id", "purpose"], ["state", "basis", "at", "event_id"]
    insert_many(session, Consent, rows, conflict=key, update=rest)
    return len(rows)


def state(session: Session, contact_id: int, purpose: str) -> Standing | None:
    """Where the contact stands on this very purpose; None when never asked."""
    row = session.execute(
        sa.select(*_KEPT[2:]).where(Consent.contact_id == contact_id, Consent.purpose == purpose)
    ).first()
    return Standing(*row) if row else None


def states(session: Session, contact_id: int) -> dict[str, Standing]:
    """Where the contact stands on everything it was ever asked about."""
    return {purpose: standing for (_id, purpose), standing in _standings(session, [contact_id]).items()}


def evidence(
    session: Session, contact_id: int, at: datetime | None = None, by: AsOf = AsOf.SAID
) -> list[ConsentEvent]:
    """The entries about one contact as of `at`, with the wordings, newest first (GDPR Art. 7(1)).

    As AsOf has it: what had been said by then, with what took it back since; or what was written by then.
    """
    said = sa.select(ConsentEvent).where(ConsentEvent.contact_id == contact_id)
    if at is not None and by == AsOf.RECORDED:
        said = said.where(ConsentEvent.recorded_at <= at)
    elif at is not None:
        ours = sa.select(_entries.c.id).where(_entries.c.contact_id == contact_id, _entries.c.at <= at)
        by_then = sa.and_(ConsentEvent.at <= at, ConsentEvent.act != Act.UNDONE)
        said = said.where(sa.or_(by_then, ConsentEvent.undoes.in_(ours)))
    said = said.options(selectinload(ConsentEvent.wording)).order_by(ConsentEvent.id.desc())
    return list(session.scalars(said))


def rebuild(session: Session, contact_ids: Sequence[int] | None = None) -> int:
    """Work out the kept states anew from the entries; returns how many were not as they should be."""
    wrong = 0
    for some in _slices(session, contact_ids):
        lock(session, some)
        kept = _standings(session, some)
        summed = dict(_sums(session, some))
        differing = {key: new for key, new in summed.items() if new is not None and kept.get(key) != new}
        stray = [key for key in kept if summed.get(key) is None]
        for contact_id, purpose in stray:
            session.execute(
                sa.delete(Consent).where(Consent.contact_id == contact_id, Consent.purpose == purpose)
            )
        wrong += _keep(session, differing) + len(stray)
    return wrong


def _slices(session: Session, contact_ids: Sequence[int] | None) -> Iterator[Sequence[int]]:
    if contact_ids is not None:
        yield from (contact_ids[start : start + _CHUNK] for start in range(0, len(contact_ids), _CHUNK))
        return
    last = 0
    after = sa.select(Contact.id).order_by(Contact.id).limit(_CHUNK)
    while some := session.scalars(after.where(Contact.id > last)).all():
        yield some
        last = some[-1]


def _sums(session: Session, contact_ids: Sequence[int]) -> Iterator[tuple[Key, Standing | None]]:
    columns = [_entries.c[name] for name in _Entry._fields]
    rows = session.execute(
        sa.select(*columns)
        .where(_entries.c.contact_id.in_(contact_ids))
        .order_by(_entries.c.contact_id, _entries.c.purpose, _entries.c.id)
    )
    entries = (_Entry(*row) for row in rows)
    for key, said in groupby(entries, key=lambda entry: (entry.contact_id, entry.purpose)):
        yield key, fold(said)
