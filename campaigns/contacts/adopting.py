"""Columns of earlier imports made into fields: what fits becomes a value, what does not stays, counted."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import jobs, longwork
from campaigns.accounts import people
from campaigns.bulk import among, update_many
from campaigns.contacts import field_index, field_kinds, fields
from campaigns.contacts.field_kinds import Reading
from campaigns.contacts.field_models import KEY_LENGTH, About, Adoption, Field, FieldKind
from campaigns.contacts.models import Contact
from campaigns.contacts.names import fold, slug
from campaigns.errors import BadInput

STEP = 2000
_PLACES, _AT_EACH = 20, 100  # contacts looked at for columns
_VALUES = 100  # different ones, by which a column's kind is judged
_FEW_CHOICES = 8
_EXAMPLES = 20


@dataclass
class Column:
    """A column of earlier imports that is no field yet, as seen in a sample."""

    name: str
    seen: int = 0
    values: Counter[str] = field(default_factory=Counter)

    @property
    def kind(self) -> FieldKind:
        """The narrowest kind that takes all values seen."""
        for kind in (FieldKind.YES_NO, FieldKind.NUMBER, FieldKind.DATE, FieldKind.PHONE, FieldKind.LINK):
            if all(
                _fits(Field(kind=kind, key="", name="", unit="", options=[]), value) for value in self.values
            ):
                return kind
        few = len({fold(value) for value in self.values}) <= _FEW_CHOICES and self.seen > 2 * len(self.values)
        return FieldKind.CHOICE if few else FieldKind.TEXT

    @property
    def options(self) -> list[str]:
        """The values seen, most frequent first, one of each spelling."""
        by_key: dict[str, str] = {}
        for value, _times in self.values.most_common():
            by_key.setdefault(fold(value), value)
        return list(by_key.values())


def _fits(asked: Field, value: str) -> bool:
    if asked.kind == FieldKind.LINK and "://" not in value:
        return False
    try:
        return field_kinds.clean(asked, value) is not None
    except BadInput:
        return False


def columns(session: Session) -> list[Column]:
    """The columns that stand beside contacts here and there in the whole list, most frequent first."""
    known = field_index.fields_of(session, About.CONTACT)
    found: dict[str, Column] = {}
    for kept in _sample(session):
        for name, value in kept.items():
            if name not in known:
                column = found.setdefault(name, Column(name))
                column.seen += 1
                if len(column.values) < _VALUES or str(value) in column.values:
                    column.values[str(value)] += 1
    return sorted(found.values(), key=lambda column: (-column.seen, column.name))


def _sample(session: Session) -> Iterator[dict[str, Any]]:
    last = session.scalar(sa.select(sa.func.max(Contact.id))) or 0
    after = -1
    for place in range(_PLACES):
        start = max(after + 1, last * place // _PLACES)
        some = sa.select(Contact.id, Contact.fields).where(Contact.id >= start).order_by(Contact.id)
        for row in session.execute(some.limit(_AT_EACH)):
            after = row.id
            yield row.fields or {}


def start(session: Session, taker: Field) -> Adoption:
    """Take what columns of the same name hold into this field of contacts, in the background."""
    work = Adoption(field_id=taker.id)
    session.add(work)
    session.flush()
    jobs.ring(session, jobs.ADOPT_COLUMN, work.id)
    return work


def newest(session: Session, field_ids: Sequence[int]) -> dict[int, Adoption]:
    """The newest such work of each of these fields."""
    rows = session.scalars(sa.select(Adoption).where(Adoption.field_id.in_(field_ids)).order_by(Adoption.id))
    return {work.field_id: work for work in rows}


def run(work_id: int) -> None:
    """Do the work, or go on with it; safe to run twice."""
    longwork.run(Adoption, work_id, step)


def step(session: Session, work: Adoption) -> bool:
    """Look at the next contacts; whether there are more."""
    taker = session.get_one(Field, work.field_id)
    asked = sa.select(Contact.id, Contact.fields).where(Contact.id > work.after).order_by(Contact.id)
    looked = session.execute(asked.limit(STEP)).all()
    meant = [row.id for row in looked if _columns_of(taker, row.fields or {})]
    if meant:
        _take(session, work, taker, meant)
    work.looked_at += len(looked)
    work.after = looked[-1].id if looked else work.after
    session.flush()
    return len(looked) == STEP


def _columns_of(taker: Field, kept: dict[str, Any]) -> list[str]:
    return [name for name in kept if slug(name)[:KEY_LENGTH] == taker.key]


def _take(session: Session, work: Adoption, taker: Field, ids: list[int]) -> None:
    ours = people.organisation(session)
    asked = sa.select(Contact.id, Contact.fields, Contact.country).where(among(session, Contact.id, ids))
    whole, changed = {}, []
    for row in session.execute(asked.order_by(Contact.id).with_for_update(key_share=True)):
        how = Reading(language=ours.language if ours else "", region=row.country)
        after, unfit = taken(taker, row.fields, how)
        whole[row.id] = after
        if after != row.fields:
            changed.append({"id": row.id, "fields": after})
        work.taken += taker.key in after
        work.unfit += bool(unfit)
        room = _EXAMPLES - len(work.examples)
        work.examples = [*work.examples, *[text[:100] for text in unfit if text not in work.examples][:room]]
    update_many(session, Contact, changed)
    fields.put(session, whole)


def taken(taker: Field, kept: dict[str, Any], how: Reading) -> tuple[dict[str, Any], list[str]]:
    """One contact's fields with the columns taken in, and the texts that do not fit."""
    after, unfit = dict(kept), []
    for name in _columns_of(taker, kept):
        if name != taker.key and taker.key in after:
            continue  # the field knows better
        value = after.pop(name)
        try:
            clean = field_kinds.clean(taker, value, how)
        except BadInput:
            unfit.append(str(value))
            after[name if name != taker.key else f"{taker.name} (?)"] = value
            continue
        if clean is not None:
            after[taker.key] = clean
    return after, unfit
