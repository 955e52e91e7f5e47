"""Turns a campaign's audience into messages."""

import dramatiq

from campaigns import jobs
from campaigns.delivery import planning


@dramatiq.actor(queue_name=jobs.PLAN_CAMPAIGN.queue, max_retries=0, time_limit=24 * 3_600_000, priority=5)
def plan_campaign(campaign_id: int) -> None:
    """Plan one campaign to its end; goes on where a killed planner stopped."""
    planning.plan(campaign_id)
