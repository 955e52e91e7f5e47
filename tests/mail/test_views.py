"""The mailbox page: who may see it, what it shows, and that a letter can do no harm in it."""

import re

import pytest

from campaigns.mail import compile
from campaigns.mail.capture import CapturedMail
from tests.browser import axe_problems, sideways_pixels
from tests.mail.letters import letter

NASTY = (
    '<html><head><title>x</title></head><body><p>Hello</p><script>parent.document.title = "owned"</script>'
    '<img src="x" onerror="parent.document.title = 1">'
    '<form action="/mailbox/clear" method="post"><button>b</button></form>'
    '<a href="/somewhere">Go</a></body></html>'
)


@pytest.fixture
def mailbox(app, settings) -> CapturedMail:
    return CapturedMail(settings.data_dir)


def keep(mailbox: CapturedMail, **changes: object) -> str:
    made = letter(**changes)
    mailbox.send("b@example.com", made.to_address, compile.build(made))
    return mailbox.newest(1)[0].key


def test_the_list_shows_newest_first_and_finds(marketer_client, mailbox):
    keep(mailbox, subject="First <b>")
    keep(mailbox, subject="Druhý", to_address="eva@example.org")

    page = marketer_client.get("/mailbox/").text
    assert page.index("Druhý") < page.index("First &lt;b&gt;")
    assert "stays here" in page
    found = marketer_client.get("/mailbox/?q=EVA@").text
    assert "Druhý" in found
    assert "First" not in found


def test_the_list_goes_on_by_key(marketer_client, mailbox):
    for number in range(60):
        keep(mailbox, subject=f"Number {number:02}")

    first = marketer_client.get("/mailbox/").text
    address = re.search(r'href="([^"]*after=[^"]*)" rel="next"', first)[1].replace("&amp;", "&")
    second = marketer_client.get(address).text
    assert "Number 10" in first
    assert "Number 09" not in first
    assert "Number 09" in second
    assert "Number 00" in second


@pytest.mark.parametrize("after", ["x", "WzFd", "eyJhIjoxfQ", "W251bGwsbnVsbF0"])
def test_a_made_up_key_is_refused(marketer_client, mailbox, after):
    assert marketer_client.get(f"/mailbox/?after={after}").status_code == 422


def test_one_letter_from_all_sides(marketer_client, mailbox):
    key = keep(mailbox, html=NASTY, text="Only text <here>", subject="Look")

    assert f'src="/mailbox/{key}/html"' in marketer_client.get(f"/mailbox/{key}").text
    assert "Only text &lt;here&gt;" in marketer_client.get(f"/mailbox/{key}?view=text").text
    assert "List-Unsubscribe-Post" in marketer_client.get(f"/mailbox/{key}?view=headers").text
    assert "MIME-Version: 1.0" in marketer_client.get(f"/mailbox/{key}?view=source").text
    assert "letter-frame phone" in marketer_client.get(f"/mailbox/{key}?width=phone").text
    assert "<script>parent" not in marketer_client.get(f"/mailbox/{key}?view=source").text

    downloaded = marketer_client.get(f"/mailbox/{key}.eml")
    assert downloaded.data == mailbox.read(key)
    assert downloaded.headers["Content-Disposition"] == f'attachment; filename="{key}.eml"'


def test_the_letter_itself_comes_in_a_sandbox(marketer_client, mailbox):
    answer = marketer_client.get(f"/mailbox/{keep(mailbox, html=NASTY)}/html")

    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert '<head><base target="_blank">' in answer.text


def test_clearing_takes_a_post_and_a_token(marketer_client, mailbox):
    keep(mailbox)

    assert marketer_client.get("/mailbox/clear").status_code == 404
    assert marketer_client.post("/mailbox/clear", csrf=False).status_code in (400, 403)
    assert len(mailbox.newest(9)) == 1
    assert marketer_client.post("/mailbox/clear").status_code == 302
    assert mailbox.newest(9) == []


def test_who_may_look(client, salesperson_client, admin_client, mailbox):
    key = keep(mailbox)

    for path in ("/mailbox/", f"/mailbox/{key}", f"/mailbox/{key}/html", f"/mailbox/{key}.eml"):
        assert client.get(path).status_code in (302, 401)
        assert salesperson_client.get(path).status_code == 403
        assert admin_client.get(path).status_code == 200
    assert salesperson_client.post("/mailbox/clear").status_code == 403
    assert len(mailbox.newest(9)) == 1


def test_a_letter_that_is_gone_is_said_to_be(marketer_client, mailbox):
    answer = marketer_client.get("/mailbox/20260101-000000000000-00000000")

    assert answer.status_code == 404
    assert "not here" in answer.text


def test_in_a_browser_nothing_runs_and_links_open_tabs(live_server, marketer_client, mailbox, page):
    key = keep(mailbox, html=NASTY, subject="Nasty")
    cookie = marketer_client.get_cookie("campaigns")
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server}])

    page.goto(f"{live_server}/mailbox/{key}")
    frame = page.frame_locator("iframe")
    assert frame.locator("p").inner_text() == "Hello"
    assert page.title().startswith("Nasty")
    assert axe_problems(page) == []
    frame.locator("button").click()
    assert len(mailbox.newest(9)) == 1
    with page.context.expect_page() as opened:
        frame.locator("a").click()
    assert opened.value.url.endswith("/somewhere")

    for path in ("/mailbox/", f"/mailbox/{key}?view=headers", f"/mailbox/{key}?view=source&width=phone"):
        page.goto(live_server + path)
        assert axe_problems(page) == []
        page.set_viewport_size({"width": 320, "height": 640})
        assert sideways_pixels(page) == 0
        page.set_viewport_size({"width": 1280, "height": 900})
