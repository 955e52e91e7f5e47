"""How often somebody wants letters: the wish, which of two is stricter, and what it keeps back."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from campaigns.consent.models import Purpose
from campaigns.consent.reasons import Reason
from campaigns.database import UTC
from campaigns.words import _


class Rhythm(StrEnum):
    """What `Contact.rhythm` may say, the strictest last."""

    AS_IT_COMES = ""
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    OCCASIONS = "occasions"  # birthdays and orders only


# Half a day and more is left out, so that what goes each Monday, or on the first of each month, is not kept
# back because the last one took an hour, or because February is short.
APART = {Rhythm.WEEKLY: timedelta(days=6, hours=12), Rhythm.MONTHLY: timedelta(days=27, hours=12)}
OCCASIONS = f"{Purpose.MAIL}:occasions"  # no topic's: letters for birthdays and about orders
_STRICTNESS = [rhythm.value for rhythm in Rhythm]
# delivery's table, which is above: only when the last letters went, or may have gone, is asked.
_letters = sa.table(
    "message",
    sa.column("contact_id"),
    sa.column("status"),
    sa.column("sent_at", UTC()),
    sa.column("handed_over_at", UTC()),
)


def stricter(one: str, other: str) -> str:
    """Which of two wishes lets fewer letters through."""
    return max(one, other, key=_STRICTNESS.index)


def choices() -> list[tuple[str, str]]:
    """The wishes to choose from, and how they read."""
    return [
        (Rhythm.AS_IT_COMES.value, _("As it comes")),
        (Rhythm.WEEKLY.value, _("Once a week at most")),
        (Rhythm.MONTHLY.value, _("Once a month at most")),
        (Rhythm.OCCASIONS.value, _("Only on my birthday and about my orders")),
    ]


def bound(purpose: str) -> bool:
    """Whether letters of this purpose keep to the wish: all but those for birthdays and orders."""
    is_letter = purpose == Purpose.MAIL or purpose.startswith(f"{Purpose.MAIL}:")
    return is_letter and purpose != OCCASIONS


def decide(wish: str, last_sent_at: datetime | None, at: datetime) -> Reason | None:
    """What this wish says to a letter that is bound by it, when the last one went then."""
    if wish == Rhythm.OCCASIONS:
        return Reason.OCCASIONS
    apart = APART.get(Rhythm(wish))
    too_soon = apart is not None and last_sent_at is not None and last_sent_at > at - apart
    return Reason.TOO_OFTEN if too_soon else None


def refusal(at: datetime, contact: Any) -> sa.ColumnElement[str | None]:
    """The same as a column beside `contact`; letters are looked for only of those who set a limit."""
    return sa.case(
        (contact.rhythm == "", sa.null()),
        (contact.rhythm == Rhythm.OCCASIONS.value, Reason.OCCASIONS.value),
        *(
            (sa.and_(contact.rhythm == wish.value, _got_one(contact, at - apart)), Reason.TOO_OFTEN.value)
            for wish, apart in APART.items()
        ),
    )


def _got_one(contact: Any, since: datetime) -> sa.ColumnElement[bool]:
    """By LIMIT, not EXISTS: PostgreSQL could answer that by gathering all letters of all people first."""
    may_have = sa.and_(_letters.c.status == "uncertain", _letters.c.handed_over_at > since)
    got = sa.and_(_letters.c.contact_id == contact.id, sa.or_(_letters.c.sent_at > since, may_have))
    one = sa.select(sa.literal(1)).select_from(_letters).where(got).correlate(contact).limit(1)
    return one.scalar_subquery().is_not(None)
