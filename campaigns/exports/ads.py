"""Lists for ad platforms: only those who agreed to exactly that, and who is to be taken back.

Nobody whom the gate does not let through for `ad_platforms` is ever in one; minors never. Whom we gave is
remembered under our own key only (ad_marks.py), until the platform has been told to forget them.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import sheets
from campaigns.accounts.models import User
from campaigns.audiences import sampling
from campaigns.bulk import among, insert_many
from campaigns.consent import gate
from campaigns.consent.models import Consent, Purpose
from campaigns.contacts import choosing, fields
from campaigns.contacts.choosing import Choice
from campaigns.contacts.models import Contact
from campaigns.database import now, reading
from campaigns.errors import Conflict
from campaigns.exports import ad_layouts, gathering, places
from campaigns.exports.ad_marks import Marks
from campaigns.exports.columns import FIELD, Column
from campaigns.exports.models import AdGiven, Export, Format, Subject
from campaigns.longwork import ENDED, WorkStatus
from campaigns.words import _

_AT_ONCE = 2_000
_ZIPS = ("zip", "zip_code", "postal_code", "post_code", "postcode", "psc")


def list_key(layout: str, choice: Choice) -> str:
    """Under what those who were given are remembered: one platform, one choice of contacts."""
    said = json.dumps(dict(choice), sort_keys=True).encode()
    return f"{layout}:{hashlib.sha256(said).hexdigest()[:32]}"


def demand_alone(session: Session, layout: str, choice: Choice) -> None:
    """Raise Conflict while another file of the same list is being written: the two would not agree."""
    busy = sa.select(Export).where(Export.subject == Subject.ADS, Export.status.not_in(ENDED))
    if any((one.format, one.chosen) == (layout, dict(choice)) for one in session.scalars(busy)):
        raise Conflict(_("A file of this list is being written already. Wait for it, or cancel it."))


def counted(session: Session, choice: Choice, user: User | None) -> tuple[dict[str, int], bool]:
    """How many of the chosen ones are let through (key: empty), and the others by the gate's reason.

    Of many they are worked out from some of the contacts, and it says so: about so many. Where only few
    are let through, these are counted all the same, among those who were ever asked.
    """
    some = sampling.sample(session)
    if some is not None:
        found = _counted(session, choice, user, among(session, Contact.id, some))
        if sum(found.values()) >= sampling.RARE:
            about = {reason: sampling.scaled(many, some) for reason, many in found.items()}
            if found.get("", 0) < sampling.RARE:
                asked = sa.select(Consent.contact_id).where(Consent.purpose == Purpose.AD_PLATFORMS)
                about[""] = _counted(session, choice, user, Contact.id.in_(asked)).get("", 0)
            return about, True
    return _counted(session, choice, user, sa.true()), False


def _counted(session: Session, choice: Choice, user: User | None, of: Any) -> dict[str, int]:
    verdict = gate.refusal(Purpose.AD_PLATFORMS).label("reason")
    chosen = of, Contact.id.in_(choosing.numbers(session, choice, user))
    asked = sa.select(verdict).where(*chosen).subquery()
    found = session.execute(sa.select(asked.c.reason, sa.func.count()).group_by(asked.c.reason))
    return {str(reason or ""): number for reason, number in found}


def written(session: Session, export: Export, numbers: Sequence[int], *, first: bool) -> tuple[str, int]:
    """The rows of these as the platform takes them, asking the gate again for each; they are remembered."""
    layout = Format(export.format)
    refused = gate.refusals(session, numbers, Purpose.AD_PLATFORMS) if numbers else {}
    allowed = [number for number in numbers if number not in refused]
    names, shown = _columns(session)
    known = gathering.rows(session, Subject.CONTACTS, shown, allowed) if allowed else []
    rows = [ad_layouts.row(layout, dict(zip(names, row, strict=True))) for row in known]
    _remember(session, export, [ad_layouts.keys(layout, row) for row in rows])
    heading = [ad_layouts.HEADINGS[layout]] if first else []
    return sheets.text([*heading, *rows]), len(rows)


def _columns(session: Session) -> tuple[list[str], list[Column]]:
    """What is read of each contact; the post code from the field that is called so."""
    own = fields.known(session)
    post_code = next((own[key] for key in _ZIPS if key in own), None)
    names = [name for name in ad_layouts.KEYS if name != "zip"]
    shown = [Column(name, name) for name in names]
    if post_code is None:
        return names, shown
    return [*names, "zip"], [*shown, Column(f"{FIELD}{post_code.key}", post_code.name, post_code)]


def _remember(session: Session, export: Export, given: Sequence[tuple[str, str]]) -> None:
    marks, key = Marks(), list_key(export.format, export.chosen)
    rows = {
        marks.mark(email): {
            "list_key": key,
            "email_mark": marks.mark(email),
            "phone_mark": marks.mark(phone),
            "export_id": export.id,
            "given_at": now(),
        }
        for email, phone in given
    }
    update = ["phone_mark", "export_id", "given_at"]
    some: list[dict[str, Any]] = [rows[mark] for mark in sorted(rows)]
    insert_many(session, AdGiven, some, conflict=["list_key", "email_mark"], update=update)


def write_removal(export: Export, beat: Callable[[], None]) -> int:
    """Write the file of those given earlier who are not in this one; returns how many they are."""
    layout, marks = Format(export.format), Marks()
    heading, number, after = ad_layouts.HEADINGS[layout], 0, ""
    path = places.removal(export.id)
    at = places.append(path, 0, sheets.text([heading]).encode())
    while some := _gone(export, after):
        blank = [""] * (len(heading) - 2)
        rows = [[marks.hashed(email), marks.hashed(phone), *blank] for email, phone in some]
        at = places.append(path, at, sheets.text(rows).encode())
        number, after = number + len(some), some[-1][0]
        beat()
    return number


def _gone(export: Export, after: str) -> list[tuple[str, str]]:
    asked = sa.select(AdGiven.email_mark, AdGiven.phone_mark).where(*_earlier(export))
    with reading() as session:
        further = asked.where(AdGiven.email_mark > after).order_by(AdGiven.email_mark).limit(_AT_ONCE)
        return [(row[0], row[1]) for row in session.execute(further)]


def _earlier(export: Export) -> list[sa.ColumnElement[bool]]:
    """Those given under the same list, but not by this file or a later one."""
    return [AdGiven.list_key == list_key(export.format, export.chosen), AdGiven.export_id < export.id]


def confirm_removal(session: Session, export: Export) -> int:
    """The platform was told: forget those of the removal file; returns how many. Raises Conflict."""
    if export.status != WorkStatus.DONE or export.removal_confirmed_at is not None:
        raise Conflict(_("There is nothing to confirm here."))
    gone = session.execute(sa.delete(AdGiven).where(*_earlier(export)))
    export.removal_confirmed_at = now()
    return int(gone.rowcount)  # type: ignore[attr-defined]


def remembered(session: Session, layout: str, choice: Choice) -> int:
    """How many of this list the platform was given and has not been told to forget."""
    mine = AdGiven.list_key == list_key(layout, choice)
    return session.scalar(sa.select(sa.func.count()).select_from(AdGiven).where(mine)) or 0
