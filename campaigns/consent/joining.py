"""Two files of the ledger made one, when two contacts turn out to be one person, and taken apart again.

No entry is changed but for the contact in whose file it lies. Whatever either of them refused is refused
afterwards: where the entries of both, in their order, would come to less, an entry says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import among
from campaigns.consent import ledger, suppression
from campaigns.consent.ledger import Said
from campaigns.consent.models import Act, Consent, ConsentEvent, Suppression, SuppressionReason
from campaigns.consent.standing import NO, Method, Standing, strictness
from campaigns.contacts.models import Contact
from campaigns.database import moment, now

# What a person decided or somebody decided for them; a bounce is about the one address only.
_NONE_BENEATH = {"beneath": ""}  # so merges were packed that are older than what is beneath
OF_THE_PERSON = tuple(reason for reason in SuppressionReason if reason != SuppressionReason.BOUNCED)


def source(gone_id: int) -> str:
    """What the ledger and the suppression list name as the origin of what a merge wrote."""
    return f"merge:{gone_id}"


def take(session: Session, gone_id: int, kept_id: int) -> dict[str, Any]:
    """Put the one's entries into the other's file, with the strictest of both for each purpose."""
    ours, theirs = ledger.states(session, kept_id), ledger.states(session, gone_id)
    asked = sa.select(ConsentEvent.id).where(ConsentEvent.contact_id == gone_id).order_by(ConsentEvent.id)
    numbers = list(session.scalars(asked))
    _refile(session, numbers, gone_id, kept_id)
    session.execute(sa.delete(Consent).where(Consent.contact_id == gone_id))
    ledger.rebuild(session, [kept_id])
    added = {
        "kept": _tighten(session, gone_id, kept_id, ours, theirs),
        "gone": _tighten(session, gone_id, kept_id, theirs, ours),
    }
    last = session.scalar(sa.select(sa.func.max(ConsentEvent.id))) or 0
    listed = _list(session, gone_id, kept_id)
    return {
        "entries": numbers, "added": added, "last": last, "listed": listed, "since": now().isoformat()
    }  # fmt: skip


def _refile(session: Session, numbers: Sequence[int], was: int, is_now: int) -> None:
    mine = among(session, ConsentEvent.id, numbers)
    moved = sa.update(ConsentEvent).where(ConsentEvent.contact_id == was, mine).values(contact_id=is_now)
    session.execute(moved.execution_options(synchronize_session=False))


def _tighten(
    session: Session,
    gone_id: int,
    kept_id: int,
    mine: Mapping[str, Standing],
    others: Mapping[str, Standing],
) -> list[int]:
    """Say once more what one of them refused, where it would be lost; the numbers of the entries."""
    written = []
    for purpose, said in sorted(mine.items()):
        is_now = ledger.state(session, kept_id, purpose)
        if strictness(said) < strictness(others.get(purpose)) or strictness(is_now) >= strictness(said):
            continue
        act = Act(said.state)
        standing = ledger.record(
            session, kept_id, purpose, act, said.basis, source(gone_id), Method.MERGE, at=said.at
        )
        assert standing is not None
        written.append(standing.event_id)
    return written


def _list(session: Session, gone_id: int, kept_id: int) -> list[dict[str, Any]]:
    """Let what the person decided hold for both addresses; what of the list that changed."""
    hashes = _hashes(session, [gone_id, kept_id])
    before = {entry.address_hash: entry for entry in _entries(session, hashes)}
    reasons = [reason for entry in before.values() for reason in entry.reasons]
    personal = [reason for reason in reasons if reason in OF_THE_PERSON]
    if not personal:
        return []
    kept = {key: _packed(entry) for key, entry in before.items()}
    for reason in personal:  # of two, the weightier one stays
        suppression.suppress_many(session, hashes, reason, source(gone_id))
    changed = [entry for entry in _entries(session, hashes) if _packed(entry) != kept.get(entry.address_hash)]
    return [{"now": _packed(entry), "before": kept.get(entry.address_hash)} for entry in changed]


def _hashes(session: Session, contact_ids: Sequence[int]) -> list[str]:
    return list(session.scalars(sa.select(Contact.address_hash).where(Contact.id.in_(contact_ids))))


def _entries(session: Session, hashes: Sequence[str]) -> Sequence[Suppression]:
    found = sa.select(Suppression).where(Suppression.address_hash.in_(hashes))
    return session.scalars(found.execution_options(populate_existing=True)).all()


def _packed(entry: Suppression) -> dict[str, Any]:
    return {
        "address_hash": entry.address_hash,
        "reason": entry.reason,
        "beneath": entry.beneath,
        "source": entry.source,
        "at": entry.at.isoformat(),
    }


def give_back(session: Session, gone_id: int, kept_id: int, taken: Mapping[str, Any]) -> None:
    """Give each their own entries again; what was refused since holds for both."""
    since = _refused_since(session, kept_id, taken)
    _refile(session, [*taken["entries"], *taken["added"]["gone"]], kept_id, gone_id)
    ledger.rebuild(session, [kept_id, gone_id])
    ledger.record_many(session, (replace(said, contact_id=gone_id) for said in since))
    if not any(said.purpose == "mail" for said in since):
        _unlist(session, taken["listed"])
    _list_since(session, gone_id, kept_id, taken)


def _refused_since(session: Session, kept_id: int, taken: Mapping[str, Any]) -> list[Said]:
    found = session.scalars(
        sa.select(ConsentEvent)
        .where(
            ConsentEvent.contact_id == kept_id,
            ConsentEvent.id > taken["last"],
            ConsentEvent.act.in_([*NO, Act.EXPIRED]),
            ConsentEvent.method != Method.MERGE,
        )
        .order_by(ConsentEvent.id)
    )
    return [
        Said(
            kept_id, entry.purpose, entry.act, entry.basis, entry.source, Method.MERGE, entry.at,
            entry.wording_id, entry.page_url, entry.ip, entry.user_agent, entry.evidence, entry.user_id,
        )
        for entry in found
    ]  # fmt: skip


def _unlist(session: Session, listed: Sequence[Mapping[str, Any]]) -> None:
    """Take back what the merge itself put on the list, unless it was changed since."""
    for change in listed:
        now_at, before = _NONE_BENEATH | change["now"], change["before"]
        entry = session.scalar(
            sa.select(Suppression).where(Suppression.address_hash == now_at["address_hash"])
        )
        if entry is None or _packed(entry) != now_at:
            continue
        if before is None:
            session.delete(entry)
        else:
            entry.reason, entry.beneath = before["reason"], before.get("beneath", "")
            entry.source, entry.at = before["source"], moment(before["at"])
    session.flush()


def _list_since(session: Session, gone_id: int, kept_id: int, taken: Mapping[str, Any]) -> None:
    """What was put on the list since for the person, for either address, holds for both."""
    hashes, merged_at = _hashes(session, [gone_id, kept_id]), moment(taken["since"])
    for entry in _entries(session, hashes):
        for reason in entry.reasons:
            if reason in OF_THE_PERSON and entry.at > merged_at:
                suppression.suppress_many(session, hashes, reason, entry.source)
