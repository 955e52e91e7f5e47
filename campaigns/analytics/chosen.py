"""The people behind a number of a report, as a way of choosing contacts for bulk edits and files."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import User
from campaigns.analytics import behind, figures
from campaigns.analytics.behind import Did, Wanted
from campaigns.contacts import choosing
from campaigns.contacts.choosing import seen_by
from campaigns.contacts.models import Contact
from campaigns.errors import BadInput, Forbidden, NotFound
from campaigns.words import _


def check_named(numbers: figures.Figures, what: Wanted) -> None:
    """Raise Forbidden for the opens and clicks of a campaign that names nobody."""
    unnamed = {Did.OPENED: not numbers.names_openers, Did.CLICKED: not numbers.names_clickers}
    if unnamed.get(what.did):
        raise Forbidden(_("This campaign counts without names, so nobody can be listed."))


def written(what: Wanted) -> str:
    """The list as an address names it: campaign, what they did, reason, link."""
    return f"{what.campaign_id}/{what.did}/{what.reason}/{what.position}"


def _read(chosen: Any) -> Wanted:
    parts = str(chosen).split("/")
    if len(parts) != 4 or not parts[0].isdecimal():
        raise NotFound(_("There is nothing at this address. It may have been removed."))
    try:
        return behind.wanted(int(parts[0]), *parts[1:])
    except BadInput as error:
        raise NotFound(error.message) from error


def _numbers(session: Session, chosen: Any, user: User | None) -> sa.Select[Any]:
    what = _read(chosen)
    check_named(figures.figures(session, what.campaign_id), what)
    return sa.select(Contact.id).where(Contact.id.in_(behind.contact_ids(what)), seen_by(user))


def _words(session: Session, chosen: Any) -> str:
    what = _read(chosen)
    name = figures.figures(session, what.campaign_id).campaign.name
    return _("People of the report on “%(name)s”", name=name)


choosing.offer("report", choosing.Way(_numbers, _words))
