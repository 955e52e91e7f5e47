"""Lets opens and clicks go as they came, with network and program, once their time is over.

What reports show stays: the counts (`hit_count`), when a letter was first opened and clicked, and the
activities. The hits of one letter go together, and before the first goes, none is noted any more: so no
letter is ever counted twice.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import Organisation
from campaigns.bulk import among
from campaigns.database import transaction
from campaigns.tracking import permission
from campaigns.tracking.models import Hit

AT_ONCE = 1_000
# Machines' clocks differ: a hit may bear an earlier time than the sending of its letter.
_MARGIN = timedelta(days=1)


def due(before: datetime) -> sa.Select[int]:
    """The hits from before that moment."""
    return sa.select(Hit.id).where(Hit.at < before)


def forget(before: datetime, batches: int, at_once: int = AT_ONCE) -> int:
    """Let hits from before that moment go, so many batches at most; how many went. Safe to run twice."""
    with transaction() as session:
        _stop_following(session, before + _MARGIN)
    gone = 0
    for _batch in range(batches):
        with transaction() as session:
            some = _forget_some(session, before, at_once)
        gone += some
        if not some:
            break
    return gone


def _stop_following(session: Session, sent_before: datetime) -> None:
    """From the commit on no hit on letters sent before that moment is noted; never taken back."""
    earlier = sa.or_(Organisation.hits_kept_from.is_(None), Organisation.hits_kept_from < sent_before)
    session.execute(
        sa.update(Organisation)
        .where(earlier)
        .values(hits_kept_from=sent_before)
        .execution_options(synchronize_session=False)
    )


def _forget_some(session: Session, before: datetime, at_once: int) -> int:
    """The oldest ones, and with each of them all of the same letter."""
    oldest = sa.select(Hit.id, Hit.message_id).where(Hit.at < before).order_by(Hit.at).limit(at_once)
    rows = session.execute(oldest).all()
    if not rows:
        return 0
    letters = sorted({row.message_id for row in rows if row.message_id is not None})
    permission.lock_letters(session, letters)
    unnamed = [row.id for row in rows if row.message_id is None]
    gone = 0
    for theirs in (among(session, Hit.id, unnamed), among(session, Hit.message_id, letters)):
        went = session.execute(sa.delete(Hit).where(theirs).execution_options(synchronize_session=False))
        gone += int(went.rowcount)  # type: ignore[attr-defined]
    return gone
