"""Bulk edits and files in the world that everybody tries to reach: one of each person's own, one not."""

from typing import Any

from sqlalchemy.orm import Session

from campaigns.accounts.models import User
from campaigns.contacts import changing
from campaigns.contacts.change_models import BulkEdit, Change, UndoWork
from campaigns.contacts.changing import Changed
from campaigns.contacts.models import Contact
from campaigns.database import now
from campaigns.exports.models import Export
from campaigns.longwork import WorkStatus


def edit(session: Session, text: str, contact: Contact, user: User) -> int:
    """A bulk edit of this user's that changed this contact, is undone, and left something as it was."""
    kept = changing.opened(session, "bulk", text, user)
    changing.record(session, kept, [Changed(contact.id, {"fields": {text: None}}, {"fields": {text: "x"}})])
    changing.close(session, kept)
    kept.undone_at, kept.left_alone = now(), 1
    left = session.get_one(Change, (kept.id, contact.id))
    left.something_left, left.what_left = True, [f"fields:{text} changed"]
    done: dict[str, Any] = {"status": WorkStatus.FAILED, "error": text, "user_id": user.id}
    made = BulkEdit(
        act="tag",
        form={"name": text},
        chosen={"filters": ""},
        title=text[:300],
        change_set_id=kept.id,
        **done,
    )
    session.add_all([made, UndoWork(change_set_id=kept.id, **done)])
    session.flush()
    return made.id


def export(session: Session, text: str, user: User) -> int:
    """A file of this user's that failed."""
    made = Export(
        subject="contacts", format="csv", chosen={"filters": ""}, options={"columns": ["email"]},
        title=text[:300],
        status=WorkStatus.FAILED, error=text, user_id=user.id, after={},
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made.id
