"""What a person's first open or click of a letter moves: the message's times, and the salesperson's page."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import update_many
from campaigns.crm import logging
from campaigns.crm.models import Kind
from campaigns.delivery.models import Message
from campaigns.mailings.models import Link
from campaigns.tracking import permission
from campaigns.tracking.counting import WHOLE, Firsts, Place
from campaigns.tracking.machines import PEOPLE
from campaigns.tracking.models import HitKind, Label
from campaigns.tracking.permission import Letter

_KINDS = {HitKind.OPEN: Kind.OPEN, HitKind.CLICK: Kind.CLICK}


def follow(session: Session, letters: Mapping[int, Letter], before: Firsts, after: Firsts) -> None:
    """Set what these letters' hits now say a person did; take back what they no longer say.

    A click that turns out to be a machine's (its third link came a second later) undoes itself.
    """
    changed: list[dict[str, object]] = []
    new: list[tuple[HitKind, int, datetime]] = []
    withdrawn: list[str] = []
    for message_id, letter in letters.items():
        kept = {HitKind.OPEN: letter.opened_at, HitKind.CLICK: letter.clicked_at}
        now = dict(kept)
        for kind in HitKind:
            was, since = _by_person(before, message_id, kind), _by_person(after, message_id, kind)
            if since is None and was is not None:
                now[kind] = None
                withdrawn.append(_once(kind, message_id))
            elif since is not None:
                now[kind] = since if was else min(since, kept[kind] or since)
                if was is None:
                    new.append((kind, message_id, since))
        if now != kept:
            opened_at, clicked_at = now[HitKind.OPEN], now[HitKind.CLICK]
            changed.append({"id": message_id, "opened_at": opened_at, "clicked_at": clicked_at})
    update_many(session, Message, changed)
    if withdrawn:
        logging.withdraw(session, withdrawn)
    if new:
        _log(session, letters, new, after)


def _by_person(firsts: Firsts, message_id: int, kind: HitKind) -> datetime | None:
    by_label = firsts.get(Place(message_id, kind, WHOLE), {})
    return min((at for label, at in by_label.items() if label in PEOPLE), default=None)


def _once(kind: HitKind, message_id: int) -> str:
    return f"{kind}:{message_id}"


def _log(
    session: Session, letters: Mapping[int, Letter], new: list[tuple[HitKind, int, datetime]], after: Firsts
) -> None:
    courses = permission.courses_of(session, {letters[message_id].campaign_id for _k, message_id, _at in new})
    links = _first_links(after)
    addresses = _addresses(session, {course.revision_id for course in courses.values()})
    entries = []
    for kind, message_id, at in new:
        letter = letters[message_id]
        course = courses[letter.campaign_id]
        link = links.get(message_id, 0) if kind == HitKind.CLICK else 0
        entries.append(
            logging.Entry(
                contact_id=letter.contact_id,
                kind=_KINDS[kind],
                at=at,
                summary=course.name,
                detail=addresses.get((course.revision_id, link), ""),
                source=f"campaign:{letter.campaign_id}",
                once=_once(kind, message_id),
            )
        )
    logging.log_many(session, entries)


def _first_links(firsts: Firsts) -> dict[int, int]:
    """The position of the link that a person followed first, by letter."""
    clicks = sorted(
        (by_label[Label.HUMAN], place.message_id, place.position)
        for place, by_label in firsts.items()
        if place.kind == HitKind.CLICK and place.position != WHOLE and Label.HUMAN in by_label
    )
    return {message_id: position for _at, message_id, position in reversed(clicks)}


def _addresses(session: Session, revision_ids: set[int | None]) -> dict[tuple[int | None, int], str]:
    """Text, else address, of each link of these revisions."""
    query = sa.select(Link.revision_id, Link.position, Link.text, Link.url).where(
        Link.revision_id.in_(revision_ids - {None})
    )
    return {
        (revision_id, position): (text or url)[:500]
        for revision_id, position, text, url in session.execute(query)
    }
