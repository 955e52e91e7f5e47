"""What was changed on many contacts at once: recorded while it is done, undone later step by step.

A change is kept as part → key → value, before and after: the part `columns` by column, `fields` by field,
`category` and `tag` by the label's number (worn or not). Rooms above offer parts of their own in
restoring.py. Undoing gives back what was there before, unless it was changed since or the contact's data are
only kept, and says what it left.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import User
from campaigns.bulk import among, insert_many, update_many
from campaigns.contacts import change_parts  # noqa: F401 - offers the parts of contacts themselves
from campaigns.contacts.change_models import Change, ChangeSet
from campaigns.contacts.models import Contact
from campaigns.contacts.restoring import (
    ALL_KEPT,
    TOUCHED,
    Asked,
    Part,
    Undone,
    parts,
    plain,
    rests,
    strict_parts,
)
from campaigns.database import moment, now
from campaigns.errors import Conflict, NotFound
from campaigns.words import _

Values = Mapping[str, Mapping[str, Any]]  # part → key → value; days and moments may stand in it

STEP = 1000


@dataclass(frozen=True, slots=True)
class Changed:
    """What is different on one contact: the same parts and keys in both."""

    contact_id: int
    before: Values
    after: Values


def opened(
    session: Session, kind: str, title: str, user: User | int | None, reference: str = ""
) -> ChangeSet:
    """A new change set, to be recorded into; `reference` names what it belongs to, as "import:12"."""
    user_id = user.id if isinstance(user, User) else user
    made = ChangeSet(kind=kind, title=title[:300], user_id=user_id, reference=reference)
    session.add(made)
    session.flush()
    return made


def of(session: Session, reference: str) -> ChangeSet | None:
    """The newest change set that belongs to this; None when there is none (any more)."""
    mine = sa.select(ChangeSet).where(ChangeSet.reference == reference)
    return session.scalar(mine.order_by(ChangeSet.id.desc()).limit(1))


def one(session: Session, change_set_id: int) -> ChangeSet:
    """The change set; raises NotFound when there is none any more."""
    found = session.get(ChangeSet, change_set_id)
    if found is None:
        raise NotFound(_("What was changed then is not kept any more."))
    return found


def record(session: Session, change_set: ChangeSet, rows: Iterable[Changed]) -> None:
    """Keep what was changed on these contacts, some thousand at a time at most.

    A contact may come again in one set: of each key the first `before` and the last `after` stay. A row
    without any key is passed over.
    """
    by_id: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
    for row in rows:
        if any(row.after.values()):
            before, after = by_id.get(row.contact_id, ({}, {}))
            by_id[row.contact_id] = _joined(before, row.before), _joined(row.after, after)
    if not by_id:
        return
    again = _recorded(session, change_set, list(by_id))
    for contact_id, (before, after) in again.items():
        new_before, new_after = by_id[contact_id]
        by_id[contact_id] = _joined(before, new_before), _joined(new_after, after)
    fresh = [_row(change_set, number, *by_id[number]) for number in sorted(by_id.keys() - again.keys())]
    insert_many(session, Change, fresh)
    if again:
        _replace(session, change_set, {number: by_id[number] for number in sorted(again)})
    change_set.contacts += len(fresh)
    session.flush()


def _joined(first: Values, then: Values) -> dict[str, Any]:
    """Both together; where both know a key, the first one's value."""
    return {part: {**then.get(part, {}), **first.get(part, {})} for part in {**then, **first}}


def _recorded(session: Session, change_set: ChangeSet, contact_ids: list[int]) -> dict[int, tuple[Any, Any]]:
    asked = sa.select(Change.contact_id, Change.before, Change.after)
    mine = asked.where(Change.set_id == change_set.id, among(session, Change.contact_id, contact_ids))
    return {row[0]: (row[1], row[2]) for row in session.execute(mine)}


def _row(change_set: ChangeSet, contact_id: int, before: Values, after: Values) -> dict[str, Any]:
    values = {"before": _plain(before), "after": _plain(after)}
    return {"set_id": change_set.id, "contact_id": contact_id} | values | _NOTHING_LEFT


_NOTHING_LEFT: dict[str, Any] = {"something_left": False, "what_left": []}


