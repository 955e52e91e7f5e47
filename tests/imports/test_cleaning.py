"""Cells into values."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.imports import cleaning, dates, places
from campaigns.sheets import safe

ANYTHING = st.text(st.characters(codec="utf-8"))


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("  Anna  Maria ", "Anna Maria"),
        ("Anna\r\nBcc: x@example.com", "Anna Bcc: x@example.com"),
        ("An\0na\x1b[31m", "An na [31m"),
        ("Nova\u0301k", "Nov\u00e1k"),
        ("=HYPERLINK(1)", "=HYPERLINK(1)"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("{{ 7*7 }}", "{{ 7*7 }}"),
        ("🦊 Liška", "🦊 Liška"),
        ("n/a", ""),
        ("N/A", ""),
        ("-", ""),
        ("#N/A", ""),
        ("NULL", ""),
        ("\u00a0", ""),
        ("'=1+1", "=1+1"),
        ("'t Hooft", "'t Hooft"),
    ],
)
def test_text(cell, kept):
    assert cleaning.text(cell, 50) == kept


def test_long_text_is_cut():
    assert cleaning.text("x" * 600, 200) == "x" * 200
    assert cleaning.longer_than("x" * 600, 200)
    assert not cleaning.longer_than(" " * 600 + "x", 200)


def test_notes_keep_their_lines():
    assert cleaning.note(" line one \r\nline\ttwo\n\n") == "line one\nline two"


@settings(deadline=None)  # the first call of some reads tables
@given(ANYTHING)
def test_text_is_always_one_clean_line(cell):
    kept = cleaning.text(cell, 100)

    assert len(kept) <= 100
    assert kept == kept.strip()
    assert not any(c in "\r\n\0\t\x85\u2028" for c in kept)


@settings(deadline=None)  # the first call of some reads tables
@given(ANYTHING)
def test_what_we_write_comes_back_as_it_was(cell):
    assert cleaning.text(safe(cell), 1000) == cleaning.text(cell, 1000)


@settings(deadline=None)  # the first call of some reads tables
@given(ANYTHING)
def test_no_cell_that_we_write_is_a_formula(cell):
    written = safe(cell)

    assert not written.strip().lstrip("\0\ufeff\u200b").startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ('"vip","basic","Žralok, s čárkou"', ("vip", "basic", "Žralok, s čárkou")),
        ('"quote "inside"","a"', ('quote "inside"', "a")),
        ('"quote ""inside"""', ('quote "inside"',)),
        ('"one", "two"', ("one", "two")),
        ("one, two , one", ("one", "two")),
        ("a, b; c", ("a, b", "c")),
        ("a|b", ("a", "b")),
        ('["x", "y", 3]', ("x", "y", "3")),
        ("[x, y]", ("x", "y")),
        ('vip,"a, b"', ("vip", "a, b")),
        ("* My Contacts ::: class ::: * starred ::: * Friends", ("class", "Friends")),
        ("", ()),
        ("n/a", ()),
    ],
)
def test_labels(cell, names):
    assert cleaning.labels(cell) == names


@settings(deadline=None)  # the first call of some reads tables
@given(ANYTHING)
def test_any_cell_can_be_asked_for_everything(cell):
    cleaning.labels(cell)
    cleaning.attributes("{" + cell)
    cleaning.full_name(cleaning.text(cell, 100))
    cleaning.phone(cell, "CZ")
    dates.birthday(cell, True)
    dates.moment(cell)
    places.language(cell)
    places.country(cell)
    places.timezone(cell)
    assert places.ip(cell) in ("", cell.strip())


def test_attributes_of_listmonk():
    cell = (
        '{"city": "Brno", "scores": [1, 2], "nested": {"a": 1}, "empty": null, "bad\\u0000key": "x\\ud800y"}'
    )

    assert cleaning.attributes(cell) == {
        "city": "Brno", "scores": "1, 2", "nested": "{'a': 1}", "bad key": "x y",
    }  # fmt: skip
    assert cleaning.attributes("not json") == {}
    assert cleaning.attributes("{" * 100_000) == {}


@pytest.mark.parametrize(
    ("cell", "first", "last"),
    [
        ("Jana Nováková", "Jana", "Nováková"),
        ("Nováková, Jana", "Jana", "Nováková"),
        ("Ludwig van der Rohe", "Ludwig", "van der Rohe"),
        ("Anna Maria Popescu", "Anna Maria", "Popescu"),
        ("Madonna", "Madonna", ""),
    ],
)
def test_whole_names(cell, first, last):
    assert cleaning.full_name(cell) == (first, last)


