"""Actors that take columns of imports into fields, and let values follow options that are renamed."""

import dramatiq

from campaigns import jobs, longwork
from campaigns.contacts import adopting, field_renaming
from campaigns.contacts.field_models import Adoption, Renaming
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


@dramatiq.actor(
    actor_name=jobs.RENAME_OPTION.name,
    queue_name=jobs.RENAME_OPTION.queue,
    time_limit=_DAY,
    max_retries=3,
    notify_shutdown=True,
)
def rename_option(work_id: int) -> None:
    """Let values follow an option that has another name, or go on with it; safe to run twice."""
    field_renaming.run(work_id)


@dramatiq.actor(queue_name=jobs.RING_FIELDS.queue, max_retries=0)
def ring_fields() -> None:
    """Find such work that waits or whose worker is gone."""
    with transaction() as session:
        longwork.ring_waiting(session, Adoption, jobs.ADOPT_COLUMN)
        longwork.ring_waiting(session, Renaming, jobs.RENAME_OPTION)
