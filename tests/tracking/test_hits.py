"""Pixels and links over WSGI: always the same picture, never an address from the request."""

import os
import signal
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa

from campaigns import tokens
from campaigns.contacts.models import Contact
from campaigns.database import reading
from campaigns.delivery.models import Message
from campaigns.mailings.models import Link
from campaigns.tokens import Purpose
from campaigns.tracking import flushing, hits
from campaigns.tracking.journal import orphans
from campaigns.tracking.models import Hit, HitKind, Label
from tests.tracking.mailed import CHROME, make_campaign, make_letter

AGENT = {"User-Agent": CHROME}


@pytest.fixture
def letter(app, session):
    """A letter sent two hours ago, with links at 1 … 4."""
    made = make_letter(session, make_campaign(session))
    session.commit()
    return made


def pixel_of(letter: Message) -> str:
    return f"/o/{tokens.sign(Purpose.OPEN, letter.id)}.gif"


def link_of(letter: Message, position: int = 1) -> str:
    return f"/c/{tokens.sign(Purpose.CLICK, letter.id, position)}"


def kept(columns=(Hit.kind, Hit.message_id, Hit.position, Hit.label)) -> list[tuple]:
    flushing.flush(flushing.start())
    with reading() as session:
        return [tuple(row) for row in session.execute(sa.select(*columns).order_by(Hit.at, Hit.id))]


@pytest.mark.both_databases
def test_the_pixel_is_answered_and_kept(client, letter):
    answer = client.get(pixel_of(letter), headers=AGENT)

    assert (answer.status_code, answer.mimetype, len(answer.data)) == (200, "image/gif", 43)
    assert answer.data.startswith(b"GIF89a")
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    assert kept() == [(HitKind.OPEN, letter.id, 0, Label.HUMAN)]


@pytest.mark.parametrize(
    "path",
    [
        "/o/.gif",
        "/o/forged.gif",
        "/o/" + "A" * 5000 + ".gif",
        "/o/../../etc/passwd.gif",
        "/a/o/forged.gif",
        "/o/čeština.gif",
        "/o/AAAA%00.gif",
    ],
)
def test_a_forged_pixel_is_the_same_picture_and_nothing_is_kept(client, letter, path):
    true, forged = client.get(pixel_of(letter)), client.get(path)

    assert (forged.status_code, forged.data) == (200, true.data)
    assert sorted(forged.headers) == sorted(true.headers)
    assert len(kept()) == 1


def test_tokens_of_another_purpose_open_nothing(client, letter):
    for purpose in (Purpose.UNSUBSCRIBE, Purpose.BOUNCE, Purpose.ARCHIVE, Purpose.COUNT_OPEN):
        assert client.get(f"/o/{tokens.sign(purpose, letter.id)}.gif").status_code == 200
    assert client.get(f"/o/{tokens.sign(Purpose.OPEN, letter.id, 1)}.gif").status_code == 200
    assert kept() == []


@pytest.mark.both_databases
def test_a_link_leads_where_the_database_says(client, letter):
    answer = client.get(link_of(letter, 2), headers=AGENT)

    assert answer.status_code == 302
    assert answer.headers["Location"] == "https://example.com/%C4%8De%C5%A1tina?a=1&b=2"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers
    assert kept() == [(HitKind.CLICK, letter.id, 2, Label.HUMAN)]


def test_a_head_request_follows_and_is_nobody(client, letter):
    assert client.head(link_of(letter)).status_code == 302
    answer = client.head(pixel_of(letter))
    assert (answer.status_code, answer.data, answer.headers["Content-Length"]) == (200, b"", "43")
    assert {label for *_rest, label in kept()} == {Label.MACHINE}


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path + "x",
        lambda path: path[:-1],
        lambda path: path[:5] + ("A" if path[5] != "A" else "B") + path[6:],
        lambda path: path + "?url=https://evil.example/",
        lambda path: "/c/https://evil.example/",
        lambda path: "/c/",
    ],
)
def test_a_link_that_was_not_made_here_leads_nowhere(client, letter, change):
    path = change(link_of(letter, 4))
    answer = client.get(path, headers=AGENT)
    if "?" in path:  # a good token: what is added to it is not looked at
        assert answer.headers["Location"] == "https://example.org/4"
        return
    assert answer.status_code == 404
    assert "Location" not in answer.headers
    if path != "/c/https://evil.example/" and path != "/c/":
        assert "This link is not complete" in answer.text
    assert kept() == []


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "ftp://example.com/x",
        "/inside",
        "http://",
    ],
)
def test_only_web_addresses_are_redirected_to(client, session, app, url):
    letter = make_letter(session, make_campaign(session, urls=(url,)))
    session.commit()
    answer = client.get(link_of(letter))
    assert answer.status_code == 404
    assert "Location" not in answer.headers


def test_an_address_can_not_add_headers(client, session, app):
    letter = make_letter(session, make_campaign(session, urls=("https://example.com/\r\nSet-Cookie: a=b",)))
    session.commit()
    answer = client.get(link_of(letter))
    assert "Set-Cookie" not in answer.headers
    assert "\n" not in answer.headers.get("Location", "")


def test_a_link_past_the_last_leads_nowhere(client, letter):
    assert client.get(link_of(letter, 99)).status_code == 404
    assert kept() == []


def test_the_unseen_link_shows_a_machine(client, letter):
    client.get(link_of(letter, 1), headers=AGENT)
    assert client.get(link_of(letter, 9999), headers=AGENT).status_code == 404
    assert {label for *_rest, label in kept()} == {Label.MACHINE}


