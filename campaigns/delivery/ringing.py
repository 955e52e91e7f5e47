"""Ringing: the clock's look into the database for whatever the queue lost, and for leases of the dead."""

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import jobs, settings
from campaigns.database import db_now, transaction
from campaigns.delivery import catching_up, claiming, ending, pausing, planning, recovering
from campaigns.delivery.changing import change
from campaigns.delivery.models import OPEN_STATES, Message, Segment
from campaigns.mailings.models import Campaign, Status


def ring_due(relay_answers: Callable[[], bool]) -> None:
    """One round of the clock: each part is its own transaction, safe to repeat and to run twice at once."""
    with transaction() as session:
        catching_up.catch_up(session)
    recovering.recover_all()
    with transaction() as session:
        _close_cancelled(session)
        _end_and_plan(session)
    with transaction() as session:
        ring_waiting(session, settings.current().worker_processes - _leased(session))
    pausing.try_again(relay_answers)


def ring_waiting(session: Session, most: int) -> None:
    """Ring for up to so many segments that are due and free, those due longest first.

    Never for all: what waits in the queue already would pile up there again and again. Each worker
    that finishes rings for two more, so even after the queue was emptied all are soon busy.
    """
    if most < 1:
        return
    due = session.execute(claiming.due().limit(sa.literal_column(str(int(most)))))
    for campaign_id, segment_id in due:
        jobs.ring(session, jobs.SEND_SEGMENT, campaign_id, segment_id)


def _leased(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).where(Segment.lease_until.is_not(None))) or 0


def _close_cancelled(session: Session) -> None:
    cancelled = session.scalars(
        sa.select(Campaign.id)
        .where(Campaign.status == Status.CANCELLED)
        .where(sa.exists().where(Segment.campaign_id == Campaign.id, Segment.due_at.is_not(None)))
    )
    for campaign_id in cancelled.all():
        ending.close_cancelled(session, campaign_id)


def _end_and_plan(session: Session) -> None:
    sending = session.execute(
        sa.select(Campaign.id, Campaign.planned_at).where(Campaign.status == Status.SENDING)
    )
    for campaign_id, planned_at in sending.all():
        if planned_at is None:
            if planning.is_idle(session, campaign_id):
                jobs.ring(session, jobs.PLAN_CAMPAIGN, campaign_id)
        elif not ending.end_if_done(session, campaign_id):
            _revive(session, campaign_id)


def _revive(session: Session, campaign_id: int) -> None:
    """Should people wait while no segment is due any more, make theirs due: nobody is ever forgotten."""
    due = (
        sa.select(Segment.id).where(Segment.campaign_id == campaign_id, Segment.due_at.is_not(None)).limit(1)
    )
    if session.scalar(due) is not None:
        return
    forgotten = sa.exists().where(
        Message.campaign_id == campaign_id,
        Message.status.in_(OPEN_STATES),
        Message.contact_id.between(Segment.first_contact_id, Segment.last_contact_id),
    )
    change(
        session,
        sa.update(Segment).where(Segment.campaign_id == campaign_id, forgotten).values(due_at=db_now()),
    )
