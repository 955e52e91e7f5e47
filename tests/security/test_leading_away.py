"""Nobody is led where a stranger wishes: by signing in, by a click, by a poisoned Host header."""

import base64
from urllib.parse import quote, urlsplit

import pytest
from flask_security import hash_password
from hypothesis import HealthCheck, given
from hypothesis import settings as thorough
from hypothesis import strategies as st

from campaigns import tokens
from campaigns.mail import reading
from campaigns.mail.capture import CapturedMail
from campaigns.mailings.models import Link
from campaigns.tokens import Purpose
from tests import factories

AWAY = (
    "https://evil.example/", "//evil.example/", "///evil.example", "////evil.example", "\\\\evil.example",
    "/\\evil.example", "\\/evil.example", "https:evil.example", "https:/evil.example", "http:///evil.example",
    "javascript:alert(1)", "data:text/html,x", "https://localhost@evil.example/",
    "https://localhost.evil.example",
    "/\t/evil.example", "\t//evil.example", "/%09/evil.example", " //evil.example",
    "//evil.example\\@localhost",
    "/\r\nLocation: https://evil.example/", "https://evil.example\u3002example",
)  # fmt: skip


def _stays(location: str) -> bool:
    """As a browser reads it: backslashes are slashes, tabs and line ends are nothing."""
    read = "".join(c for c in location.strip() if c not in "\t\r\n").replace("\\", "/")
    return (
        urlsplit(read).netloc in ("", "localhost")
        and urlsplit(read).scheme in ("", "http", "https")
        and not read.startswith("//")
    )


@pytest.fixture
def password(app, session):
    """The password of somebody who can sign in."""
    with app.app_context():
        factories.make_organisation(session)
        factories.make_user(session, email="boss@example.com", password=hash_password("a long password"))
    session.commit()
    return "a long password"


@pytest.mark.parametrize("target", AWAY)
def test_signing_in_leads_nowhere_else(client, password, target):
    form = {"email": "boss@example.com", "password": password, "next": target}
    for address in ("/login", "/login?next=" + quote(target, safe="")):
        answer = client.post(address, data=form)

        assert answer.status_code in (200, 302, 400)
        assert _stays(answer.headers.get("Location", "/")), answer.headers.get("Location")
        client = client.application.test_client()


def test_signing_in_leads_to_where_one_wanted_to_go(client, password):
    where = client.get("/contacts/?q=ann").location
    answer = client.post(where, data={"email": "boss@example.com", "password": password})

    assert answer.location.endswith("/contacts/?q=ann")


def _claim(app, **named: str) -> None:
    """Let every request arrive with these headers, past the test client's own idea of hosts."""
    inner = app.wsgi_app
    app.wsgi_app = lambda environ, start: inner({**environ, **named}, start)


def test_the_letter_of_a_new_password_leads_to_us_whatever_the_host_header_says(client, password, settings):
    settings.base_url = "https://mail.example.com"
    for named in ({"HTTP_HOST": "evil.example"}, {"HTTP_X_FORWARDED_HOST": "evil.example"}):
        _claim(client.application, **named)
        assert client.post("/reset", data={"email": "boss@example.com"}).status_code < 400
    box = CapturedMail(settings.data_dir)
    letters = [box.read(letter.key) for letter in box.newest(10, None, "")]

    assert len(letters) == 2
    for letter in map(reading.opened, letters):
        assert "https://mail.example.com/reset/" in letter.text
        assert "evil.example" not in letter.text + letter.html


def test_an_invitation_leads_to_us(app, browse, world, settings):
    settings.base_url = "https://mail.example.com"
    _claim(app, HTTP_HOST="evil.example")
    form = {"email": "new@example.com", "name": "New", "role": "marketer"}
    browse(world.admin).post("/settings/people", data=form)
    box = CapturedMail(settings.data_dir)
    letter = reading.opened(box.read(box.newest(1, None, "")[0].key))

    assert "https://mail.example.com/" in letter.text
    assert "evil.example" not in letter.text + letter.html


@pytest.mark.parametrize(
    "kept",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "ftp://example.com",
        "",
        "http://",
        "file:///etc",
    ],
)
def test_a_link_that_is_not_of_the_web_is_not_followed(browse, world, session, kept):
    link = session.query(Link).filter_by(revision_id=world.campaign.revision_id, position=1).one()
    link.url = kept
    session.commit()

    answer = browse(None).get(f"/c/{tokens.sign(Purpose.CLICK, world.message.id, 1)}")
    assert (answer.status_code, answer.headers.get("Location")) == (404, None)


def test_a_link_cannot_smuggle_a_header(browse, world, session):
    link = session.query(Link).filter_by(revision_id=world.campaign.revision_id, position=1).one()
    link.url = "https://example.com/\r\nSet-Cookie: a=b"
    session.commit()

    answer = browse(None).get(f"/c/{tokens.sign(Purpose.CLICK, world.message.id, 1)}")
    assert "Set-Cookie" not in answer.headers
    assert "\n" not in answer.headers.get("Location", "")


def test_no_made_up_token_leads_anywhere(app, browse, world):
    nobody, good = browse(None), tokens.sign(Purpose.CLICK, world.message.id, 1)
    purposes = set(Purpose) - {Purpose.CLICK, Purpose.COUNT_CLICK}
    other_purpose = [tokens.sign(purpose, world.message.id, 1) for purpose in purposes]
    changed = [good[:n] + ("A" if good[n] != "A" else "B") + good[n + 1 :] for n in range(len(good) - 1)]
    raw = base64.urlsafe_b64decode(good + "==")
    forged = base64.urlsafe_b64encode(raw[:10] + bytes([1, 200, 1, 1])).rstrip(b"=").decode()
    for token in [*other_purpose, *changed, forged, good + "A", good * 3, ""]:
        for path in ("c", "a/c"):
            answer = nobody.get(f"/{path}/{token}?url=https://evil.example&to=//evil.example")
            assert (answer.status_code, answer.headers.get("Location")) == (404, None), token


@given(st.text(max_size=60))
@thorough(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_is_a_token(app, world, token):
    client = app.test_client()
    for path in ("c", "a/c", "u", "p"):
        answer = client.get(f"/{path}/{quote(token, safe='')}")
        assert answer.status_code in (404, 405) or (answer.status_code == 308 and _stays(answer.location))
    assert client.get(f"/o/{quote(token, safe='')}").status_code == 200  # always the same picture
