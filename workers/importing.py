"""Actors that bring files in."""

import dramatiq

from campaigns import jobs
from campaigns.database import transaction
from campaigns.imports import running, steering, undoing  # noqa: F401 - says how an import is undone

_DAY = 24 * 60 * 60 * 1000


@dramatiq.actor(
    actor_name=jobs.RUN_IMPORT.name,
    queue_name=jobs.RUN_IMPORT.queue,
    time_limit=_DAY,
    max_retries=3,
    notify_shutdown=True,  # stop between two batches and let another worker go on
)
def run_import(import_id: int) -> None:
    """Bring one file in, or go on with it; safe to run twice."""
    running.run(import_id)


@dramatiq.actor(actor_name=jobs.RING_IMPORTS.name, queue_name=jobs.RING_IMPORTS.queue)
def ring_imports() -> None:
    """Find imports that wait or whose worker is gone."""
    with transaction() as session:
        steering.ring_waiting(session)
