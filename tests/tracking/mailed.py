"""A campaign on its way, its letters, and what mail programs fetch of them."""

import itertools
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from campaigns.accounts.models import Tracking
from campaigns.database import now
from campaigns.delivery.models import Message
from campaigns.mailings.models import Campaign, Link, Revision, Status
from campaigns.tracking.journal import Entry
from tests import factories

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36"
)
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
APPLE = "Mozilla/5.0"
URLS = (
    "https://example.com/offer",
    "https://example.com/čeština?a=1&b=2",
    "https://example.org/3",
    "https://example.org/4",
)

_uids = itertools.count()


def make_campaign(session: Session, urls: tuple[str, ...] = URLS, **values) -> Campaign:
    """A campaign that has been sent, with these links at positions 1, 2, …"""
    factories.make_organisation(session, track_opens=Tracking.IDENTIFIED, track_clicks=Tracking.IDENTIFIED)
    factories.make_user(session)  # the first run is over
    revision = Revision(subject="News", html="", text="")
    session.add(revision)
    session.flush()
    for position, url in enumerate(urls, 1):
        session.add(Link(revision_id=revision.id, position=position, url=url, text=f"Link {position}"))
    begun = now() - timedelta(hours=3)
    defaults = {"status": Status.SENT, "revision_id": revision.id, "started_at": begun, "finished_at": begun}
    return factories.make_campaign(session, **(defaults | values))


def make_letter(session: Session, campaign: Campaign, **contact) -> Message:
    """A letter of the campaign to a new contact, sent two hours ago."""
    person = factories.make_contact(session, **({"tracked": True} | contact))
    return factories.make_message(session, campaign, person, sent_at=now() - timedelta(hours=2))


def hit(
    letter: Message, position: int = 0, at: datetime | None = None, agent: str = CHROME, **values
) -> Entry:
    """One fetch of the letter's pixel (position 0) or link, an hour ago unless said otherwise."""
    uid = values.pop("uid", f"t-{next(_uids)}")
    kind = "click" if position else "open"
    moment = at or now() - timedelta(hours=1)
    return Entry(
        uid, kind, moment, letter.id, None, position, values.pop("method", "GET"), "192.0.2.0/24", agent
    )


def counted(campaign: Campaign, position: int = 0) -> Entry:
    """One fetch of the pixel or link that names only the campaign."""
    kind = "click" if position else "open"
    moment = now() - timedelta(hours=1)
    return Entry(f"t-{next(_uids)}", kind, moment, None, campaign.id, position, "GET", "", CHROME)
