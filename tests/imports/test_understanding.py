"""A file of many portions comes in whole, or up to where it breaks off, whoever reads it."""

import os
import signal
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from campaigns.contacts.field_models import About, Field, FieldKind
from campaigns.contacts.models import Contact, ImportStatus
from campaigns.errors import BadInput
from campaigns.imports import beside, running, understanding
from campaigns.imports.mapping import Refused
from campaigns.imports.reading import Shape
from campaigns.imports.understanding import Source
from tests.imports.files import counts, fetch, start, upload
from tests.imports.test_exports import HEADERS, table

ROWS = 12_000


def large(bad: str = "") -> str:
    """A file of several portions, which a process of its own reads."""
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
    assert fetch(import_id).bytes_total > beside.LARGE
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


def rows_of(folder: Path, lines: list[bytes]) -> Source:
    """A file with a column for nearly all that a row can say, large enough for a process of its own."""
    path = folder / "people.csv"
    path.write_bytes(b"\n".join([b"mail,name,phone,born,tags,notes,agreed,ip,state,size,likes", *lines]))
    assert path.stat().st_size > beside.LARGE
    sizes, likes = (
        Field(about=About.CONTACT, key=key, name=key, kind=kind, options=options, unit="")
        for key, kind, options in (
            ("size", FieldKind.NUMBER, []),
            ("likes", FieldKind.CHOICES, ["wood", "steel"]),
        )
    )
    meant = (
        *("email", "full_name", "phone", "birthday", "tags", "note", "optin_time", "optin_ip", "status"),
        *("field:size", "field:likes"),
    )
    mapping = {str(number): target for number, target in enumerate(meant)}
    choices = {"day_first": True, "region": "CZ"}
    return Source(path, Shape("utf-8", ",", header=True), mapping, choices, {"size": sizes, "likes": likes})


def test_a_process_beside_says_the_same(tmp_path):
    note = "x" * 200
    kinds = [
        'a{n}@example.com,Žaneta van der Berg,602 123 456,2. 3. 1990,"vip, fair",{note},3.4.2024 10:00,'
        '192.0.2.7,subscribed,"12,5","wood;steel"',
        "b{n}@example.com,Иван,12,31. 31.,,{note},,nowhere,unsubscribed,heavy,paper",
        "c{n}@example.com,Child,,1. 1. 2020,,{note},,,,,",
        "nobody{n},No Address,,,,{note},,,,,",
        "d{n}@example.com,Few,,,,{note}",
        "e{n}@example.com,Many,,,,{note},,,bounced,,,and,more,cells",
    ]
    lines = [kinds[n % len(kinds)].format(n=n, note=note).encode() for n in range(9_000)]
    lines[500] = b"f@example.com,unreadable \xff\xfe,,,,x,,,,,"
    source = rows_of(tmp_path, lines)

    with understanding.understood(source, 2_000) as here, beside.understood(source, 2_000) as there:
        alone, together = list(here.portions), list(there.portions)

    assert there.columns == here.columns
    assert [portion.bytes_read for portion in together] == [portion.bytes_read for portion in alone]
    assert [portion.rows for portion in together] == [portion.rows for portion in alone]
    rows = [row for portion in together for row in portion.rows]
    assert len(rows) == len(lines)
    assert (
        len({row.reason for row in rows if isinstance(row, Refused)}) == 4
    )  # a child, no address, cells, bytes
    first = rows[0]
    assert (first.fields, first.tags) == ({"size": "12.5", "likes": ["wood", "steel"]}, ("vip", "fair"))
    assert str(first.at) == "2024-04-03 10:00:00+00:00"


def test_what_is_wrong_beside_is_said_here(tmp_path):
    source = rows_of(tmp_path, [b"a@example.com,x," + b"x" * 300] * 8_000)
    wrong = source.path.read_bytes() + b'"b@example.com,x\nc@example.com,y\n' * 3_000
    source.path.write_bytes(wrong)

    with beside.understood(source, 2_000) as there, pytest.raises(BadInput, match="quotation marks"):
        list(there.portions)


def test_a_process_that_is_gone_is_no_end_of_the_file(tmp_path):
    source = rows_of(tmp_path, [b"a@example.com,x," + b"x" * 300] * 8_000)

    with beside.understood(source, 1_000) as there:
        next(there.portions)
        children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
        [reader] = [pid for pid in children if beside.__name__ in Path(f"/proc/{pid}/cmdline").read_text()]
        os.kill(int(reader), signal.SIGKILL)

        with pytest.raises(RuntimeError, match="ended with -9"):
            list(there.portions)
