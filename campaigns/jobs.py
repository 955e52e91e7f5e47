"""The names of all background work, and how it is asked for: after the commit, carrying ids only."""

from dataclasses import dataclass
from typing import Any

import structlog
from dramatiq import Message
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from campaigns import broker

log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    """One kind of background work; exactly one actor of this name listens on the queue."""

    name: str
    queue: str
    every: int = 0  # seconds between the clock's own calls; 0: only when rung


PLAN_CAMPAIGN = Job("plan_campaign", "planning")
SEND_SEGMENT = Job("send_segment", "sending")
RING_DUE = Job("ring_due", "upkeep", every=3)
START_SCHEDULED = Job("start_scheduled", "upkeep", every=5)
RUN_IMPORT = Job("run_import", "importing")
RING_IMPORTS = Job("ring_imports", "upkeep", every=15)
RECORD_ENGAGEMENT = Job("record_engagement", "feedback", every=10)
COUNT_AUDIENCES = Job("count_audiences", "upkeep", every=600)
TALLY_CAMPAIGNS = Job("tally_campaigns", "upkeep", every=60)
FILL_SAMPLE = Job("fill_sample", "importing")
EDIT_CONTACTS = Job("edit_contacts", "importing")
UNDO_CHANGES = Job("undo_changes", "importing")
RUN_EXPORT = Job("run_export", "importing")
RING_EXPORTS = Job("ring_exports", "upkeep", every=15)
DROP_OLD_EXPORTS = Job("drop_old_exports", "upkeep", every=3600)
RING_EDITS = Job("ring_edits", "upkeep", every=15)
DROP_OLD_CHANGES = Job("drop_old_changes", "upkeep", every=3600)
ADOPT_COLUMN = Job("adopt_column", "importing")
RENAME_OPTION = Job("rename_option", "importing")
RING_FIELDS = Job("ring_fields", "upkeep", every=15)
ASK_DETAILS = Job("ask_details", "upkeep", every=15)
RUN_CLEANING = Job("run_cleaning", "importing")
RING_CLEANING = Job("ring_cleaning", "upkeep", every=300)
ASK_DOMAINS = Job("ask_domains", "upkeep", every=60)
RENEW_RUN_OUTS = Job("renew_run_outs", "upkeep", every=60)
FINISH_ERASURE = Job("finish_erasure", "importing")
RECALL_ERASURES = Job("recall_erasures", "upkeep", every=60)
ASK_SIGN_UPS = Job("ask_sign_ups", "upkeep", every=15)
TEND_SIGN_UPS = Job("tend_sign_ups", "upkeep", every=3600)
COUNT_GROUNDS = Job("count_grounds", "upkeep", every=3600)
EXPIRE_CONSENT = Job("expire_consent", "upkeep", every=21_600)
FORGET_HITS = Job("forget_hits", "upkeep", every=900)

ALL = tuple(value for value in list(globals().values()) if isinstance(value, Job))
TICKS = tuple(job for job in ALL if job.every)


def ring(session: Session, job: Job, *ids: int) -> None:
    """Ask for `job(*ids)` once this session's transaction has committed; never if it does not.

    The queue is a doorbell: should it be away, the work is found in the database by the clock.
    """
    rung: list[tuple[Job, tuple[int, ...]]] = session.info.setdefault("rung", [])
    if (job, ids) not in rung:
        rung.append((job, ids))


def send(job: Job, *ids: int) -> bool:
    """Put one call on the queue now; False when the queue is away."""
    try:
        broker.current().enqueue(_message(job, ids))
    except Exception as error:  # whatever the queue's client raises: the database still knows
        log.warning("queue away", job=job.name, error=str(error))
        return False
    return True


def _message(job: Job, ids: tuple[int, ...]) -> Message[Any]:
    # The clock rings again anyway, so old rings are dropped unheard. A minute at least: the clocks of
    # two machines may differ by some seconds.
    options = {"max_age": max(job.every * 2, 60) * 1_000} if job.every else {}
    return Message(queue_name=job.queue, actor_name=job.name, args=ids, kwargs={}, options=options)


@event.listens_for(Session, "after_commit")
def _leave(session: Session) -> None:
    if session.in_nested_transaction():  # fires for savepoints too
        return
    for job, ids in session.info.pop("rung", []):
        if not send(job, *ids):
            break  # one wait for a dead queue is enough


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None:  # what was rung before a savepoint outlives it
        session.info.pop("rung", None)
