"""What follows when one contact becomes part of another: a mover for each table of the rooms below."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.audiences.models import Member
from campaigns.bulk import insert_many
from campaigns.cleaning.models import Duplicate, Looked, Merge, Verdict
from campaigns.consent import joining as consents
from campaigns.contacts import moving
from campaigns.contacts.change_models import Change
from campaigns.contacts.field_models import contact_value
from campaigns.contacts.models import (
    Category,
    Contact,
    FurtherAddress,
    MergedContact,
    Tag,
    contact_category,
    contact_tag,
)
from campaigns.contacts.moving import Mover, register
from campaigns.crm import runouts
from campaigns.crm.models import Activity, NextStep, Purchase
from campaigns.delivery import joining as letters
from campaigns.words import _

_pairs: Any = Duplicate.__table__


def _take_pairs(session: Session, gone_id: int, kept_id: int) -> list[dict[str, Any]]:
    """Whoever the one is not, the other isn't either; what was only proposed is found anew."""
    found = session.execute(sa.select(_pairs).where(_names(gone_id))).mappings().all()
    session.execute(sa.delete(_pairs).where(_names(gone_id)))
    refused = [row for row in found if row["status"] == Verdict.NOT_SAME]
    others = {row["a_id"] if row["b_id"] == gone_id else row["b_id"]: row for row in refused}
    others.pop(kept_id, None)
    rows = [
        {column.name: row[column.name] for column in _pairs.c if column.name != "id"}
        | {"a_id": min(kept_id, other), "b_id": max(kept_id, other)}
        for other, row in others.items()
    ]
    insert_many(session, Duplicate, rows, conflict=["a_id", "b_id"])
    return [moving.pack(_pairs, row) for row in found]


def _give_pairs_back(
    session: Session, _gone_id: int, _kept_id: int, taken: Sequence[Mapping[str, Any]]
) -> None:
    rows = [moving.unpack(_pairs, row) for row in taken]
    named = {row[side] for row in rows for side in ("a_id", "b_id")}
    there = set(session.scalars(sa.select(Contact.id).where(Contact.id.in_(named))))
    again = [
        {name: value for name, value in row.items() if name != "id"} | {"decided_by": None}
        for row in rows
        if {row["a_id"], row["b_id"]} <= there
    ]
    insert_many(session, Duplicate, again, conflict=["a_id", "b_id"])


def _renew_run_outs(session: Session, gone_id: int, kept_id: int) -> list[Any]:
    """The purchases came before; the days follow from them."""
    for contact_id in (gone_id, kept_id):
        runouts.renew(session, contact_id)
    return []


def _part_run_outs(session: Session, gone_id: int, kept_id: int, _taken: Any) -> None:
    _renew_run_outs(session, gone_id, kept_id)


def _names(contact_id: int) -> sa.ColumnElement[bool]:
    return sa.or_(Duplicate.a_id == contact_id, Duplicate.b_id == contact_id)


def _entries(taken: Mapping[str, Any]) -> int:
    return len(taken["entries"])


def _letters(taken: Mapping[str, Any]) -> int:
    return len(taken["moved"]) + len(taken["exchanged"])


register(
    "letters",
    Mover(("message",), letters.take, letters.give_back, _letters, lambda: _("Letters")),
)
register(
    "ledger",
    Mover(
        ("consent_event", "consent"),
        consents.take,
        consents.give_back,
        _entries,
        lambda: _("Entries about consent"),
    ),
)
register("activity", moving.rows(Activity, lambda: _("Activities")))
register("next_step", moving.rows(NextStep, lambda: _("Next steps")))
register("purchase", moving.rows(Purchase, lambda: _("Purchases")))
register("run_out", Mover(("run_out",), _renew_run_outs, _part_run_outs))
register("category", moving.once(contact_category, {"category_id": Category.id}, lambda: _("Categories")))
register("tag", moving.once(contact_tag, {"tag_id": Tag.id}, lambda: _("Tags")))
register("audience_member", moving.once(Member))
register("change", moving.once(Change))
register("further_address", moving.rows(FurtherAddress))
register("merged_contact", moving.rows(MergedContact))
register("contact_merge", moving.rows(Merge))
register("duplicate", Mover(("duplicate",), _take_pairs, _give_pairs_back))
register("derived", moving.dropped(contact_value, Looked))
