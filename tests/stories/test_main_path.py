"""From a file of contacts to opens on the salesperson's page: real processes, queue, SMTP, databases."""

import re
from collections import Counter
from email.message import EmailMessage
from pathlib import Path

import dkim
import pytest
import requests
import sqlalchemy as sa

from campaigns import database, sealing
from campaigns import settings as settings_module
from campaigns.mail import dkim as our_dkim
from campaigns.mailings.models import Sender
from tests import servers
from tests.mail.opendkim import OpenDkim
from tests.stories.installation import Installation, installation, wait_for
from tests.stories.material import contacts_file, letter_file

MAIL_PROGRAM = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.4.0"}


@pytest.fixture(params=["sqlite", "postgresql"])
def started(request: pytest.FixtureRequest, tmp_path: Path):
    """An installation, mailing to a real SMTP server: SQLite + embedded queue, or PostgreSQL + Redis."""
    with servers.smtp() as mail:
        parts = {
            "CAMPAIGNS_SMTP__HOST": mail.host,
            "CAMPAIGNS_SMTP__PORT": str(mail.port),
            "CAMPAIGNS_SMTP__TLS": "none",
        }
        if request.param == "postgresql":
            parts["CAMPAIGNS_DATABASE_URL"] = request.getfixturevalue("new_postgresql")()
            parts["CAMPAIGNS_BROKER_URL"] = request.getfixturevalue("valkey")
        with installation(tmp_path, **parts) as made:
            made.start()
            yield made, mail


def test_from_a_file_of_contacts_to_opens_on_the_salespersons_page(started):
    here, mail = started
    file, distinct = contacts_file(here.folder)

    read = here.answer(
        "import", str(file), "--category", "Cutters", "--tag", "fair 2026", "--basis", "consent",
        "--source", "Sign-up at the fair", "--tracking", "granted",
    )  # fmt: skip
    assert read["created"] == distinct
    assert read["refused"] > 0
    assert Path(here.folder / read["refused_file"]).exists()
    assert here.answer("audience", "create", "Cutters", "--rule", 'category:"Cutters" and not tag:"vip"')
    counted = here.answer("audience", "count", "Cutters")
    assert 0 < counted["count"] < distinct

    here.answer("template", "create", "News", "--subject", "Hello {{ contact.first_name|default('friend') }}",
                "--mjml", str(letter_file(here.folder)))  # fmt: skip
    campaign = here.answer(
        "campaign", "create", "--name", "Autumn", "--audience", "Cutters", "--template", "News"
    )
    number = str(campaign["id"])
    here.command("campaign", "send", number)
    here.command("campaign", "send", number)  # the second press of the button
    wait_for(lambda: here.answer("campaign", "status", number)["status"] == "sent", 200, here.log)

    status = here.answer("campaign", "status", number)
    _everyone_is_accounted_for(status, counted["count"], mail)
    _every_letter_is_sound(here, mail)
    reader = _an_open_and_a_click_are_a_persons(here, number, mail)
    _one_click_unsubscribes(here, number, reader, counted["count"])


def _everyone_is_accounted_for(status: dict, eligible: int, mail: servers.SmtpServer) -> None:
    parts = (
        status["sent"]
        + status["failed"]
        + sum(status["skipped"].values())
        + status["uncertain"]
        + status["open"]
    )
    assert status["audience"] == parts
    assert status["sent"] == eligible == len(mail.letters)
    assert max(Counter(mail.addresses).values()) == 1


