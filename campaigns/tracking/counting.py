"""The counts that reports read instead of hits: kept exact, in the transaction that changes the hits.

`people` counts each letter once for each link (position 0: the letter as a whole, any link), under its
surest label so far: a letter prefetched first and opened by a person later moves from one to the other.
So the letters opened for certain are those under `human`, and adding `proxied`, then `prefetched`
widens the range without counting any letter twice.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from campaigns.bulk import among
from campaigns.tracking.machines import RANK
from campaigns.tracking.models import Hit, HitCount, HitKind, Label

WHOLE = 0  # the position that stands for the letter as a whole


class Key(NamedTuple):
    """One row of `hit_count`."""

    campaign_id: int
    hour: datetime
    kind: str
    position: int
    label: str


class Place(NamedTuple):
    """What of a letter was hit: it is counted once for each."""

    message_id: int
    kind: str
    position: int


Firsts = dict[Place, dict[Label, datetime]]


@dataclass(frozen=True)
class Totals:
    """One campaign's hits: letters under their surest label, and all fetches by label."""

    opened: Mapping[str, int]
    clicked: Mapping[str, int]
    open_hits: Mapping[str, int]
    click_hits: Mapping[str, int]

    @property
    def opens(self) -> int:
        """Letters opened by people, as far as we know: directly, or through a proxy that serves people."""
        return self.opened.get(Label.HUMAN, 0) + self.opened.get(Label.PROXIED, 0)

    @property
    def clicks(self) -> int:
        """Letters in which a person clicked."""
        return self.clicked.get(Label.HUMAN, 0)


def keys(campaign_id: int, at: datetime, kind: str, position: int, label: str) -> tuple[Key, ...]:
    """The counts that one hit belongs to: its link's, and the whole letter's."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    positions = {position, WHOLE}
    return tuple(Key(campaign_id, hour, kind, place, label) for place in sorted(positions))


def firsts(session: Session, message_ids: Collection[int]) -> Firsts:
    """When each of these letters was first hit, by place and label."""
    found: Firsts = {}
    if not message_ids:
        return found
    columns = (Hit.message_id, Hit.kind, Hit.position, Hit.label)
    query = (
        sa.select(*columns, sa.func.min(Hit.at))
        .where(among(session, Hit.message_id, message_ids))
        .group_by(*columns)
    )
    for message_id, kind, position, label, at in session.execute(query):
        for place in {position, WHOLE}:
            by_label = found.setdefault(Place(message_id or 0, kind, place), {})
            by_label[Label(label)] = min(at, by_label.get(Label(label), at))
    return found


def people(found: Firsts, campaign_of: Mapping[int, int]) -> Counter[Key]:
    """How these letters are counted as people: once for each place, under the surest label."""
    counted: Counter[Key] = Counter()
    for place, by_label in found.items():
        surest = min(by_label, key=RANK.__getitem__)
        hour = by_label[surest].replace(minute=0, second=0, microsecond=0)
        counted[Key(campaign_of[place.message_id], hour, place.kind, place.position, surest)] += 1
    return counted


def add(session: Session, hits: Mapping[Key, int], persons: Mapping[Key, int]) -> None:
    """Add to the kept counts (or take away, where negative)."""
    changed = sorted({key for key in [*hits, *persons] if hits.get(key) or persons.get(key)})
    if not changed:
        return
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    table = cast(sa.Table, HitCount.__table__)
    insert = dialect.insert(HitCount)
    added = insert.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={
            "hits": table.c.hits + insert.excluded.hits,
            "people": table.c.people + insert.excluded.people,
        },
    )
    # In one order everywhere: two processes that count at once must not wait for each other in a ring.
    session.connection().execute(
        added,
        [key._asdict() | {"hits": hits.get(key, 0), "people": persons.get(key, 0)} for key in changed],
    )


def totals(session: Session, campaign_id: int) -> Totals:
    """The opens and clicks of one campaign, from its kept counts."""
    return totals_of(session, [campaign_id])[campaign_id]


def totals_of(session: Session, campaign_ids: Iterable[int]) -> dict[int, Totals]:
    """The opens and clicks of some campaigns, from their kept counts."""
    wanted = list(campaign_ids)
    columns = (HitCount.campaign_id, HitCount.kind, HitCount.label)
    sums = (sa.func.sum(HitCount.people), sa.func.sum(HitCount.hits))
    query = sa.select(*columns, *sums).where(HitCount.campaign_id.in_(wanted), HitCount.position == WHOLE)
    made = {number: Totals({}, {}, {}, {}) for number in wanted}
    for campaign_id, kind, label, persons, hits in session.execute(query.group_by(*columns)):
        of = made[campaign_id]
        by_people, by_hits = (
            (of.opened, of.open_hits) if kind == HitKind.OPEN else (of.clicked, of.click_hits)
        )
        by_people[label], by_hits[label] = int(persons), int(hits)  # type: ignore[index]
    return made
