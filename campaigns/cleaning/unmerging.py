"""Taking a merge back: both contacts as before, each with its own; what happened since stays where it is."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from campaigns.accounts import audit
from campaigns.cleaning import merging, proposing
from campaigns.cleaning.merging import contacts
from campaigns.cleaning.models import Merge
from campaigns.consent.rhythm import stricter
from campaigns.contacts import field_index, identity, moving, names
from campaigns.contacts.models import Contact, MergedContact
from campaigns.crm import steps
from campaigns.crm.models import Activity, NextStep, Purchase
from campaigns.database import moment, now
from campaigns.delivery import joining
from campaigns.errors import Conflict, NotFound
from campaigns.words import _

_FOLLOW = ("name_key", "first_key", "next_step_on")  # worked out anew
_RESTRICTION = ("restricted_at", "restricted_why", "restricted_note", "restricted_by")
_BY_KEY = ("fields", "origins")  # put back key by key
_PART_OF = {"address_hash": "email", "domain": "email", "last_contact_by": "last_contact_at",
            "restricted_why": "restricted_at", "restricted_note": "restricted_at",
            "restricted_by": "restricted_at"}  # fmt: skip
_SINCE = {"activity": Activity.created_at, "next_step": NextStep.created_at, "purchase": Purchase.at}


def find(session: Session, merge_id: int) -> Merge:
    """The merge; raises NotFound when there is none, or the contact was erased since."""
    load = (selectinload(Merge.contact), selectinload(Merge.user))
    found = session.get(Merge, merge_id, populate_existing=True, options=load)
    if found is None:
        raise NotFound(_("There is no such merge, or the contact is gone."))
    return found


def listed(session: Session, before: int | None = None, limit: int = 51) -> Sequence[Merge]:
    """All merges with their contacts, the newest first, from before this number on."""
    found = sa.select(Merge).options(selectinload(Merge.contact), selectinload(Merge.user))
    if before:
        found = found.where(Merge.id < before)
    return session.scalars(found.order_by(Merge.id.desc()).limit(limit)).all()


def would_leave(session: Session, merge: Merge) -> dict[str, Any]:
    """What would stay as it is now if the merge were taken back."""
    is_now = merging.row(session, merge.contact_id)
    columns = [name for name in merge.after if _changed(merge, is_now, name)]
    return {"columns": _told(columns), "since": _since(session, merge)}


def obstacle(session: Session, merge: Merge) -> str:
    """Why this merge can't be taken back now; empty when it can."""
    if merge.undone_at is not None:
        return _("This merge was taken back already.")
    if merge.contact_id != merge.into_id:
        return _("This contact was itself merged into another one since. Take that back first.")
    newer = sa.select(Merge.gone_label).where(
        Merge.contact_id == merge.contact_id, Merge.id > merge.id, Merge.undone_at.is_(None)
    )
    other = session.scalar(newer.order_by(Merge.id.desc()).limit(1))
    if other is not None:
        return _("%(other)s was merged into this contact later. Take that back first.", other=other)
    was = merge.before["gone"]
    if session.get(Contact, merge.gone_id) is not None:
        return _("There is another contact with the number %(number)s now.", number=merge.gone_id)
    taken = sa.select(Contact.id).where(
        Contact.email.in_([was["email"], merge.before["kept"]["email"]]), Contact.id != merge.contact_id
    )
    if session.scalar(taken) is not None:
        return _("Another contact has the address %(address)s now.", address=was["email"])
    return ""


def unmerge(session: Session, merge_id: int, user_id: int | None = None) -> Merge:
    """Make two contacts out of one again; `Merge.left` then says what stays as it is now.

    Raises NotFound, or Conflict with what stands in the way.
    """
    merge = find(session, merge_id)
    joining.hold(session, [merge.contact_id])
    lock = sa.select(Contact.id).where(Contact.id == merge.contact_id).with_for_update()
    session.execute(lock)
    problem = obstacle(session, merge)
    if problem:
        raise Conflict(problem)
    kept_id, gone_id = merge.contact_id, merge.gone_id
    is_now = merging.row(session, kept_id)
    restored = dict(_restored(merge, is_now))
    merge.left = would_leave(session, merge)
    _part(session, merge, is_now, restored)
    moving.give_all_back(session, gone_id, kept_id, merge.moved)
    for contact_id in (kept_id, gone_id):
        steps.keep(session, contact_id)
    field_index.refresh(session, [kept_id, gone_id])
    untouched = is_now["updated_at"] == merge.after["updated_at"]
    _date(session, kept_id, moment(merge.before["kept"]["updated_at"]) if untouched else now())
    _date(session, gone_id, moment(merge.before["gone"]["updated_at"]))
    proposing.not_the_same(session, kept_id, gone_id, user_id)
    merge.undone_at, merge.undone_by = now(), user_id
    session.flush()
    audit.note(session, "contact.unmerge", f"contact:{kept_id}", gone=gone_id, merge=merge.id)
    return merge


