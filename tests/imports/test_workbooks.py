"""Workbooks as Excel and LibreOffice write them: days, leading zeros, several sheets, empty rows."""

import io
import zipfile
from contextlib import suppress
from datetime import datetime

import pytest
import xlsxwriter
from hypothesis import example, given
from hypothesis import strategies as st

from campaigns.contacts.models import Contact, Import
from campaigns.database import transaction
from campaigns.errors import BadInput
from campaigns.imports import files, uploading, workbooks
from tests.imports.files import bring, counts, fetch, upload


def workbook(*sheets: tuple[str, list[list[object]]], at: tuple[int, int] = (0, 0), zeros: int = 0) -> bytes:
    """A workbook of these sheets; days are shown as days, and whole numbers with zeros in front if asked."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        day = book.add_format({"num_format": "d.m.yyyy"})
        padded = book.add_format({"num_format": "0" * zeros}) if zeros else None
        for name, rows in sheets:
            sheet = book.add_worksheet(name)
            for y, row in enumerate(rows, at[0]):
                for x, cell in enumerate(row, at[1]):
                    if isinstance(cell, datetime):
                        sheet.write_datetime(y, x, cell, day)
                    elif isinstance(cell, int) and not isinstance(cell, bool):
                        sheet.write_number(y, x, cell, padded)
                    else:
                        sheet.write(y, x, cell)
    return out.getvalue()


LEAP_DAY = datetime.fromisoformat("1980-02-29")
PEOPLE = [
    ["E-mail", "Jméno", "Příjmení", "Narozeniny", "PSČ", "Zákaznické číslo", "Souhlas", "Poznámka"],
    [
        "anna@example.com",
        "Anna",
        "Dvořáková",
        datetime.fromisoformat("1980-02-29"),
        10000,
        "00042",
        True,
        "one\ntwo",
    ],
    ["petr@example.com", "Petr", "Novák", "17.4.1990", 60200, "00043", False, ""],
]


def look(session, content: bytes) -> tuple[Import, uploading.Look]:
    session.rollback()
    import_ = fetch(upload(content, "people.xlsx"))
    return import_, uploading.look(import_)


@pytest.mark.sqlite_only
def test_days_zeros_and_truth(session):
    import_, seen = look(session, workbook(("People", PEOPLE)))

    anna, petr = seen.understood
    assert import_.format == "workbook"
    assert anna.values == {
        "first_name": "Anna", "last_name": "Dvořáková", "birthday": "02-29", "birth_year": 1980,
        "note": "one\ntwo",
    }  # fmt: skip
    assert anna.fields == {"PSČ": "10000", "Zákaznické číslo": "00042"}
    assert (anna.will, petr.will) == ("agrees", "silent")
    assert (petr.values["birthday"], petr.line) == ("04-17", 3)


@pytest.mark.sqlite_only
def test_numbers_that_are_shown_with_zeros_in_front_keep_them(session):
    rows = [["Email", "PSČ"], ["a@example.com", 123], ["b@example.com", 60200]]

    _import, seen = look(session, workbook(("People", rows), at=(3, 2), zeros=5))

    assert [row.fields["PSČ"] for row in seen.understood] == ["00123", "60200"]
    assert [row.line for row in seen.understood] == [5, 6]  # as Excel numbers them


@pytest.mark.sqlite_only
def test_a_title_above_the_table_is_passed_over(session):
    _import, seen = look(session, workbook(("People", [["Our dear customers"], [], *PEOPLE])))

    assert seen.columns[:2] == ["E-mail", "Jméno"]
    assert seen.understood[0].line == 4


@pytest.mark.sqlite_only
def test_of_several_sheets_the_largest_is_taken_and_others_can_be_chosen(session):
    few = [["Email"], ["few@example.com"]]
    import_, seen = look(session, workbook(("Notes", []), ("Few", few), ("People", PEOPLE)))
    assert import_.choices["sheets"] == [["People", 3], ["Few", 2]]
    assert import_.choices["sheet"] == "People"
    assert len(seen.rows) == 2

    with transaction() as other:
        uploading.choose_sheet(other.get_one(Import, import_.id), "Few")

    other_look = uploading.look(fetch(import_.id))
    assert [row.address.email for row in other_look.understood] == ["few@example.com"]
    with transaction() as other, pytest.raises(BadInput, match="no sheet"):
        uploading.choose_sheet(other.get_one(Import, import_.id), "Notes")


def test_a_workbook_becomes_contacts_and_is_deleted(session):
    done = bring(workbook(("People", PEOPLE)))

    assert counts(done) == (2, 2, 0, 0, 0)
    assert session.query(Contact).filter_by(email="anna@example.com").one().birthday == "02-29"
    session.rollback()
    assert not files.place(done).exists()
    assert not files.book(files.place(done)).exists()


@pytest.mark.sqlite_only
def test_what_can_not_be_read_is_said_and_forgotten(session, settings):
    session.rollback()
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (1 << 20))
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _megabyte in range(1030):
                part.write(bytes(1 << 20))
    for content, words in (
        (workbook(("Empty", [])), "nothing in this workbook"),
        (workbook(("People", PEOPLE))[:3000], "can.t be read|ZIP archive"),
        (bomb.getvalue(), "more than 1 GB"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 1000, "can.t be read"),
    ):
        with pytest.raises(BadInput, match=words):
            upload(content, "people.xlsx")

    assert not list((settings.data_dir / "imports").iterdir())


BOOK = workbook(("People", PEOPLE))


@given(st.integers(4, len(BOOK) - 1), st.integers(0, 255))
@example(5454, 0)  # in the list of what is in it
@example(5339, 40)  # a flag that no reader knows
def test_a_workbook_with_a_damaged_byte_is_read_or_refused_in_words(tmp_path_factory, place, byte):
    path = tmp_path_factory.mktemp("books") / "people.xlsx"
    path.write_bytes(BOOK[:place] + bytes([byte]) + BOOK[place + 1 :])

    with suppress(BadInput):
        for sheet in workbooks.sheets(path):
            workbooks.write_text(path, sheet.name, path.with_suffix(".csv"))
