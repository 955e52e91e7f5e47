"""How far each hit may be kept, asked when it is written down: a no counts for letters already sent."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import Organisation, Tracking
from campaigns.bulk import among
from campaigns.consent import following
from campaigns.contacts import identity
from campaigns.contacts.models import Contact
from campaigns.delivery.models import Message
from campaigns.mailings.models import Campaign
from campaigns.tracking.journal import Entry
from campaigns.tracking.models import HitKind


@dataclass(frozen=True)
class Letter:
    """What of a message decides about its hits, and what they may change in it."""

    campaign_id: int
    contact_id: int
    sent_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None


@dataclass(frozen=True)
class Course:
    """What a campaign lets us follow, and what its letters are called."""

    name: str
    revision_id: int | None
    level: Mapping[str, str]  # by HitKind


@dataclass(frozen=True)
class Known:
    """All that is needed to judge one batch of hits."""

    letters: Mapping[int, Letter]
    courses: Mapping[int, Course]
    states: Mapping[int, str]  # what contacts said about being followed
    there: frozenset[int]  # contacts that were not erased
    organisation: Mapping[str, str]  # level by HitKind
    kept_from: datetime | None = None  # hits on letters sent before it have gone, or go soon

    def level(self, entry: Entry) -> Tracking:
        """How far this hit may be kept; OFF: not at all."""
        letter = self.letters.get(entry.message_id or 0)
        course = self.courses.get(letter.campaign_id if letter else entry.campaign_id or 0)
        if course is None or (entry.message_id is not None and letter is None):
            return Tracking.OFF
        most = self.organisation.get(entry.kind, Tracking.OFF)
        if letter is None:
            level = following.tracking_level(most, course.level[entry.kind], None)
            return Tracking.OFF if level == Tracking.OFF else Tracking.ANONYMOUS
        if letter.contact_id not in self.there or self._too_old(letter):
            return Tracking.OFF
        return following.tracking_level(most, course.level[entry.kind], self.states.get(letter.contact_id))

    def _too_old(self, letter: Letter) -> bool:
        """Whether what was noted of the letter is forgotten: one more hit would count as the first again."""
        sent_at, kept_from = letter.sent_at, self.kept_from
        return sent_at is not None and kept_from is not None and sent_at < kept_from


def ask(session: Session, entries: Sequence[Entry]) -> Known:
    """Look up what these hits are about; their letters stay locked until the transaction ends.

    The lock keeps two processes from counting the same letter as a new person both.
    """
    letters = lock_letters(session, {entry.message_id for entry in entries if entry.message_id})
    campaign_ids = {letter.campaign_id for letter in letters.values()}
    campaign_ids |= {entry.campaign_id for entry in entries if entry.campaign_id}
    contact_ids = sorted({letter.contact_id for letter in letters.values()})
    return Known(
        letters,
        courses_of(session, campaign_ids),
        following.tracking_states(session, contact_ids),
        frozenset(session.scalars(sa.select(Contact.id).where(among(session, Contact.id, contact_ids)))),
        *_organisation(session),
    )


def lock_letters(session: Session, message_ids: Collection[int]) -> dict[int, Letter]:
    """These messages, locked in one order everywhere."""
    if not message_ids:
        return {}
    columns = (
        Message.campaign_id,
        Message.contact_id,
        Message.sent_at,
        Message.opened_at,
        Message.clicked_at,
    )
    query = (
        sa.select(Message.id, *columns).where(among(session, Message.id, message_ids)).order_by(Message.id)
    )
    locked = query.with_for_update(key_share=True)
    letters = {row[0]: Letter(*row[1:]) for row in session.execute(locked)}
    merged = identity.now_known_as(session, {letter.contact_id for letter in letters.values()})
    if merged:  # a hit on an old letter means who its contact is now
        for number, letter in letters.items():
            is_now = merged.get(letter.contact_id, letter.contact_id)
            letters[number] = replace(letter, contact_id=is_now)
    return letters


def courses_of(session: Session, campaign_ids: Iterable[int]) -> dict[int, Course]:
    """These campaigns, as far as hits on them are concerned."""
    columns = (Campaign.name, Campaign.revision_id, Campaign.track_opens, Campaign.track_clicks)
    query = sa.select(Campaign.id, *columns).where(Campaign.id.in_(set(campaign_ids)))
    return {
        number: Course(name, revision_id, {HitKind.OPEN: opens, HitKind.CLICK: clicks})
        for number, name, revision_id, opens, clicks in session.execute(query)
    }


def _organisation(session: Session) -> tuple[dict[str, str], datetime | None]:
    """Its levels, and from when on hits are kept."""
    asked = sa.select(Organisation.track_opens, Organisation.track_clicks, Organisation.hits_kept_from)
    ours = session.execute(asked.limit(1)).first()
    return ({HitKind.OPEN: ours[0], HitKind.CLICK: ours[1]}, ours[2]) if ours else ({}, None)
