"""A window: what became of the letters before, and who may be on the wire next, in one transaction.

Two campaigns may be about to write at once to somebody who wants letters seldom, and neither has sent yet.
So whoever set such a limit is locked when they are named, and kept back where another campaign has them on
the wire or has sent meanwhile: whichever names them first writes to them. Of all others nothing is asked.
"""

from collections.abc import Collection, Mapping
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import among
from campaigns.consent import gate, suppression
from campaigns.consent.models import SuppressionReason
from campaigns.consent.reasons import Reason
from campaigns.consent.rhythm import APART
from campaigns.contacts.models import Contact
from campaigns.database import db_now, transaction
from campaigns.delivery import batches, claiming, recovering
from campaigns.delivery.claiming import Lease
from campaigns.delivery.models import OPEN_STATES, Message, Segment
from campaigns.delivery.results import Result, record
from campaigns.mailings.models import Campaign, Status

_segment, _campaign = (cast(sa.Table, model.__table__) for model in (Segment, Campaign))


def write(
    lease: Lease,
    purpose: str,
    results: dict[int, Result],
    bounced: Collection[str],
    wire: Collection[int],
    seldom: Mapping[int, int],
) -> tuple[Status | None, dict[int, Result]]:
    """Write results down, name who may be on the wire; the campaign's status, and who is kept back after all.

    `seldom`: of the messages named anew those to contacts who may have set a limit, with the contact's
    number. The status is None when somebody else has the segment.
    """
    campaign = sa.select(_campaign.c.status).where(_campaign.c.id == lease.campaign_id).scalar_subquery()
    named = sa.update(_segment).where(_segment.c.id == lease.segment_id, _segment.c.fence == lease.fence)
    kept: dict[int, Result] = {}
    with transaction() as session:
        held = session.execute(
            named.values(
                wire=sorted(wire), marked_at=db_now(), lease_until=claiming.until()
            ).returning(campaign)
        ).one_or_none()  # fmt: skip
        if held is None:
            segment = session.get_one(Segment, lease.segment_id, with_for_update=True)
            recovering.settle_late(session, segment, lease.fence, results)
        else:
            record(session, lease.fence, results, held=True)
            if seldom:
                kept = _kept_back(session, lease, purpose, seldom)
            if kept:
                session.execute(named.values(wire=sorted(set(wire) - kept.keys())))
        if bounced:
            source = f"campaign:{lease.campaign_id}"
            suppression.suppress_many(session, bounced, SuppressionReason.BOUNCED, source)
    return (Status(held[0]) if held else None), kept


def _kept_back(session: Session, lease: Lease, purpose: str, seldom: Mapping[int, int]) -> dict[int, Result]:
    """Of these messages those whose contact is written to by another campaign, or refused meanwhile."""
    mine = sa.select(Contact.id).where(
        among(session, Contact.id, sorted(seldom.values())), Contact.rhythm.in_(list(APART))
    )
    limited = session.scalars(mine.order_by(Contact.id).with_for_update(key_share=True)).all()
    if not limited:
        return {}
    refused = dict.fromkeys(_on_the_wire(session, lease, limited), Reason.TOO_OFTEN)
    refused |= gate.refusals(session, limited, purpose)
    return {
        message_id: batches.skipped(refused[contact_id])
        for message_id, contact_id in seldom.items()
        if contact_id in refused
    }


def _on_the_wire(session: Session, lease: Lease, contact_ids: Collection[int]) -> set[int]:
    """To whom of these a letter of another campaign may be on its way at this moment."""
    theirs = sa.and_(
        Segment.campaign_id == Message.campaign_id,
        Message.contact_id.between(Segment.first_contact_id, Segment.last_contact_id),
    )
    waiting = session.execute(
        sa.select(Message.id, Message.contact_id, Segment.id.label("segment_id"))
        .join(Segment, theirs)
        .where(
            among(session, Message.contact_id, list(contact_ids)),
            Message.campaign_id != lease.campaign_id,
            Message.status.in_(OPEN_STATES),
            Segment.marked_at.is_not(None),
        )
    ).all()
    segments = sorted({row.segment_id for row in waiting})
    wires = sa.select(Segment.wire).where(among(session, Segment.id, segments))
    named = {number for wire in session.scalars(wires) for number in wire} if segments else set()
    return {row.contact_id for row in waiting if row.id in named}
