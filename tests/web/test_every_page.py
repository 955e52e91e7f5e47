"""Every page there is, with data in it: axe finds nothing, nothing scrolls sideways, no script fails.

New pages are found by themselves, as long as `EXAMPLES` knows a value for what their address asks for.
"""

import pytest
import sqlalchemy as sa
from flask_security import hash_password
from playwright.sync_api import Error

from campaigns import tokens
from campaigns.accounts.models import User
from campaigns.cleaning import merging
from campaigns.cleaning.models import Duplicate
from campaigns.consent import topics
from campaigns.contacts import bulk_running
from campaigns.contacts.models import Contact
from campaigns.database import transaction
from campaigns.delivery.models import Message
from campaigns.demo import filling
from campaigns.exports import asking, running
from campaigns.exports.asking import Wish
from campaigns.exports.models import Subject
from campaigns.preferences.models import DetailsRequest
from campaigns.rights import erasing
from campaigns.rights.models import Why
from campaigns.tokens import Purpose
from tests import factories
from tests.browser import listen, sign_in, wrong_in_any_look
from tests.security import signup_world

PASSWORD = "four unrelated words"
EXAMPLES = {
    "contact_id": 1, "campaign_id": 1, "company_id": 1, "template_id": 1, "audience_id": 1, "sender_id": 1,
    "kind": "category", "label_id": 1, "product_id": 1, "edit_id": 1, "export_id": 1, "other_id": 2,
    "part": "both",
}  # fmt: skip
# What answers with something else than a page, waits for DNS, or is only there before the first run.
NO_PAGES = ("health.", "tracking.", "static", "_debug_toolbar")
ELSEWHERE = {"mailings.checks_dns", "senders.checks", "setup.first_run", "setup.home"}


@pytest.fixture
def signed_in_page(app, live_server, page):
    """A browser signed in as an administrator of an installation full of sample data."""
    with app.app_context(), transaction() as session:
        factories.make_organisation(session)
        factories.make_user(session, email="ann@example.com", name="Ann", password=hash_password(PASSWORD))
        factories.make_sender(session)
        filling.fill(session, 60)
        ann = session.scalars(sa.select(User).where(User.email == "ann@example.com")).one()
        bulk_running.start(session, "tag", {"tag_name": "seen"}, {"filters": ""}, ann)
        asking.start(session, Subject.CONTACTS, {"filters": ""}, Wish(), ann)
    bulk_running.run(1)
    running.run(1)
    sign_in(page, live_server, "ann@example.com", PASSWORD)
    return page


def _addresses(app) -> list[str]:
    """Every address that can be opened with GET and the example values."""
    found = []
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        for rule in app.url_map.iter_rules():
            if "GET" not in rule.methods or rule.endpoint.startswith(NO_PAGES) or rule.endpoint in ELSEWHERE:
                continue
            if rule.arguments <= set(EXAMPLES):
                values = {name: EXAMPLES[name] for name in rule.arguments}
                found.append(adapter.build(rule.endpoint, values))
    return found


def _more(session) -> list[str]:
    """Pages that need more than an example value: a draft, a reason, a signed link."""
    contact, message = session.execute(sa.select(Message.contact_id, Message.id).limit(1)).one()
    draft = factories.make_campaign(session, name="A draft")
    address = session.scalar(sa.select(Contact.email).limit(1))
    some = session.scalars(sa.select(Contact.id).where(Contact.id != contact).order_by(Contact.id)).all()
    session.add(Duplicate(a_id=some[0], b_id=some[1], reasons=["mailbox"], score=97))
    merged = merging.merge(session, some[2], some[3])
    erased = erasing.erase(session, session.get_one(Contact, some[5]), Why.ASKED)
    asked = DetailsRequest(contact_id=contact, own_wish=True)
    session.add(asked)
    session.flush()
    form = signup_world.form(session, "Fair in Brno")
    return [
        f"/forms/{form.id}",
        f"/forms/{form.id}/edit",
        f"/forms/{form.id}/look/",
        f"/rewards/{form.pool_id}",
        f"/topics/{topics.listed(session)[0].id}/edit",
        f"/f/{form.key}",
        f"/f/{form.key}/sent",
        f"/s/{signup_world.token(session, form, 'Ann')}",
        f"/rights/erasures/{erased.id}",
        f"/d/{tokens.sign(Purpose.DETAILS, asked.id)}",
        f"/campaigns/{draft.id}",
        f"/campaigns/{draft.id}/edit",
        f"/cleaning/merge?a={some[0]}&b={some[1]}",
        f"/cleaning/merged/{merged.id}",
        f"/contacts/{merged.contact_id}",
        f"/audiences/1/why?q={address}",
        "/audiences/overlap?a=1&b=2",
        "/audiences/new?rule=tag:a+and+(bought(since+-1y)+or+not+city:Brno)",
        "/reports/1/people?did=opened",
        "/contacts/?q=nobody-is-called-so",
        f"/p/{tokens.sign(Purpose.PREFERENCES, contact, message)}",
        f"/u/{tokens.sign(Purpose.UNSUBSCRIBE, contact, message)}",
        "/p/broken",
    ]


def _answer(page, address: str):
    """What came for the address; None for a file."""
    try:
        return page.goto(address)
    except Error as error:
        if "Download is starting" in error.message:
            return None
        raise


def _is_page(answer) -> bool:
    kind = answer.headers.get("content-type", "")
    framed = "sandbox" in answer.headers.get("content-security-policy", "")
    return kind.startswith("text/html") and not framed and "<html" in answer.text()


@pytest.mark.timeout(600)
def test_every_page_can_be_used_by_everybody(app, live_server, signed_in_page):
    page = signed_in_page
    with transaction() as session:
        addresses = [*_addresses(app), *_more(session)]
    complaints = listen(page)
    page.emulate_media(reduced_motion="reduce")
    page.mouse.move(0, 0)  # nothing is hovered
    visited, problems = 0, {}
    for address in addresses:
        complaints.clear()
        answer = _answer(page, live_server + address)
        if answer is None or (answer.status < 500 and not _is_page(answer)):
            continue
        visited += 1
        page.wait_for_timeout(100)  # live parts and charts
        found = [f"answered {answer.status}"] if answer.status >= 500 else []
        found += wrong_in_any_look(page)
        found += [text for text in complaints if "404" not in text]
        if found:
            problems[address] = found

    assert visited > 40
    assert problems == {}
