"""Launching and steering: draft → scheduled → sending ⇄ paused → sent | cancelled.

Each move is one conditional UPDATE, so that fifty presses of Send, or two clocks, start one run.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import jobs
from campaigns.accounts import audit
from campaigns.audiences import expanding
from campaigns.database import now
from campaigns.errors import BadInput, Conflict, NotReady
from campaigns.mailings import composing, preflight, preparing, rendering
from campaigns.mailings.models import Campaign, Status
from campaigns.words import _

LATE = timedelta(hours=1)  # a schedule missed by more is asked about, not fired
LIFETIME = timedelta(hours=72)  # of retries


def send_now(session: Session, campaign: Campaign) -> bool:
    """Freeze the campaign and hand it to planning; False when it was on its way already.

    Raises NotReady, listing every failed check, and Conflict when the campaign is over.
    """
    moved = _launch(session, campaign, {Status.DRAFT, Status.SCHEDULED}, Status.SENDING, started_at=now())
    if moved:
        campaign.expires_at = _end_of_retries(campaign, now())
        jobs.ring(session, jobs.PLAN_CAMPAIGN, campaign.id)
        audit.note(session, "campaign.send", f"campaign:{campaign.id}")
        return True
    if campaign.status in (Status.SENDING, Status.SENT):
        return False
    raise _not_from(campaign)


def schedule(session: Session, campaign: Campaign, at: datetime) -> None:
    """Freeze the campaign and let it start at this moment.

    Raises BadInput for a moment that is over, NotReady and Conflict like `send_now`.
    """
    if at <= now():
        raise BadInput(_("This moment is over. Choose one that is still to come."), field="scheduled_at")
    if at > now() + timedelta(days=366):
        raise BadInput(_("This is more than a year ahead. Choose an earlier day."), field="scheduled_at")
    states = {Status.DRAFT, Status.SCHEDULED} | ({Status.PAUSED} if never_began(campaign) else set())
    if not _launch(session, campaign, states, Status.SCHEDULED, scheduled_at=at, pause_reason=""):
        raise _not_from(campaign)
    audit.note(session, "campaign.schedule", f"campaign:{campaign.id}", at=at.isoformat())


def unschedule(session: Session, campaign: Campaign) -> None:
    """Make a scheduled campaign a draft again, so that it can be changed."""
    if not _move(session, campaign, {Status.SCHEDULED}, Status.DRAFT, scheduled_at=None):
        raise _not_from(campaign)
    audit.note(session, "campaign.unschedule", f"campaign:{campaign.id}")


def start_due(session: Session) -> list[int]:
    """Start what is due by now; what is more than an hour late waits for a person's word instead."""
    due = session.scalars(
        sa.select(Campaign).where(Campaign.status == Status.SCHEDULED, Campaign.scheduled_at <= now())
    )
    started = []
    for campaign in due.all():
        assert campaign.scheduled_at is not None
        over = campaign.expires_at is not None and campaign.expires_at <= now()
        if over or campaign.scheduled_at < now() - LATE:
            _move(session, campaign, {Status.SCHEDULED}, Status.PAUSED, pause_reason=_late())
        elif _move(session, campaign, {Status.SCHEDULED}, Status.SENDING, started_at=now()):
            campaign.expires_at = _end_of_retries(campaign, now())
            jobs.ring(session, jobs.PLAN_CAMPAIGN, campaign.id)
            started.append(campaign.id)
    return started


def pause(session: Session, campaign: Campaign) -> None:
    """Stop sending within seconds; nobody is lost, and whoever has the letter does not get it again."""
    if _move(session, campaign, {Status.SENDING}, Status.PAUSED, pause_reason="", try_again_at=None):
        audit.note(session, "campaign.pause", f"campaign:{campaign.id}")
    elif campaign.status != Status.PAUSED:
        raise _not_from(campaign)


def resume(session: Session, campaign: Campaign) -> None:
    """Go on with a paused campaign, or start one whose moment was missed."""
    if never_began(campaign):
        values: dict[str, Any] = {"started_at": now(), "expires_at": _end_of_retries(campaign, now())}
    else:
        values = {}
    if _move(
        session, campaign, {Status.PAUSED}, Status.SENDING, pause_reason="", try_again_at=None, **values
    ):
        jobs.ring(session, jobs.PLAN_CAMPAIGN, campaign.id)
        jobs.ring(session, jobs.RING_DUE)
        audit.note(session, "campaign.resume", f"campaign:{campaign.id}")
    elif campaign.status != Status.SENDING:
        raise _not_from(campaign)


