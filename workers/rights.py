"""Actors that finish erasures, and see that none is undone by a backup."""

import dramatiq

from campaigns import jobs, longwork
from campaigns.database import transaction
from campaigns.rights import remembering
from campaigns.rights.models import Erasure

_DAY = 24 * 60 * 60 * 1000


@dramatiq.actor(
    queue_name=jobs.FINISH_ERASURE.queue, time_limit=_DAY, max_retries=3, notify_shutdown=True, priority=10
)
def finish_erasure(erasure_id: int) -> None:
    """Take one person out of texts and files, too; safe to run twice.

    After all else that waits: of a thousand who were silent each looks through all texts.
    """
    from campaigns.rights import finishing

    finishing.run(erasure_id)


@dramatiq.actor(queue_name=jobs.RECALL_ERASURES.queue, max_retries=0)
def recall_erasures() -> None:
    """Erase again whom a backup brought back, and find erasures whose worker is gone."""
    remembering.recall()
    with transaction() as session:
        longwork.ring_waiting(session, Erasure, jobs.FINISH_ERASURE)


@dramatiq.actor(queue_name=jobs.FORGET_HITS.queue, max_retries=0)
def forget_hits() -> None:
    """Let opens and clicks go whose time is over, as they came; reports keep their numbers."""
    from campaigns.rights import limits

    limits.keep()


@dramatiq.actor(queue_name=jobs.COUNT_GROUNDS.queue, max_retries=0)
def count_grounds() -> None:
    """Count the people on each legal ground, for the records of processing."""
    from campaigns.rights import grounds

    with transaction() as session:
        grounds.count(session)


@dramatiq.actor(queue_name=jobs.EXPIRE_CONSENT.queue, max_retries=0)
def expire_consent() -> None:
    """Let each yes to letters run out whose time is over; safe to run twice."""
    from campaigns.rights import limits

    limits.expire_consent()
