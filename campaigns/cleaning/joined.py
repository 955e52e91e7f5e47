"""One contact's columns out of two: the values that were chosen, notes of both, the longer pause."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from campaigns.cleaning.comparing import COLUMNS, FIELD
from campaigns.consent.rhythm import stricter
from campaigns.contacts import names
from campaigns.contacts.models import Contact

_LONGEST_NOTE = 20_000


def columns(kept: Contact, gone: Contact, choices: Mapping[str, int]) -> dict[str, Any]:
    """What the kept contact's columns become; `choices` names the contact whose value of a datum is kept.

    A datum that `choices` leaves out stays as the kept contact has it, or is the other's where that is empty.
    """
    values: dict[str, Any] = {}
    for key, of in COLUMNS.items():
        source = _source(kept, gone, choices.get(key), [getattr(kept, name) for name in of])
        values |= {name: getattr(source, name) for name in of}
    values["fields"] = _fields(kept, gone, choices)
    values["handles"] = [*kept.handles, *(handle for handle in gone.handles if handle not in kept.handles)]
    values["note"] = _note(kept.note, gone.note)
    values |= names.keys(values["first_name"], values["last_name"], values["email"])
    values |= _history(kept, gone)
    return values | {"origins": _origins(kept, gone, values)}


def _source(kept: Contact, gone: Contact, chosen: int | None, ours: list[Any]) -> Contact:
    if chosen is None:
        return kept if any(ours) else gone
    return gone if chosen == gone.id else kept


def _fields(kept: Contact, gone: Contact, choices: Mapping[str, int]) -> dict[str, Any]:
    found = dict(kept.fields)
    for key, value in gone.fields.items():
        if choices.get(FIELD + key, gone.id if key not in found else kept.id) == gone.id:
            found[key] = value
    return found


def _note(ours: str, theirs: str) -> str:
    if not theirs or theirs in ours:
        return ours
    return f"{ours}\n{theirs}".strip()[:_LONGEST_NOTE]


def _history(kept: Contact, gone: Contact) -> dict[str, Any]:
    """What follows from both: the longer pause, the stricter rhythm, the earlier start, the newer touch."""
    first, second = sorted((kept, gone), key=lambda contact: (contact.created_at, contact.id))
    last = max((kept, gone), key=lambda contact: (contact.last_contact_at is not None, _at(contact)))
    verified = [kept.verified_at, gone.verified_at]
    return {
        "paused_until": max((at for at in (kept.paused_until, gone.paused_until) if at), default=None),
        "rhythm": stricter(kept.rhythm, gone.rhythm),
        "created_at": first.created_at,
        "source": first.source or second.source,
        # Undoing an import takes away only whom it brought under every name.
        "import_id": kept.import_id if kept.import_id == gone.import_id else None,
        "verified_at": min(at for at in verified if at) if all(verified) else None,
        "last_contact_at": last.last_contact_at,
        "last_contact_by": last.last_contact_by,
        "last_contact_how": last.last_contact_how,
    }


def _at(contact: Contact) -> datetime:
    return contact.last_contact_at or contact.created_at


def _origins(kept: Contact, gone: Contact, values: Mapping[str, Any]) -> dict[str, Any]:
    """Where each datum is from, told by the contact whose value it is."""
    found = dict(kept.origins)
    for key, said in gone.origins.items():
        mine, theirs = _of(kept, key), _of(gone, key)
        now_has = values.get(key, values["fields"].get(key))
        if now_has == theirs and mine != theirs:
            found[key] = said
    return found


def _of(contact: Contact, key: str) -> Any:
    return getattr(contact, key) if key in Contact.__table__.c else contact.fields.get(key)
