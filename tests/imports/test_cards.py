"""vCards of every age: one card a row, whatever stands around it or is broken in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import BadInput
from campaigns.imports import formats, opening, uploading
from campaigns.imports.cards import COLUMNS, Cards
from campaigns.imports.formats import Format
from campaigns.imports.refusals import Refusal
from tests.imports.files import bring, counts, fetch, upload

GOOGLE_3 = """BEGIN:VCARD
VERSION:3.0
FN:Josh Q. Saxton
N:Saxton;Josh;Q.;Dr.;Jr.
NICKNAME:Joshy
EMAIL;TYPE=INTERNET:second@example.com
item1.EMAIL;TYPE=INTERNET;TYPE=pref:josh@example.com
item1.X-ABLABEL:_$!<Other>!$_
TEL;TYPE=CELL;TYPE=VOICE:+420 601 123 456
TEL;TYPE=HOME:+420 543 123 456
ORG:Säge\\, GmbH;Finance
TITLE:CFO
ADR;TYPE=HOME:;;1 Long Lane;Brno;;602 00;Czechia
BDAY:1980-02-29
NOTE:Met at the fair\\, 2025\\nLikes a very long note that goes on past sev
 enty-five characters\\; so it folds
CATEGORIES:clients,golf\\, and tennis,myContacts
PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAUDBAQEAwUEBA
 QFBQUGBwwIBwcHBw8LCwkMEQ8SEhEPERETFhwXExQaFRERGCEYGh0dHx8fExciJCIeJBweHx7/
END:VCARD
"""
PHONE_21 = """BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Dupont;Chlo=C3=A9;;;
ORG;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:Soci=E9t=E9
NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Premi=C3=A8re ligne, =
seconde ligne
EMAIL;INTERNET:chloe@example.com
EMAIL;PREF;INTERNET:c.dupont@example.com
TEL;CELL;PREF:+33 6 12 34 56 78
PHOTO;ENCODING=BASE64;TYPE=PNG:
 iVBORw0KGgoAAAANSUhEUgAA
 AAEAAAABCAYAAAAfFcSJ

