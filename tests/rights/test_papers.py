"""Whoever is erased is gone from the files, too; others' rows stay where they were."""

import io
import zipfile

import pytest

from campaigns import settings as settings_module
from campaigns.exports import ad_layouts, places
from campaigns.imports import files
from campaigns.mail.capture import CapturedMail
from campaigns.rights import papers
from campaigns.rights.person import Person

ANNA = Person(1, (1,), ("anna@example.com",), ("Anna Novák",), "")
ROWS = [
    "email,name,note\n",
    'joanna@example.com,Joanna,"says ""hello"""\n',
    'Anna@Example.com,Anna Novák,"two\nlines, Brno"\n',
    "bob@example.com,Bob,\n",
]


def _kept(content: bytes):
    return files.keep(io.BytesIO(content))


def _blacken() -> dict[str, int]:
    return papers.blacken(ANNA, lambda: None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1250"])
def test_the_row_of_an_upload_is_masked_and_nothing_moves(settings, encoding):
    path = _kept("".join(ROWS).encode(encoding))
    before = path.read_bytes()

    assert _blacken() == {"upload": 1}

    after = path.read_bytes()
    text = after.decode(encoding)
    assert len(after) == len(before)
    assert [line in text for line in ROWS] == [True, True, False, True]
    assert not any(word in text for word in ("Anna@", "Anna Nov", "two", "Brno"))
    assert _blacken() == {}


def test_only_the_card_of_that_person_is_masked(settings):
    card = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:{name}\r\nEMAIL:{email}\r\nNOTE:likes\r\n  tea\r\nEND:VCARD\r\n"
    others = card.format(name="Bob", email="bob@example.com")
    text = others + card.format(name="Anna", email="anna@example.com") + others
    path = _kept(text.encode())

    _blacken()

    after = path.read_bytes().decode()
    assert len(after) == len(text)
    assert after.count("BEGIN:VCARD\r\nVERSION:4.0") == after.count("END:VCARD") == 3
    assert after.startswith(others)
    assert after.endswith(others)
    assert not any(word in after[len(others) : -len(others)] for word in ("Anna", "anna@", "likes", "tea"))


def test_a_workbook_that_names_them_is_deleted_and_others_stay(settings):
    books = {}
    for name, email in (("hers", "anna@example.com"), ("others", "joanna@example.com")):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
            book.writestr("xl/sharedStrings.xml", "x" * (papers._BLOCK - 10) + f" {email} ")
        books[name] = _kept(packed.getvalue())

    assert _blacken() == {"upload": 1}

    assert {name: path.exists() for name, path in books.items()} == {"hers": False, "others": True}


def test_exports_also_those_with_hashes_but_not_what_takes_them_back(settings):
    hashed = ad_layouts.hashed("anna@example.com")
    places.whole(1).write_text(f"Email,Phone\n{hashed},\n{ad_layouts.hashed('bob@example.com')},\n")
    places.removal(1).write_text(f"Email,Phone\n{hashed},\n")
    places.part(2).write_text("email\nanna@example.com\n")

    assert _blacken() == {"export": 2}

    assert hashed not in places.whole(1).read_text()
    assert ad_layouts.hashed("bob@example.com") in places.whole(1).read_text()
    assert hashed in places.removal(1).read_text()
    assert places.part(2).read_text() == "email\nxxxx@xxxxxxx.xxx\n"


def test_captured_letters_to_them_are_deleted(settings):
    mail = CapturedMail(settings_module.current().data_dir)
    for to in ("anna@example.com", "joanna@example.com", "ANNA@example.com"):
        mail.send("news@example.com", to, f"To: {to}\r\nSubject: Hello\r\n\r\nDear {to}\r\n".encode())

    assert _blacken() == {"captured_mail": 2}

    assert [letter.envelope_to for letter in mail.newest(10)] == ["joanna@example.com"]
    written = [path.read_text() for path in (settings.data_dir / "captured").rglob("*") if path.is_file()]
    assert not any(" anna@" in text or '"anna@' in text.lower() for text in written)
    mail.send("news@example.com", "new@example.com", b"Subject: New\r\n\r\n")
    assert len(mail.newest(10)) == 2


def test_nothing_there_is_nothing_to_do(settings):
    assert _blacken() == {}