@pytest.mark.parametrize(
    ("cell", "region", "kept"),
    [
        ("+420 601 123 456", "", "+420601123456"),
        ("0903 123 456", "SK", "+421903123456"),
        ("00407 212 34567", "RO", "+40721234567"),
        ("00420601123456", "", "+420601123456"),
        ("(02) 8123-4567", "PH", "+63281234567"),
        ("0903 123 456", "", "0903 123 456"),
        ("'+420601123456", "", "+420601123456"),
        ("12", "CZ", "12"),
        ("n/a", "CZ", ""),
        ("ask Anna", "CZ", ""),
    ],
)
def test_phones(cell, region, kept):
    assert cleaning.phone(cell, region) == kept


@pytest.mark.parametrize(
    ("cell", "day_first", "known"),
    [
        ("02/29", False, ("02-29", None)),
        ("29.2.", False, ("02-29", None)),
        ("29. 2. 1980", False, ("02-29", 1980)),
        ("1980-02-29", True, ("02-29", 1980)),
        ("1979-12-24T00:00:00", True, ("12-24", 1979)),
        ("02/29/1980", True, ("02-29", 1980)),
        ("03/04", False, ("03-04", None)),
        ("03/04", True, ("04-03", None)),
        ("03.04.", False, ("04-03", None)),
        ("--02-29", False, ("02-29", None)),
        ("Feb 29", False, ("02-29", None)),
        ("29 February 1980", False, ("02-29", 1980)),
        ("July 4, 1976", False, ("07-04", 1976)),
        ("4.7.76", True, ("07-04", 1976)),
        ("4.7.05", True, ("07-04", 2005)),
        ("0000-05-17", True, ("05-17", None)),
        ("Feb 30", False, None),
        ("31.4.1990", True, None),
        ("29.2.1981", True, None),
        ("soon", True, None),
    ],
)
def test_birthdays(cell, day_first, known):
    assert dates.birthday(cell, day_first) == known


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2022-06-17 02:01:00", datetime(2022, 6, 17, 2, 1, tzinfo=UTC)),
        ("2022-06-17T02:01:00+02:00", datetime(2022, 6, 17, 0, 1, tzinfo=UTC)),
        ("2022-06-17 02:01:00 UTC", datetime(2022, 6, 17, 2, 1, tzinfo=UTC)),
        ("17.6.2022 14:01", datetime(2022, 6, 17, 14, 1, tzinfo=UTC)),
        ("06/17/2022 2:01 PM", datetime(2022, 6, 17, 14, 1, tzinfo=UTC)),
        ("06/17/2022 12:01 AM", datetime(2022, 6, 17, 0, 1, tzinfo=UTC)),
        ("2022-06-17", datetime(2022, 6, 17, tzinfo=UTC)),
        ("0000-00-00 00:00:00", None),
        ("17.6.2022 99:99", None),
        ("yes", None),
    ],
)
def test_moments(cell, moment):
    assert dates.moment(cell) == moment


def test_a_moment_is_never_ahead_of_now():
    assert dates.moment("2999-01-01") <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("cell", "code"),
    [("cs", "cs"), ("CS-cz", "cs"), ("Czech", "cs"), ("čeština", "cs"), ("русский", "ru"),
     ("Filipino", "fil"), ("pt_BR", "pt"), ("Klingonese", "")],
)  # fmt: skip
def test_languages(cell, code):
    assert places.language(cell) == code


@pytest.mark.parametrize(
    ("cell", "code"),
    [("CZ", "CZ"), ("cz", "CZ"), ("Czechia", "CZ"), ("Česko", "CZ"), ("Россия", "RU"), ("Philippines", "PH"),
     ("USA", "US"), ("en", ""), ("Narnia", "")],
)  # fmt: skip
def test_countries(cell, code):
    assert places.country(cell) == code


def test_zones_and_network_addresses():
    assert places.timezone("europe/prague") == "Europe/Prague"
    assert places.timezone("Prague") == ""
    assert places.ip(" 192.0.2.7 ") == "192.0.2.7"
    assert places.ip("2001:db8::1") == "2001:db8::1"
    assert places.ip("192.0.2") == ""