END:VCARD
"""
VERSION_4 = """BEGIN:VCARD
VERSION:4.0
FN:Robert Stone
N:Stone;Robert;;;
EMAIL;TYPE=home;PREF=2:home@example.org
EMAIL;TYPE=work;PREF=1:BOB@example.org
TEL;VALUE=uri;TYPE="voice,home":tel:+33-1-11-22-33-44
BDAY:--0402
LANG:fr
TZ:Europe/Paris
ORG:Acme
ROLE:Buyer
CATEGORIES:a,b
URL:https://example.org/bob
PHOTO:data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA
END:VCARD
"""


def rows(tmp_path, text: str | bytes) -> list[dict[str, object]]:
    """Every card as its filled cells, with the line it begins on and why it is refused."""
    path = tmp_path / "some.vcf"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert formats.of(path) == Format.VCARD
    with opening.opened(path, opening.guess(path, Format.VCARD)) as cards:
        found = list(cards.rows())
    return [
        {"line": row.line, "refusal": row.refusal}
        | {name: cell for name, cell in zip(COLUMNS, row.cells, strict=True) if cell}
        for row in found
    ]


def test_version_3_with_folded_lines_and_a_picture(tmp_path):
    [josh] = rows(tmp_path, GOOGLE_3)

    assert josh == {
        "line": 1, "refusal": None, "Email": "josh@example.com", "Other emails": "second@example.com",
        "First name": "Josh", "Last name": "Saxton", "Full name": "Josh Q. Saxton", "Nickname": "Joshy",
        "Phone": "+420 601 123 456", "Other phones": "+420 543 123 456", "Company": "Säge, GmbH",
        "Department": "Finance", "Position": "CFO", "Street": "1 Long Lane", "City": "Brno",
        "Postal code": "602 00", "Country": "Czechia", "Birthday": "1980-02-29",
        "Note": "Met at the fair, 2025\n"
                "Likes a very long note that goes on past seventy-five characters; so it folds",
        "Categories": '["clients", "golf, and tennis", "myContacts"]',
    }  # fmt: skip


def test_version_2_1_in_quoted_printable(tmp_path):
    [chloe] = rows(tmp_path, PHONE_21.replace("\n", "\r\n"))

    assert (chloe["First name"], chloe["Last name"], chloe["Company"]) == ("Chloé", "Dupont", "Société")
    assert chloe["Note"] == "Première ligne, seconde ligne"
    assert (chloe["Email"], chloe["Other emails"]) == ("c.dupont@example.com", "chloe@example.com")


def test_version_4(tmp_path):
    [bob] = rows(tmp_path, VERSION_4)

    assert (bob["Email"], bob["Phone"], bob["Birthday"]) == ("BOB@example.org", "+33-1-11-22-33-44", "--0402")
    assert (bob["Position"], bob["Language"], bob["Time zone"]) == ("Buyer", "fr", "Europe/Paris")
    assert bob["Website"] == "https://example.org/bob"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1250"])
def test_in_any_encoding(tmp_path, encoding):
    text = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Dvořák;Jiří;;;\r\nEMAIL:j@example.com\r\nEND:VCARD\r\n"
    [found] = rows(tmp_path, text.encode(encoding))

    assert (found["First name"], found["Last name"]) == ("Jiří", "Dvořák")


def test_a_damaged_card_costs_itself_only(tmp_path):
    endless = "BEGIN:VCARD\nVERSION:3.0\nFN:Endless\nEMAIL:endless@example.com\n"
    found = rows(
        tmp_path, f"{VERSION_4}\n{endless}{GOOGLE_3}BEGIN:VCARD\nnonsense\nEND:VCARD\n{PHONE_21}{endless}"
    )

    assert [(row.get("Email"), row["refusal"]) for row in found] == [
        ("BOB@example.org", None), ("endless@example.com", Refusal.CARD), ("josh@example.com", None),
        (None, Refusal.CARD), ("c.dupont@example.com", None), ("endless@example.com", Refusal.CARD),
    ]  # fmt: skip
    lines = f"{VERSION_4}\n{endless}".splitlines()
    assert found[1]["line"] == lines.index("FN:Endless") - 1  # two lines above, counted from one


def test_a_huge_card_is_refused_and_a_huge_picture_is_not(tmp_path):
    picture = "PHOTO;ENCODING=b:" + "QUJD" * 400_000
    note = "NOTE:" + "long " * 300_000
    head = "BEGIN:VCARD\nVERSION:3.0\nFN:A\nEMAIL:a@example.com\n"
    found = rows(tmp_path, f"{head}{picture}\nEND:VCARD\n{head}{note}\nEND:VCARD\n{VERSION_4}")

    assert [row["refusal"] for row in found] == [None, Refusal.CARD, None]


def test_a_file_with_the_word_only_is_refused_in_words(tmp_path):
    path = tmp_path / "some.vcf"
    path.write_text("BEGIN:VCARDS\nnothing of the kind\n")

    with pytest.raises(BadInput, match="no vCard"):
        opening.guess(path, Format.VCARD)


@given(st.binary(max_size=400))
def test_any_bytes_between_cards_leave_the_last_card(tmp_path_factory, noise):
    path = tmp_path_factory.mktemp("cards") / "some.vcf"
    path.write_bytes(f"{VERSION_4}".encode() + b"\n" + noise + b"\nEND:VCARD\n" + GOOGLE_3.encode())
    with Cards(path, "utf-8") as cards:
        found = list(cards.rows())

    assert found[0].cells[0] == "BOB@example.org"
    assert found[-1].cells[0] == "josh@example.com"
    assert all(len(row.cells) == len(COLUMNS) for row in found)


def test_cards_become_contacts(session):
    done = bring(GOOGLE_3 + VERSION_4 + "BEGIN:VCARD\nVERSION:3.0\nFN:Nobody\nTEL:1\nEND:VCARD\n")

    assert counts(done) == (3, 2, 0, 0, 1)
    assert done.reasons == {"address_missing": 1}
    assert done.layout == "vcard"


@pytest.mark.sqlite_only
def test_what_would_be_stored_of_a_card(session):
    session.rollback()
    [josh] = uploading.look(fetch(upload(GOOGLE_3))).understood

    assert josh.tags == ("clients", "golf, and tennis")
    assert josh.values["phone"] == "+420601123456"
    assert josh.fields["Other phones"] == "+420 543 123 456"
