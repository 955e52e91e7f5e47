"""Hits become rows, counts, first times and activities: all of one batch in one transaction.

Any batch may come twice (a process died before it removed its journal): a hit whose uid is known
changes nothing, and everything else follows from the rows of the letters that were touched.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import Tracking
from campaigns.bulk import among, insert_many
from campaigns.tracking import counting, engagement, machines, permission
from campaigns.tracking.counting import Key
from campaigns.tracking.journal import Entry
from campaigns.tracking.models import Hit, HitKind, Label
from campaigns.tracking.permission import Letter


def record(session: Session, entries: Sequence[Entry]) -> int:
    """Write these hits down as far as each may be, with all that follows; says how many were new."""
    known = permission.ask(session, entries)
    rows = list({row["uid"]: row for entry in entries if (row := _row(entry, known)) is not None}.values())
    letters = {row["message_id"]: known.letters[row["message_id"]] for row in rows if row["message_id"]}
    before = counting.firsts(session, letters)
    new = _insert(session, rows)
    changed = _counted(new)
    changed.update(
        _find_runs(session, new, {place.message_id for place in before if place.kind == HitKind.CLICK})
    )
    settle(session, letters, before, changed)
    return len(new)


def settle(
    session: Session,
    letters: Mapping[int, Letter],
    before: counting.Firsts,
    changed: Mapping[Key, int],
    followed: Collection[int] | None = None,
) -> None:
    """Bring counts, first times and activities in line with the hits of these letters.

    `before` is how the letters stood before their hits changed, `changed` what became of all hits.
    With `followed`, only these letters' times and activities are touched.
    """
    after = counting.firsts(session, letters)
    campaign_of = {number: letter.campaign_id for number, letter in letters.items()}
    persons = counting.people(after, campaign_of)
    persons.subtract(counting.people(before, campaign_of))
    counting.add(session, changed, persons)
    if followed is not None:
        letters = {number: letter for number, letter in letters.items() if number in followed}
    engagement.follow(session, letters, before, after)


def _row(entry: Entry, known: permission.Known) -> dict[str, Any] | None:
    """The row to keep of a hit; None when nothing of it may be kept."""
    letter = known.letters.get(entry.message_id or 0)
    level = known.level(entry)
    if level == Tracking.OFF:
        return None
    label, version = machines.classify(
        machines.Facts(
            entry.kind,
            entry.method,
            entry.user_agent,
            entry.at,
            letter.sent_at if letter else None,
            entry.position,
        )
    )
    named = level == Tracking.IDENTIFIED
    return {
        "uid": entry.uid,
        "kind": entry.kind,
        "at": entry.at,
        "campaign_id": letter.campaign_id if letter else entry.campaign_id,
        "message_id": entry.message_id if named else None,
        "position": entry.position,
        "method": entry.method,
        "ip": entry.network if named else "",
        "user_agent": _storable(entry.user_agent),
        "label": label,
        "rule_version": version,
    }


def _storable(text: str) -> str:
    """The text without what a database can't hold."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _insert(session: Session, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Insert those whose uid is not known; returns them.

    Nobody else inserts the same meanwhile: whoever reads a page of a journal holds it alone.
    """
    uids = [row["uid"] for row in rows]
    known = set(session.scalars(sa.select(Hit.uid).where(among(session, Hit.uid, uids))))
    fresh = [row for row in rows if row["uid"] not in known]
    insert_many(session, Hit, fresh, conflict=["uid"])
    return fresh


def _counted(rows: Sequence[Mapping[str, Any]]) -> Counter[Key]:
    counted: Counter[Key] = Counter()
    for row in rows:
        counted.update(
            counting.keys(row["campaign_id"], row["at"], row["kind"], row["position"], row["label"])
        )
    return counted


def _find_runs(session: Session, new: Sequence[Mapping[str, Any]], clicked: set[int]) -> Counter[Key]:
    """Label what new hits show to be a machine's run, older hits too; returns what that changes.

    `clicked` are letters that had clicks before: only where somebody clicked there is a run.
    """
    clicked = clicked | {row["message_id"] for row in new if row["kind"] == HitKind.CLICK}
    times = {row["uid"]: row["at"] for row in new if row["message_id"] and row["message_id"] in clicked}
    if not times:
        return Counter()
    around = Hit.at.between(min(times.values()) - 2 * machines.RUN, max(times.values()) + 2 * machines.RUN)
    columns = (Hit.message_id, Hit.uid, Hit.kind, Hit.at, Hit.position, Hit.user_agent)
    query = sa.select(*columns).where(among(session, Hit.message_id, clicked - {None}), around)
    found = _in_runs(session.execute(query))
    hits = sa.select(Hit).where(among(session, Hit.uid, found)) if found else None
    return _relabel_all(session, session.scalars(hits).all() if hits is not None else (), found)


def relabel_runs(session: Session, hits: Collection[Hit]) -> Counter[Key]:
    """Label the runs among these hits `machine`; returns how the counts change."""
    return _relabel_all(session, hits, _in_runs(hits))


def _in_runs(hits: Iterable[Any]) -> set[str]:
    """The uids of those hits, or rows of their columns, that belong to a machine's run."""
    by_letter: dict[int, list[machines.Neighbour]] = {}
    for hit in hits:
        seen = machines.Neighbour(hit.uid, hit.kind, hit.at, hit.position, hit.user_agent)
        by_letter.setdefault(hit.message_id or 0, []).append(seen)
    return set().union(*map(machines.runs, by_letter.values()))


def _relabel_all(session: Session, hits: Iterable[Hit], uids: Collection[str]) -> Counter[Key]:
    changed: Counter[Key] = Counter()
    for hit in hits:
        if hit.uid in uids and hit.label != Label.MACHINE:
            relabel(hit, Label.MACHINE, changed)
    session.flush()
    return changed


def relabel(hit: Hit, label: Label, changed: Counter[Key]) -> None:
    """Give the hit another label, writing down how that changes the counts."""
    changed.subtract(counting.keys(hit.campaign_id, hit.at, hit.kind, hit.position, hit.label))
    changed.update(counting.keys(hit.campaign_id, hit.at, hit.kind, hit.position, label))
    hit.label, hit.rule_version = label, machines.RULE_VERSION