def _replace(session: Session, change_set: ChangeSet, rows: Mapping[int, tuple[Values, Values]]) -> None:
    mine = [Change.set_id == change_set.id, among(session, Change.contact_id, list(rows))]
    session.execute(sa.delete(Change).where(*mine).execution_options(synchronize_session=False))
    insert_many(session, Change, [_row(change_set, number, *both) for number, both in rows.items()])


def _plain(values: Values) -> dict[str, dict[str, Any]]:
    return {part: {key: plain(value) for key, value in keyed.items()} for part, keyed in values.items()}


def close(session: Session, change_set: ChangeSet) -> None:
    """Nothing more will be recorded: it may be undone from now on."""
    change_set.closed_at = now()
    session.flush()


def undo(session: Session, change_set: ChangeSet, user: User | int | None, limit: int = STEP) -> Undone:
    """Undo the next `limit` contacts of the set; to be called, each time in a transaction, while `more`.

    Raises Conflict when it is undone already or still being recorded. Undoing in the background is
    `undoing.start`.
    """
    change_set = session.get_one(ChangeSet, change_set.id, with_for_update=True, populate_existing=True)
    if change_set.undone_at is not None:
        raise Conflict(_("This has been undone already."))
    if change_set.closed_at is None:
        raise Conflict(_("This is still being done. Cancel it first, or wait until it is through."))
    found = _next(session, change_set, limit)
    if found:
        done = _undo(session, change_set, found)
    else:
        rest = rests.get(change_set.kind)
        whoever = user if isinstance(user, User) or user is None else session.get(User, user)
        done = rest(session, change_set, whoever, limit) if rest else Undone()
    change_set.restored += done.restored
    change_set.left_alone += len({left[0] for left in done.left})
    done.more = bool(found) or done.more
    if not done.more:
        change_set.undone_at = now()
        change_set.undone_by = user.id if isinstance(user, User) else user
    session.flush()
    return done


def _next(session: Session, change_set: ChangeSet, limit: int) -> list[Change]:
    mine = sa.select(Change).where(Change.set_id == change_set.id, Change.contact_id > change_set.undo_after)
    return list(session.scalars(mine.order_by(Change.contact_id).limit(limit)))


def _undo(session: Session, change_set: ChangeSet, found: Sequence[Change]) -> Undone:
    numbers = [change.contact_id for change in found]
    lock = sa.select(Contact.id, Contact.updated_at, Contact.restricted_at)
    mine = lock.where(among(session, Contact.id, numbers)).order_by(Contact.id)
    locked = session.execute(mine.with_for_update(key_share=True)).all()
    there: dict[int, datetime] = {row.id: row.updated_at for row in locked if row.restricted_at is None}
    kept = {row.id for row in locked} - there.keys()
    ours = [change for change in found if change.contact_id in there]
    left = _put_back(session, ours, parts)
    _put_back(session, [change for change in found if change.contact_id in kept], strict_parts)
    all_, _blank, why = ALL_KEPT.partition(" ")
    left += [(number, all_, why) for number in sorted(kept)]
    _keep_left(found, left)
    _date(session, ours, there)
    change_set.undo_after = numbers[-1]
    return Undone(restored=len(there.keys() - {one[0] for one in left}), left=left)


def _put_back(
    session: Session, found: Sequence[Change], how: Mapping[str, Part]
) -> list[tuple[int, str, str]]:
    left: list[tuple[int, str, str]] = []
    for key, part in how.items():
        asked = [
            Asked(change.contact_id, change.before.get(key, {}), change.after[key])
            for change in found
            if change.after.get(key)
        ]
        if asked:
            left += [(one.contact_id, f"{key}:{one.what}", one.why) for one in part(session, asked)]
    return left


def _date(session: Session, found: Sequence[Change], there: Mapping[int, datetime]) -> None:
    """Whoever was not touched since is as old as before; the others changed now."""
    rows = []
    for change in found:
        was, became = (said.get("columns", {}).get(TOUCHED) for said in (change.before, change.after))
        untouched = was and became == plain(there[change.contact_id])
        rows.append({"id": change.contact_id, TOUCHED: moment(was) if untouched else now()})
    update_many(session, Contact, rows)


def _keep_left(found: Sequence[Change], left: Sequence[tuple[int, str, str]]) -> None:
    changes = {change.contact_id: change for change in found}
    for contact_id, what, why in left:
        change = changes[contact_id]
        change.something_left = True
        change.what_left = [*change.what_left, f"{what} {why}"]
