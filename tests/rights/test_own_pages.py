"""What people do themselves by the link to their own address: see, take a copy, be erased."""

import io
import re
import zipfile
from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns import settings
from campaigns.accounts.models import AuditEntry
from campaigns.consent import suppression
from campaigns.consent.models import SuppressionReason
from campaigns.contacts.models import Contact
from campaigns.database import now, reading, transaction
from campaigns.mail.capture import CapturedMail
from campaigns.preferences import asking_out, requesting
from campaigns.preferences.models import DetailsRequest
from campaigns.rights.models import Erasure
from campaigns.tokens import Purpose, sign
from tests import factories
from tests.rights import people


@pytest.fixture
def page(app, session) -> str:
    """The address of somebody's preferences, from a letter."""
    factories.make_organisation(session)
    factories.make_user(session)
    factories.make_sender(session)
    contact = people.busy(session)
    session.commit()
    return f"/p/{sign(Purpose.PREFERENCES, contact.id, 0)}"


def _letters() -> list[str]:
    mail = CapturedMail(settings.current().data_dir)
    return [mail.read(one.key).decode() for one in mail.newest(10)]


def _link(client, page: str) -> str:
    assert "Look into your mail" in client.post(f"{page}/own", csrf=False).get_data(as_text=True)
    asking_out.send_waiting()
    [letter] = _letters()
    assert people.EMAIL in letter
    [found] = set(re.findall(r"http://localhost(/d/[\w-]+)", letter.replace("=\r\n", "")))
    return found


def test_the_link_goes_to_their_own_address_once_a_day(client, page):
    assert "Send me the link" in client.get(page).get_data(as_text=True)

    _link(client, page)
    client.post(f"{page}/own", csrf=False)
    asking_out.send_waiting()

    assert len(_letters()) == 1
    with reading() as session:  # colleagues see whom they asked, not who asked us
        asked = session.scalars(sa.select(DetailsRequest)).one()
        assert asked.own_wish
        assert requesting.of_contact(session, asked.contact_id) == []


def test_also_for_somebody_who_gets_no_letters(client, page, session):
    suppression.suppress(session, people.EMAIL, SuppressionReason.UNSUBSCRIBED, "test")
    session.commit()

    assert _link(client, page)


def test_somebody_who_is_gone_sees_the_same(client, page, session):
    session.execute(sa.delete(Contact))
    session.commit()

    assert "Look into your mail" in client.post(f"{page}/own", csrf=False).get_data(as_text=True)

    asking_out.send_waiting()
    assert _letters() == []


def test_they_take_a_copy(client, page):
    answer = client.post(f"{_link(client, page)}/copy", csrf=False)

    assert answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as pack:
        assert people.LAST in pack.read("my-data.json").decode()
    with reading() as session:
        assert session.query(AuditEntry).filter_by(act="contact.copy").one().detail == {"by": "person"}


def test_looking_erases_nobody_and_they_must_be_sure(client, page):
    link = _link(client, page)

    assert "Erase me" in client.get(link).get_data(as_text=True)
    assert client.get(f"{link}/erase").status_code == 405
    refused = client.post(f"{link}/erase", csrf=False)

    assert refused.status_code == 422
    assert "Tick this to be erased." in refused.get_data(as_text=True)
    with reading() as session:
        assert session.query(Erasure).count() == 0


def test_they_erase_themselves(client, page):
    link = _link(client, page)

    answer = client.post(f"{link}/erase", data={"sure": "1"}, csrf=False)

    assert "You are erased" in answer.get_data(as_text=True)
    with reading() as session:
        assert session.query(Erasure).one().why == "own_page"
        assert session.scalar(sa.select(Contact.id).where(Contact.email == people.EMAIL)) is None
        done = session.query(AuditEntry).filter_by(act="contact.erase").one()
        assert (done.user_id, done.ip) == (None, "")
    assert client.get(link).status_code == 404
    assert client.post(f"{link}/erase", data={"sure": "1"}, csrf=False).status_code == 404
    assert "does not write to you" in client.get(page).get_data(as_text=True)


def test_the_trail_of_what_they_did_keeps_no_network_after_an_erasure(client, page):
    client.post(page, data={"language": "en", "tracking": "no"}, csrf=False)
    link = _link(client, page)
    with reading() as session:
        assert {entry.ip for entry in session.query(AuditEntry).filter_by(user_id=None) if entry.ip}
    client.post(f"{link}/erase", data={"sure": "1"}, csrf=False)
    with reading() as session:
        entries = session.query(AuditEntry).filter(AuditEntry.subject.startswith("contact:")).all()
        assert {"contact.language", "contact.tracking", "contact.erase"} <= {entry.act for entry in entries}
        assert {entry.ip for entry in entries} == {""}


def test_an_old_link_shows_and_corrects_but_takes_nothing_along_or_away(client, page):
    link = _link(client, page)
    with transaction() as session:
        session.query(DetailsRequest).update({"asked_at": now() - timedelta(days=8)})

    assert "Send me a new link" in client.get(link).get_data(as_text=True)
    assert client.post(f"{link}/copy", csrf=False).status_code == 422
    assert client.post(f"{link}/erase", data={"sure": "1"}, csrf=False).status_code == 422
    client.post(f"{link}/again", csrf=False)
    asking_out.send_waiting()

    assert len(_letters()) == 2
