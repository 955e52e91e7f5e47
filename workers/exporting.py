"""Actors that write files; what they need for it is loaded by the first file: letters need none of it."""

import dramatiq

from campaigns import jobs, longwork
from campaigns.database import transaction
from campaigns.exports import places
from campaigns.exports.models import Export

_DAY = 24 * 60 * 60 * 1000


@dramatiq.actor(queue_name=jobs.RUN_EXPORT.queue, time_limit=_DAY, max_retries=3, notify_shutdown=True)
def run_export(export_id: int) -> None:
    """Write one file, or go on with it; safe to run twice."""
    from campaigns.analytics import chosen  # noqa: F401 - a way of choosing contacts
    from campaigns.audiences import chosen as _chosen  # noqa: F401 - another one
    from campaigns.exports import running

    running.run(export_id)


@dramatiq.actor(queue_name=jobs.RING_EXPORTS.queue, max_retries=0)
def ring_exports() -> None:
    """Find files that wait or whose worker is gone."""
    with transaction() as session:
        longwork.ring_waiting(session, Export, jobs.RUN_EXPORT)


@dramatiq.actor(queue_name=jobs.DROP_OLD_EXPORTS.queue, max_retries=0)
def drop_old_exports() -> None:
    """Delete files whose time is over."""
    places.drop_old()
