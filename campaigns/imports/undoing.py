"""Undoes an import: who was made by it is deleted, unless touched since; what it changed is put back.

The changes of contacts that were there before are undone by contacts/changing.py, step by step; this is
the rest of it, and the parts that belong to consent. The ledger is never shortened: what the import said
is taken back by entries of its own.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import cache, partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import jobs
from campaigns.accounts.models import User
from campaigns.bulk import among
from campaigns.consent import suppression, taking_back
from campaigns.consent.models import Act, Consent, ConsentEvent, Purpose, Suppression
from campaigns.consent.standing import NO
from campaigns.contacts import changing, restoring, tagging, undoing
from campaigns.contacts.change_models import ChangeSet, UndoWork
from campaigns.contacts.field_models import Field, contact_value
from campaigns.contacts.models import Contact, Import, ImportMade, ImportStatus
from campaigns.contacts.restoring import CHANGED, Asked, Left, Undone
from campaigns.database import Base, now
from campaigns.errors import Conflict
from campaigns.imports import labelling, remembering
from campaigns.words import _

ENDED = (ImportStatus.DONE, ImportStatus.CANCELLED, ImportStatus.FAILED)
_SHOWN = 20  # contacts that were left, by name
_YES = (Act.GRANTED, Act.CONFIRMED)
# What comes with every contact, is worked out from it, or shows in `updated_at`: deleted with it.
_OWN = {
    "consent",
    "consent_event",
    "contact_value",
    "contact_category",
    "contact_tag",
    "change",
    "duplicate",
    "looked_at",
}


def start(session: Session, import_: Import, user: User | None) -> UndoWork:
    """Put the undoing on its way; raises Conflict unless the import has come to an end."""
    started = session.execute(
        sa.update(Import)
        .where(Import.id == import_.id, Import.status.in_(ENDED))
        .values(status=ImportStatus.UNDOING, undone={})
    )
    if not started.rowcount:  # type: ignore[attr-defined]
        raise Conflict(_("Only an import that has come to an end can be undone, and only once."))
    session.refresh(import_)
    change_set = remembering.change_set(session, import_)
    changing.close(session, change_set)
    work = undoing.start(session, change_set, user)
    jobs.ring(session, jobs.UNDO_CHANGES, work.id)
    return work


def _of(session: Session, change_set: ChangeSet) -> Import:
    return session.get_one(Import, int(change_set.reference.partition(":")[2]))


def rest(session: Session, change_set: ChangeSet, user: User | None, limit: int) -> Undone:
    """One step: delete some contacts that the import made; at the end, what else it made."""
    import_ = _of(session, change_set)
    if import_.status != ImportStatus.UNDOING:  # undone from the list of changes
        import_.status = ImportStatus.UNDOING
        import_.undone = {}
    done = Counter({name: number for name, number in import_.undone.items() if isinstance(number, int)})
    made = sa.select(Contact.id).where(Contact.import_id == import_.id, Contact.id > done["after"])
    numbers = list(session.scalars(made.order_by(Contact.id).limit(limit)))
    if not numbers:
        return _finish(session, import_, change_set, done)
    session.scalars(
        sa.select(Contact.id)
        .where(among(session, Contact.id, numbers))
        .order_by(Contact.id)
        .with_for_update()
    ).all()
    kept = _touched(session, import_, numbers)
    gone = [number for number in numbers if number not in kept]
    _delete(session, import_, gone)
    origin = remembering.reference(import_.id)
    done["consents"] += taking_back.take_back(
        session, list(kept), origin, user.id if user else None, acts=_YES
    )
    done["removed"] += len(gone)
    done["after"] = numbers[-1]
    why = Counter(import_.undone.get("why", {})) + Counter(kept.values())
    some = [*import_.undone.get("some", []), *([number, kept[number]] for number in sorted(kept))][:_SHOWN]
    import_.undone = {**done, "why": dict(why), "some": some}
    return Undone(left=[(number, "contact", kept[number]) for number in sorted(kept)], more=True)


def _finish(session: Session, import_: Import, change_set: ChangeSet, done: Counter[str]) -> Undone:
    _forget_fields(session, import_)
    done["labels"] = sum(_forget_unused(session, import_, kind) for kind in labelling.KINDS)
    done["restored"], done["left"] = change_set.restored, change_set.left_alone
    why = Counter(import_.undone.get("why", {})) + Counter(
        restricted=undoing.left_for_them(session, change_set)
    )
    import_.undone = {**import_.undone, **done, "why": dict(why), "at": now().isoformat()}
    import_.status = ImportStatus.UNDONE
    return Undone()


def _touched(session: Session, import_: Import, numbers: Sequence[int]) -> dict[int, str]:
    """Which of these somebody has had to do with since, and how: the name of a table, or what was changed."""
    mine = among(session, Contact.id, numbers)
    edited = sa.select(Contact.id).where(mine, Contact.updated_at != Contact.created_at)
    found = dict.fromkeys(session.scalars(edited), "edited")
    restricted = sa.select(Contact.id).where(mine, Contact.restricted_at.is_not(None))
    origin = remembering.reference(import_.id)
    said = (
        sa.select(ConsentEvent.contact_id)
        .distinct()
        .where(
            among(session, ConsentEvent.contact_id, numbers),
            sa.not_(ConsentEvent.source.startswith(f"{origin} ", autoescape=True)),
            ConsentEvent.act != Act.UNDONE,
            ConsentEvent.id.not_in(taking_back.undone(session, numbers)),
        )
    )
    found |= dict.fromkeys(session.scalars(said), "consent")
    for name, column in _pointing():
        hanging = sa.select(column).distinct().where(among(session, column, numbers))
        found |= dict.fromkeys(session.scalars(hanging), name)
    return found | dict.fromkeys(session.scalars(restricted), "restricted")


@cache
def _pointing() -> list[tuple[str, Any]]:
    """The columns of all rooms' tables that point to contacts, messages among them."""
    return [
        (table.name, column)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if table.name not in _OWN
        and (
            column.name == "contact_id"
            or any(key.column.table.name == "contact" for key in column.foreign_keys)
        )
    ]


