"""Erasing those of whom nothing was heard for long, some people at a time, as a bulk edit that stays.

Whom something is still open with is held back: it is asked before, and once more right before each of them
is erased, as days may pass in between.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import jobs
from campaigns.accounts.models import Role, User
from campaigns.bulk import among
from campaigns.contacts import bulk, choosing
from campaigns.contacts.bulk import Final
from campaigns.contacts.change_models import BulkEdit
from campaigns.contacts.choosing import Way, seen_by
from campaigns.contacts.models import SILENT_SINCE, Contact
from campaigns.database import UTC, moment, now
from campaigns.delivery.models import OPEN_STATES, Message
from campaigns.errors import BadInput, PersonError
from campaigns.preferences.models import DetailsRequest
from campaigns.rights import erasing, inactive
from campaigns.rights.models import Why
from campaigns.rights.months import before
from campaigns.signup.reward_models import Coupon
from campaigns.words import _, ngettext

ACT = "erase_silent"
MOST = 1_000  # at once: each is looked for in all texts and files afterwards
_PORTION = 10
_ANSWER = timedelta(days=60)  # as long as the link in a letter about their details is good

Row = tuple[Contact, Any, str | None]


def held() -> sa.ColumnElement[str | None]:
    """Why a contact is not erased with many others; NULL where nothing is open with them."""
    today = now().date()
    mine = {kind: kind.contact_id == Contact.id for kind in (Message, Coupon, DetailsRequest)}
    letter = sa.exists().where(mine[Message], Message.status.in_(OPEN_STATES))
    good = sa.or_(Coupon.good_until.is_(None), Coupon.good_until >= today)
    coupon = sa.exists().where(mine[Coupon], Coupon.redeemed_at.is_(None), good)
    asked = DetailsRequest.asked_at > now() - _ANSWER
    request = sa.exists().where(mine[DetailsRequest], asked, DetailsRequest.answered_at.is_(None))
    return sa.case(
        (Contact.restricted_at.is_not(None), "restricted"),
        (Contact.next_step_on.is_not(None), "step"),
        (letter, "letter"),
        (coupon, "coupon"),
        (request, "asked"),
    )


def words(reason: str) -> str:
    """Why somebody is held back, in a few words."""
    return {
        "restricted": _("Their data are kept and not used, as they asked"),
        "step": _("Somebody planned a next step"),
        "letter": _("A letter to them is on its way"),
        "coupon": _("They have a coupon that is still good"),
        "asked": _("They were asked to confirm their details, and may still answer"),
    }[reason]


def listed(session: Session, months: int, user: User, after: Sequence[Any] | None, size: int) -> list[Row]:
    """Those who have been silent for so many months, the longest first; since when, and why held back."""
    since = sa.type_coerce(SILENT_SINCE, UTC()).label("since")
    found = sa.select(Contact, since, held()).where(inactive.silent(before(now(), months)), seen_by(user))
    if after:
        start = (sa.literal(moment(after[0]), UTC()), after[1])
        found = found.where(sa.tuple_(since, Contact.id) > sa.tuple_(*start))
    rows = session.execute(found.order_by(since, Contact.id).limit(size))
    return [(row[0], row[1], row[2]) for row in rows]


def longest(session: Session, months: int, user: User) -> list[int]:
    """The numbers of those who have been silent the longest, no more than go at once."""
    found = sa.select(Contact.id).where(inactive.silent(before(now(), months)), seen_by(user))
    return list(session.scalars(found.order_by(SILENT_SINCE, Contact.id).limit(MOST)))


@dataclass(frozen=True)
class Look:
    """Of those who were chosen: who would go, and how many are held back for each reason."""

    numbers: tuple[int, ...]
    held: Mapping[str, int]
    heard_of: int  # they are not silent any more, or are gone


def look(session: Session, numbers: Sequence[int], months: int, user: User | None) -> Look:
    """What would become of these; changes nothing. Raises BadInput for none, and for too many."""
    wanted = list(dict.fromkeys(numbers))
    if not wanted:
        raise BadInput(_("Tick some people first."), field="id")
    if len(wanted) > MOST:
        raise BadInput(_("At most %(most)s people go at once.", most=f"{MOST:,}"), field="id")
    asked = sa.select(Contact.id, held()).where(
        among(session, Contact.id, wanted), inactive.silent(before(now(), months)), seen_by(user)
    )
    rows = session.execute(asked.order_by(Contact.id)).all()
    return Look(
        tuple(number for number, reason in rows if reason is None),
        Counter(reason for _number, reason in rows if reason is not None),
        len(wanted) - len(rows),
    )


def start(session: Session, numbers: Sequence[int], months: int, sure: str, user: User) -> BulkEdit:
    """Put it on its way, once the number of those who would go was typed. Raises BadInput."""
    found = look(session, numbers, months, user)
    if not found.numbers:
        raise BadInput(_("Something is still open with all of them. Nobody was erased."), field="number")
    if sure.strip() != str(len(found.numbers)):
        raise BadInput(_("Type the number of people who are about to be erased."), field="number")
    edit = BulkEdit(
        act=ACT,
        form={"months": months},
        chosen={"silent": {"months": months, "ids": list(found.numbers)}},
        title=_("Erase who has been silent: %(months)s", months=inactive.said(months)),
        matching=len(found.numbers),
        user_id=user.id,
    )
    session.add(edit)
    session.flush()
    jobs.ring(session, jobs.EDIT_CONTACTS, edit.id)
    return edit


def _erase(session: Session, values: Mapping[str, Any], numbers: Sequence[int], user: User | None) -> int:
    """Erase those of them with whom nothing is open, and of whom nothing was heard meanwhile."""
    if user is None or not user.active or not user.may(Role.ADMIN):
        raise PersonError(_("Who started this may not erase people any more."))
    gone = look(session, numbers, values["months"], user).numbers
    for number in gone:
        erasing.erase(session, session.get_one(Contact, number), Why.SILENT, user.id)
    return len(gone)


def _said(number: int) -> str:
    return ngettext("%(num)s person was erased.", "%(num)s people were erased.", number)


def _chosen(_session: Session, chosen: Any, user: User | None) -> sa.Select[Any]:
    return sa.select(Contact.id).where(Contact.id.in_(chosen["ids"]), seen_by(user))


def _chosen_words(_session: Session, chosen: Any) -> str:
    one, many = "%(num)s person of whom nothing was heard", "%(num)s people of whom nothing was heard"
    return ngettext(one, many, len(chosen["ids"]))


bulk.offer_final(
    ACT,
    Final(
        _erase,
        _said,
        _PORTION,
        (Role.ADMIN,),
        lambda number: _("%(number)s erased", number=number),
        lambda: _("Stop for good? Who was erased already stays erased."),
        lambda: _("This can't be undone. A backup that is put back later is erased again, too."),
    ),
)
choosing.offer("silent", Way(_chosen, _chosen_words, addressed=False))
