"""What the clock rings for: whatever is due in the database, whether or not the queue knows of it."""

import dramatiq

from campaigns import jobs
from campaigns.database import transaction
from campaigns.delivery import ringing, roads
from campaigns.mailings import scheduling


@dramatiq.actor(queue_name=jobs.RING_DUE.queue, max_retries=0)
def ring_due() -> None:
    """Ring for segments that are due, end what is done, and take back the leases of the dead."""
    ringing.ring_due(roads.relay_answers)


@dramatiq.actor(queue_name=jobs.START_SCHEDULED.queue, max_retries=0)
def start_scheduled() -> None:
    """Start the campaigns whose time has come."""
    with transaction() as session:
        scheduling.start_due(session)
