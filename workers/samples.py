"""Fills in the sample data when the first-run page asks for it."""

import dramatiq

from campaigns import database, jobs
from campaigns.demo import filling
from campaigns.errors import Conflict


@dramatiq.actor(queue_name=jobs.FILL_SAMPLE.queue, max_retries=0)
def fill_sample() -> None:
    """Write the sample data once; a second call finds it there."""
    try:
        with database.transaction() as session:
            filling.fill(session)
    except Conflict:
        return
