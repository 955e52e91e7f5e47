"""Programs that follow every link of every letter decide nothing: the whole database stays as it is."""

import email
import html
import re
from email import policy
from email.message import EmailMessage

import pytest
import sqlalchemy as sa

from campaigns import settings as settings_module
from campaigns.accounts.models import Organisation, Role
from campaigns.consent import gate, ledger
from campaigns.contacts.models import Contact
from campaigns.database import reading, transaction
from campaigns.mail.capture import CapturedMail
from campaigns.preferences import asking_out, requesting
from campaigns.signup import letters, rewards
from campaigns.tables import Base
from campaigns.tracking import flushing
from tests import factories
from tests.delivery.launching import launch, plan, send
from tests.signup.filling_in import fill_in, firm, link, make_form

_URL = re.compile(r"https?://[^\s<>\"'\])]+")
_COUNTED = {"hit", "hit_count"}  # what a pixel or a counted link is there for
_PROGRAM = "python-requests/2.32.3"  # a pixel fetched by what may be somebody's mail program is an open
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def written(settings) -> list[EmailMessage]:
    """All letters that have left so far."""
    mail = CapturedMail(settings.data_dir)
    return [
        email.message_from_bytes(mail.read(letter.key), policy=policy.default) for letter in mail.newest(1000)
    ]


def addresses(letter: EmailMessage) -> set[str]:
    """Every address of ours in the letter: in its headers, its text and its HTML."""
    found = {url for _name, value in letter.items() for url in _URL.findall(str(value))}
    for part in letter.walk():
        if part.get_content_maintype() == "text":
            found.update(html.unescape(url).rstrip(".,;") for url in _URL.findall(part.get_content()))
    base = settings_module.current().base_url
    return {url.removeprefix(base) for url in found if url.startswith(base)}


def everything() -> dict[str, list]:
    """All that the database holds."""
    with reading() as session:
        return {table.name: session.execute(sa.select(table)).all() for table in Base.metadata.sorted_tables}


@pytest.fixture
def all_letters(app, session, client, settings, sign_in):
    """One of each kind of letter that goes to contacts, and those to colleagues."""
    firm(session)
    ours = session.scalars(sa.select(Organisation)).one()
    ann = factories.make_contact(session, "ann@example.com", tracked=True)
    factories.make_contact(session, "bob@example.com")
    session.commit()
    for level in ("off", "anonymous", "identified"):
        ours.track_opens = ours.track_clicks = level
        session.commit()
        source = (
            '<p>Dear {{ contact.first_name }},</p><p><a href="https://example.com/a">A</a>'
            '<a href="{{ preferences_url }}">P</a> <a href="{{ unsubscribe_url }}">U</a></p>'
        )
        campaign = launch(session, html=source, track_opens=level, track_clicks=level)
        plan(campaign)
        send(campaign)
        session.rollback()
    requesting.ask(session, [ann.id])
    requesting.ask_for_own(session, ann)
    session.commit()
    asking_out.send_waiting()
    _signed_up(session, client)
    admin = sign_in(Role.ADMIN)
    admin.post("/settings/people", data={"email": "new@example.org", "name": "New", "role": "marketer"})
    admin.post(f"/campaigns/{campaign.id}/test", data={"to": "new@example.org"})
    client.post("/reset", data={"email": "new@example.org"})
    return written(settings)


def _signed_up(session, client) -> None:
    """The letters of a form: to confirm, and for the reward, with a friend's."""
    pool = rewards.add_pool(session, "Blades", "10 EUR")
    form = make_form(session, pool=str(pool.id), referral_pool=str(pool.id), card="1")
    fill_in(client, form, "eva@example.com", mail="1")
    letters.send_waiting()
    way = re.search(r"\?by=([\w-]+)", _confirm(client, "eva@example.com"))[1]
    fill_in(client, form, "fred@example.org", ip="192.0.2.8", by=way)
    letters.send_waiting()
    _confirm(client, "fred@example.org")
    letters.send_waiting()


def _confirm(client, to: str) -> str:
    mail = CapturedMail(settings_module.current().data_dir)
    newest = next(one for one in mail.newest(1000) if one.envelope_to == to)
    return client.post(link(mail.read(newest.key)), csrf=False).text


def test_following_every_link_of_every_letter_decides_nothing(app, all_letters, settings):
    kinds = {letter["Subject"] for letter in all_letters}
    links = sorted(set().union(*map(addresses, all_letters)))
    assert len(kinds) == 9
    assert {url.split("/")[1] for url in links} >= {"u", "p", "d", "s", "f", "c", "o", "a"}

    for method in ("GET", "HEAD"):
        for url in links:
            counted = url.split("/")[1] in ("c", "o", "a")
            before = everything()
            agent = {"User-Agent": _PROGRAM if counted else _BROWSER}
            answer = app.test_client().open(url, method=method, headers=agent)
            flushing.flush(flushing.start())
            assert answer.status_code < 400, url
            after = everything()
            changed = {name for name in after if after[name] != before[name]}
            assert changed <= (_COUNTED if counted else set()), url


def test_an_old_letters_link_still_unsubscribes_and_agrees_to_nothing(app, all_letters, client):
    of_ann = set().union(
        *(addresses(one) for one in all_letters if one["To"].addresses[0].addr_spec == "ann@example.com")
    )
    unsubscribe, preferences = (next(url for url in of_ann if url.startswith(way)) for way in ("/u/", "/p/"))
    with transaction() as session:
        session.execute(sa.text("UPDATE message SET sent_at = '2019-01-01 00:00:00+00:00'"))

    assert client.post(unsubscribe, data={"List-Unsubscribe": "One-Click"}, csrf=False).status_code == 200
    assert client.post(preferences, data={"tracking": "no"}, csrf=False).status_code == 303
    assert client.post(preferences, data={"tracking": "yes"}, csrf=False).status_code == 422

    with reading() as session:
        ann = session.scalars(sa.select(Contact).where(Contact.email == "ann@example.com")).one()
        assert ledger.state(session, ann.id, "tracking").state == "withdrawn"
        assert gate.refusals(session, [ann.id]) == {ann.id: gate.Reason.UNSUBSCRIBED}
