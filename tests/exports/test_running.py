"""Files: what stands in them, in which order, written once whoever is killed, fetched by their owner only."""

import csv
import io
import stat
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
import vobject
from python_calamine import CalamineWorkbook

from campaigns import jobs, longwork
from campaigns.accounts.models import Role
from campaigns.contacts import field_defining, fields
from campaigns.contacts.models import Company, Contact
from campaigns.database import now, reading, transaction
from campaigns.errors import BadInput
from campaigns.exports import asking, books, cards, places, running
from campaigns.exports.asking import Wish
from campaigns.exports.models import Export, Subject
from tests import factories

EVERYBODY = {"filters": "sort=name"}

pytestmark = pytest.mark.both_databases


@pytest.fixture
def people(app):
    """Three contacts; the last one has everything."""
    with transaction() as session:
        factories.make_contact(
            session, "zoe@example.com", first_name="Zoe", last_name="Adams", consented=False
        )
        factories.make_contact(session, "eva@example.com", first_name="=cmd", last_name="Baker")
        for name, kind in (("Size", "number"), ("Likes", "choices"), ("VIP", "yes_no")):
            field_defining.add(session, {"name": name, "kind": kind, "options": ["saws", "glue"]})
        own = {"size": "-12.5", "likes": ["saws", "glue"], "vip": True}
        anna = factories.make_contact(
            session, "anna@example.com", first_name="Anna", last_name="Žáková, ml.", phone="+420602123456",
            company_id=factories.make_company(session).id, city="Brno", country="CZ", language="cs",
            owner_id=factories.make_user(session, name="Olga").id, birthday="02-29", note="one\ntwo; three",
            categories=("Cutters", "Glue"), tags=("vip",), fields=own, next_step_on=date(2027, 1, 31),
            last_contact_at=datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC), tracked=True,
        )  # fmt: skip
        fields.refresh(session, [anna.id])


@pytest.fixture
def user(app):
    with transaction() as session:
        return factories.make_user(session, Role.MARKETER)


def export(wish, choice=EVERYBODY, subject=Subject.CONTACTS, user=None, *, done=True):
    with transaction() as session:
        made = asking.start(session, subject, choice, wish, user)
    if done:
        running.run(made.id)
    with reading() as session:
        return session.get_one(Export, made.id)


