"""Whatever people, files and servers write stays text: no element, attribute, script or sum comes of it."""

import re

import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.security import world as worlds
from tests.security.test_roles import SLOW
from tests.security.world import Snapshot, addresses

EVIL = (
    'javascript:alert(1)//x{{7*7*7919}}"><img src=x onerror=alert(1) data-evil=1><script>alert(1)</script>'
    "<a href=\"javascript:alert(1)\" data-evil=1>l</a>' data-evil='1"
)
ASKED = (
    "q name rule note as email on reason did status view next width since seen beyond owner sort step whose "
    "category tag company contact_id link did"
)
WRITTEN = (
    "name first_name last_name email phone position city country language timezone birthday birth_year note "
    "website industry company categories tags rule subject preheader source kind what due_on outcome summary "
    "at took_place until reason wording text basis act label off into role to address reply_to bounce_domain "
    "scheduled_at encoding delimiter column-0 column-1 region product amount quantity days postal_address "
    "tracking_reason track_opens version starter audience_id template_id sender_id owner_id method date "
    "new_tags new_categories told purchase products proof tracking password id"
)
_ADDRESSES = ("href", "src", "action", "formaction", "hx-get", "hx-post", "xlink:href", "srcset", "poster")
_SAFE_ADDRESS = re.compile(r"^(https?:|mailto:|tel:|data:image/|[/?#.]|[\w%-]*$|[\w%-]+[/?#])", re.IGNORECASE)
_RUN = re.compile(r"^(on|x-|@|:|hx-on)")


def wrong(answer) -> list[str]:
    """What of an answer a browser could run, or was made of somebody's text."""
    policy = answer.headers.get("Content-Security-Policy", "")
    if answer.mimetype != "text/html":
        return [] if policy else ["no policy"]
    if policy.startswith("sandbox"):
        return (
            ["a letter that may run scripts"] if "allow-scripts" in policy or "same-origin" in policy else []
        )
    kept_out = "script-src 'self';" in policy or "script-src 'none';" in policy
    found = [] if kept_out else ["no policy against scripts"]
    found += ["a sum was worked out"] if "x388031" in answer.get_data(as_text=True) else []
    tree = LexborHTMLParser(answer.get_data(as_text=True))
    found += [f"inline script {script.text()[:60]}" for script in tree.css("script") if script.text().strip()]
    for node in tree.css("*:not(option)") + tree.css("option[data-evil]"):
        found += _wrong_in(node.tag or "", dict(node.attributes))
    return found


def _wrong_in(tag: str, attributes: dict[str, str | None]) -> list[str]:
    found = []
    for name, value in attributes.items():
        value = value or ""
        if name == "data-evil" or name.startswith("on"):
            found.append(f"<{tag} {name}={value[:60]}>")
        if name in _ADDRESSES and not _SAFE_ADDRESS.match(re.sub(r"[\x00-\x20]", "", value)):
            found.append(f"<{tag} {name}={value[:60]}>")
        if _RUN.match(name) and "alert" in value:
            found.append(f"<{tag} {name}={value[:60]}>")
    return found


def test_the_judge_sees_what_is_wrong(app):
    for body in (
        EVIL,
        "<script>1</script>",
        '<a href=" java\nscript:x">',
        "<b onclick=x>",
        '<i x-init="alert">',
    ):
        answer = app.response_class(body, mimetype="text/html")
        answer.headers["Content-Security-Policy"] = "script-src 'self';"

        assert wrong(answer), body


@pytest.fixture
def evil(app, session):
    """An installation in which every text is an attack."""
    return worlds.fill(session, EVIL)


@pytest.mark.parametrize("who", ["nobody", "salesperson", "admin"])
def test_what_is_stored_is_shown_as_text(app, browse, evil, who):
    found = {}
    for rule, address in addresses(app, "GET", evil.values):
        if rule.endpoint in SLOW or rule.endpoint.endswith("static"):
            continue
        for query in ("", "?did=clicked&status=all&view=text&as=own&email=own@example.com"):
            if problems := wrong(browse(getattr(evil, who)).get(address + query)):
                found[rule.endpoint] = problems

    assert not found


def test_pages_really_show_what_was_stored(browse, evil):
    """Otherwise the test above proves nothing."""
    shown = "&lt;script&gt;alert(1)&lt;/script&gt;"
    for address in (
        f"/contacts/{evil.own.id}", "/contacts/", "/companies/", "/labels/", "/products/", "/audiences/",
        "/templates/", "/campaigns/", f"/campaigns/{evil.campaign.id}", "/campaigns/senders/", "/imports/",
        "/settings/people",
        "/settings/", "/settings/audit", "/today/", "/today/due", "/consent/suppression", "/mailbox/",
        f"/consent/contacts/{evil.own.id}", f"/delivery/campaigns/{evil.campaign.id}/messages",
        f"/reports/{evil.campaign.id}", f"/imports/{evil.values['import_id']}",
    ):  # fmt: skip
        assert shown in browse(evil.admin).get(address, follow_redirects=True).text, address


@pytest.mark.parametrize("live", [False, True])
def test_what_is_asked_is_shown_as_text(app, browse, world, live):
    found, query = {}, dict.fromkeys(ASKED.split(), EVIL)
    headers = {"HX-Request": "true"} if live else {}
    for rule, address in addresses(app, "GET", world.values):
        if rule.endpoint in SLOW or rule.endpoint.endswith("static"):
            continue
        answer = browse(world.admin).get(address, query_string=query, headers=headers)
        if problems := wrong(answer) or (["500"] if answer.status_code >= 500 else []):
            found[rule.endpoint] = problems

    assert not found


@pytest.mark.parametrize("live", [False, True])
def test_what_is_written_in_any_form_is_shown_as_text(app, browse, world, settings, live):
    found, form = {}, dict.fromkeys(WRITTEN.split(), EVIL)
    headers = {"HX-Request": "true"} if live else {}
    before = Snapshot(settings.data_dir / "campaigns.db")
    for rule, address in addresses(app, "POST", world.values):
        answer = browse(world.admin).post(address, data=form, headers=headers, follow_redirects=True)
        if problems := wrong(answer) or (["500"] if answer.status_code >= 500 else []):
            found[rule.endpoint] = problems
        if before.changed():
            before.restore()

    assert not found


def test_letters_are_shown_in_a_sandbox_only(browse, evil):
    keys = evil.values["key"]
    for address in (
        f"/templates/{evil.values['template_id']}/letter",
        f"/campaigns/{evil.campaign.id}/letter",
        f"/mailbox/{keys['']}/html",
        f"/templates/starters/{keys['templates.starter_letter']}/letter",
    ):
        answer = browse(evil.admin).get(address)

        assert answer.status_code == 200, address
        assert answer.headers["Content-Security-Policy"].startswith("sandbox"), address
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_frames_of_letters_are_sandboxed_too(browse, evil):
    for address in (
        f"/templates/{evil.values['template_id']}",
        f"/campaigns/{evil.campaign.id}/content",
        f"/mailbox/{evil.values['key']['']}",
    ):
        frames = LexborHTMLParser(browse(evil.admin).get(address).text).css("iframe")

        assert frames, address
        for frame in frames:
            assert "sandbox" in frame.attributes, address
            allowed = frame.attributes["sandbox"] or ""
            assert not {"allow-scripts", "allow-same-origin"} & set(allowed.split()), address
