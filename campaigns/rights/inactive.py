"""Who has been silent for long: a list to look at, from which nobody is deleted by the clock."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from campaigns.contacts.filters import Filter
from campaigns.contacts.models import SILENT_SINCE, Contact
from campaigns.database import UTC, now
from campaigns.rights.months import before
from campaigns.words import _, ngettext

MONTHS = (12, 18, 24, 36, 60)


def silent(since: datetime) -> sa.ColumnElement[bool]:
    """No call, letter, open, click, purchase or confirmation of theirs since, and here since before."""
    unconfirmed = sa.or_(Contact.verified_at.is_(None), Contact.verified_at < since)
    return sa.and_(sa.type_coerce(SILENT_SINCE, UTC()) < since, unconfirmed)


def numbers(months: int) -> sa.Select[Any]:
    """Those who have been silent for so many months."""
    return sa.select(Contact.id).where(silent(before(now(), months)))


def offered_filter() -> Filter:
    """The filter, as lists of contacts take it."""
    return Filter(
        "inactive",
        lambda: _("Inactive"),
        lambda: [(str(months), said(months)) for months in MONTHS],
        lambda value: silent(before(now(), int(value))),
        lambda value: numbers(int(value)),
    )


def said(months: int) -> str:
    """For how long, in words."""
    return ngettext("For %(num)s month", "For %(num)s months", months)