def test_the_frozen_link_is_remembered(client, session, letter):
    client.get(link_of(letter))
    session.execute(sa.update(Link).values(url="https://changed.example/"))
    session.commit()
    assert client.get(link_of(letter)).headers["Location"] == "https://example.com/offer"


def test_an_erased_contact_s_link_still_leads_there_and_nothing_is_kept(client, session, letter):
    session.execute(sa.delete(Contact).where(Contact.id == letter.contact_id))
    session.commit()
    assert client.get(link_of(letter)).status_code == 302
    assert client.get(pixel_of(letter)).status_code == 200
    assert kept() == []


def test_anonymous_pixels_and_links_keep_no_network(client, session, letter):
    campaign_id = letter.campaign_id
    client.get(f"/a/o/{tokens.sign(Purpose.COUNT_OPEN, campaign_id)}.gif", headers=AGENT)
    answer = client.get(f"/a/c/{tokens.sign(Purpose.COUNT_CLICK, campaign_id, 3)}", headers=AGENT)
    assert answer.headers["Location"] == "https://example.org/3"
    columns = (Hit.kind, Hit.message_id, Hit.position, Hit.ip)
    assert kept(columns) == [
        ("open", None, 0, ""),
        ("click", None, 3, ""),
    ]


def test_a_network_is_kept_and_no_address(client, letter):
    client.get(pixel_of(letter), environ_overrides={"REMOTE_ADDR": "203.0.113.77"})
    client.get(pixel_of(letter), environ_overrides={"REMOTE_ADDR": "2001:db8:1:2::3"})
    client.get(pixel_of(letter), environ_overrides={"REMOTE_ADDR": "unix:"})
    assert [ip for (ip,) in kept((Hit.ip,))] == ["203.0.113.0/24", "2001:db8:1::/48", ""]


def test_a_disk_that_is_full_does_not_break_links(client, letter, settings):
    (settings.data_dir / "hits").write_text("a file where the folder should be")
    assert client.get(link_of(letter)).status_code == 302
    assert client.get(pixel_of(letter)).status_code == 200


def test_a_hit_is_in_the_database_within_two_seconds(client, letter):
    client.get(pixel_of(letter), headers=AGENT)
    until = time.monotonic() + 2
    with reading() as session:
        while not session.scalar(sa.select(Hit.id)):
            assert time.monotonic() < until
            session.rollback()
            time.sleep(0.05)


def test_a_killed_web_process_loses_no_hit(session, settings):
    """Its journal is brought in by whichever process of the machine comes next."""
    letter = make_letter(session, make_campaign(session))
    session.commit()
    program = (
        "import os, signal, sys; from pathlib import Path; from campaigns import settings\n"
        "settings.use(settings.Settings(data_dir=Path(sys.argv[1]), database_url='sqlite:///nowhere/at.all',"
        " secret_key=sys.argv[2]))\n"
        "from campaigns.tracking import hits; layer = hits.wrap(None)\n"
        "environ = {'PATH_INFO': sys.argv[3], 'REQUEST_METHOD': 'GET', 'HTTP_USER_AGENT': sys.argv[4]}\n"
        "for _ in range(200): layer(dict(environ), lambda *answer: None)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    secret = settings.secret_key.get_secret_value()
    arguments = [str(settings.data_dir), secret, pixel_of(letter), CHROME]
    ended = subprocess.run([sys.executable, "-c", program, *arguments], check=False)
    assert ended.returncode == -signal.SIGKILL

    assert flushing.collect() == 200
    assert flushing.collect() == 0
    assert len(list((settings.data_dir / "hits").iterdir())) == 0


def test_a_process_killed_between_commit_and_removal_counts_nothing_twice(client, letter, settings):
    client.get(pixel_of(letter))
    journal = flushing.start()
    [page] = journal.turn()
    copy = page.path.read_bytes()
    flushing.flush(journal)
    page.path.write_bytes(copy)  # as if it had not been removed
    assert [len(list(page.entries())) for page in orphans(settings.data_dir / "hits")] == [1]
    assert flushing.collect() == 0
    assert len(kept()) == 1


@pytest.mark.both_databases
def test_ten_thousand_hits_are_counted_exactly(app, session, backend):
    campaign = make_campaign(session)
    letters = [make_letter(session, campaign) for _ in range(50)]
    session.commit()
    layer = hits.wrap(app.wsgi_app)
    for number in range(10_000):
        letter = letters[number % 50]
        path = pixel_of(letter) if number % 4 else link_of(letter, 1)
        environ = {
            "PATH_INFO": path,
            "REQUEST_METHOD": "GET",
            "HTTP_USER_AGENT": CHROME,
            "REMOTE_ADDR": "192.0.2.1",
        }
        list(layer(environ, lambda *answer: None))
    assert os.listdir(flushing.folder())
    flushing.flush(flushing.start())

    until = time.monotonic() + 90
    with reading() as session:
        counts = sa.select(Hit.kind, sa.func.count()).group_by(Hit.kind)
        while dict(session.execute(counts).all()) != {"open": 7500, "click": 2500}:
            assert time.monotonic() < until
            session.rollback()
            time.sleep(0.1)
        opened = session.scalar(sa.select(sa.func.count(Message.opened_at)))
    assert opened == len({n % 50 for n in range(10_000) if n % 4})
