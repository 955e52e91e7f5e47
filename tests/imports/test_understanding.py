"""A file of many portions comes in whole, or up to where it breaks off."""

import sqlalchemy as sa

from campaigns.contacts.models import Contact, ImportStatus
from campaigns.imports import running
from tests.imports.files import counts, fetch, start, upload
from tests.imports.test_exports import HEADERS, table

ROWS = 12_000


def large(bad: str = "") -> str:
    """A file of several portions."""
    people = (
        {
            "Email Address": f"person{n}@example.com", "First Name": "Žaneta", "Last Name": "Dvořáková",
            "Phone Number": f"+420{600_000_000 + n}", "OPTIN_TIME": "2024-01-01 10:00:00", "TAGS": '"a","b"',
        }
        for n in range(ROWS)
    )  # fmt: skip
    return table(HEADERS["mailchimp"], *people) + bad


def test_a_large_file_comes_in_whole(session):
    session.rollback()
    import_id = upload(large("not an address,x\n"))
    start(import_id)

    running.run(import_id)

    done = fetch(import_id)
    assert (done.status, counts(done)) == (ImportStatus.DONE, (ROWS + 1, ROWS, 0, 0, 1))
    assert session.scalar(sa.select(sa.func.count(Contact.id))) == ROWS


def test_what_stands_before_a_broken_line_is_kept(session):
    session.rollback()
    import_id = upload(large('a@example.com,"x\nb@example.com,y\n' * 3000))
    start(import_id)

    running.run(import_id)

    failed = fetch(import_id)
    assert failed.status == ImportStatus.FAILED
    assert "quotation marks" in failed.error
    assert failed.created > 0
