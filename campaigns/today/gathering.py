"""What else waits on the first page: who has nothing planned, who cools off, birthdays, and first steps.

Whose data are only kept (GDPR Art. 18) is no work to be done, and stands in none of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.interfaces import ORMOption

from campaigns.contacts import conditions
from campaigns.contacts.conditions import Condition, clauses, count_up_to
from campaigns.contacts.models import Contact
from campaigns.database import now
from campaigns.mailings.models import Campaign, Status, Template

COOLING = timedelta(days=90)  # nobody spoke to them for so long
DORMANT = timedelta(days=365)
COUNTED = 1000
_FEW = 5
_WEEK = 7

Theirs = sa.ColumnElement[bool]  # a condition on Contact: those that the page is about
Chosen = sa.ColumnElement[bool]  # the same of those among them that may be used, as `chosen` gives it


@dataclass(frozen=True)
class Numbers:
    """How many contacts wait for something, each counted no further than `COUNTED`."""

    overdue: int
    without_step: int
    cooling: int


@dataclass(frozen=True)
class Birthday:
    """Whose, and on which day this week."""

    contact: Contact
    day: date


@dataclass(frozen=True)
class FirstSteps:
    """What stands between a new installation and its first letter."""

    contacts: bool
    template: bool
    sent: bool

    @property
    def done(self) -> bool:
        """Whether there is nothing left of it."""
        return self.contacts and self.template and self.sent


def numbers(session: Session, theirs: Theirs, today: date) -> Numbers:
    """The figures at the top of the page."""
    chosen = sa.select(Contact.id).where(theirs, conditions.usable())
    cold = sa.or_(Contact.last_contact_at.is_(None), Contact.last_contact_at < now() - COOLING)
    return Numbers(
        overdue=count_up_to(session, chosen.where(Contact.next_step_on < today), COUNTED),
        without_step=count_up_to(session, chosen.where(Contact.next_step_on.is_(None)), COUNTED),
        cooling=count_up_to(session, chosen.where(cold), COUNTED),
    )


def chosen(session: Session, theirs: Theirs) -> Chosen:
    """Theirs in the form that is quick while walking a list in its order: few lead, many are checked."""
    quick = clauses(session, [Condition(theirs, sa.select(Contact.id).where(theirs))])
    return sa.and_(*quick, conditions.usable())


def without_step(session: Session, among: Chosen) -> Sequence[Contact]:
    """A few for whom nothing is planned, the last spoken to first: they are warmest."""
    unplanned = Condition(Contact.next_step_on.is_(None)).checked(session)
    nothing = sa.select(Contact).where(among, unplanned).options(_company())
    warm = nothing.where(Contact.last_contact_at.is_not(None), Contact.last_contact_at > now() - COOLING)
    found = session.scalars(
        warm.order_by(Contact.last_contact_at.desc(), Contact.id.desc()).limit(_FEW)
    ).all()
    return found or session.scalars(nothing.order_by(Contact.id).limit(_FEW)).all()


def cooling(session: Session, among: Chosen) -> Sequence[Contact]:
    """A few of those nobody spoke to for three months, and nothing planned; the latest to cool first."""
    query = (
        sa.select(Contact)
        .where(
            among,
            Contact.last_contact_at.between(now() - DORMANT, now() - COOLING),
            Condition(Contact.next_step_on.is_(None)).checked(session),
        )
        .order_by(Contact.last_contact_at.desc(), Contact.id.desc())
        .limit(_FEW)
        .options(_company())
    )
    return session.scalars(query).all()


def birthdays(session: Session, among: Chosen, today: date) -> list[Birthday]:
    """Whose birthday is within the week, today's first; who was born on a leap day has it on the 28th."""
    found: list[Birthday] = []
    for day in (today + timedelta(days=ahead) for ahead in range(_WEEK)):
        theirs = Contact.birthday.in_(_on(day)), Contact.birthday != ""  # as the index says it
        query = sa.select(Contact).where(among, *theirs).order_by(Contact.id).options(_company())
        born = session.scalars(query.limit(2 * _FEW - len(found))).all()
        found += [Birthday(one, day) for one in sorted(born, key=lambda one: (one.name_key, one.id))]
        if len(found) == 2 * _FEW:
            break
    return found


def _on(day: date) -> list[str]:
    """The birthdays that are kept on this day."""
    the_last = (day.month, day.day) == (2, 28) and (day + timedelta(days=1)).month == 3
    return ["02-28", "02-29"] if the_last else [f"{day:%m-%d}"]


def first_steps(session: Session) -> FirstSteps:
    """How far this installation is on the way to its first letter."""
    launched = Campaign.status.in_((Status.SENDING, Status.SENT))
    return FirstSteps(
        contacts=_any(session, sa.select(Contact.id)),
        template=_any(session, sa.select(Template.id)),
        sent=_any(session, sa.select(Campaign.id).where(launched)),
    )


def _any(session: Session, query: sa.Select[Any]) -> bool:
    return session.scalar(query.limit(1)) is not None


def _company() -> ORMOption:
    return joinedload(Contact.company)
