"""Drops what was kept for undoing once its time is over, some thousand contacts at a time."""

from datetime import timedelta

import sqlalchemy as sa

from campaigns import settings
from campaigns.bulk import among
from campaigns.contacts.change_models import BulkEdit, Change, ChangeSet
from campaigns.database import now, transaction
from campaigns.longwork import ENDED

_AT_ONCE = 5_000
_SETS = 20  # in one call; the clock rings again


def drop_old_changes() -> None:
    """Forget change sets and bulk edits older than the settings say; safe to run twice."""
    before = now() - timedelta(days=settings.current().keep.changes)
    old = sa.select(ChangeSet.id).where(ChangeSet.at < before).order_by(ChangeSet.id).limit(_SETS)
    with transaction() as session:
        sets = session.scalars(old).all()
    for set_id in sets:
        while _drop_some(set_id):
            pass
    with transaction() as session:
        session.execute(sa.delete(ChangeSet).where(ChangeSet.id.in_(sets)))
        ended = BulkEdit.status.in_(ENDED)
        session.execute(sa.delete(BulkEdit).where(BulkEdit.created_at < before, ended))


def _drop_some(set_id: int) -> int:
    mine = Change.set_id == set_id
    with transaction() as session:
        some = session.scalars(sa.select(Change.contact_id).where(mine).limit(_AT_ONCE)).all()
        if some:
            session.execute(sa.delete(Change).where(mine, among(session, Change.contact_id, some)))
    return len(some)
