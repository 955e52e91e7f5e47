"""Campaigns at the moment at which they are launched: frozen, sending, nothing planned yet."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import jobs
from campaigns.database import db_now, now, reading, transaction
from campaigns.delivery import accounting, claiming, owning, planning, sending
from campaigns.delivery.accounting import Account
from campaigns.delivery.claiming import Lease
from campaigns.delivery.models import Message, Segment
from campaigns.mailings import rendering
from campaigns.mailings.models import Campaign, Status
from tests import factories


def launch(
    session: Session, *, subject: str = "News", html: str = "", rule: str = "", **values: Any
) -> Campaign:
    """A campaign that was just sent off, committed."""
    source = html or (
        '<p>Dear {{ contact.first_name or "friend" }},</p><p><a href="https://example.com/offer">Look</a></p>'
    )
    factories.make_organisation(session)
    campaign = factories.make_campaign(session, **values)
    content = rendering.compose("html", source, subject)
    campaign.revision_id = rendering.freeze(session, content).id
    campaign.rule = rule
    sender = campaign.sender
    campaign.sender_frozen = {
        "name": sender.name, "address": sender.address, "reply_to": sender.reply_to,
        "bounce_domain": sender.bounce_domain,
    }  # fmt: skip
    campaign.status = Status.SENDING
    campaign.started_at = now()
    campaign.expires_at = now() + timedelta(hours=72)
    jobs.ring(session, jobs.PLAN_CAMPAIGN, campaign.id)
    session.commit()
    return campaign


def plan(campaign: Campaign) -> None:
    """Plan it here and now."""
    planning.plan(campaign.id)


def segments(campaign: Campaign) -> list[Segment]:
    """Its segments as they are in the database now."""
    with reading() as session:
        found = session.scalars(
            sa.select(Segment).where(Segment.campaign_id == campaign.id).order_by(Segment.id)
        )
        return list(found)


def send(campaign: Campaign) -> None:
    """Send once from each of its segments, here and now."""
    for segment in segments(campaign):
        sending.send_segment(campaign.id, segment.id)


def fresh(campaign: Campaign) -> Campaign:
    """The campaign as it is in the database now."""
    with reading() as session:
        return session.get_one(Campaign, campaign.id)


def set_campaign(campaign: Campaign, **values: Any) -> None:
    """Change the campaign as somebody else would meanwhile."""
    with transaction() as session:
        session.execute(sa.update(Campaign).where(Campaign.id == campaign.id).values(**values))


def account(campaign: Campaign) -> Account:
    """Where its messages stand; the equation is asked of the table anew each time."""
    with reading() as session:
        found = accounting.account(session, campaign.id)
        rows = session.scalar(
            sa.select(sa.func.count()).select_from(Message).where(Message.campaign_id == campaign.id)
        )
    assert found.audience == rows
    assert found.audience == found.sent + found.failed + found.left_out + found.uncertain + found.open
    return found


def to(session, *names: str, **values):
    """A campaign to these people, planned."""
    for name in names:
        factories.make_contact(session, name if "@" in name else f"{name}@example.com")
    campaign = launch(session, **values)
    plan(campaign)
    return campaign


# A run of a process that is not there any more, on this machine.
DEAD = owning.new().replace(":", ":9999999", 1)


def take(campaign: Campaign, owner: str = "", number: int = 0) -> Lease | None:
    """Lease one of the campaign's segments, as a worker does."""
    segment = segments(campaign)[number]
    with transaction() as session:
        return claiming.lease(session, campaign.id, segment.id, owner or owning.new())


def run_out(campaign: Campaign) -> None:
    """Let every lease of the campaign be over."""
    with transaction() as session:
        over = sa.update(Segment).where(Segment.campaign_id == campaign.id, Segment.lease_until.is_not(None))
        session.execute(over.values(lease_until=db_now(-1)))


def on_the_wire(campaign: Campaign, *addresses: str) -> None:
    """Say in the campaign's segments that these may be on the wire, as a worker does before their dots."""
    with transaction() as session:
        ids = session.scalars(
            sa.select(Message.id).where(Message.campaign_id == campaign.id, Message.address.in_(addresses))
        ).all()
        session.execute(sa.update(Segment).values(wire=list(ids), marked_at=now()))


def set_message(address: str, **values: Any) -> None:
    """Change one message as somebody else would meanwhile."""
    with transaction() as session:
        session.execute(sa.update(Message).where(Message.address == address).values(**values))
