"""Keeps what an import changes on contacts that were there before, so that it can be undone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from campaigns.contacts import changing
from campaigns.contacts.change_models import ChangeSet
from campaigns.contacts.changing import Changed
from campaigns.contacts.models import Import
from campaigns.imports.people import Person, changed_names
from campaigns.imports.plan import Plan

KIND = "import"


def reference(import_id: int) -> str:
    """What the change set of an import is found by."""
    return f"import:{import_id}"


def change_set(session: Session, import_: Import | Plan) -> ChangeSet:
    """The change set of an import, made when there is none yet."""
    number = import_.import_id if isinstance(import_, Plan) else import_.id
    title = import_.title if isinstance(import_, Plan) else import_.filename
    found = changing.of(session, reference(number))
    return found or changing.opened(session, KIND, title, import_.user_id, reference(number))


def close(session: Session, import_id: int) -> None:
    """Nothing more will be changed by this import: its changes may be undone."""
    if found := changing.of(session, reference(import_id)):
        changing.close(session, found)


def keep(
    session: Session,
    plan: Plan,
    touched: Sequence[Person],
    companies: Mapping[str, int],
    labels: Mapping[tuple[str, str], int],
    dates: Mapping[int, datetime],
) -> None:
    """Record what is different on them; `labels` are numbers by kind and key, `dates` when each changed."""
    rows = [_changed(plan, person, companies, labels, dates) for person in touched]
    changing.record(session, change_set(session, plan), rows)


def _changed(
    plan: Plan,
    person: Person,
    companies: Mapping[str, int],
    labels: Mapping[tuple[str, str], int],
    dates: Mapping[int, datetime],
) -> Changed:
    was = person.touched[1] if person.touched else None
    before: dict[str, dict[str, Any]] = {"columns": {"updated_at": was}}
    after: dict[str, dict[str, Any]] = {"columns": {"updated_at": dates.get(person.number, was)}}
    if person.before is not None:
        _note_columns(person, person.before, companies, before, after)
    for kind, key, _name in person.added:
        before.setdefault(kind, {})[str(labels[kind, key])] = False
        after.setdefault(kind, {})[str(labels[kind, key])] = True
    if person.said:
        before["consent"], after["consent"] = {"import": None}, {"import": plan.import_id}
    if person.list_as:
        before["suppression"], after["suppression"] = {"source": None}, {"source": plan.entry_source}
    return Changed(person.number, before, after)


def _note_columns(
    person: Person,
    was: Mapping[str, Any],
    companies: Mapping[str, int],
    before: dict[str, dict[str, Any]],
    after: dict[str, dict[str, Any]],
) -> None:
    for name in changed_names(person):
        if name.startswith("fields."):
            key = name.removeprefix("fields.")
            before.setdefault("fields", {})[key] = was["fields"].get(key)
            after.setdefault("fields", {})[key] = person.values["fields"].get(key)
        elif name == "company":
            before["columns"]["company_id"] = person.company_id
            after["columns"]["company_id"] = companies[person.company]
        else:
            before["columns"][name], after["columns"][name] = was[name], person.values[name]
    before["columns"]["origins"], after["columns"]["origins"] = person.origins_before, person.origins
