"""A large file is understood by a process beside, with the same result."""

import pytest
import sqlalchemy as sa

from campaigns.contacts.models import Contact, ImportStatus
from campaigns.database import transaction
from campaigns.imports import holding, running, understanding
from campaigns.imports.understanding import Portion
from tests.imports.files import counts, fetch, start, upload
from tests.imports.test_exports import HEADERS, table

ROWS = 12_000


def large(bad: str = "") -> str:
    """A file that is large enough for a process of its own."""
    people = (
        {
            "Email Address": f"person{n}@example.com", "First Name": "Žaneta", "Last Name": "Dvořáková",
            "Phone Number": f"+420{600_000_000 + n}", "OPTIN_TIME": "2024-01-01 10:00:00", "TAGS": '"a","b"',
            "NOTES": "A note that makes the line longer. " * 3,
        }
        for n in range(ROWS)
    )  # fmt: skip
    return table(HEADERS["mailchimp"], *people) + bad


def test_a_large_file_comes_in_whole(session):
    session.rollback()
    import_id = upload(large("not an address,x\n"))
    assert fetch(import_id).bytes_total > understanding.LARGE
    start(import_id)

    running.run(import_id)

    done = fetch(import_id)
    assert (done.status, counts(done)) == (ImportStatus.DONE, (ROWS + 1, ROWS, 0, 0, 1))
    assert session.scalar(sa.select(sa.func.count(Contact.id))) == ROWS


@pytest.mark.sqlite_only
def test_it_says_the_same_as_in_one_process(session, settings):
    session.rollback()
    import_id = upload(large())
    start(import_id)
    job = holding.take(import_id)
    with understanding.understood(job, 5000) as beside:
        columns, found = beside.columns, list(beside.portions)
    with transaction() as other:
        other.execute(sa.text("UPDATE import SET lease_until = NULL"))

    alone = list(understanding.portions(job, 5000))

    assert columns == HEADERS["mailchimp"]
    assert [portion.rows for portion in found] == [portion.rows for portion in alone]
    assert all(isinstance(portion, Portion) for portion in found)


@pytest.mark.sqlite_only
def test_what_breaks_off_beside_is_said_here(session):
    session.rollback()
    import_id = upload(large('a@example.com,"x\nb@example.com,y\n' * 3000))
    start(import_id)

    running.run(import_id)

    failed = fetch(import_id)
    assert failed.status == ImportStatus.FAILED
    assert "quotation marks" in failed.error
    assert failed.created > 0
