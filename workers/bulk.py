"""Actors that change many contacts, and put them back."""

import dramatiq

from campaigns import jobs, longwork
from campaigns.contacts import bulk_running, forgetting, undoing
from campaigns.contacts.change_models import BulkEdit, UndoWork
from campaigns.crm import bulk_step  # noqa: F401 - offers an act, and how it is undone
from campaigns.database import transaction
from campaigns.preferences import asking_many  # noqa: F401 - offers an act
from campaigns.rights import erasing_many  # noqa: F401 - offers an act

_DAY = 24 * 60 * 60 * 1000


@dramatiq.actor(queue_name=jobs.EDIT_CONTACTS.queue, time_limit=_DAY, max_retries=3, notify_shutdown=True)
def edit_contacts(edit_id: int) -> None:
    """Do one bulk edit, or go on with it; safe to run twice."""
    bulk_running.run(edit_id)


@dramatiq.actor(queue_name=jobs.UNDO_CHANGES.queue, time_limit=_DAY, max_retries=3, notify_shutdown=True)
def undo_changes(work_id: int) -> None:
    """Undo one change set, or go on with it; safe to run twice."""
    undoing.run(work_id)


@dramatiq.actor(queue_name=jobs.RING_EDITS.queue, max_retries=0)
def ring_edits() -> None:
    """Find edits and undoings that wait or whose worker is gone."""
    with transaction() as session:
        longwork.ring_waiting(session, BulkEdit, jobs.EDIT_CONTACTS)
        longwork.ring_waiting(session, UndoWork, jobs.UNDO_CHANGES)


@dramatiq.actor(queue_name=jobs.DROP_OLD_CHANGES.queue, max_retries=0)
def drop_old_changes() -> None:
    """Forget what is too old to be undone."""
    forgetting.drop_old_changes()
