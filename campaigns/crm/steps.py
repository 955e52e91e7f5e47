"""What is to be done with contacts, and by when; the earliest open step stands on the contact."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from campaigns.contacts import conditions
from campaigns.contacts.models import Contact
from campaigns.contacts.names import tidy, tidy_lines
from campaigns.crm import logging
from campaigns.crm.models import Kind, NextStep
from campaigns.database import now
from campaigns.errors import BadInput, Conflict, NotFound
from campaigns.words import _

STEP_KINDS = (Kind.CALL, Kind.MEETING, Kind.LETTER, Kind.NOTE)
# Finishing one of these means that it took place.
_TOOK_PLACE = (Kind.CALL, Kind.MEETING, Kind.LETTER)


def set_step(
    session: Session,
    contact_id: int,
    what: str,
    due_on: date,
    user_id: int | None = None,
    kind: Kind = Kind.CALL,
) -> NextStep:
    """Something to do with this contact by that day. Raises BadInput when it says nothing."""
    what = tidy(what, 500)
    if not what:
        raise BadInput(_("Say what is to be done, such as “Call about the offer”."), field="what")
    step = NextStep(contact_id=contact_id, what=what, due_on=due_on, user_id=user_id, kind=kind)
    session.add(step)
    session.flush()
    keep(session, contact_id)
    return step


def due_day(given: str) -> date:
    """The day of a form; raises BadInput when it is none."""
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise BadInput(_("Choose the day by which it is to be done."), field="due_on") from error


def finish(
    session: Session,
    step_id: int,
    outcome: str = "",
    user_id: int | None = None,
    at: datetime | None = None,
    took_place: bool = True,
) -> NextStep:
    """The step is done; a call, meeting or letter that took place becomes an activity.

    Raises NotFound, or Conflict when somebody finished it before.
    """
    step = open_step(session, step_id)
    step.done_at = at or now()
    step.outcome = tidy_lines(outcome)
    session.flush()
    keep(session, step.contact_id)
    if took_place and step.kind in _TOOK_PLACE:
        summary = f"{step.what}\n{step.outcome}".strip()
        once = f"step:{step.id}"
        logging.log(session, step.contact_id, Kind(step.kind), step.done_at, user_id, summary, once=once)
    return step


def postpone(session: Session, step_id: int, due_on: date) -> NextStep:
    """The step is to be done by another day."""
    step = open_step(session, step_id)
    step.due_on = due_on
    session.flush()
    keep(session, step.contact_id)
    return step


def drop(session: Session, step_id: int) -> None:
    """The step is not to be done at all."""
    step = open_step(session, step_id)
    session.delete(step)
    session.flush()
    keep(session, step.contact_id)


def open_step(session: Session, step_id: int) -> NextStep:
    """The step, locked; raises NotFound, or Conflict when it is done already."""
    step = session.get(NextStep, step_id, with_for_update=True)
    if step is None:
        raise NotFound(_("This next step is not there any more."))
    if step.done_at is not None:
        raise Conflict(_("This next step is done already."))
    return step


def keep(session: Session, contact_id: int) -> None:
    """Let the contact show its earliest open step."""
    # Locked first, so that what others set meanwhile is seen by the statement after.
    session.execute(sa.select(Contact.id).where(Contact.id == contact_id).with_for_update(key_share=True))
    earliest = (
        sa.select(sa.func.min(NextStep.due_on))
        .where(NextStep.contact_id == contact_id, NextStep.done_at.is_(None))
        .scalar_subquery()
    )
    session.execute(sa.update(Contact).where(Contact.id == contact_id).values(next_step_on=earliest))


def of(session: Session, contact_id: int, done: int = 5) -> Sequence[NextStep]:
    """The open steps of one contact, soonest first, then the newest `done` ones."""
    mine = sa.select(NextStep).where(NextStep.contact_id == contact_id).options(selectinload(NextStep.user))
    still = mine.where(NextStep.done_at.is_(None)).order_by(NextStep.due_on, NextStep.id)
    past = mine.where(NextStep.done_at.is_not(None)).order_by(NextStep.done_at.desc()).limit(done)
    return [*session.scalars(still), *session.scalars(past)]


def first(session: Session, contact_id: int) -> NextStep | None:
    """The open step that is due soonest; None when nothing is planned."""
    still = sa.select(NextStep).where(NextStep.contact_id == contact_id, NextStep.done_at.is_(None))
    return session.scalar(still.order_by(NextStep.due_on, NextStep.id).limit(1))


def due(
    session: Session,
    until: date,
    visible: sa.ColumnElement[bool],
    user_id: int | None = None,
    after: tuple[date, int] | None = None,
    limit: int = 51,
) -> Sequence[NextStep]:
    """Open steps that are due by `until`, the longest overdue first, with their contacts.

    `visible` is what the person may see of contacts; `user_id` keeps to one colleague's steps. The steps of
    those whose data are only kept (GDPR Art. 18) wait until these may be used again.
    """
    found: Any = (
        sa.select(NextStep)
        .where(NextStep.done_at.is_(None), NextStep.due_on <= until, conditions.usable(NextStep.contact_id))
        .options(selectinload(NextStep.contact).selectinload(Contact.company), selectinload(NextStep.user))
        .order_by(NextStep.due_on, NextStep.id)
        .limit(limit)
    )
    if not isinstance(visible, sa.True_):  # whoever sees all needs no look at each contact
        found = found.join(NextStep.contact).where(visible)
    if user_id is not None:
        found = found.where(NextStep.user_id == user_id)
    if after:
        found = found.where(sa.tuple_(NextStep.due_on, NextStep.id) > sa.tuple_(*after))
    return session.scalars(found).all()


def without_step(
    session: Session, visible: sa.ColumnElement[bool], after: int = 0, limit: int = 51
) -> Sequence[Contact]:
    """Contacts for whom nothing is planned: the queue that is to be empty."""
    found = (
        sa.select(Contact)
        .where(Contact.next_step_on.is_(None), Contact.id > after, visible, conditions.usable())
        .options(selectinload(Contact.company))
        .order_by(Contact.id)
        .limit(limit)
    )
    return session.scalars(found).all()
