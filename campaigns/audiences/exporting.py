"""An audience as a CSV file: those who may be mailed, streamed, no cell a spreadsheet would run."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from campaigns import sheets
from campaigns.accounts import audit
from campaigns.audiences import previewing
from campaigns.audiences.models import Audience
from campaigns.contacts.models import Contact
from campaigns.database import reading

_COLUMNS = ("email", "first_name", "last_name", "phone", "position", "language", "country", "city")
HEADING = (*_COLUMNS, "company", "categories", "tags")
_AT_ONCE = 1000


def note(session: Session, audience: Audience) -> None:
    """Write down that the audience was taken out; belongs before the first line leaves."""
    audit.note(session, "audience.export", f"audience:{audience.id}", rule=audience.rule[:500])


def lines(rule: str) -> Iterator[str]:
    """The file line by line, a thousand contacts at a time."""
    return sheets.lines(HEADING, _rows(rule))


def _rows(rule: str) -> Iterator[list[str]]:
    last = 0
    while True:
        with reading(slowly=True) as session:
            some = previewing.people(session, rule, after=last, limit=_AT_ONCE)
            yield from map(_row, some)
        if len(some) < _AT_ONCE:
            return
        last = some[-1].id


def _row(contact: Contact) -> list[str]:
    plain = [getattr(contact, name) for name in _COLUMNS]
    company = contact.company.name if contact.company else ""
    labels = [", ".join(label.name for label in some) for some in (contact.categories, contact.tags)]
    return [*plain, company, *labels]
