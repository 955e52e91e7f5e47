"""What comes back from letters: hits that a process left in its journal when it died."""

import dramatiq

from campaigns import jobs
from campaigns.tracking import flushing


@dramatiq.actor(
    queue_name=jobs.RECORD_ENGAGEMENT.queue, max_age=jobs.RECORD_ENGAGEMENT.every * 1000, max_retries=0
)
def record_engagement() -> None:
    """Bring in the journals of this machine's dead processes; safe to run twice."""
    flushing.collect()
