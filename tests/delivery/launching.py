"""Campaigns at the moment at which they are launched: frozen, sending, nothing planned yet."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import jobs
from campaigns.database import now, reading
from campaigns.delivery import planning, sending
from campaigns.delivery.models import Segment
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


def send_round(campaign: Campaign) -> None:
    """Send once from each of its segments, here and now."""
    with reading() as session:
        ids = session.scalars(
            sa.select(Segment.id).where(Segment.campaign_id == campaign.id).order_by(Segment.id)
        ).all()
    for segment_id in ids:
        sending.send_segment(campaign.id, segment_id)
