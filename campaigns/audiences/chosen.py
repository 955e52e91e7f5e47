"""An audience as a way of choosing contacts for bulk edits and files."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import Role, User
from campaigns.audiences import building, saving
from campaigns.contacts import choosing
from campaigns.contacts.choosing import seen_by
from campaigns.contacts.models import Contact
from campaigns.errors import NotFound
from campaigns.words import _


def _numbers(session: Session, chosen: Any, user: User | None) -> sa.Select[Any]:
    """All whom it fits, also those who may not be mailed."""
    if user is not None and not user.may(Role.MARKETER):
        raise NotFound(_("There is nothing at this address. It may have been removed."))
    fits = building.of_audience(session, saving.one(session, _number(chosen)))
    return sa.select(Contact.id).where(fits, seen_by(user))


def _number(chosen: Any) -> int:
    text = str(chosen)
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise NotFound(_("There is nothing at this address. It may have been removed."))
    return int(text)


def _words(session: Session, chosen: Any) -> str:
    return _("Audience “%(name)s”", name=saving.one(session, _number(chosen)).name)


choosing.offer("audience", choosing.Way(_numbers, _words))
