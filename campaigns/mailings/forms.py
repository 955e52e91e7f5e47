"""What the campaign form says, read and shown."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from campaigns.accounts import people
from campaigns.accounts.models import Tracking
from campaigns.audiences.models import Audience
from campaigns.consent import topics
from campaigns.consent.models import Purpose
from campaigns.errors import BadInput
from campaigns.mailings import preparing, scheduling, senders
from campaigns.mailings.models import Campaign, Template
from campaigns.mailings.preparing import Plan
from campaigns.words import _, ngettext

Options = list[tuple[str, str]]


@dataclass
class Choices:
    """What the form offers."""

    audiences: Options = field(default_factory=list)
    templates: Options = field(default_factory=list)
    senders: Options = field(default_factory=list)
    topics: Options = field(default_factory=list)  # empty: there are none to choose from
    levels: list[tuple[str, str, str]] = field(default_factory=list)
    timezone: str = "UTC"

    @property
    def missing(self) -> bool:
        """Whether a campaign can't be made yet."""
        return not (self.audiences and self.templates and self.senders)


def choices(session: Session) -> Choices:
    """Audiences, templates and senders to choose from."""
    audiences = session.execute(
        sa.select(Audience.id, Audience.name, Audience.counted).order_by(Audience.name)
    )
    templates = session.execute(sa.select(Template.id, Template.name).order_by(Template.name))
    return Choices(
        audiences=[(str(id_), _counted(name, number)) for id_, name, number in audiences],
        templates=[(str(id_), name) for id_, name in templates],
        senders=[(str(one.id), f"{one.name} <{one.address}>") for one in senders.listed(session)],
        topics=about(session),
        levels=[
            (Tracking.IDENTIFIED, _("As each contact and the organisation allow"), ""),
            (Tracking.ANONYMOUS, _("Only totals, without names"), ""),
            (Tracking.OFF, _("Not at all"), _("No pixel, plain links.")),
        ],
        timezone=timezone(session),
    )


def about(session: Session) -> Options:
    """What a letter can be about: anything, or one topic. Empty where there are no topics."""
    found = [(topic.purpose, topic.name) for topic in topics.listed(session)]
    return [(Purpose.MAIL.value, _("Letters in general")), *found] if found else []


def timezone(session: Session) -> str:
    """The clock that schedules are read by."""
    firm = people.organisation(session)
    return firm.timezone if firm else "UTC"


def read(form: MultiDict[str, str], clock: str) -> Plan:
    """The plan that the form describes; raises BadInput naming the field."""
    expires = form.get("expires_at", "").strip()
    try:
        expires_at = scheduling.moment(expires, clock) if expires else None
    except BadInput as error:
        raise BadInput(error.message, field="expires_at") from error
    return Plan(
        name=form.get("name", ""),
        audience_id=form.get("audience_id", type=int),
        template_id=form.get("template_id", type=int),
        sender_id=form.get("sender_id", type=int),
        track_opens=form.get("track_opens", Tracking.IDENTIFIED),
        track_clicks=form.get("track_clicks", Tracking.IDENTIFIED),
        expires_at=expires_at,
        purpose=form.get("purpose", Purpose.MAIL.value),
    )


def blank(session: Session, **chosen: Any) -> dict[str, Any]:
    """The form before anything was written, with what is chosen already."""
    sender = preparing.default_sender(session)
    return {
        "track_opens": Tracking.IDENTIFIED,
        "track_clicks": Tracking.IDENTIFIED,
        "sender_id": sender.id if sender else "",
        **{name: value or "" for name, value in chosen.items()},
    }


def of(campaign: Campaign, clock: str) -> dict[str, Any]:
    """The form as a draft fills it."""
    return {
        "name": campaign.name,
        "audience_id": campaign.audience_id,
        "template_id": campaign.template_id,
        "sender_id": campaign.sender_id,
        "purpose": campaign.purpose,
        "track_opens": campaign.track_opens,
        "track_clicks": campaign.track_clicks,
        "expires_at": local(campaign.expires_at, clock),
    }


def local(moment: datetime | None, clock: str) -> str:
    """A moment as a date-time field takes it, by the organisation's clock."""
    return moment.astimezone(ZoneInfo(clock)).strftime("%Y-%m-%dT%H:%M") if moment else ""


def _counted(name: str, number: int | None) -> str:
    if number is None:
        return name
    return ngettext("%(name)s (%(num)s contact)", "%(name)s (%(num)s contacts)", number, name=name)