def _delete(session: Session, import_: Import, numbers: Sequence[int]) -> None:
    hashes = sa.select(Contact.address_hash).where(among(session, Contact.id, numbers))
    by_import = Suppression.source.startswith(f"{remembering.reference(import_.id)} ", autoescape=True)
    suppression.remove(session, Suppression.address_hash.in_(hashes), by_import)
    tagging.strip(session, numbers)
    gone = sa.delete(Contact).where(among(session, Contact.id, numbers))
    session.execute(gone.execution_options(synchronize_session=False))


def _forget_unused(session: Session, import_: Import, kind: str) -> int:
    """Delete labels and companies that the import made and that nobody wears or works for."""
    model = labelling.KINDS[kind]
    made = sa.select(ImportMade.made_id).where(ImportMade.import_id == import_.id, ImportMade.kind == kind)
    unused = sa.delete(model).where(model.id.in_(made), *labelling.unused(kind))
    return int(session.execute(unused.execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]


def _forget_fields(session: Session, import_: Import) -> None:
    """Delete fields that the import made and that nobody has a value of."""
    made = sa.select(ImportMade.made_id).where(ImportMade.import_id == import_.id, ImportMade.kind == "field")
    used = sa.exists().where(contact_value.c.field_id == Field.id)
    unused = sa.delete(Field).where(Field.id.in_(made), sa.not_(used))
    session.execute(unused.execution_options(synchronize_session=False))


def _consent(session: Session, asked: Sequence[Asked], acts: Collection[Act] = tuple(Act)) -> Iterator[Left]:
    """Take back what the import said of people who were there before; what others said of them counts."""
    by_import: dict[int, list[int]] = {}
    for one in asked:
        by_import.setdefault(one.after["import"], []).append(one.contact_id)
    for number, contact_ids in by_import.items():
        taking_back.take_back(session, contact_ids, remembering.reference(number), None, acts=acts)
    yield from ()


def _suppression(session: Session, asked: Sequence[Asked]) -> Iterator[Left]:
    """Take addresses off the list again, unless the person has said no meanwhile."""
    numbers = [one.contact_id for one in asked]
    no = sa.select(Consent.contact_id).where(
        among(session, Consent.contact_id, numbers), Consent.purpose == Purpose.MAIL, Consent.state.in_(NO)
    )
    said_no = set(session.scalars(no))
    for one in asked:
        if one.contact_id in said_no:
            yield Left(one.contact_id, "source", CHANGED)
            continue
        hashes = sa.select(Contact.address_hash).where(Contact.id == one.contact_id)
        by_import = Suppression.source == one.after["source"][:300]
        if not suppression.remove(session, Suppression.address_hash.in_(hashes), by_import):
            yield Left(one.contact_id, "source", CHANGED)


def why(reason: str) -> str:
    """Why a contact was left, in a few words."""
    return {
        "edited": _("Was changed since"),
        "restricted": _("Their data are to be kept, but not used"),
        "consent": _("Has said something about letters since"),
        "message": _("Was written to since"),
        "activity": _("Was spoken with since"),
        "next_step": _("Has a next step"),
        "purchase": _("Has bought something since"),
    }.get(reason, _("Something hangs on it: %(what)s", what=reason.replace("_", " ")))


restoring.offer("consent", _consent, strict=partial(_consent, acts=_YES))
restoring.offer("suppression", _suppression)
restoring.offer_rest(remembering.KIND, rest)