def cancel(session: Session, campaign: Campaign) -> None:
    """End a campaign for good; whoever has not been mailed won't be."""
    open_states = {Status.DRAFT, Status.SCHEDULED, Status.SENDING, Status.PAUSED}
    if _move(session, campaign, open_states, Status.CANCELLED, finished_at=now(), try_again_at=None):
        jobs.ring(session, jobs.RING_DUE)
        audit.note(session, "campaign.cancel", f"campaign:{campaign.id}")
    elif campaign.status != Status.CANCELLED:
        raise _not_from(campaign)


def never_began(campaign: Campaign) -> bool:
    """Whether a campaign that waits has not been started yet: its schedule was missed."""
    return campaign.status == Status.PAUSED and campaign.started_at is None


def moment(local: str, timezone: str) -> datetime:
    """A date and time by the organisation's clock, as a moment; raises BadInput.

    The hour that summer time skips is refused; of the hour that comes twice, the first is meant.
    """
    try:
        zone = ZoneInfo(timezone)
        wall = datetime.fromisoformat(local)
    except (ValueError, OSError) as error:
        raise BadInput(
            _("Write a day and a time, such as 2027-03-01 09:30."), field="scheduled_at"
        ) from error
    if wall.tzinfo is not None:
        return wall.astimezone(UTC)
    aware = wall.replace(tzinfo=zone)
    back = datetime.fromtimestamp(aware.timestamp(), zone)
    if back.replace(tzinfo=None) != wall:
        raise BadInput(
            _("On this day the clocks skip that hour. Choose an earlier or later time."), field="scheduled_at"
        )
    return aware.astimezone(UTC)


def _launch(
    session: Session, campaign: Campaign, from_states: set[Status], to: Status, **values: object
) -> bool:
    """Move the campaign and freeze what it sends; both or, when anything is missing, neither."""
    if campaign.status not in from_states:
        session.refresh(campaign)
        if campaign.status not in from_states:
            return False
    problems = preflight.failures(session, campaign)
    if problems:
        raise NotReady(_("This campaign can't be sent yet."), problems=problems)
    if not _move(session, campaign, from_states, to, **values):
        return False
    _freeze(session, campaign)
    return True


def _freeze(session: Session, campaign: Campaign) -> None:
    """Write down content, rule and sender as they are now; what is edited later changes nothing."""
    ready = preparing.get(session, campaign.id)
    content = composing.compose(session, composing.of(ready.template))
    ready.revision_id = rendering.freeze(session, content).id
    ready.rule = expanding.frozen(session, ready.audience)
    sender = ready.sender
    ready.sender_frozen = {
        "name": sender.name,
        "address": sender.address,
        "reply_to": sender.reply_to,
        "bounce_domain": sender.bounce_domain,
    }
    session.flush()


def _move(
    session: Session, campaign: Campaign, from_states: set[Status], to: Status, **values: object
) -> bool:
    """The conditional UPDATE; whether this caller is the one who moved it."""
    session.flush()
    moved = session.scalar(
        sa.update(Campaign)
        .where(Campaign.id == campaign.id, Campaign.status.in_(from_states))
        .values(status=to, updated_at=now(), **values)
        .returning(Campaign.id)
        .execution_options(synchronize_session=False)
    )
    session.refresh(campaign)
    return moved is not None


def _end_of_retries(campaign: Campaign, start: datetime) -> datetime:
    latest = start + LIFETIME
    return min(campaign.expires_at, latest) if campaign.expires_at else latest


def _late() -> str:
    return _("Its time came while nothing was running here. Send it now, or choose another time.")


def _not_from(campaign: Campaign) -> Conflict:
    return Conflict(
        {
            Status.DRAFT: _("This campaign has not been started."),
            Status.SCHEDULED: _("This campaign is scheduled. Take it back to draft first."),
            Status.SENDING: _("This campaign is being sent. Pause it first."),
            Status.PAUSED: _("This campaign is paused. Resume or cancel it."),
            Status.SENT: _("This campaign has been sent. Duplicate it to send it again."),
            Status.CANCELLED: _("This campaign was cancelled. Duplicate it to send it."),
        }[Status(campaign.status)]
    )
