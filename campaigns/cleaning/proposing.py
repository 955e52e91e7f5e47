"""The pairs that were found, and what a person decided about them."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from campaigns.bulk import among, insert_many
from campaigns.cleaning.blocks import Pairs
from campaigns.cleaning.likeness import joined
from campaigns.cleaning.models import Duplicate, Verdict
from campaigns.contacts import conditions
from campaigns.contacts.models import Contact
from campaigns.database import now
from campaigns.errors import NotFound
from campaigns.words import _

SURE = 90  # from this score on, many pairs may be merged at once


def listed(
    session: Session,
    status: Verdict = Verdict.PROPOSED,
    after: tuple[int, int] | None = None,
    limit: int = 51,
) -> Sequence[Duplicate]:
    """The pairs of a status with both contacts, the surest first, from beyond (score, id) on.

    Of those proposed only the ones of whom both may be used.
    """
    found = (
        sa.select(Duplicate)
        .where(*(proposed() if status == Verdict.PROPOSED else [Duplicate.status == status]))
        .options(
            selectinload(Duplicate.a).selectinload(Contact.company),
            selectinload(Duplicate.b).selectinload(Contact.company),
        )
        .order_by(Duplicate.score.desc(), Duplicate.id.desc())
        .limit(limit)
    )
    if after:
        found = found.where(sa.tuple_(Duplicate.score, Duplicate.id) < sa.tuple_(*after))
    return session.scalars(found).all()


def proposed() -> list[sa.ColumnElement[bool]]:
    """The conditions on Duplicate under which it is proposed: not while the data of one are only kept."""
    both = (conditions.usable(Duplicate.a_id), conditions.usable(Duplicate.b_id))
    return [Duplicate.status == Verdict.PROPOSED, *both]


def of_contact(session: Session, contact_id: int, limit: int = 5) -> Sequence[Duplicate]:
    """The pairs that one contact is proposed in, the surest first."""
    halves = [
        sa.select(Duplicate.id).where(side == contact_id, *proposed())
        for side in (Duplicate.a_id, Duplicate.b_id)
    ]
    found = (
        sa.select(Duplicate)
        .where(Duplicate.id.in_(sa.union_all(*halves)))
        .options(selectinload(Duplicate.a), selectinload(Duplicate.b))
        .order_by(Duplicate.score.desc(), Duplicate.id)
        .limit(limit)
    )
    return session.scalars(found).all()


def count(session: Session, most: int, least: int = 0) -> int:
    """How many pairs of at least this score are proposed, counted no further than `most`."""
    some = sa.select(Duplicate.id).where(*proposed(), Duplicate.score >= least)
    return session.scalar(sa.select(sa.func.count()).select_from(some.limit(most).subquery())) or 0


def one(session: Session, duplicate_id: int) -> Duplicate:
    """The pair; raises NotFound when it is not there any more."""
    found = session.get(Duplicate, duplicate_id)
    if found is None:
        raise NotFound(_("This pair is not in the list any more."))
    return found


def between(session: Session, one_id: int, other_id: int) -> Duplicate | None:
    """The pair of these two; None when they were never proposed."""
    a_id, b_id = sorted((one_id, other_id))
    return session.scalar(sa.select(Duplicate).where(Duplicate.a_id == a_id, Duplicate.b_id == b_id))


def propose_again(session: Session, duplicate_id: int) -> Duplicate:
    """Take back that the two are different people."""
    pair = one(session, duplicate_id)
    pair.status, pair.decided_at, pair.decided_by = Verdict.PROPOSED, None, None
    session.flush()
    return pair


def not_the_same(session: Session, one_id: int, other_id: int, user_id: int | None) -> None:
    """Two contacts are different people, whether or not they were proposed."""
    pair = between(session, one_id, other_id)
    if pair is None:
        a_id, b_id = sorted((one_id, other_id))
        pair = Duplicate(a_id=a_id, b_id=b_id, reasons=[], score=0)
        session.add(pair)
    pair.status, pair.decided_at, pair.decided_by = Verdict.NOT_SAME, now(), user_id
    session.flush()


def propose(session: Session, pairs: Pairs, run_id: int) -> int:
    """Put pairs into the list, with what they were found for; how many were not in it.

    A pair met again in one search gets all its reasons. What a person decided stays.
    """
    if not pairs:
        return 0
    known = _known(session, pairs)
    rows = []
    for (a_id, b_id), (reasons, score) in pairs.items():
        before = known.get((a_id, b_id))
        if before is not None and before.status != Verdict.PROPOSED:
            continue
        if before is not None and before.run_id == run_id:
            reasons, score = joined(before.reasons, before.score, reasons, score)
        rows.append(
            {
                "a_id": a_id, "b_id": b_id, "reasons": reasons, "score": score, "run_id": run_id,
                "status": Verdict.PROPOSED, "found_at": before.found_at if before else now(),
            }
        )  # fmt: skip
    insert_many(session, Duplicate, rows, conflict=["a_id", "b_id"], update=["reasons", "score", "run_id"])
    return len(pairs.keys() - known.keys())


def _known(session: Session, pairs: Pairs) -> dict[tuple[int, int], Any]:
    firsts = sorted({a_id for a_id, _b_id in pairs})
    asked = sa.select(
        Duplicate.a_id, Duplicate.b_id, Duplicate.reasons, Duplicate.score,
        Duplicate.status, Duplicate.run_id, Duplicate.found_at,
    )  # fmt: skip
    rows = session.execute(asked.where(among(session, Duplicate.a_id, firsts)))
    return {(row.a_id, row.b_id): row for row in rows}
