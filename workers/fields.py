"""Actors that take columns of imports into fields."""

import dramatiq

from campaigns import jobs, longwork
from campaigns.contacts import adopting
from campaigns.contacts.field_models import Adoption
from campaigns.database import transaction

_DAY = 24 * 60 * 60 * 1000


@dramatiq.actor(
    actor_name=jobs.ADOPT_COLUMN.name,
    queue_name=jobs.ADOPT_COLUMN.queue,
    time_limit=_DAY,
    max_retries=3,
    notify_shutdown=True,
)
def adopt_column(work_id: int) -> None:
    """Take what columns hold into one field, or go on with it; safe to run twice."""
    adopting.run(work_id)


@dramatiq.actor(queue_name=jobs.RING_FIELDS.queue, max_retries=0)
def ring_fields() -> None:
    """Find such work that waits or whose worker is gone."""
    with transaction() as session:
        longwork.ring_waiting(session, Adoption, jobs.ADOPT_COLUMN)
