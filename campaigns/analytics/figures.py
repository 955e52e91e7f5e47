"""The numbers of one campaign: who was mailed, who clicked, and between what bounds they opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from campaigns.delivery import accounting
from campaigns.delivery.accounting import Account
from campaigns.delivery.models import Message
from campaigns.errors import NotFound
from campaigns.mailings.models import Campaign, Status
from campaigns.tracking import counting
from campaigns.tracking.counting import Totals
from campaigns.tracking.models import Label
from campaigns.words import _

LAUNCHED = (Status.SENDING, Status.PAUSED, Status.SENT, Status.CANCELLED)


@dataclass(frozen=True)
class Figures:
    """One campaign and its numbers, as the database holds them at this moment."""

    campaign: Campaign
    account: Account
    totals: Totals
    unsubscribed: int
    bounced: int
    complained: int

    @property
    def key(self) -> tuple[str, int]:
        """Where the next page of campaigns starts after this one."""
        begun = self.campaign.started_at
        return (begun.isoformat() if begun else "", self.campaign.id)

    @property
    def clicked(self) -> int:
        """Letters in which a person clicked."""
        return self.totals.clicks

    @property
    def opened(self) -> tuple[int, int, int]:
        """Letters opened for certain; with those through proxies; with those only fetched ahead."""
        sure = self.totals.opened.get(Label.HUMAN, 0)
        likely = sure + self.totals.opened.get(Label.PROXIED, 0)
        return sure, likely, likely + self.totals.opened.get(Label.PREFETCHED, 0)

    @property
    def anonymous(self) -> bool:
        """Whether this campaign names nobody: totals only, and no one behind them."""
        return not (self.names_openers or self.names_clickers)

    @property
    def names_openers(self) -> bool:
        """Whether its opens may be somebody's."""
        return self.campaign.track_opens == "identified"

    @property
    def names_clickers(self) -> bool:
        """Whether its clicks may be somebody's."""
        return self.campaign.track_clicks == "identified"

    @property
    def times_opened(self) -> int:
        """How often pictures were fetched by people or their proxies, named or not."""
        hits = self.totals.open_hits
        return hits.get(Label.HUMAN, 0) + hits.get(Label.PROXIED, 0)

    @property
    def times_clicked(self) -> int:
        """How often people followed a link, named or not."""
        return self.totals.click_hits.get(Label.HUMAN, 0)

    def share(self, number: int) -> float | None:
        """That number in percent of the letters sent; None when none was."""
        return 100 * number / self.account.sent if self.account.sent else None


def figures(session: Session, campaign_id: int) -> Figures:
    """The numbers of one campaign. Raises NotFound for one that was never launched."""
    campaign = session.scalar(
        sa.select(Campaign)
        .where(Campaign.id == campaign_id, Campaign.status.in_(LAUNCHED))
        .options(joinedload(Campaign.audience), joinedload(Campaign.revision))
    )
    if campaign is None:
        raise NotFound(_("There is no report for this campaign: it has not been sent yet."))
    return _numbers(session, [campaign])[0]


def newest(session: Session, after: datetime | None, after_id: int, size: int) -> Sequence[Figures]:
    """The numbers of up to `size` launched campaigns, newest first, those after that one."""
    query = sa.select(Campaign).where(Campaign.status.in_(LAUNCHED), Campaign.started_at.is_not(None))
    if after is not None:
        query = query.where(
            sa.tuple_(Campaign.started_at, Campaign.id) < sa.tuple_(_moment(after), sa.literal(after_id))
        )
    found = session.scalars(query.order_by(Campaign.started_at.desc(), Campaign.id.desc()).limit(size)).all()
    return _numbers(session, found)


def _moment(at: datetime) -> sa.BindParameter[datetime]:
    return sa.bindparam(None, at, type_=Campaign.started_at.type, unique=True)


def _numbers(session: Session, campaigns: Sequence[Campaign]) -> list[Figures]:
    ids = [campaign.id for campaign in campaigns]
    totals, settled = counting.totals_of(session, ids), accounting.settled(session, ids)
    moments = (
        ("unsubscribed", Message.unsubscribed_at),
        ("bounced", Message.bounced_at),
        ("complained", Message.complained_at),
    )
    counted = sa.select(Campaign.id, *(_how_many(*each) for each in moments)).where(Campaign.id.in_(ids))
    came_back = {row.pop("id"): row for row in map(dict, session.execute(counted).mappings())}
    return [
        Figures(
            campaign,
            settled.get(campaign.id) or accounting.lately(session, campaign.id),
            totals[campaign.id],
            **came_back[campaign.id],
        )
        for campaign in campaigns
    ]


def _how_many(name: str, moment: sa.orm.InstrumentedAttribute[datetime | None]) -> sa.Label[int]:
    query = sa.select(sa.func.count()).where(Message.campaign_id == Campaign.id, moment.is_not(None))
    return query.correlate(Campaign).scalar_subquery().label(name)
