"""A next step for many contacts at once, and how it is undone."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import User
from campaigns.bulk import among, insert_many
from campaigns.contacts import bulk, restoring
from campaigns.contacts.bulk import Form, Values
from campaigns.contacts.changing import Changed
from campaigns.contacts.models import Contact
from campaigns.contacts.names import tidy
from campaigns.contacts.restoring import CHANGED, Asked, Left
from campaigns.crm import steps
from campaigns.crm.models import Kind, NextStep
from campaigns.database import now
from campaigns.errors import BadInput
from campaigns.words import _, ngettext


def _read(_session: Session, form: Form, _user: User | None) -> Values:
    what, due_on = tidy(form.get("what", ""), 500), steps.due_day(form.get("due_on", ""))
    if not what:
        raise BadInput(_("Say what is to be done, such as “Call about the offer”."), field="what")
    return {"what": what, "due_on": due_on.isoformat()}


def _the_same(values: Values) -> list[sa.ColumnElement[bool]]:
    due_on = date.fromisoformat(values["due_on"])
    return [NextStep.done_at.is_(None), NextStep.what == values["what"], NextStep.due_on == due_on]


def _has(_session: Session, values: Values) -> sa.ColumnElement[bool]:
    return Contact.id.in_(sa.select(NextStep.contact_id).where(*_the_same(values)))


def _give(session: Session, values: Values, numbers: Sequence[int], user: User | None) -> list[Changed]:
    """The same next step for each, who has it not yet; each for the owner of the contact."""
    there = sa.select(NextStep.contact_id).where(
        *_the_same(values), among(session, NextStep.contact_id, numbers)
    )
    having = set(session.scalars(there))
    owned = sa.select(Contact.id, Contact.owner_id).where(among(session, Contact.id, numbers))
    owners = {number: owner for number, owner in session.execute(owned) if number not in having}
    given = {"kind": Kind.CALL, "what": values["what"], "due_on": date.fromisoformat(values["due_on"])}
    given |= {"outcome": "", "created_at": now()}
    nobody = user.id if user else None
    rows = [{"contact_id": number, "user_id": owner or nobody} | given for number, owner in owners.items()]
    insert_many(session, NextStep, rows)
    keep(session, list(owners))
    made = sa.select(NextStep.contact_id, sa.func.max(NextStep.id)).where(
        *_the_same(values), among(session, NextStep.contact_id, list(owners))
    )
    ids = session.execute(made.group_by(NextStep.contact_id)) if owners else ()
    return [
        Changed(number, {"step": {str(step): None}}, {"step": {str(step): dict(values)}})
        for number, step in ids
    ]


def keep(session: Session, numbers: Sequence[int]) -> None:
    """Let these contacts show their earliest open step."""
    if not numbers:
        return
    mine = sa.select(sa.func.min(NextStep.due_on)).where(
        NextStep.contact_id == Contact.id, NextStep.done_at.is_(None)
    )
    earliest = mine.correlate(Contact).scalar_subquery()
    update = sa.update(Contact).where(among(session, Contact.id, numbers)).values(next_step_on=earliest)
    session.execute(update.execution_options(synchronize_session=False))


def _taken_back(session: Session, asked: Sequence[Asked]) -> Iterator[Left]:
    """Drop the steps that were given, but for those that somebody has done or changed since."""
    numbers = [int(step) for one in asked for step in one.after]
    found = sa.select(NextStep).where(among(session, NextStep.id, numbers)).with_for_update()
    there = {step.id: step for step in session.scalars(found.order_by(NextStep.id))}
    dropped = []
    for one in asked:
        for key, given in one.after.items():
            step = there.get(int(key))
            if step is not None and _untouched(step, given):
                dropped.append(step.id)
            elif step is not None:
                yield Left(one.contact_id, key, CHANGED)
    if dropped:
        gone = sa.delete(NextStep).where(among(session, NextStep.id, dropped))
        session.execute(gone.execution_options(synchronize_session=False))
    keep(session, [one.contact_id for one in asked])


def _untouched(step: NextStep, given: Any) -> bool:
    return step.done_at is None and (step.what, step.due_on.isoformat()) == (given["what"], given["due_on"])


def _said(_values: Values, number: int) -> str:
    one, many = "%(num)s contact has this next step now.", "%(num)s contacts have this next step now."
    return ngettext(one, many, number)


restoring.offer("step", _taken_back)
bulk.offer(
    "step",
    bulk.Act(
        lambda: _("Set a next step"),
        _read,
        _has,
        _give,
        _said,
        lambda _session, values: f"“{values['what']}”",
        "pages/crm/_bulk_step.html",
    ),
)
