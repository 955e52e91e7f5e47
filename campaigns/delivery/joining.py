"""The letters of two contacts that turn out to be one person: nobody gets a campaign twice, each row stays.

Letters whose fate is settled follow the contact. Those that are open or uncertain keep the number that
their segment knows them by; whose that is now stands in `merged_contact`, and `batches.follow` asks there.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import among
from campaigns.contacts import identity
from campaigns.database import db_now
from campaigns.delivery.changing import change
from campaigns.delivery.models import OPEN_STATES, Message, MessageStatus, Segment
from campaigns.errors import Conflict
from campaigns.mailings.models import Campaign, Status
from campaigns.words import _

MERGED = "merged"  # why a letter is skipped
GOT = (MessageStatus.SENT, MessageStatus.UNCERTAIN)
# Where both had a letter, the one that tells most stands with the contact.
_SETTLED = (MessageStatus.SKIPPED, MessageStatus.FAILED, MessageStatus.SENT)
_ASIDE = -1  # times its id, a letter's contact while two letters change places


def hold(session: Session, contact_ids: Sequence[int]) -> None:
    """Keep the letters of these contacts as they are until the transaction ends; before `take`.

    Raises Conflict while a worker has one in its hands that may have to be skipped, or to find another
    contact: half a minute at most.
    """
    known = [number for contact_id in contact_ids for number in identity.numbers(session, contact_id)]
    waiting = sa.select(Message.campaign_id, Message.contact_id).where(
        Message.contact_id.in_(known), Message.status.in_(OPEN_STATES)
    )
    touched = [
        sa.and_(
            Segment.campaign_id == campaign_id,
            Segment.first_contact_id <= contact_id,
            Segment.last_contact_id >= contact_id,
        )
        for campaign_id, contact_id in session.execute(waiting)
    ]
    if touched:
        held = sa.select(Segment.lease_until).where(sa.or_(*touched)).order_by(Segment.id).with_for_update()
        if any(until is not None for until in session.scalars(held)):
            raise Conflict(_("A letter to one of the two is just being sent. Try again in a minute."))
    letters = sa.select(Message.id).where(Message.contact_id.in_(known)).order_by(Message.id)
    session.execute(letters.with_for_update(key_share=True))


def take(session: Session, gone_id: int, kept_id: int) -> dict[str, Any]:
    """Let the one's letters follow to the other, once they are held."""
    theirs, ours = identity.numbers(session, gone_id), identity.numbers(session, kept_id)
    skipped, moved, exchanged = [], [], []
    for of_campaign in _by_campaign(session, [*ours, *theirs]).values():
        skipped += _one_is_enough(session, of_campaign)
        mine, others = (_of(of_campaign, contact_id) for contact_id in (kept_id, gone_id))
        if others is None or not _may_move(others):
            continue
        if mine is None:
            moved.append(others.id)
        elif _may_move(mine) and _SETTLED.index(others.status) > _SETTLED.index(mine.status):
            exchanged.append([others.id, mine.id])
    _file(session, moved, kept_id)
    for their_id, our_id in exchanged:
        _exchange(session, their_id, gone_id, our_id, kept_id)
    return {"moved": moved, "exchanged": exchanged, "skipped": skipped}


def _by_campaign(session: Session, contact_ids: Sequence[int]) -> dict[int, list[Message]]:
    letters = session.scalars(
        sa.select(Message)
        .where(Message.contact_id.in_(contact_ids))
        .order_by(Message.id)
        .execution_options(populate_existing=True)
    )
    found: dict[int, list[Message]] = defaultdict(list)
    for letter in letters:
        found[letter.campaign_id].append(letter)
    for of_campaign in found.values():  # the contact's own before those of the numbers it once had
        of_campaign.sort(key=lambda letter: contact_ids.index(letter.contact_id))
    return found


def _of(letters: Iterable[Message], contact_id: int) -> Message | None:
    return next((letter for letter in letters if letter.contact_id == contact_id), None)


def _one_is_enough(session: Session, letters: Sequence[Message]) -> list[int]:
    """Skip all open letters but one, and that one too when another was sent or may have been."""
    waiting = [letter for letter in letters if letter.status in OPEN_STATES]
    enough = any(letter.status in GOT for letter in letters)
    for letter in waiting if enough else waiting[1:]:
        letter.status, letter.reason, letter.next_try_at = MessageStatus.SKIPPED, MERGED, None
    session.flush()
    return [letter.id for letter in (waiting if enough else waiting[1:])]


def _may_move(letter: Message) -> bool:
    """Whether nothing can become of it any more; what was refused by policy may be tried again."""
    return letter.status in _SETTLED and letter.reason != "policy"


def _file(session: Session, message_ids: Sequence[int], contact_id: int, *where: Any) -> None:
    if message_ids:
        these = sa.update(Message).where(among(session, Message.id, message_ids), *where)
        change(session, these.values(contact_id=contact_id))


def _exchange(session: Session, one: int, one_of: int, other: int, other_of: int) -> None:
    """Let two letters of a campaign change their contacts; no two may have the same one meanwhile."""
    _file(session, [one], _ASIDE * one)
    _file(session, [other], one_of)
    _file(session, [one], other_of)


def give_back(session: Session, gone_id: int, kept_id: int, taken: Mapping[str, Any]) -> None:
    """Each letter to whom it was written to; what was skipped for the merge waits again if it still can."""
    _file(session, taken["moved"], gone_id, Message.contact_id == kept_id)
    for their_id, our_id in taken["exchanged"]:
        _exchange(session, their_id, kept_id, our_id, gone_id)
    skipped = taken["skipped"]
    if not skipped:
        return
    lives = Campaign.status.in_((Status.SENDING, Status.PAUSED))
    again = sa.update(Message).where(
        among(session, Message.id, skipped),
        Message.status == MessageStatus.SKIPPED,
        Message.reason == MERGED,
        Message.campaign_id.in_(sa.select(Campaign.id).where(lives)),
    )
    if change(session, again.values(status=MessageStatus.PLANNED, reason="")):
        _wake(session, skipped)


def _wake(session: Session, message_ids: Sequence[int]) -> None:
    waits = sa.exists().where(
        among(session, Message.id, message_ids),
        Message.campaign_id == Segment.campaign_id,
        Message.status == MessageStatus.PLANNED,
        Message.contact_id.between(Segment.first_contact_id, Segment.last_contact_id),
    )
    change(session, sa.update(Segment).where(waits).values(due_at=db_now()))
