"""What comes back from letters: hits that a process left in its journal when it died, or in a flood."""

import dramatiq

from campaigns import jobs
from campaigns.tracking import flushing


@dramatiq.actor(
    queue_name=jobs.RECORD_ENGAGEMENT.queue, max_age=jobs.RECORD_ENGAGEMENT.every * 1000, max_retries=0
)
def record_engagement() -> None:
    """Bring in the journals that this machine's processes left; safe to run twice."""
    flushing.collect()
