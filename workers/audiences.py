"""Keeps the counts beside audiences fresh."""

import dramatiq

from campaigns import jobs
from campaigns.audiences import previewing, saving
from campaigns.database import reading, transaction
from campaigns.delivery import claiming
from campaigns.errors import PersonError


@dramatiq.actor(queue_name=jobs.COUNT_AUDIENCES.queue, max_retries=0)
def count_audiences() -> None:
    """Count those that were not counted for a while; nobody who writes waits while it is counted.

    While letters go out only what is a day old: counting asks for all of a machine that has little else.
    """
    counted: set[int] = set()
    while audience_id := _next(counted):
        counted.add(audience_id)
        _count(audience_id)


def _next(counted: set[int]) -> int | None:
    with reading() as session:
        stale = previewing.stale(session, busy=claiming.letters_go_out(session))
    return next((each for each in stale if each not in counted), None)


def _count(audience_id: int) -> None:
    try:
        with reading() as session:
            audience = saving.one(session, audience_id)
            found = previewing.of_audience(session, audience)
    except PersonError:
        return  # deleted meanwhile, or its rule names what is gone: its page says so
    with transaction() as session:
        previewing.keep(session, audience, found)
