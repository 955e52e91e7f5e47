"""Setting one field of many contacts: a typed field, or a column that may be the same for many."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from campaigns.accounts.models import User
from campaigns.bulk import among, update_many
from campaigns.contacts import bulk, companies, field_renaming, field_words, fields, listing, origins, showing
from campaigns.contacts.bulk import Form, Values
from campaigns.contacts.bulk_acts import set_column
from campaigns.contacts.changing import Changed
from campaigns.contacts.field_models import Field, FieldKind
from campaigns.contacts.models import Company, Contact
from campaigns.contacts.names import fold, tidy
from campaigns.errors import BadInput
from campaigns.words import _, lazy, ngettext

COLUMNS: dict[str, Any] = {
    "company": lazy("Company"),
    "position": lazy("Position"),
    "city": lazy("City"),
    "country": lazy("Country"),
    "language": lazy("Language"),
    "channel": lazy("Preferred channel"),
    "decision_role": lazy("Role in the decision"),
}
_LENGTHS = {"position": 120, "city": 120, "company": 200}
_OWN = "fields."

Choices = Sequence[tuple[str, str]]


def offered(session: Session) -> list[tuple[str, str]]:
    """What can be set, and its name: typed fields in their order, then columns."""
    typed = [(f"{_OWN}{key}", field.name) for key, field in fields.known(session).items()]
    return [*typed, *((name, str(label)) for name, label in COLUMNS.items())]


def choices(session: Session, name: str) -> Choices | None:
    """The values that may be chosen for it; None where any text may be typed. Raises BadInput."""
    if name in COLUMNS:
        return _CHOICES[name]() if name in _CHOICES else None
    field = _field(session, name)
    if field.kind == FieldKind.YES_NO:
        return [("", "–"), ("yes", _("Yes")), ("no", _("No"))]
    return [("", "–"), *((one, one) for one in field.options)] if field.kind == FieldKind.CHOICE else None


_CHOICES: Mapping[str, Any] = {
    "country": listing.countries,
    "language": listing.languages,
    "channel": showing.channels,
    "decision_role": showing.decision_roles,
}


def _field(session: Session, name: str) -> Field:
    found = fields.known(session).get(name.removeprefix(_OWN)) if name.startswith(_OWN) else None
    if found is None:
        raise BadInput(_("Choose a field of the list."), field="set_field")
    return found


def _read(session: Session, form: Form, _user: User | None) -> Values:
    name, given = form.get("set_field", ""), form.get("set_value", "")
    if name not in COLUMNS:
        field = _field(session, name)
        try:
            return {"name": name, "label": field.name, "value": fields.clean(field, given)}
        except BadInput as error:
            raise BadInput(error.message, field="set_value") from error
    value = tidy(given, _LENGTHS.get(name, 20))
    allowed = choices(session, name)
    if allowed is not None and value not in dict(allowed):
        raise BadInput(_("Choose a value of the list."), field="set_value")
    return {"name": name, "label": str(COLUMNS[name]), "value": value}


def _has(session: Session, values: Values) -> sa.ColumnElement[bool]:
    name, value = values["name"], values["value"]
    if name == "company":
        meant = sa.select(Company.id).where(Company.key == fold(value)).scalar_subquery()
        return Contact.company_id == meant if value else Contact.company_id.is_(None)
    if name in COLUMNS:
        return getattr(Contact, name) == value
    kept: Any = Contact.fields[name.removeprefix(_OWN)]
    if isinstance(value, bool):
        return kept.as_boolean() == value
    if isinstance(value, list):
        return _same_list(session, kept, value)
    return kept.as_string().is_(None) if value is None else kept.as_string() == value


def _same_list(session: Session, kept: Any, value: list[str]) -> sa.ColumnElement[bool]:
    if session.get_bind().dialect.name == "postgresql":
        return sa.cast(kept.as_string(), JSONB) == sa.literal(value, JSONB)
    return kept.as_string() == json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _set(session: Session, values: Values, numbers: Sequence[int], user: User | None) -> list[Changed]:
    name, value = values["name"], values["value"]
    if name == "company":
        company = companies.company(session, value)
        changed = set_column(session, "company_id", company.id if company else None, numbers)
    elif name in COLUMNS:
        changed = set_column(session, name, value, numbers)
    else:
        key = name.removeprefix(_OWN)
        if field := fields.known(session).get(key):
            value = field_renaming.current(session, field, value)
        changed = _set_field(session, key, value, numbers)
    return _from(session, changed, name, origins.of_user(user) if user else "bulk")


def _from(session: Session, changed: list[Changed], name: str, source: str) -> list[Changed]:
    """Write down that this datum is from this source now."""
    numbers = [one.contact_id for one in changed]
    kept = sa.select(Contact.id, Contact.origins).where(among(session, Contact.id, numbers))
    before: dict[int, dict[str, Any]] = {number: said or {} for number, said in session.execute(kept)}
    after = {number: origins.added(said, [name], source) for number, said in before.items()}
    update_many(session, Contact, [{"id": number, "origins": said} for number, said in after.items()])
    return [
        Changed(
            one.contact_id,
            {**one.before, "columns": {**one.before.get("columns", {}), "origins": before[one.contact_id]}},
            {**one.after, "columns": {**one.after.get("columns", {}), "origins": after[one.contact_id]}},
        )
        for one in changed
    ]


def _set_field(session: Session, key: str, value: Any, numbers: Sequence[int]) -> list[Changed]:
    kept = sa.select(Contact.id, Contact.fields).where(among(session, Contact.id, numbers))
    before = {number: had or {} for number, had in session.execute(kept.order_by(Contact.id))}
    others = {number: had for number, had in before.items() if had.get(key) != value}
    rows = [{"id": number, "fields": _with(had, key, value)} for number, had in others.items()]
    update_many(session, Contact, rows)
    fields.refresh(session, list(others))
    return [
        Changed(number, {"fields": {key: had.get(key)}}, {"fields": {key: value}})
        for number, had in others.items()
    ]


def _with(had: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    return {name: one for name, one in (had | {key: value}).items() if one is not None}


def _said(values: Values, number: int) -> str:
    one, many = "“%(name)s” was set on %(num)s contact.", "“%(name)s” was set on %(num)s contacts."
    return ngettext(one, many, number, name=values["label"])


bulk.offer(
    "field",
    bulk.Act(
        lambda: _("Set a field"),
        _read,
        _has,
        _set,
        _said,
        lambda _session, values: f"{values['label']} = {field_words.plain(values['value']) or '–'}",
        "pages/contacts/_bulk_field.html",
        offers=lambda session: {"settable": offered(session)},
    ),
)
