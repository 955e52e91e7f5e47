"""Showing what somebody agreed to: the words for purposes and methods, and the evidence as data."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from campaigns.consent import ledger
from campaigns.consent.models import AsOf, ConsentEvent, Purpose
from campaigns.consent.standing import Standing, fold
from campaigns.contacts.models import Contact
from campaigns.database import now
from campaigns.words import _


def purpose_word(purpose: str, topics: Mapping[str, str] | None = None) -> str:
    """What a purpose is called; a topic by its name in `topics`, as `topics.names` gives them."""
    known = {
        Purpose.MAIL: _("Letters"),
        Purpose.TRACKING: _("Opens and clicks"),
        Purpose.PROFILING: _("A profile"),
        Purpose.AD_PLATFORMS: _("Advertising platforms"),
    }
    topic = (topics or {}).get(purpose) or purpose.removeprefix(f"{Purpose.MAIL}:")
    return known.get(purpose) or _("Letters about “%(topic)s”", topic=topic)  # type: ignore[call-overload]


def states(session: Session, contact_id: int) -> list[tuple[str, Standing | None]]:
    """Where the contact stands: on letters and on being followed always, on the rest where asked."""
    known: dict[str, Standing | None] = {Purpose.MAIL: None, Purpose.TRACKING: None}
    return list((known | ledger.states(session, contact_id)).items())


def standings(entries: Sequence[ConsentEvent]) -> list[tuple[str, Standing | None]]:
    """Where these entries, newest first, leave their contact."""
    ordered = sorted(entries, key=lambda entry: (entry.purpose, entry.id))
    return [(purpose, fold(said)) for purpose, said in groupby(ordered, key=lambda entry: entry.purpose)]


def end_of(day: date, zone: tzinfo) -> datetime:
    """The last moment of a day in that time zone: what is dated to the next midnight is of the next day."""
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC) - timedelta(microseconds=1)


def taken_back(entries: Sequence[ConsentEvent]) -> dict[int, datetime]:
    """When which of these entries were taken back, by their numbers."""
    return {entry.undoes: entry.at for entry in entries if entry.undoes is not None}


def written(
    contact: Contact, entries: Sequence[ConsentEvent], at: datetime | None, by: AsOf = AsOf.SAID
) -> dict[str, Any]:
    """The evidence of one contact as data: for them, for an authority, for another system."""
    undone = taken_back(entries)
    return {
        "contact": {"email": contact.email, "name": contact.name, "known_from": contact.source},
        "as_of": (at or now()).isoformat(),
        "by": by.value,
        "states": {
            purpose: {"state": standing.state, "basis": standing.basis, "since": standing.at.isoformat()}
            for purpose, standing in standings(entries)
            if standing
        },
        "entries": [_entry(entry, undone.get(entry.id)) for entry in entries],
    }


def _entry(entry: ConsentEvent, undone_at: datetime | None) -> dict[str, Any]:
    words = entry.wording
    return {
        "number": entry.id,
        "purpose": entry.purpose,
        "act": entry.act,
        "basis": entry.basis,
        "said_at": entry.at.isoformat(),
        "recorded_at": entry.recorded_at.isoformat(),
        "source": entry.source,
        "method": entry.method,
        "wording": {"text": words.text, "language": words.language, "version": words.version}
        if words
        else None,
        "page_url": entry.page_url,
        "ip": entry.ip,
        "user_agent": entry.user_agent,
        "evidence": entry.evidence,
        "takes_back": entry.undoes,
        "taken_back_at": undone_at.isoformat() if undone_at else None,
    }
