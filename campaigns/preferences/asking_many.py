"""Asking many people by a letter to confirm their details, some at a time, as a bulk edit that stays.

A letter to each is kept in the database and goes the way of a single one: who may be written to is asked
when it is kept, and again when it is sent; nobody is asked twice within a month, however often this is run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import Role, User
from campaigns.consent import gate, reasons
from campaigns.contacts import bulk, bulk_running, choosing, conditions
from campaigns.contacts.bulk import Final
from campaigns.contacts.change_models import BulkEdit
from campaigns.contacts.choosing import Choice
from campaigns.contacts.models import Contact
from campaigns.delivery import single
from campaigns.errors import BadInput, PersonError
from campaigns.preferences import requesting
from campaigns.preferences.models import DetailsRequest
from campaigns.words import _, ngettext

ACT = "ask_details"
ROLES = (Role.MARKETER,)
_PORTION = 500
_LATELY = "lately"


@dataclass(frozen=True)
class Look:
    """Of those who are chosen: how many would be asked, and how many would not for each reason."""

    chosen: int
    asked: int
    left_out: Mapping[str, int]


def look(session: Session, choice: Choice, user: User | None) -> Look:
    """Who would be asked; changes nothing, and reads all who are chosen."""
    lately = sa.exists().where(DetailsRequest.contact_id == Contact.id, requesting.asked_lately())
    why = sa.case((lately, _LATELY), else_=gate.refusal()).label("why")
    mine = sa.select(why).where(Contact.id.in_(choosing.numbers(session, choice, user))).subquery()
    rows = session.execute(sa.select(mine.c.why, sa.func.count()).group_by(mine.c.why)).all()
    found: dict[str | None, int] = dict(rows)
    asked = found.pop(None, 0)
    left_out = sorted(((why, number) for why, number in found.items() if why), key=lambda one: -one[1])
    return Look(asked + sum(found.values()), asked, dict(left_out))


def words(reason: str) -> str:
    """Why somebody would not be asked, in a few words."""
    return _("Was asked within a month") if reason == _LATELY else reasons.words(reason)


def start(session: Session, choice: Choice, user: User | None) -> BulkEdit:
    """Put it on its way; whoever starts a small one (up to AT_ONCE) calls `bulk_running.run` then.

    Raises BadInput when nobody would be asked, NotReady while there is nobody whose name letters could bear.
    """
    single.sender(session)
    if not look(session, choice, user).asked:
        raise BadInput(_("None of them would be asked."), field="id")
    usable = choosing.numbers(session, choice, user).where(conditions.usable()).subquery()
    edit = BulkEdit(
        act=ACT,
        form={"by": user.id if user else None},
        chosen=dict(choice),
        title=_("Ask to confirm their details"),
        matching=session.scalar(sa.select(sa.func.count()).select_from(usable)) or 0,
        user_id=user.id if user else None,
    )
    return bulk_running.begun(session, edit)


def _ask(session: Session, values: Mapping[str, Any], numbers: Sequence[int], user: User | None) -> int:
    """Ask those of them who may be written to and were not asked lately."""
    if values["by"] and (user is None or not user.active or not user.may(*ROLES)):
        raise PersonError(_("Who started this may not write to people any more."))
    return requesting.ask(session, numbers, user.id if user else None, note_refused=False).asked


def said(number: int) -> str:
    """How many letters there are."""
    return ngettext("%(num)s letter is on its way.", "%(num)s letters are on their way.", number)


bulk.offer_final(
    ACT,
    Final(
        _ask,
        said,
        _PORTION,
        ROLES,
        lambda number: _("%(number)s asked", number=number),
        lambda: _("Stop for good? Who was asked already gets the letter."),
        lambda: _("This can't be undone: letters that went are gone."),
    ),
)