def table(made, delimiter=","):
    text = places.whole(made.id).read_text("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_a_table_has_the_chosen_columns_in_their_order_and_the_rows_as_sorted(people):
    wish = Wish(columns=("last_name", "email", "fields.size", "tags", "categories", "company", "owner"))

    made = export(wish, {"filters": "sort=-name"})

    assert table(made) == [
        ["Last name", "Email", "Size", "Tags", "Categories", "Company", "Owner"],
        ["Žáková, ml.", "anna@example.com", "-12.5", "vip", "Cutters, Glue", "Example Mills", "Olga"],
        ["Baker", "eva@example.com", "", "", "", "", ""],
        ["Adams", "zoe@example.com", "", "", "", "", ""],
    ]
    assert (made.status, made.expected, made.rows) == ("done", 3, 3)
    assert made.size == places.whole(made.id).stat().st_size
    assert stat.S_IMODE(places.whole(made.id).stat().st_mode) == 0o600


def test_no_cell_is_run_and_what_is_known_is_written(people):
    wish = Wish(
        columns=("email", "first_name", "phone", "consent.mail", "consent.tracking", "last_contact_at",
                 "next_step_on", "fields.likes", "fields.vip", "note"),
        delimiter="semicolon", bom=False,
    )  # fmt: skip

    made = export(wish)

    assert not places.whole(made.id).read_bytes().startswith(b"\xef\xbb\xbf")
    heading, *rows = table(made, ";")
    assert heading[3:5] == ["Consent to letters", "Consent to tracking"]
    by_email = {row[0]: row[1:] for row in rows}
    assert by_email["eva@example.com"][0] == "'=cmd"
    assert by_email["zoe@example.com"][2] == ""
    assert by_email["anna@example.com"] == [
        "Anna", "'+420602123456", "granted", "granted", "2026-05-06 07:08:09", "2027-01-31", "saws; glue",
        "yes", "one\ntwo; three",
    ]  # fmt: skip


def test_a_workbook_holds_texts_numbers_and_days(people):
    made = export(Wish("xlsx", ("email", "first_name", "phone", "fields.size", "next_step_on")))

    rows = CalamineWorkbook.from_path(str(places.whole(made.id))).get_sheet_by_index(0).to_python()

    assert rows[0] == ["Email", "First name", "Phone", "Size", "Next step"]
    by_email = {row[0]: row[1:] for row in rows[1:]}
    assert by_email["anna@example.com"] == ["Anna", "+420602123456", -12.5, date(2027, 1, 31)]
    assert by_email["eva@example.com"][0] == "=cmd"
    assert not places.part(made.id).exists()


def test_a_full_sheet_is_followed_by_another(tmp_path, monkeypatch, app):
    monkeypatch.setattr(books, "_MOST_ROWS", 3)
    source, target = tmp_path / "rows", tmp_path / "book.xlsx"
    source.write_text(books.lines([[number, Decimal("1.5")] for number in range(5)]))

    books.write(source, ["Number", "Price"], target, lambda: None)

    book = CalamineWorkbook.from_path(str(target))
    sheets = [book.get_sheet_by_index(number).to_python() for number in range(3)]
    assert sheets[2] == [["Number", "Price"], [4.0, 1.5]]
    assert len(sheets[0]) == 3


def test_cards_are_read_by_others(people):
    old = places.whole(export(Wish("vcf3")).id).read_text()
    new = places.whole(export(Wish("vcf4")).id).read_bytes()

    read = {card.email.value: card for card in vobject.readComponents(old)}
    anna = read["anna@example.com"]
    assert (anna.n.value.family, anna.fn.value) == ("Žáková, ml.", "Anna Žáková, ml.")
    assert (anna.tel.value, anna.org.value, anna.note.value) == (
        "+420602123456",
        ["Example Mills"],
        "one\ntwo; three",
    )
    assert (anna.adr.value.city, anna.bday.value) == ("Brno", "1604-02-29")
    assert anna.categories.value == ["Cutters", "Glue", "vip"]
    assert b"VERSION:4.0\r\n" in new
    assert b"BDAY:--0229\r\n" in new
    assert b"TEL;VALUE=uri:tel:+420602123456\r\n" in new


def test_long_lines_of_cards_are_folded_between_letters():
    note = "žluťoučký kůň " * 40
    text = cards.card(4, dict.fromkeys(cards.KEYS, "") | {"email": "a@example.com", "note": note})

    lines = text.encode().split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert note.strip() in text.replace("\r\n ", "")
    for line in lines:
        line.decode()


def test_companies_are_exported_too(people):
    with transaction() as session:
        mills = session.scalars(sa.select(Company)).one()
        factories.make_company(session, "Works", parent_id=mills.id, headcount=12)
    wish = Wish(columns=("name", "parent", "headcount", "people"))

    assert table(export(wish, {"companies": ""}, Subject.COMPANIES)) == [
        ["Name", "Parent company", "Headcount", "People"],
        ["Example Mills", "", "", "1"],
        ["Works", "Example Mills", "12", ""],
    ]
    assert len(table(export(wish, {"companies": "wor"}, Subject.COMPANIES))) == 2


def test_only_those_who_may_be_mailed(people):
    made = export(Wish(columns=("email",), purpose="mail"))

    assert sorted(table(made)) == [["Email"], ["anna@example.com"], ["eva@example.com"]]


def test_a_salespersons_file_holds_whom_they_see(people):
    with transaction() as session:
        seller = factories.make_user(session, Role.SALESPERSON)

    assert len(table(export(Wish(columns=("email",)), user=seller))) == 3  # two that nobody owns


@pytest.mark.parametrize("kind", ["csv", "xlsx", "vcf4"])
def test_whoever_is_killed_every_row_is_there_once(people, monkeypatch, kind):
    monkeypatch.setattr(running, "STEP", 1)
    made = export(Wish(kind, ("email",)), done=False)
    real, calls = places.append, []

    def dies(path, at, data):
        calls.append(at)
        if len(calls) in (2, 4):
            real(path, at, data + b"half a r")
            raise KeyboardInterrupt
        return real(path, at, data)

    monkeypatch.setattr(places, "append", dies)
    for _time in range(2):
        with pytest.raises(KeyboardInterrupt):
            running.run(made.id)
    running.run(made.id)

    if kind == "csv":
        assert [row[0] for row in table(made)[1:]] == [
            "zoe@example.com",
            "eva@example.com",
            "anna@example.com",
        ]
    elif kind == "vcf4":
        assert places.whole(made.id).read_text().count("BEGIN:VCARD") == 3
    else:
        assert (
            len(CalamineWorkbook.from_path(str(places.whole(made.id))).get_sheet_by_index(0).to_python()) == 4
        )


def test_it_is_paused_and_goes_on(people, monkeypatch):
    monkeypatch.setattr(running, "STEP", 1)
    made = export(Wish(columns=("email",)), done=False)
    with transaction() as session:
        longwork.pause(session, session.get_one(Export, made.id))
    running.run(made.id)
    assert not places.whole(made.id).exists()
    with transaction() as session:
        longwork.resume(session, session.get_one(Export, made.id), jobs.RUN_EXPORT)
    running.run(made.id)

    assert len(table(made)) == 4


def test_a_cancelled_file_is_deleted_and_an_old_one_too(people):
    made, cancelled = export(Wish()), export(Wish(), done=False)
    places.append(places.part(cancelled.id), 0, b"x")
    with transaction() as session:
        running.cancel(session, session.get_one(Export, cancelled.id))
    assert not places.part(cancelled.id).exists()

    places.drop_old()
    assert places.whole(made.id).exists()
    with transaction() as session:
        session.execute(sa.update(Export).values(expires_at=now() - timedelta(seconds=1)))
    places.drop_old()
    with reading() as session:
        assert session.scalar(sa.select(sa.func.count(Export.id))) == 0
    assert not places.whole(made.id).exists()


def test_a_large_one_is_left_to_a_worker(people, queue, monkeypatch):
    monkeypatch.setattr(asking, "AT_ONCE", 2)

    made = export(Wish(), done=False)

    assert [(message.actor_name, *message.args) for message in queue.waiting()] == [("run_export", made.id)]


@pytest.mark.parametrize(
    "wish", [Wish("pdf"), Wish(columns=("password",)), Wish(delimiter="dot"), Wish("google")]
)
def test_what_there_is_not_is_refused(people, wish):
    with transaction() as session, pytest.raises(BadInput):
        asking.start(session, Subject.CONTACTS, EVERYBODY, wish, None)


def test_a_contact_who_is_gone_meanwhile_is_passed_over(people, monkeypatch):
    monkeypatch.setattr(running, "STEP", 1)
    made = export(Wish(columns=("email",)), done=False)
    real = running._written

    def one_leaves(session, export, numbers, **how):
        session.execute(sa.delete(Contact).where(Contact.email == "eva@example.com"))
        return real(session, export, numbers, **how)

    monkeypatch.setattr(running, "_written", one_leaves)
    running.run(made.id)

    assert len(table(made)) == 3
