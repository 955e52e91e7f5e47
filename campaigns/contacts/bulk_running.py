"""Bulk edits: counted, started, done in the background a thousand contacts at a time, and remembered."""

from collections import deque
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from campaigns import jobs, longwork
from campaigns.accounts.models import Role, User
from campaigns.bulk import among
from campaigns.contacts import bulk, changing, choosing, conditions
from campaigns.contacts import bulk_acts as _acts  # noqa: F401 - offers acts
from campaigns.contacts import bulk_fields as _fields  # noqa: F401 - offers acts
from campaigns.contacts.bulk import Form
from campaigns.contacts.change_models import BulkEdit, ChangeSet
from campaigns.contacts.changing import Changed
from campaigns.contacts.choosing import Choice
from campaigns.contacts.models import Contact
from campaigns.contacts.restoring import TOUCHED
from campaigns.database import now
from campaigns.errors import NotFound
from campaigns.words import _

AT_ONCE = 2_000  # up to so many are changed before the page answers
STEP = 1_000
_AHEAD = 20_000  # numbers of contacts looked up at a time


def count(session: Session, key: str, form: Form, choice: Choice, user: User | None) -> bulk.Count:
    """How many would change; raises BadInput for what is not filled in."""
    act = bulk.named(key, user)
    values = act.read(session, form, user)
    return bulk.count(session, act, values, _chosen(session, choice, user))


def start(session: Session, key: str, form: Form, choice: Choice, user: User | None) -> BulkEdit:
    """Put a bulk edit on its way; raises BadInput for what is not filled in.

    Whoever starts a small one (up to AT_ONCE) calls `run` after the commit instead of waiting for a worker.
    """
    act = bulk.named(key, user)
    values = act.read(session, form, user)
    counted = bulk.count(session, act, values, _chosen(session, choice, user))
    title = f"{act.label()}: {act.about(session, values)}"
    change_set = changing.opened(session, "bulk", title, user)
    edit = BulkEdit(
        act=key,
        form=dict(values),
        chosen=dict(choice),
        title=title[:300],
        matching=counted.chosen,
        change_set_id=change_set.id,
        user_id=user.id if user else None,
    )
    return begun(session, edit)


def begun(session: Session, edit: BulkEdit) -> BulkEdit:
    """Keep it, and ring for a worker when it is about more than AT_ONCE."""
    session.add(edit)
    session.flush()
    if edit.matching > AT_ONCE:
        jobs.ring(session, jobs.EDIT_CONTACTS, edit.id)
    return edit


def run(edit_id: int) -> None:
    """Do a bulk edit to its end, or go on with it; safe to run twice."""
    ahead: deque[int] = deque()
    longwork.run(BulkEdit, edit_id, lambda session, edit: _step(session, edit, ahead))


def _step(session: Session, edit: BulkEdit, ahead: deque[int]) -> bool:
    user = session.get(User, edit.user_id) if edit.user_id else None
    final = bulk.finals.get(edit.act)
    if not ahead:
        ahead.extend(_further(session, edit, user))
    numbers = [ahead.popleft() for _number in range(min(final.portion if final else STEP, len(ahead)))]
    if not numbers:
        _close(session, edit)
        return False
    if final is not None:
        edit.changed += final.do(session, edit.form, numbers, user)
    else:
        changes = _change(session, edit, numbers, user)
        changing.record(session, session.get_one(ChangeSet, edit.change_set_id), changes)
        edit.changed += len(changes)
    edit.after = numbers[-1]
    edit.looked_at += len(numbers)
    return True


def _further(session: Session, edit: BulkEdit, user: User | None) -> list[int]:
    chosen = _chosen(session, edit.chosen, user)
    return list(session.scalars(chosen.where(Contact.id > edit.after).order_by(Contact.id).limit(_AHEAD)))


def _chosen(session: Session, choice: Choice, user: User | None) -> sa.Select[Any]:
    """Those whose data are kept but not used (GDPR Art. 18) are left as they are."""
    return choosing.numbers(session, choice, user).where(conditions.usable())


def _change(session: Session, edit: BulkEdit, numbers: list[int], user: User | None) -> list[Changed]:
    """Change them, with the moment at which that was."""
    lock = sa.select(Contact.id, Contact.updated_at).where(
        among(session, Contact.id, numbers), Contact.restricted_at.is_(None)
    )
    before: dict[int, Any] = dict(
        session.execute(lock.order_by(Contact.id).with_for_update(key_share=True)).all()
    )
    changes = bulk.offered[edit.act].change(session, edit.form, list(before), user)
    moment = now()
    if changes:
        touched = sa.update(Contact).where(among(session, Contact.id, [one.contact_id for one in changes]))
        session.execute(touched.values({TOUCHED: moment}).execution_options(synchronize_session=False))
    return [_dated(one, before[one.contact_id], moment) for one in changes]


def _dated(change: Changed, before: Any, after: Any) -> Changed:
    return Changed(
        change.contact_id,
        {**change.before, "columns": {**change.before.get("columns", {}), TOUCHED: before}},
        {**change.after, "columns": {**change.after.get("columns", {}), TOUCHED: after}},
    )


def cancel(session: Session, edit: BulkEdit) -> None:
    """Stop for good; what was changed stays, and can be undone. Raises Conflict when it has ended."""
    longwork.cancel(session, edit)
    _close(session, edit)


def _close(session: Session, edit: BulkEdit) -> None:
    """Nothing more is done: what was changed may be undone, where it can be."""
    if edit.change_set_id is not None:
        changing.close(session, session.get_one(ChangeSet, edit.change_set_id))


def said(edit: BulkEdit) -> str:
    """What came of it, in words."""
    if edit.act in bulk.finals:
        return bulk.finals[edit.act].said(edit.changed)
    act = bulk.offered.get(edit.act)
    return act.said(edit.form, edit.changed) if act else edit.title


def one(session: Session, edit_id: int, user: User) -> BulkEdit:
    """The edit, if this user may see it: their own, or for a marketer everybody's. Raises NotFound."""
    load = (selectinload(BulkEdit.user), selectinload(BulkEdit.change_set))
    edit = session.get(BulkEdit, edit_id, options=load)
    if edit is None or not session.scalar(sa.select(BulkEdit.id).where(BulkEdit.id == edit_id, mine(user))):
        raise NotFound(_("There is no such edit, or it is a colleague's."))
    return edit


def mine(user: User) -> sa.ColumnElement[bool]:
    """The condition on BulkEdit under which this user sees it."""
    whose = sa.true() if user.may(Role.MARKETER) else BulkEdit.user_id == user.id
    kept_from = [key for key, act in bulk.finals.items() if not user.may(*act.roles)]
    return sa.and_(whose, BulkEdit.act.not_in(kept_from)) if kept_from else whose
