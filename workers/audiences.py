"""Keeps the counts beside audiences fresh."""

import dramatiq

from campaigns import jobs
from campaigns.audiences import previewing, saving
from campaigns.database import reading, transaction


@dramatiq.actor(queue_name=jobs.COUNT_AUDIENCES.queue, max_retries=0)
def count_audiences() -> None:
    """Count those that were not counted for a while; nobody who writes waits while it is counted."""
    with reading() as session:
        stale = previewing.stale(session)
    for audience_id in stale:
        with reading() as session:
            audience = saving.one(session, audience_id)
            found = previewing.of_audience(session, audience)
        with transaction() as session:
            previewing.keep(session, audience, found)
