"""Judging a campaign's kept hits anew, after the rules have changed."""

from collections import Counter
from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import Tracking
from campaigns.tracking import counting, machines, permission, recording
from campaigns.tracking.counting import Key
from campaigns.tracking.journal import Entry
from campaigns.tracking.models import Hit, Label
from campaigns.tracking.permission import Known

_CHUNK = 500


def reclassify(session: Session, campaign_id: int) -> int:
    """Label all hits of the campaign by today's rules, with all that follows; says how many changed."""
    return sum(
        _judge(session, hits)
        for hits in [*_by_letters(session, campaign_id), *_unnamed(session, campaign_id)]
    )


def _by_letters(session: Session, campaign_id: int) -> Iterator[Sequence[Hit]]:
    """All hits of some letters at a time: what shows a run stands together."""
    last = 0
    query = (
        sa.select(Hit.message_id).where(Hit.campaign_id == campaign_id).distinct().order_by(Hit.message_id)
    )
    while some := session.scalars(query.where(Hit.message_id > last).limit(_CHUNK)).all():
        yield session.scalars(sa.select(Hit).where(Hit.message_id.in_(some))).all()
        last = some[-1] or 0


def _unnamed(session: Session, campaign_id: int) -> Iterator[Sequence[Hit]]:
    last = 0
    query = sa.select(Hit).where(Hit.campaign_id == campaign_id, Hit.message_id.is_(None)).order_by(Hit.id)
    while some := session.scalars(query.where(Hit.id > last).limit(_CHUNK)).all():
        yield some
        last = some[-1].id


def _judge(session: Session, hits: Sequence[Hit]) -> int:
    known = permission.ask(session, [_entry(hit) for hit in hits])
    before = counting.firsts(session, known.letters)
    changed: Counter[Key] = Counter()
    judged = [(hit, hit.label) for hit in hits]
    for hit in hits:
        recording.relabel(hit, _label(hit, known), changed)
    changed.update(recording.relabel_runs(session, [hit for hit in hits if hit.message_id]))
    session.flush()
    recording.settle(session, known.letters, before, changed, _followed(hits, known))
    return sum(hit.label != label for hit, label in judged)


def _entry(hit: Hit) -> Entry:
    campaign_id = None if hit.message_id else hit.campaign_id
    return Entry(
        hit.uid,
        hit.kind,
        hit.at,
        hit.message_id,
        campaign_id,
        hit.position,
        hit.method,
        hit.ip,
        hit.user_agent,
    )


def _label(hit: Hit, known: Known) -> Label:
    letter = known.letters.get(hit.message_id or 0)
    sent_at = letter.sent_at if letter else None
    facts = machines.Facts(hit.kind, hit.method, hit.user_agent, hit.at, sent_at, hit.position)
    return machines.classify(facts)[0]


def _followed(hits: Sequence[Hit], known: Known) -> set[int]:
    """The letters whose contacts may still be followed by name in all that was hit."""
    refused = {hit.message_id for hit in hits if known.level(_entry(hit)) != Tracking.IDENTIFIED}
    return {number for number in known.letters if number not in refused}
