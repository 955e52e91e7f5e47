"""Reckons when what was bought is used up."""

import dramatiq

from campaigns import jobs
from campaigns.crm import runouts
from campaigns.database import transaction


@dramatiq.actor(queue_name=jobs.RENEW_RUN_OUTS.queue, max_retries=0)
def renew_run_outs() -> None:
    """Go on, some thousand purchases at a time, until all products are done; safe to run twice."""
    more = True
    while more:
        with transaction() as session:
            more = runouts.renew_some(session)
