"""Preparing: campaigns made, changed while they are drafts, duplicated, found."""

from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from campaigns.accounts import audit
from campaigns.accounts.models import Tracking
from campaigns.audiences.models import Audience
from campaigns.consent import topics
from campaigns.consent.models import Purpose
from campaigns.errors import BadInput, Conflict, NotFound
from campaigns.mailings.models import Campaign, Sender, Status, Template
from campaigns.words import _


@dataclass(frozen=True)
class Plan:
    """What a campaign is made of before it is sent."""

    name: str
    audience_id: int | None
    template_id: int | None
    sender_id: int | None
    track_opens: str = Tracking.IDENTIFIED  # upper bounds: organisation and contact may allow less
    track_clicks: str = Tracking.IDENTIFIED
    expires_at: datetime | None = None
    purpose: str = Purpose.MAIL.value  # or that of a topic


def create(session: Session, plan: Plan, user_id: int | None = None) -> Campaign:
    """Keep a new draft; raises BadInput naming the field that is missing."""
    campaign = Campaign(**_checked(session, plan), user_id=user_id)
    session.add(campaign)
    session.flush()
    audit.note(session, "campaign.create", f"campaign:{campaign.id}")
    return campaign


def change(session: Session, campaign_id: int, plan: Plan) -> None:
    """Change a draft; raises Conflict once it is on its way."""
    changed = session.scalar(
        sa.update(Campaign)
        .where(Campaign.id == campaign_id, Campaign.status == Status.DRAFT)
        .values(**_checked(session, plan))
        .returning(Campaign.id)
        .execution_options(synchronize_session=False)
    )
    if changed is None:
        get(session, campaign_id)
        raise Conflict(_("Only a draft can be changed. Duplicate this campaign and change the copy."))


def duplicate(session: Session, campaign: Campaign, user_id: int | None = None) -> Campaign:
    """A new draft with the same audience, template, sender, topic and tracking."""
    plan = Plan(
        name=_("%(name)s, again", name=campaign.name)[:200],
        audience_id=campaign.audience_id,
        template_id=campaign.template_id,
        sender_id=campaign.sender_id,
        track_opens=campaign.track_opens,
        track_clicks=campaign.track_clicks,
        purpose=campaign.purpose,
    )
    return create(session, plan, user_id)


def get(session: Session, campaign_id: int) -> Campaign:
    """The campaign with audience, template and sender; raises NotFound."""
    campaign = session.scalar(
        sa.select(Campaign)
        .where(Campaign.id == campaign_id)
        .options(joinedload(Campaign.audience), joinedload(Campaign.template), joinedload(Campaign.sender))
    )
    if campaign is None:
        raise NotFound(_("There is no such campaign."))
    return campaign


def listed(
    session: Session, *, status: str = "", words: str = "", after: int | None = None, most: int = 50
) -> list[Campaign]:
    """Campaigns, newest first: up to `most` below the id `after`, with their audience."""
    query = (
        sa.select(Campaign).options(joinedload(Campaign.audience)).order_by(Campaign.id.desc()).limit(most)
    )
    if status:
        query = query.where(Campaign.status == status)
    if words.strip():
        query = query.where(sa.func.lower(Campaign.name).contains(words.strip().lower(), autoescape=True))
    if after is not None:
        query = query.where(Campaign.id < after)
    return list(session.scalars(query))


def counts(session: Session) -> dict[str, int]:
    """How many campaigns there are in each status."""
    rows = session.execute(sa.select(Campaign.status, sa.func.count()).group_by(Campaign.status))
    return {row[0]: row[1] for row in rows}


def default_sender(session: Session) -> Sender | None:
    """The sender that campaigns start with."""
    return session.scalar(sa.select(Sender).order_by(Sender.is_default.desc(), Sender.id).limit(1))


def _checked(session: Session, plan: Plan) -> dict[str, object]:
    name = " ".join(plan.name.replace("\0", "").split())
    if not name:
        raise BadInput(_("Give the campaign a name; only you and your colleagues see it."), field="name")
    if len(name) > 200:
        raise BadInput(_("This is longer than %(most)s characters.", most=200), field="name")
    if not _there(session, Audience, plan.audience_id):
        raise BadInput(_("Choose who gets the letter."), field="audience_id")
    if not _there(session, Template, plan.template_id):
        raise BadInput(_("Choose what is sent."), field="template_id")
    if not _there(session, Sender, plan.sender_id):
        raise BadInput(_("Choose who the letter comes from."), field="sender_id")
    if not {plan.track_opens, plan.track_clicks} <= set(Tracking):
        raise BadInput(_("Choose how opens and clicks are counted."), field="track_opens")
    if plan.purpose not in {Purpose.MAIL, *(topic.purpose for topic in topics.listed(session))}:
        raise BadInput(_("Choose what the letter is about."), field="purpose")
    return {**asdict(plan), "name": name}


def _there(session: Session, model: type[Audience | Template | Sender], id_: int | None) -> bool:
    return id_ is not None and session.scalar(sa.select(model.id).where(model.id == id_)) is not None
