"""Asking for a file: what was chosen is checked and kept, and how many rows there will be is counted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from campaigns import jobs
from campaigns.accounts.models import User
from campaigns.contacts import choosing
from campaigns.contacts.choosing import Choice
from campaigns.errors import BadInput
from campaigns.exports import ads, cards, columns, walking
from campaigns.exports.models import Export, Format, Subject
from campaigns.words import _

AT_ONCE = 2_000  # rows up to which the file is written before the page answers
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
_FORMATS = {
    Subject.CONTACTS: (Format.CSV, Format.XLSX, Format.VCARD4, Format.VCARD3),
    Subject.COMPANIES: (Format.CSV, Format.XLSX),
    Subject.ADS: (Format.GOOGLE, Format.META),
}


@dataclass(frozen=True)
class Wish:
    """How a file is wanted."""

    format: str = Format.CSV
    columns: Sequence[str] = field(default_factory=tuple)  # empty: the usual ones
    delimiter: str = "comma"
    bom: bool = True
    purpose: str = ""  # only those whom the gate lets through for this


def start(
    session: Session, subject: Subject, choice: Choice, wish: Wish, user: User | None, title: str = ""
) -> Export:
    """Put a file on its way; raises BadInput for what there is not.

    Whoever starts a small one (up to AT_ONCE) calls `running.run` after the commit instead of waiting for
    a worker.
    """
    if subject == Subject.ADS:
        ads.demand_alone(session, wish.format, choice)
    made = Export(
        subject=subject,
        format=_format(subject, wish.format),
        chosen=dict(choice),
        options=_options(session, subject, wish),
        title=(title or name(session, subject, choice))[:300],
        after={},
        user_id=user.id if user else None,
    )
    made.expected = walking.count(session, made, user)
    session.add(made)
    session.flush()
    if made.expected > AT_ONCE:
        jobs.ring(session, jobs.RUN_EXPORT, made.id)
    return made


def name(session: Session, subject: Subject, choice: Choice) -> str:
    """Whom the file is of, in words."""
    if subject == Subject.COMPANIES:
        q = choice.get("companies")
        return _("Companies that begin with “%(q)s”", q=q) if q else _("All companies")
    return choosing.words(session, choice)


def _format(subject: Subject, given: str) -> str:
    if given not in _FORMATS[subject]:
        raise BadInput(_("Choose a format of the list."), field="format")
    return given


def _options(session: Session, subject: Subject, wish: Wish) -> dict[str, Any]:
    if subject == Subject.ADS:
        return {"purpose": "ad_platforms"}
    keys: Sequence[str] = wish.columns or columns.USUAL[subject]
    if wish.format in (Format.VCARD3, Format.VCARD4):
        keys = cards.KEYS
    if wish.delimiter not in DELIMITERS:
        raise BadInput(_("Choose what stands between two cells."), field="delimiter")
    kept = [column.key for column in columns.chosen(session, subject, keys)]
    options = {"columns": kept, "delimiter": wish.delimiter, "bom": wish.bom}
    return options | ({"purpose": wish.purpose} if wish.purpose else {})
