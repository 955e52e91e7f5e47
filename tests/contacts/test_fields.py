"""Fields that a firm adds: defined, cleaned, written to JSON and index together, read back."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from campaigns.contacts import companies, field_defining, field_index, field_words, fields
from campaigns.contacts.field_models import About, FieldKind, company_value, contact_value
from campaigns.errors import BadInput, Conflict, NotFound
from tests import factories


def make(session, name="Shoe size", kind="text", **values):
    extra = {"unit": "CZK"} if kind == "money" else {}
    if kind in ("choice", "choices"):
        extra = {"options": ["Red", "Žlutá", "Dark blue"]}
    return field_defining.add(session, {"name": name, "kind": kind, **extra, **values})


def index(session, table=contact_value):
    return sorted((row.word, row.number) for row in session.execute(sa.select(table)))


def test_a_field_is_known_by_key_and_by_name(session):
    made = make(session, " Shoe  size ")

    assert (made.key, made.name) == ("shoe_size", "Shoe size")
    assert fields.named(session, "SHOE SIZE") is made
    assert fields.named(session, "shoe_size") is made
    assert fields.named(session, "shoe_size", About.COMPANY) is None
    assert fields.one(session, made.id) is made
    with pytest.raises(NotFound):
        fields.one(session, made.id + 1)


def test_fields_stand_in_order_and_the_archived_come_back(session):
    for name in ("One", "Two", "Three"):
        make(session, name)
    two = fields.named(session, "Two")

    field_defining.move(session, two, -1)
    assert list(fields.known(session)) == ["two", "one", "three"]
    field_defining.move(session, two, -1)
    field_defining.move(session, fields.named(session, "one"), 1)
    assert list(fields.known(session)) == ["two", "three", "one"]

    field_defining.archive(session, two)
    assert list(fields.known(session)) == ["three", "one"]
    with pytest.raises(Conflict, match="archive"):
        make(session, "TWO")
    field_defining.take_back(session, two)
    assert "two" in fields.known(session)


@pytest.mark.parametrize(
    ("values", "error", "field"),
    [
        ({"name": " ", "kind": "text"}, BadInput, "name"),
        ({"name": "№ – !", "kind": "text"}, BadInput, "name"),
        ({"name": "A", "kind": "colour"}, BadInput, "kind"),
        ({"name": "A", "kind": "text", "about": "dog"}, BadInput, "about"),
        ({"name": "A", "kind": "money", "unit": "crowns"}, BadInput, "unit"),
        ({"name": "A", "kind": "number", "unit": "m2"}, BadInput, "unit"),
        ({"name": "A", "kind": "choice", "options": " \n "}, BadInput, "options"),
        ({"name": "A", "kind": "choices", "options": [str(n) for n in range(201)]}, BadInput, "options"),
        ({"name": "shoe-SIZE", "kind": "number"}, Conflict, ""),
    ],
)
def test_what_is_no_field_is_refused(session, values, error, field):
    make(session)

    with pytest.raises(error) as refused:
        field_defining.add(session, values)
    assert getattr(refused.value, "field", "") == field


CLEANED = [
    ("text", "  two \n lines ", "two lines"),
    ("text", "", None),
    ("number", "1 234,5", "1234.5"),
    ("number", 12, "12"),
    ("number", Decimal("0.10"), "0.1"),
    ("number", -0.0, "0"),
    ("money", "1.234,50 Kč", "1234.50"),
    ("money", 12.3, "12.30"),
    ("date", "31. 12. 2026", "2026-12-31"),
    ("date", "2026-3-1", "2026-03-01"),
    ("date", "13/02/2026", "2026-02-13"),
    ("date", "02/13/2026", "2026-02-13"),
    ("date", datetime(2026, 3, 1, 12, tzinfo=UTC), "2026-03-01"),
    ("date", "2026-03-01T00:00:00Z", "2026-03-01"),
    ("day", "29. 2.", "02-29"),
    ("day", "12-31", "12-31"),
    ("day", date(2026, 5, 17), "05-17"),
    ("day", "17.5.1980", "05-17"),
    ("choice", "RED", "Red"),
    ("choice", "zluta", "Žlutá"),
    ("choices", "dark blue; red", ["Red", "Dark blue"]),
    ("choices", ["Red", "Red", ""], ["Red"]),
    ("choices", "red, žlutá", ["Red", "Žlutá"]),
    ("choices", [], None),
    ("yes_no", "Áno", True),
    ("yes_no", "hindi", False),
    ("yes_no", 0, False),
    ("yes_no", True, True),
    ("phone", "+420 777 123 456", "+420777123456"),
    ("link", "example.com/a?b=c", "https://example.com/a?b=c"),
    ("link", "HTTP://Example.com", "http://Example.com"),
]


@pytest.mark.parametrize(("kind", "given", "kept"), CLEANED)
def test_values_are_kept_in_one_form(session, kind, given, kept):
    assert fields.clean(make(session, kind=kind), given, language="cs") == kept


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("text", "x" * 1001),
        ("number", "a dozen"),
        ("number", "1" * 16),
        ("number", True),
        ("money", "12 EUR"),
        ("money", "0.001"),
        ("date", "31.2.2026"),
        ("date", "03/04/2026"),
        ("date", "0026-01-01"),
        ("day", "02-30"),
        ("choice", "Green"),
        ("choices", "red; green"),
        ("yes_no", "perhaps"),
        ("phone", "777 123 456"),
        ("phone", "call me"),
        ("link", "javascript:alert(1)"),
        ("link", "ftp://example.com"),
        ("link", "https://me:secret@example.com"),
        ("link", "https://exa mple.com"),
        ("link", "nothing"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_with_a_remedy(session, kind, given):
    field = make(session, "Shoe size", kind)

    with pytest.raises(BadInput, match="Shoe size") as refused:
        fields.clean(field, given, language="en")
    assert refused.value.field == "fields.shoe_size"


def test_a_slash_is_read_as_the_language_or_the_file_means_it(session):
    field = make(session, kind="date")

    assert fields.clean(field, "03/04/2026", language="cs") == "2026-04-03"
    assert fields.clean(field, "03/04/2026", language="en", day_first=False) == "2026-03-04"


def test_local_numbers_are_completed_with_the_country(session):
    assert fields.clean(make(session, kind="phone"), "777 123 456", region="CZ") == "+420777123456"


def test_json_and_index_are_written_together(session):
    for kind in FieldKind:
        make(session, kind, kind)
    ann = factories.make_contact(session, fields={"Old column": "stays"})
    written = {
        "text": "Straße " + "x" * 200, "number": "12,5", "money": "3", "date": "2026-03-31", "day": "02-29",
        "choice": "red", "choices": ["Red", "Žlutá"], "yes_no": "no", "phone": "+420777123456",
        "link": "https://Example.com",
    }  # fmt: skip

    assert fields.write(session, ann, written, language="cs") == {*written}
    assert (ann.fields["money"], ann.fields["yes_no"]) == ("3.00", False)
    assert ann.fields["Old column"] == "stays"
    found = index(session)
    assert [row for row in found if row[0][:4] != "stra"] == [
        ("+420777123456", None), ("02-29", 229.0), ("03-31", float(date(2026, 3, 31).toordinal())),
        ("12.5", 12.5), ("3.00", 3.0), ("https://example.com", None), ("no", None), ("red", None),
        ("red", None), ("žlutá", None),
    ]  # fmt: skip
    assert list(field_index.differing(session)) == []

    assert fields.write(session, ann, {"number": "", "choices": "red", "money": "3"}) == {"number", "choices"}
    assert "number" not in ann.fields
    assert len(index(session)) == len(found) - 2
    assert list(field_index.differing(session)) == []


def test_long_texts_stay_apart_in_the_index(session):
    field = make(session)

    assert field_index.word(field, "x" * 200) != field_index.word(field, "x" * 201)
    assert field_index.word(field, "X" * 200) == field_index.word(field, "x" * 200)
    assert len(field_index.word(field, "ß" * 1000)) <= 120


def test_nothing_is_kept_of_a_form_that_does_not_fit(session):
    make(session, "Size", "number")
    ann = factories.make_contact(session)

    for raws in ({"size": "big"}, {"colour": "red"}):
        with pytest.raises(BadInput):
            fields.write(session, ann, raws)
    assert index(session) == []


def test_many_are_indexed_at_once_and_again(session):
    size = make(session, "Size", "number")
    people = [factories.make_contact(session, fields={"size": str(n), "x": "y"}).id for n in range(3)]
    other = factories.make_contact(session, fields={"size": "7"}).id

    fields.put(session, {id_: {"size": str(n), "x": "y"} for n, id_ in enumerate(people)}, fresh=True)
    assert list(field_index.differing(session)) == [other]
    fields.refresh(session, [other, *people])
    fields.put(session, {people[0]: {}})

    assert list(field_index.differing(session)) == [people[0]]
    assert fields.number(size, "2") == 2.0
    assert [row[1] for row in index(session)] == [1.0, 2.0, 7.0]


def test_companies_have_fields_of_their_own(session):
    make(session, "Founded", "date", about="company")
    mills = factories.make_company(session)

    assert fields.write(session, mills, {"founded": "1990-01-01"}) == {"founded"}
    assert index(session, company_value) == [("01-01", float(date(1990, 1, 1).toordinal()))]
    assert list(field_index.differing(session, About.COMPANY)) == []
    companies.remove(session, mills)
    assert index(session, company_value) == []


def test_values_go_with_the_field_and_with_the_person(session):
    size = make(session, "Size", "number")
    ann, bob = factories.make_contact(session), factories.make_contact(session)
    for who in (ann, bob):
        fields.write(session, who, {"size": "3"})

    session.execute(sa.text("DELETE FROM contact WHERE id = :id"), {"id": ann.id})
    assert len(index(session)) == 1
    field_defining.remove(session, size)
    assert index(session) == []
    assert bob.fields == {"size": "3"}


@pytest.mark.parametrize(("kind", "given", "_kept"), [case for case in CLEANED if case[2] is not None])
def test_a_value_reads_well_and_its_plain_form_is_read_back(session, kind, given, _kept):
    field = make(session, kind=kind)
    value = fields.clean(field, given, language="cs")

    assert field_words.said(field, value, "cs")
    assert fields.clean(field, field_words.plain(value), language="en") == value


def test_values_read_in_the_language_of_the_page(session):
    money, number = make(session, "A", "money"), make(session, "B", "number", unit="kg")

    assert field_words.said(money, "1234.50", "en") == "CZK1,234.50"
    assert field_words.said(number, "1234.567890123", "cs") == "1\xa0234,567890123 kg"
    assert field_words.said(make(session, "C", "day"), "02-29", "en") == "February 29"
    assert field_words.said(make(session, "D", "date"), "someday", "en") == "someday"
    assert field_words.said(make(session, "E", "yes_no"), True, "en") == "Yes"
