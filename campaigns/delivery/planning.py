"""Planning: one row for everybody in a campaign's audience, with the reason for each who is not mailed."""

import time
from functools import partial
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql import visitors

from campaigns import jobs, leases, settings
from campaigns.audiences import building
from campaigns.consent import gate
from campaigns.contacts.models import Contact
from campaigns.database import BigId, db_now, engine, now, transaction
from campaigns.delivery import ending, owning, pausing
from campaigns.delivery.models import Message, MessageStatus, Segment
from campaigns.delivery.patience import patiently
from campaigns.errors import PersonError
from campaigns.mailings.models import Campaign, Status

_contact, _message = cast(sa.Table, Contact.__table__), cast(sa.Table, Message.__table__)
_LEASE = 120  # seconds one transaction may take before another planner steps in
_SMALLEST = 20  # recipients; below this one worker is as quick as many


def plan(campaign_id: int) -> None:
    """Plan the campaign to its end; safe to be killed, repeated, or run by several at once.

    Goes by ascending contact id, some thousand contacts a transaction. How far it came stands in the
    segments, which are made in the same transaction as their messages; sending starts while it goes on.
    """
    owner = owning.new()
    planner = _Planner(campaign_id, owner)
    try:
        reached: int | None = -1
        while reached is not None:
            began = time.monotonic()
            reached = patiently(partial(planner.plan_some, reached))
            _let_others_write(time.monotonic() - began)
    except PersonError as error:  # a rule that can't be read any more would fail again and again
        with transaction() as session:
            pausing.pause_itself(session, campaign_id, str(error), ask_again=False)
    with transaction() as session:
        leases.release(session, _lease_name(campaign_id), owner)
        ending.end_if_done(session, campaign_id)


def _let_others_write(took: float) -> None:
    """On SQLite, where one writes at a time and who waits looks ten times a second: give them a turn."""
    if engine().dialect.name == "sqlite":
        time.sleep(min(took, 0.1))


class _Planner:
    """Plans one campaign; builds the statement that adds messages once, for all windows.

    Built anew for each, its parts would lie about as garbage: 0.4 MB a window, 40 MB for a million.
    """

    def __init__(self, campaign_id: int, owner: str) -> None:
        self._campaign_id, self._owner = campaign_id, owner
        self._adding: sa.Insert | None = None

    def plan_some(self, reached: int) -> int | None:
        """Plan the contacts after the id `reached`; up to which id, None when there is nothing more to do."""
        with transaction() as session:
            return self._plan_window(session, reached)

    def _plan_window(self, session: Session, reached: int) -> int | None:
        campaign = _mine(session, self._campaign_id, self._owner)
        if campaign is None:
            return None
        reached = max(reached, _planned_to(session, campaign.id))
        last = _window_end(session, reached)
        if last is None:
            campaign.planned_at = now()
            return None
        if self._adding is None:
            self._adding = _adding(session, campaign)
        session.connection().execute(self._adding, {"reached": reached, "last": last})
        _add_segments(session, campaign.id, reached, last)
        return last


def _mine(session: Session, campaign_id: int, owner: str) -> Campaign | None:
    """The campaign, when it is to be planned and nobody else is at it."""
    if not leases.hold(session, _lease_name(campaign_id), owner, _LEASE):
        return None
    return session.scalar(
        sa.select(Campaign).where(
            Campaign.id == campaign_id, Campaign.status == Status.SENDING, Campaign.planned_at.is_(None)
        )
    )


def is_idle(session: Session, campaign_id: int) -> bool:
    """Whether nobody plans this campaign just now; ends the lease of a planner that is gone."""
    lease = session.get(leases.Lease, _lease_name(campaign_id))
    if lease is not None and owning.gone(lease.owner):
        leases.release(session, lease.name, lease.owner)
        return True
    return not leases.is_held(session, _lease_name(campaign_id), _LEASE)


def _lease_name(campaign_id: int) -> str:
    return f"plan:{campaign_id}"


def _planned_to(session: Session, campaign_id: int) -> int:
    """The highest contact id that stands in a segment."""
    found = sa.select(sa.func.max(Segment.last_contact_id)).where(Segment.campaign_id == campaign_id)
    return session.scalar(found) or 0


