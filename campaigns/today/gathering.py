"""What a salesperson wants to know in the morning: what is due, who engaged, who lies fallow."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, selectinload

from campaigns.accounts.models import User
from campaigns.audiences.building import birthdays
from campaigns.audiences.nodes import Op, Relative
from campaigns.contacts.finding import count_up_to
from campaigns.contacts.models import Contact
from campaigns.contacts.visibility import visible_to
from campaigns.crm.models import CONFIDENCE, Activity
from campaigns.database import now

LATELY = timedelta(days=30)
COOLING = timedelta(days=90)
_ROWS = 150  # activities looked at for one page of people
_COUNTED = 1000


@dataclass
class Engaged:
    """One person who engaged: the newest sign of it, the surest, and how many there were."""

    contact: Contact
    newest: Activity
    surest: Activity
    signs: int = 1
    campaigns: list[str] = field(default_factory=list)


def mine(user: User, whose: str) -> sa.ColumnElement[bool]:
    """The condition on Contact: those this user owns, or all that they may see."""
    return Contact.owner_id == user.id if whose == "mine" else visible_to(user)


def engaged(
    session: Session,
    theirs: sa.ColumnElement[bool],
    after: tuple[datetime, int] | None = None,
    most: int = 10,
) -> tuple[list[Engaged], tuple[datetime, int] | None]:
    """People who opened, clicked or replied lately, newest first; and where to go on, if there are more."""
    query = (
        sa.select(Activity)
        .join(Activity.contact)
        .where(Activity.kind.in_([str(kind) for kind in CONFIDENCE]), Activity.at > now() - LATELY, theirs)
        .options(contains_eager(Activity.contact).selectinload(Contact.company))
        .order_by(Activity.at.desc(), Activity.id.desc())
        .limit(_ROWS)
    )
    if after is not None:
        query = query.where(sa.tuple_(Activity.at, Activity.id) < sa.tuple_(*after))
    rows = session.scalars(query).all()
    people, last = _together(rows, most)
    more = last is not None and (last is not rows[-1] or len(rows) == _ROWS)
    return people, (last.at, last.id) if last is not None and more else None


def _together(rows: Sequence[Activity], most: int) -> tuple[list[Engaged], Activity | None]:
    """Signs of the same person in one entry; stops before the person that would be one too many."""
    people: dict[int, Engaged] = {}
    last = None
    for sign in rows:
        known = people.get(sign.contact_id)
        if known is None:
            if len(people) == most:
                break
            people[sign.contact_id] = Engaged(sign.contact, sign, sign, campaigns=[sign.summary])
        else:
            known.signs += 1
            if CONFIDENCE[sign.kind] > CONFIDENCE[known.surest.kind]:  # type: ignore[index]
                known.surest = sign
            if sign.summary not in known.campaigns:
                known.campaigns.append(sign.summary)
        last = sign
    return list(people.values()), last


@dataclass(frozen=True)
class Numbers:
    """How many contacts wait for something, each counted no further than a thousand."""

    overdue: int
    without_step: int
    cooling: int


def numbers(session: Session, theirs: sa.ColumnElement[bool], today: date) -> Numbers:
    """The three figures at the top of the page."""
    chosen = sa.select(Contact.id).where(theirs)
    cold = sa.or_(Contact.last_contact_at.is_(None), Contact.last_contact_at < now() - COOLING)
    return Numbers(
        overdue=count_up_to(session, chosen.where(Contact.next_step_on < today), _COUNTED),
        without_step=count_up_to(session, chosen.where(Contact.next_step_on.is_(None)), _COUNTED),
        cooling=count_up_to(session, chosen.where(cold), _COUNTED),
    )


def without_step(session: Session, theirs: sa.ColumnElement[bool], most: int = 6) -> Sequence[Contact]:
    """Some for whom nothing is planned, those spoken to most lately first: they are warmest."""
    query: sa.Select[Any] = (
        sa.select(Contact)
        .where(theirs, Contact.next_step_on.is_(None), Contact.last_contact_at.is_not(None))
        .options(selectinload(Contact.company))
        .order_by(Contact.last_contact_at.desc(), Contact.id.desc())
    )
    return session.scalars(query.limit(most)).all()


def birthdays_this_week(session: Session, theirs: sa.ColumnElement[bool], most: int = 8) -> Sequence[Contact]:
    """Whose birthday is within seven days, by calendar."""
    days, _inside = birthdays(Relative(7), Op.UNTIL)
    today = f"{now():%m-%d}"
    query = (
        sa.select(Contact).where(theirs, Contact.birthday.in_(days)).options(selectinload(Contact.company))
    )
    order = (sa.case((Contact.birthday >= today, 0), else_=1), Contact.birthday, Contact.id)
    return session.scalars(query.order_by(*order).limit(most)).all()


def is_empty(session: Session) -> bool:
    """Whether there is no contact at all yet."""
    return session.scalar(sa.select(Contact.id).limit(1)) is None
