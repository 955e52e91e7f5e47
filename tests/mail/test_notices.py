"""Our own letters go the way all letters go."""

import pytest

from campaigns import paths
from campaigns.errors import NotReady
from campaigns.mail import notices, reading
from campaigns.mail.capture import CapturedMail


@pytest.fixture
def newest(settings):
    """The newest captured letter, taken apart."""

    def look() -> reading.Opened:
        mailbox = CapturedMail(settings.data_dir)
        return reading.opened(mailbox.read(mailbox.newest(1)[0].key))

    return look


def test_a_letter_from_a_template(newest):
    notices.send("test", "ann@example.org", to_name="Ann", moment="<noon>")

    letter = newest()
    assert letter.header("To") == "Ann <ann@example.org>"
    assert letter.header("Auto-Submitted") == "auto-generated"
    assert letter.header("Subject")
    assert "<noon>" in letter.text
    assert "&lt;noon&gt;" in letter.html
    assert 'class="letter"' in letter.html


def test_every_template_is_complete():
    for folder in (paths.TEMPLATES / "emails").iterdir():
        if folder.is_dir():
            names = {path.name for path in folder.iterdir()}
            assert "subject.txt" in names, folder
            assert names & {"body.mjml", "body.html", "body.txt"}, folder


def test_a_finished_letter_is_sent_as_it_is(newest):
    notices.send_plain("Hello", "ann@example.org", "Open https://example.com/a?b=1&c=2\n\nBye", "")

    letter = newest()
    assert letter.text == "Open https://example.com/a?b=1&c=2\r\n\r\nBye"
    assert '<a href="https://example.com/a?b=1&amp;c=2">' in letter.html

    notices.send_plain(
        "Hello", "ann@example.org", "text", "<p>html</p>", from_name="Bo", from_address="bo@example.com"
    )
    assert newest().html == "<p>html</p>"
    assert newest().header("From") == "Bo <bo@example.com>"


def test_a_server_that_is_away_becomes_a_sentence(settings):
    settings.smtp.host, settings.smtp.port = "127.0.0.1", 1

    with pytest.raises(NotReady, match=r"ann@example\.org was not sent.*refuses connections"):
        notices.send_plain("Hello", "ann@example.org", "text")