def _window_end(session: Session, reached: int) -> int | None:
    """The last contact id of the next transaction; None when there are no more contacts."""
    after = sa.select(Contact.id).where(Contact.id > reached).order_by(Contact.id)
    size = settings.current().sending.planned_at_once
    return session.scalar(after.offset(size - 1).limit(1)) or session.scalar(
        sa.select(sa.func.max(Contact.id)).where(Contact.id > reached)
    )


def _adding(session: Session, campaign: Campaign) -> sa.Insert:
    """Adds one message for each contact of the audience with an id in (:reached, :last], refused ones too."""
    reached, last = sa.bindparam("reached", type_=BigId), sa.bindparam("last", type_=BigId)
    fits = _narrowed(building.of_frozen(session, campaign.rule), reached, last)
    asked = (
        sa.select(Contact.id, Contact.email, gate.refusal(campaign.purpose).label("refusal"))
        .where(Contact.id > reached, Contact.id <= last, fits)
        .cte("asked")
        .prefix_with("MATERIALIZED")  # or the gate is asked once for the status, and again for the reason
    )
    row = {
        "campaign_id": sa.literal(campaign.id),
        "contact_id": asked.c.id,
        "address": asked.c.email,
        "status": sa.case((asked.c.refusal.is_(None), MessageStatus.PLANNED), else_=MessageStatus.SKIPPED),
        "reason": sa.func.coalesce(asked.c.refusal, ""),
        "reply": sa.literal(""),
        "tries": sa.literal(0),
        "fence": sa.literal(0),
    }
    chosen = sa.select(*(value.label(name) for name, value in row.items())).where(sa.true())
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    return dialect.insert(_message).from_select(list(row), chosen).on_conflict_do_nothing()


def _narrowed(
    fits: sa.ColumnElement[bool], reached: sa.BindParameter[int], last: sa.BindParameter[int]
) -> sa.ColumnElement[bool]:
    """The same condition for ids in (reached, last], with every list of contacts in it cut to that range.

    Otherwise each window would read all who wear a label, which may be hundreds of thousands.
    """

    def cut(element: Any, **_options: Any) -> Any:
        right = getattr(element, "right", None)
        if not isinstance(right, sa.ScalarSelect) or not element.left.compare(_contact.c.id):
            return None
        listed = right.element
        assert isinstance(listed, sa.Select)
        [number] = listed.selected_columns
        return element.left.operate(element.operator, listed.where(number > reached, number <= last))

    return visitors.replacement_traverse(fits, {}, cut)


def _add_segments(session: Session, campaign_id: int, reached: int, last: int) -> None:
    """Cut the window's eligible messages into segments, and ring for each."""
    parts = session.execute(_cut(campaign_id, reached, last))
    rows = [
        {"campaign_id": campaign_id, "first_contact_id": part.first, "last_contact_id": part.last}
        for part in parts
    ]
    if rows:
        added = sa.insert(Segment).values(due_at=db_now()).returning(Segment.id)
        for segment_id in session.scalars(added, rows):
            jobs.ring(session, jobs.SEND_SEGMENT, campaign_id, segment_id)


def _cut(campaign_id: int, reached: int, last: int) -> sa.Select[Any]:
    """The first and last contact of even parts: few enough for a worker's lease, many enough that no worker
    is idle.

    Cut by the database: ten thousand numbers fetched for each window left 0.4 MB of the process in pieces.
    """
    numbered = (
        sa.select(
            Message.contact_id.label("number"),
            (sa.func.row_number().over(order_by=Message.contact_id) - 1).label("place"),
            sa.func.count().over().label("all"),
        )
        .where(
            Message.campaign_id == campaign_id,
            Message.contact_id > reached,
            Message.contact_id <= last,
            Message.status == MessageStatus.PLANNED,
        )
        .subquery()
    )
    chosen = settings.current()
    shares = chosen.worker_processes * 2
    fair = (numbered.c.all + shares - 1).op("/")(shares)
    most = chosen.sending.segment
    least = min(_SMALLEST, most)
    size = sa.case((fair > most, most), (fair < least, least), else_=fair)
    part = numbered.c.place.op("/")(size)
    first, end = sa.func.min(numbered.c.number), sa.func.max(numbered.c.number)
    return sa.select(first.label("first"), end.label("last")).group_by(part).order_by(first)