def _every_letter_is_sound(here: Installation, mail: servers.SmtpServer) -> None:
    public = _public_key(here)
    for letter in mail.letters:
        message = letter.head
        for name in ("From", "To", "Subject", "Date", "MIME-Version", "Message-ID"):
            assert len(message.get_all(name)) == 1, name
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert _unsubscribe_address(message).startswith(here.url + "/u/")
        assert letter.envelope_from.startswith("b+")
        assert b"=?utf-8?q?=3Chttps" not in letter.raw
        assert max(len(line) for line in letter.raw.split(b"\r\n")) <= 998
        assert b"\nBcc:" not in letter.raw.split(b"\r\n\r\n", 1)[0]
    assert len({letter.head["Message-ID"] for letter in mail.letters}) == len(mail.letters)
    for letter in mail.letters[:: max(1, len(mail.letters) // 100)]:
        assert dkim.verify(letter.raw, dnsfunc=lambda name, timeout=5: public)
    opendkim = OpenDkim(public.decode())
    if opendkim.works:
        assert [opendkim.objection(letter.raw) for letter in mail.letters[:25]] == [""] * 25
    opendkim.close()


def _public_key(here: Installation) -> bytes:
    """What DNS would say, made from the sender's key in the database."""
    environment = here.environment
    given = settings_module.Settings(
        data_dir=environment["CAMPAIGNS_DATA_DIR"],
        database_url=environment.get("CAMPAIGNS_DATABASE_URL", ""),
        broker_url="stub://",
    )
    settings_module.use(given)
    database.use(None)
    try:
        with database.reading() as session:
            sender = session.scalars(sa.select(Sender)).one()
            return our_dkim.dns_value(sealing.unseal(sender.dkim_key)).encode()
    finally:
        database.use(None)
        settings_module.use(None)


def _an_open_and_a_click_are_a_persons(
    here: Installation, number: str, mail: servers.SmtpServer
) -> EmailMessage:
    """A reader opens the letter and follows a link, as a mail program and a browser do."""
    # Somebody whose address is spelt in the header as it is in the list.
    plain = next(letter for letter in mail.letters if letter.to[0].endswith("@example.com"))
    message = plain.message
    html = message.get_body(("html",)).get_content()
    pixel = re.search(rf"{re.escape(here.url)}/o/[\w.-]+", html)
    link = re.search(rf'href="({re.escape(here.url)}/c/[\w.-]+)"', html)
    assert pixel
    assert link
    picture = requests.get(pixel[0], headers=MAIL_PROGRAM, timeout=10)
    assert picture.headers["Content-Type"] == "image/gif"
    click = requests.get(link[1], headers=MAIL_PROGRAM, timeout=10, allow_redirects=False)
    assert click.status_code == 302
    assert requests.get(f"{here.url}/c/forged", timeout=10).status_code == 404
    assert requests.get(f"{here.url}/o/forged.gif", timeout=10).content == picture.content

    wait_for(lambda: here.answer("campaign", "status", number)["clicks"] == 1, 20, here.log)
    assert here.answer("campaign", "status", number)["opens"] == 1
    ada, address = here.signed_in(), message["To"].addresses[0].addr_spec
    found = ada.get(f"/contacts/?q={address}")
    contact = re.search(r'href="/contacts/(\d+)"', found)
    assert contact
    today = ada.get("/today/")
    assert f"/contacts/{contact[1]}" in today
    assert "Autumn" in today
    assert ada.get(f"/contacts/{contact[1]}")
    report = ada.get(f"/reports/{number}")
    assert "Autumn" in report
    return message


def _unsubscribe_address(message: EmailMessage) -> str:
    found = re.search(r"<(http[^>]+)>", message["List-Unsubscribe"])
    assert found
    return found[1]


def _one_click_unsubscribes(here: Installation, number: str, message: EmailMessage, before: int) -> None:
    address = _unsubscribe_address(message)
    assert requests.get(address, timeout=10).status_code == 200
    assert requests.head(address, timeout=10).status_code == 200
    assert here.answer("audience", "count", "Cutters")["count"] == before

    done = requests.post(address, data={"List-Unsubscribe": "One-Click"}, timeout=10, allow_redirects=False)

    assert done.status_code == 200
    assert not done.cookies
    assert here.answer("audience", "count", "Cutters")["count"] == before - 1
    assert here.answer("campaign", "status", number)["unsubscribes"] == 1
