"""What takes long to count of large campaigns is counted in the background, and shown with its time."""

from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.analytics import breakdown
from campaigns.analytics.breakdown import Coverage, DomainFigures
from campaigns.analytics.figures import LAUNCHED, Figures
from campaigns.bulk import insert_many
from campaigns.database import now, reading, transaction
from campaigns.delivery import accounting
from campaigns.delivery.models import Tally
from campaigns.mailings.models import Campaign

AT_ONCE = 20_000  # messages that are counted while somebody waits
# Since a campaign began, and how old its counts may become meanwhile.
_AGES = (
    (timedelta(days=3), timedelta(minutes=10)),
    (timedelta(days=30), timedelta(hours=6)),
    (timedelta.max, timedelta(days=7)),
)


@dataclass(frozen=True)
class Kept:
    """What was counted of a campaign, and when."""

    domains: list[DomainFigures]
    coverage: Coverage
    counted_at: datetime


def kept(session: Session, numbers: Figures) -> Kept | None:
    """The counts of a large campaign; None for one that is counted at once, or was not counted yet."""
    found = session.get(Tally, numbers.campaign.id)
    if found is None or numbers.account.audience <= AT_ONCE:
        return None
    return Kept(
        [DomainFigures(*row) for row in found.domains],
        breakdown.followed(session, numbers.campaign, [(said, number) for said, number in found.coverage]),
        found.counted_at,
    )


def due(session: Session, limit: int = 20) -> list[int]:
    """Launched campaigns that were never counted, or too long ago for their age; the newest first."""
    at, young = now(), timedelta(0)
    old: list[sa.ColumnElement[bool]] = [Tally.campaign_id.is_(None)]
    for age, may_be in _AGES:
        older: list[sa.ColumnElement[bool]] = [Campaign.started_at <= at - young]
        if age != timedelta.max:
            older.append(Campaign.started_at > at - age)
        old.append(sa.and_(*older, Tally.counted_at < at - may_be))
        young = age
    query = (
        sa.select(Campaign.id)
        .outerjoin(Tally, Tally.campaign_id == Campaign.id)
        .where(Campaign.status.in_(LAUNCHED), sa.or_(*old))
        .order_by(Campaign.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def tally(campaign_id: int) -> None:
    """Count one campaign, then keep that; nobody who writes waits while it is counted."""
    with reading() as session:
        campaign = session.get(Campaign, campaign_id)
        if campaign is None:
            return
        account, at = accounting.count(session, campaign_id), now()
        row = {
            "campaign_id": campaign_id,
            "settled": campaign.finished_at is not None and not account.open and not account.uncertain,
            "account": accounting.written(account),
            "domains": [astuple(one) for one in breakdown.domains(session, campaign_id)],
            "coverage": [[said, number] for said, number in breakdown.states(session, campaign_id)],
            "counted_at": at,
        }
    with transaction() as session:
        changed = [name for name in row if name != "campaign_id"]
        insert_many(session, Tally, [row], conflict=["campaign_id"], update=changed)