def _restored(merge: Merge, is_now: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The kept contact's columns that the merge changed and nobody else did since, as they were."""
    before, after = merge.before["kept"], merge.after
    for name, value in after.items():
        if name in _FOLLOW or name == "id" or name not in is_now:
            continue
        if name in _BY_KEY:
            yield name, _by_key(before[name], value, is_now[name])
        elif is_now[name] == value and before[name] != value:
            yield name, before[name]


def _by_key(before: Mapping[str, Any], after: Mapping[str, Any], is_now: Mapping[str, Any]) -> dict[str, Any]:
    ours = {key for key in before.keys() | after.keys() if is_now.get(key) == after.get(key)}
    others = {key: value for key, value in is_now.items() if key not in ours}
    return {key: before[key] for key in before if key in ours} | others


def _changed(merge: Merge, is_now: Mapping[str, Any], name: str) -> bool:
    """Whether the merge changed this column, and somebody else did so since."""
    if name in (*_FOLLOW, *_BY_KEY, "id", "updated_at") or name not in is_now:
        return False
    was, became = merge.before["kept"][name], merge.after[name]
    return was != became and is_now[name] != became


def _told(columns: list[str]) -> list[str]:
    return list(dict.fromkeys(_PART_OF.get(name, name) for name in columns))


def _since(session: Session, merge: Merge) -> dict[str, int]:
    """How much was written down since the merge, which stays with the kept contact."""
    found = {}
    for key, at in _SINCE.items():
        rows = sa.select(sa.func.count()).where(at.class_.contact_id == merge.contact_id, at > merge.at)
        found[key] = session.scalar(rows) or 0
    return {key: number for key, number in found.items() if number}


def _part(session: Session, merge: Merge, is_now: Mapping[str, Any], restored: dict[str, Any]) -> None:
    """The two rows again; addresses that the merge had put aside are their own ones again."""
    kept_id = merge.contact_id
    both = (merge.before["kept"], merge.before["gone"])
    for was in both:
        identity.drop_address(session, was["email"])
    values = moving.unpack(contacts, _sound(session, restored))
    named = {name: values.get(name, is_now[name]) for name in ("first_name", "last_name", "email")}
    session.execute(
        sa.update(contacts).where(contacts.c.id == kept_id).values(**values, **names.keys(**named))
    )
    gone = moving.unpack(contacts, _sound(session, merge.before["gone"]))
    if is_now["paused_until"] != merge.after["paused_until"] and is_now["paused_until"]:
        gone["paused_until"] = _later(gone["paused_until"], moment(is_now["paused_until"]))
    if is_now["rhythm"] != merge.after.get("rhythm", ""):
        gone["rhythm"] = stricter(gone.get("rhythm", ""), is_now["rhythm"])
    if is_now["restricted_at"] != merge.after.get("restricted_at") and is_now["restricted_at"]:
        since = moving.unpack(contacts, {name: is_now[name] for name in _RESTRICTION})
        gone |= {} if gone.get("restricted_at") else since
    session.execute(sa.insert(contacts).values(gone))
    session.execute(sa.delete(MergedContact).where(MergedContact.gone_id == merge.gone_id))
    known = session.identity_map.get(sa.orm.util.identity_key(Contact, kept_id))
    if known is not None:
        session.expire(known)


def _date(session: Session, contact_id: int, at: datetime) -> None:
    session.execute(sa.update(contacts).where(contacts.c.id == contact_id).values(updated_at=at))


def _later(one: datetime | None, other: datetime) -> datetime:
    return max(one, other) if one else other


def _sound(session: Session, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without those that name what is not there any more, such as a colleague."""
    kept = dict(values)
    for key in contacts.foreign_keys:
        name = key.parent.name
        if kept.get(name) is not None:
            there = session.scalar(sa.select(key.column).where(key.column == kept[name]))
            kept[name] = there
    return kept
