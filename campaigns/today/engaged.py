"""Engaged lately: who replied, clicked or opened, the newest first, each contact once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from campaigns.contacts.models import Contact
from campaigns.crm.models import CONFIDENCE, Activity, Kind
from campaigns.database import UTC, now
from campaigns.today import gathering

LATELY = timedelta(days=30)
_KINDS = tuple(sorted(CONFIDENCE, key=CONFIDENCE.__getitem__, reverse=True))
_ABOUT_THEN = timedelta(days=7)  # a click of last week says more than today's open


@dataclass(frozen=True)
class Engaged:
    """One contact who engaged: when last, and the surest of what they did about then."""

    contact: Contact
    last: Activity
    surest: Activity
    more: int  # how much else they did lately

    @property
    def key(self) -> tuple[str, int]:
        """Where the next page starts after this one."""
        return (self.last.at.isoformat(), self.last.id)


def lately(
    session: Session,
    among: gathering.Chosen,
    after: tuple[datetime, int] | None = None,
    size: int = 20,
) -> list[Engaged]:
    """Up to `size` of these contacts, by their newest engagement, those after that key."""
    newest = _newest(session, among, after, size)
    around = _around(session, [activity.contact_id for activity in newest])
    return [_engaged(activity, around.get(activity.contact_id, [activity])) for activity in newest]


def _newest(
    session: Session, among: gathering.Chosen, after: tuple[datetime, int] | None, size: int
) -> Sequence[Activity]:
    """Each contact's newest engagement; every kind is walked along its own index, newest first."""
    parts = []
    for kind in _KINDS:
        part = sa.select(Activity.id, Activity.at).join(Contact, Contact.id == Activity.contact_id)
        part = part.where(Activity.kind == kind, Activity.at > now() - LATELY, among, ~_overtaken())
        if after is not None:
            at = sa.bindparam(None, after[0], type_=UTC(), unique=True)
            part = part.where(sa.tuple_(Activity.at, Activity.id) < sa.tuple_(at, sa.literal(after[1])))
        newest = part.order_by(Activity.at.desc(), Activity.id.desc()).limit(size).subquery()
        parts.append(sa.select(newest.c.id))
    wanted = sa.union_all(*parts).subquery()
    query = (
        sa.select(Activity)
        .where(Activity.id.in_(sa.select(wanted.c.id)))
        .order_by(Activity.at.desc(), Activity.id.desc())
        .options(joinedload(Activity.contact).joinedload(Contact.company))
        .limit(size)
    )
    return session.scalars(query).all()


@cache
def _overtaken() -> sa.ColumnElement[bool]:
    """Whether the same contact engaged later than in this activity."""
    newer = aliased(Activity)
    return sa.exists().where(
        newer.contact_id == Activity.contact_id,
        newer.kind.in_(_KINDS),
        sa.tuple_(newer.at, newer.id) > sa.tuple_(Activity.at, Activity.id),
    )


def _around(session: Session, contact_ids: Sequence[int]) -> dict[int, list[Activity]]:
    """What these contacts did lately, by contact."""
    query = sa.select(Activity).where(
        Activity.contact_id.in_(contact_ids), Activity.kind.in_(_KINDS), Activity.at > now() - LATELY
    )
    found: dict[int, list[Activity]] = {}
    for activity in session.scalars(query):
        found.setdefault(activity.contact_id, []).append(activity)
    return found


def _engaged(last: Activity, around: Iterable[Activity]) -> Engaged:
    did = list(around)
    recent = [activity for activity in did if last.at - activity.at <= _ABOUT_THEN] or [last]
    surest = max(recent, key=lambda activity: (CONFIDENCE[Kind(activity.kind)], activity.at))
    return Engaged(last.contact, last, surest, len(did) - 1)
