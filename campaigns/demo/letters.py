"""Two sample campaigns that were sent, with what came back; nothing is mailed."""

import random
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.audiences import building
from campaigns.audiences.models import Audience
from campaigns.consent import gate
from campaigns.contacts.models import Contact
from campaigns.database import now
from campaigns.delivery.models import Message, MessageStatus
from campaigns.errors import NotReady
from campaigns.mailings import rendering
from campaigns.mailings.models import Campaign, Sender, Source, Status, Template
from campaigns.tracking import recording
from campaigns.tracking.journal import Entry
from campaigns.tracking.models import HitKind
from campaigns.words import _

_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.4.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
)
_PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
_AHEAD = "Mozilla/5.0"

_NEWS = """# Autumn in the workshop

Dear {{ contact.first_name|default("friend") }},

the new cutter sets are here. They stay sharp twice as long, and they fit every common spindle.

[See the cutter sets](https://example.com/cutters)

On Thursdays we sharpen your old ones while you wait.

[Find a workshop near you](https://example.com/workshops)
"""
_OFFER = """# Ten per cent on grinders

{% if contact.first_name %}{{ contact.first_name }}, this{% else %}This{% endif %} week
the bench grinder 200 costs ten per cent less.

[Look at the grinder](https://example.com/grinder)

Do you have one already? [Order discs](https://example.com/discs) in boxes of ten.
"""
_LETTERS = (
    ("Autumn news", "Autumn in the workshop", _NEWS, 1, 23),
    ("Grinder week", "{{ contact.first_name|default('Hello') }}, ten per cent on grinders", _OFFER, 0, 5),
)


def send_two(session: Session, audiences: list[Audience], rng: random.Random) -> dict[str, int]:
    """Write two finished campaigns into the past: name, audience and days ago as listed."""
    sender = session.scalar(sa.select(Sender).order_by(Sender.is_default.desc(), Sender.id).limit(1))
    if sender is None:
        raise NotReady(_("There is no sender yet. Set the installation up first."))
    made = {"messages": 0, "hits": 0}
    for name, subject, text, place, days in _LETTERS:
        template = Template(name=name, subject=subject, kind=Source.MARKDOWN, source=text, language="en")
        session.add(template)
        session.flush()
        started = (now() - timedelta(days=days)).replace(hour=8, minute=30, second=0, microsecond=0)
        campaign = _campaign(session, template, audiences[place], sender, started)
        session.add(campaign)
        session.flush()
        messages = _messages(session, campaign, started, rng)
        made["messages"] += len(messages)
        made["hits"] += _hits(session, messages, rng)
    return made


def _campaign(
    session: Session, template: Template, audience: Audience, sender: Sender, started: datetime
) -> Campaign:
    content = rendering.compose(template.kind, template.source, template.subject, speech="en")
    return Campaign(
        name=template.name,
        status=Status.SENT,
        audience_id=audience.id,
        template_id=template.id,
        sender_id=sender.id,
        revision_id=rendering.freeze(session, content).id,
        rule=audience.rule,
        sender_frozen={"name": sender.name, "address": sender.address, "reply_to": sender.reply_to},
        started_at=started,
        planned_at=started,
        finished_at=started + timedelta(minutes=4),
        created_at=started - timedelta(hours=2),
    )


def _messages(session: Session, campaign: Campaign, started: datetime, rng: random.Random) -> list[Message]:
    chosen = (
        sa.select(Contact.id, Contact.email, gate.refusal(campaign.purpose))
        .where(Contact.id.in_(building.contact_ids(session, campaign.rule)))
        .order_by(Contact.id)
    )
    rows = [_message(campaign, *row, started, rng) for row in session.execute(chosen)]
    session.execute(sa.insert(Message), rows)
    sent = sa.select(Message).where(Message.campaign_id == campaign.id, Message.status == MessageStatus.SENT)
    return list(session.scalars(sent.order_by(Message.id)))


def _message(
    campaign: Campaign,
    contact_id: int,
    address: str,
    refusal: str | None,
    started: datetime,
    rng: random.Random,
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "campaign_id": campaign.id, "contact_id": contact_id, "address": address, "tries": 1, "fence": 1,
        "status": MessageStatus.SENT, "reason": "", "reply": "250 2.0.0 Ok", "sent_at": None,
    }  # fmt: skip
    if refusal is not None:
        return row | {"status": MessageStatus.SKIPPED, "reason": refusal, "reply": "", "tries": 0}
    if rng.random() < 0.01:
        gone = "550 5.1.1 No such user"
        return row | {"status": MessageStatus.FAILED, "reason": "5.1.1", "reply": gone}
    return row | {"sent_at": started + timedelta(seconds=rng.randrange(240))}


def _hits(session: Session, messages: list[Message], rng: random.Random) -> int:
    entries = [entry for message in messages for entry in _of_reader(message, rng)]
    entries.sort(key=lambda entry: entry.at)
    for first in range(0, len(entries), 500):
        recording.record(session, entries[first : first + 500])
    return len(entries)


def _of_reader(message: Message, rng: random.Random) -> list[Entry]:
    """What one reader's mail program fetched: nothing, the pixel, perhaps a link or two."""
    sent = message.sent_at or now()
    if rng.random() < 0.12:  # a mail program that fetches everything ahead
        return [_entry(message, HitKind.OPEN, 0, sent + timedelta(seconds=rng.randrange(30, 600)), _AHEAD)]
    if rng.random() > 0.5:
        return []
    agent = _PROXY if rng.random() < 0.35 else rng.choice(_AGENTS)
    opened = sent + timedelta(minutes=min(rng.expovariate(1 / 500), 60 * 24 * 4))
    found = [_entry(message, HitKind.OPEN, 0, opened, agent)]
    if rng.random() < 0.3:
        clicked = opened + timedelta(seconds=rng.randrange(8, 90))
        found.append(
            _entry(message, HitKind.CLICK, rng.choices((1, 2), (3, 1))[0], clicked, rng.choice(_AGENTS))
        )
    return found


def _entry(message: Message, kind: HitKind, position: int, at: datetime, agent: str) -> Entry:
    uid = f"sample-{message.id}-{kind}-{position}"
    return Entry(uid, kind, min(at, now()), message.id, None, position, "GET", "192.0.2.0/24", agent)
