"""The acts on many contacts that need nothing but contacts: their labels and their owner."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import Role, User
from campaigns.bulk import among, insert_many
from campaigns.contacts import bulk, tagging
from campaigns.contacts.bulk import Act, Form, Values
from campaigns.contacts.changing import Changed
from campaigns.contacts.models import Category, Contact, Tag, contact_category, contact_tag
from campaigns.contacts.names import fold, tidy
from campaigns.errors import BadInput
from campaigns.words import _, ngettext

_KINDS: dict[str, tuple[type[Category] | type[Tag], sa.Table]] = {
    "category": (Category, contact_category),
    "tag": (Tag, contact_tag),
}


def _read_label(kind: str, _session: Session, form: Form, _user: User | None) -> Values:
    name = tidy(form.get(f"{kind}_name", ""))
    if not fold(name):
        raise BadInput(_("A category or tag needs a name."), field=f"{kind}_name")
    return {"name": name}


def _wears(kind: str, _session: Session, values: Values) -> sa.ColumnElement[bool]:
    model, table = _KINDS[kind]
    contact, label = table.columns
    meant = sa.select(model.id).where(model.key == fold(values["name"])).scalar_subquery()
    return Contact.id.in_(sa.select(contact).where(label == meant))


def _wears_not(kind: str, session: Session, values: Values) -> sa.ColumnElement[bool]:
    return sa.not_(_wears(kind, session, values))


def _put_on(
    kind: str, session: Session, values: Values, numbers: Sequence[int], _user: User | None
) -> list[Changed]:
    made = (
        tagging.category(session, values["name"])
        if kind == "category"
        else tagging.tag(session, values["name"])
    )
    table = _KINDS[kind][1]
    contact, label = table.columns
    wearing = _wearing(session, table, made.id, numbers)
    new = [number for number in numbers if number not in wearing]
    rows = [{contact.name: number, label.name: made.id} for number in new]
    insert_many(session, table, rows, conflict=[contact.name, label.name])
    return [_changed(kind, number, made.id, worn=True) for number in new]


def _take_off(
    kind: str, session: Session, values: Values, numbers: Sequence[int], _user: User | None
) -> list[Changed]:
    model, table = _KINDS[kind]
    label_id = session.scalar(sa.select(model.id).where(model.key == fold(values["name"])))
    if label_id is None:
        return []
    contact, label = table.columns
    wearing = _wearing(session, table, label_id, numbers)
    if wearing:
        session.execute(sa.delete(table).where(label == label_id, among(session, contact, list(wearing))))
    return [_changed(kind, number, label_id, worn=False) for number in sorted(wearing)]


def _wearing(session: Session, table: sa.Table, label_id: int, numbers: Sequence[int]) -> set[int]:
    contact, label = table.columns
    return set(session.scalars(sa.select(contact).where(label == label_id, among(session, contact, numbers))))


def _changed(kind: str, contact_id: int, label_id: int, *, worn: bool) -> Changed:
    return Changed(contact_id, {kind: {str(label_id): not worn}}, {kind: {str(label_id): worn}})


def _label_name(_session: Session, values: Values) -> str:
    return f"“{values['name']}”"


def _said(values: Values, number: int) -> str:
    one, many = "“%(name)s” was put on %(num)s contact.", "“%(name)s” was put on %(num)s contacts."
    return ngettext(one, many, number, name=values["name"])


def _said_off(values: Values, number: int) -> str:
    one, many = "“%(name)s” was taken off %(num)s contact.", "“%(name)s” was taken off %(num)s contacts."
    return ngettext(one, many, number, name=values["name"])


def _read_owner(session: Session, form: Form, _user: User | None) -> Values:
    given = form.get("owner_id", "")
    owner = session.get(User, int(given)) if given.isdecimal() and len(given) < 16 else None
    if given and (owner is None or not owner.active):
        raise BadInput(_("Choose a colleague of the list."), field="owner_id")
    return {"owner_id": owner.id if owner else None}


def _owned(_session: Session, values: Values) -> sa.ColumnElement[bool]:
    return Contact.owner_id.is_not_distinct_from(values["owner_id"])


def _hand_over(session: Session, values: Values, numbers: Sequence[int], _user: User | None) -> list[Changed]:
    return set_column(session, "owner_id", values["owner_id"], numbers)


def set_column(session: Session, name: str, value: Any, numbers: Sequence[int]) -> list[Changed]:
    """Give that column of these contacts the value; returns what changed."""
    column = Contact.__table__.c[name]
    others = column.is_distinct_from(value)
    asked = sa.select(Contact.id, column).where(among(session, Contact.id, numbers), others)
    before = session.execute(asked.order_by(Contact.id)).all()
    if before:
        update = sa.update(Contact).where(among(session, Contact.id, [row[0] for row in before]))
        session.execute(update.values({name: value}).execution_options(synchronize_session=False))
    return [Changed(number, {"columns": {name: was}}, {"columns": {name: value}}) for number, was in before]


def _owner_name(session: Session, values: Values) -> str:
    owner = session.get(User, values["owner_id"]) if values["owner_id"] else None
    return (owner.name or owner.email) if owner else _("Nobody")


def _said_owner(_values: Values, number: int) -> str:
    one, many = "%(num)s contact has another owner now.", "%(num)s contacts have another owner now."
    return ngettext(one, many, number)


def _label_acts(kind: str, put: Any, take: Any) -> tuple[Act, Act]:
    asks = "pages/contacts/_bulk_labels.html"
    read, has, lacks = partial(_read_label, kind), partial(_wears, kind), partial(_wears_not, kind)
    return (
        Act(put, read, has, partial(_put_on, kind), _said, _label_name, asks),
        Act(take, read, lacks, partial(_take_off, kind), _said_off, _label_name, asks),
    )


_tag, _untag = _label_acts("tag", lambda: _("Put a tag on"), lambda: _("Take a tag off"))
_categorise, _uncategorise = _label_acts(
    "category", lambda: _("Put into a category"), lambda: _("Take out of a category")
)
for _key, _act in (
    ("tag", _tag),
    ("untag", _untag),
    ("categorise", _categorise),
    ("uncategorise", _uncategorise),
):
    bulk.offer(_key, _act)
bulk.offer(
    "owner",
    Act(
        lambda: _("Change the owner"),
        _read_owner,
        _owned,
        _hand_over,
        _said_owner,
        _owner_name,
        "pages/contacts/_bulk_owner.html",
        roles=(Role.MARKETER,),
    ),
)
