"""Actors that look for duplicates, merge many, and ask whether domains take mail; loaded by the first run."""

import dramatiq

from campaigns import jobs, tables  # noqa: F401 - tables: every room's rows follow a merged contact

_DAY = 24 * 60 * 60 * 1000


@dramatiq.actor(queue_name=jobs.RUN_CLEANING.queue, time_limit=_DAY, max_retries=3)
def run_cleaning(run_id: int) -> None:
    """Do one search or merging, or go on with it; safe to run twice."""
    from campaigns.cleaning import running

    running.run(run_id)


@dramatiq.actor(queue_name=jobs.RING_CLEANING.queue, max_retries=0)
def ring_cleaning() -> None:
    """Find runs that wait, and look at the contacts that changed."""
    from campaigns.cleaning import running

    running.tick()


@dramatiq.actor(queue_name=jobs.ASK_DOMAINS.queue, max_retries=0)
def ask_domains() -> None:
    """Ask about the domains whose time has come."""
    from campaigns.cleaning import asking

    asking.ask_due()
