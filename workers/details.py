"""Actors that ask people to confirm their details."""

import dramatiq

from campaigns import jobs
from campaigns.preferences import asking_out


@dramatiq.actor(queue_name=jobs.ASK_DETAILS.queue, max_retries=0)
def ask_details() -> None:
    """Send the letters that wait; safe to run twice."""
    asking_out.send_waiting()
