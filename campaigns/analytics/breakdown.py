"""One campaign's numbers taken apart: by link, by failure, by domain, and by how far people are followed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import Organisation, Tracking
from campaigns.consent import following
from campaigns.consent.models import Basis, Consent, Purpose
from campaigns.consent.reasons import Reason
from campaigns.consent.standing import YES
from campaigns.contacts.models import Contact
from campaigns.delivery.models import Message, MessageStatus
from campaigns.mailings.models import Campaign, Link
from campaigns.tracking.models import HitCount, HitKind, Label

DOMAINS = 25  # the largest ones; the others are summed


@dataclass
class LinkFigures:
    """One link of the letter, and who followed it."""

    position: int
    url: str
    text: str
    people: int = 0
    clicks: int = 0
    machines: int = 0


@dataclass(frozen=True)
class Failure:
    """One way in which letters failed, with an example of what the server said."""

    reason: str
    letters: int
    reply: str


@dataclass(frozen=True)
class DomainFigures:
    """The letters to one domain. An empty name: all smaller ones together."""

    domain: str
    letters: int
    sent: int
    clicked: int
    opened: int
    failed: int  # refused at once, or bounced later


@dataclass
class Coverage:
    """How many of those mailed are followed how far, by what they and we have said until now."""

    letters: int = 0
    opens: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Tracking, 0))
    clicks: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Tracking, 0))


def links(session: Session, campaign: Campaign) -> list[LinkFigures]:
    """The letter's links in their order, with clicks by people and by machines."""
    query = sa.select(Link).where(Link.revision_id == campaign.revision_id).order_by(Link.position)
    found = {
        link.position: LinkFigures(link.position, link.url, link.text) for link in session.scalars(query)
    }
    sums = (
        sa.select(HitCount.position, HitCount.label, sa.func.sum(HitCount.people), sa.func.sum(HitCount.hits))
        .where(
            HitCount.campaign_id == campaign.id, HitCount.kind == HitKind.CLICK, HitCount.position.in_(found)
        )
        .group_by(HitCount.position, HitCount.label)
    )
    for position, label, people, hits in session.execute(sums):
        if label == Label.HUMAN:
            found[position].people, found[position].clicks = int(people), int(hits)
        else:
            found[position].machines += int(hits)
    return list(found.values())


def failures(session: Session, campaign_id: int) -> list[Failure]:
    """The ways in which letters failed, most frequent first."""
    query = (
        sa.select(Message.reason, sa.func.count(), sa.func.max(Message.reply))
        .where(Message.campaign_id == campaign_id, Message.status == MessageStatus.FAILED)
        .group_by(Message.reason)
        .order_by(sa.func.count().desc(), Message.reason)
    )
    return [Failure(*row) for row in session.execute(query)]


def domains(session: Session, campaign_id: int) -> list[DomainFigures]:
    """The domains with the most letters, largest first; reads every message of the campaign."""
    domain = _domain(session)
    failed = sa.or_(Message.status == MessageStatus.FAILED, Message.bounced_at.is_not(None))
    columns = (
        sa.func.count(),
        _sum(Message.status == MessageStatus.SENT),
        sa.func.count(Message.clicked_at),
        sa.func.count(Message.opened_at),
        _sum(failed),
    )
    query = (
        sa.select(domain, *columns)
        .where(Message.campaign_id == campaign_id, Message.status != MessageStatus.SKIPPED)
        .group_by(domain)
        .order_by(sa.func.count().desc(), domain)
    )
    rows = session.execute(query).all()
    largest = [DomainFigures(*row) for row in rows[:DOMAINS]]
    return [*largest, _together(rows[DOMAINS:])] if len(rows) > DOMAINS else largest


def coverage(session: Session, campaign: Campaign) -> Coverage:
    """How far those mailed are followed; reads every letter sent."""
    return followed(session, campaign, states(session, campaign.id))


def followed(session: Session, campaign: Campaign, said: Sequence[tuple[str | None, int]]) -> Coverage:
    """How far people are followed who said this, by what the campaign and the organisation allow now."""
    ours = session.scalar(sa.select(Organisation).limit(1))
    found = Coverage()
    for state, letters in said:
        found.letters += letters
        for levels, most, campaigns in (
            (found.opens, ours.track_opens if ours else Tracking.OFF, campaign.track_opens),
            (found.clicks, ours.track_clicks if ours else Tracking.OFF, campaign.track_clicks),
        ):
            gone = state == _GONE
            level = Tracking.OFF if gone else following.tracking_level(most, campaigns, state)
            levels[level] += letters
    return found


_GONE = "gone"


def states(session: Session, campaign_id: int) -> Sequence[tuple[str | None, int]]:
    """What those mailed said about being followed, and how many said so."""
    said = sa.case(
        (Contact.id.is_(None), _GONE),
        (Contact.restricted_at.is_not(None), Reason.RESTRICTED),
        (sa.and_(Consent.state.in_(YES), Consent.basis != Basis.CONSENT), None),
        else_=Consent.state,
    ).label("said")
    query = (
        sa.select(said, sa.func.count())
        .select_from(Message)
        .outerjoin(Contact, Contact.id == Message.contact_id)
        .outerjoin(
            Consent, sa.and_(Consent.contact_id == Message.contact_id, Consent.purpose == Purpose.TRACKING)
        )
        .where(Message.campaign_id == campaign_id, Message.status == MessageStatus.SENT)
        .group_by(said)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def _domain(session: Session) -> sa.ColumnElement[str]:
    at = "strpos" if session.get_bind().dialect.name == "postgresql" else "instr"
    return sa.func.substr(
        Message.address, getattr(sa.func, at)(Message.address, "@") + sa.literal_column("1")
    )


def _sum(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)


def _together(rows: Sequence[Any]) -> DomainFigures:
    return DomainFigures("", *(sum(part) for part in list(zip(*rows, strict=True))[1:]))
