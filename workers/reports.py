"""Keeps the counts of large campaigns fresh."""

import dramatiq

from campaigns import jobs
from campaigns.analytics import tallying
from campaigns.database import reading


@dramatiq.actor(queue_name=jobs.TALLY_CAMPAIGNS.queue, max_retries=0)
def tally_campaigns() -> None:
    """Count those whose counts have become too old, each in a transaction of its own."""
    with reading() as session:
        due = tallying.due(session)
    for campaign_id in due:
        tallying.tally(campaign_id)
