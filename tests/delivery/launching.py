"""Campaigns at the moment at which they are launched: frozen, sending, nothing planned yet."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import jobs
from campaigns.database import now, reading, transaction
from campaigns.delivery import accounting, planning, sending
from campaigns.delivery.accounting import Account
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
