"""The tables of a report as rows for a file."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import tzinfo
from typing import Any

from sqlalchemy.orm import Session

from campaigns.analytics import behind, breakdown
from campaigns.analytics.figures import Figures
from campaigns.analytics.timeline import timeline
from campaigns.database import reading
from campaigns.words import _

Table = tuple[Sequence[str], Iterable[Sequence[Any]]]


def links(session: Session, numbers: Figures, zone: tzinfo) -> Table:
    """One row a link."""
    heading = [_("Link"), _("Text"), _("Address"), _("People"), _("Clicks"), _("By machines")]
    found = breakdown.links(session, numbers.campaign)
    return heading, [(one.position, one.text, one.url, one.people, one.clicks, one.machines) for one in found]


def hours(session: Session, numbers: Figures, zone: tzinfo) -> Table:
    """One row an hour or day."""
    heading = [_("From"), _("Opens"), _("Clicks"), _("Fetched ahead or by machines")]
    buckets = timeline(session, numbers.campaign, zone).buckets
    return heading, [(one.start, one.opens, one.clicks, one.machines) for one in buckets]


def domains(session: Session, numbers: Figures, zone: tzinfo) -> Table:
    """One row a domain."""
    heading = [_("Domain"), _("Letters"), _("Sent"), _("Clicked"), _("Opened"), _("Failed or bounced")]
    found = breakdown.domains(session, numbers.campaign.id)
    return heading, [
        (one.domain or _("All others"), one.letters, one.sent, one.clicked, one.opened, one.failed)
        for one in found
    ]


def failures(session: Session, numbers: Figures, zone: tzinfo) -> Table:
    """One row a way of failing."""
    heading = [_("Reason"), _("Letters"), _("What a server said")]
    found = breakdown.failures(session, numbers.campaign.id)
    return heading, [(one.reason, one.letters, one.reply) for one in found]


TABLES: dict[str, Callable[[Session, Figures, tzinfo], Table]] = {
    "links": links,
    "hours": hours,
    "domains": domains,
    "failures": failures,
}


def people(what: behind.Wanted) -> Table:
    """One row a person, read while the file is being written; not of those whose data are not to be used."""
    heading = [
        _("Name"),
        _("Address"),
        _("When (UTC)"),
        _("How sure"),
        _("Reason"),
        _("What the server said"),
    ]
    return heading, _people(what)


def _people(what: behind.Wanted) -> Iterator[Sequence[Any]]:
    with reading(slowly=True) as session:
        for one in behind.all_people(session, what):
            if one.contact and one.contact.restricted_at:
                continue
            name = one.contact.name if one.contact else ""
            address = one.contact.email if one.contact else ""
            yield name, address, one.at, one.label or "", one.message.reason, one.message.reply
