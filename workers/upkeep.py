"""What the clock rings for: whatever is due in the database, whether or not the queue knows of it."""

import dramatiq

from campaigns import jobs
from campaigns.delivery import ringing, roads


@dramatiq.actor(queue_name=jobs.RING_DUE.queue, max_retries=0)
def ring_due() -> None:
    """Ring for segments that are due, end what is done, and take back the leases of the dead."""
    ringing.ring_due(roads.relay_answers)
