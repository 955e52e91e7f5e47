"""Pages: progress, the people behind a number, deciding about uncertain letters, a contact's letters."""

import re

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import Role
from campaigns.contacts.models import Contact
from campaigns.database import transaction
from campaigns.delivery.models import Message, MessageStatus
from campaigns.mailings.models import Status
from tests import factories
from tests.delivery.launching import launch, plan, set_campaign


@pytest.fixture
def campaign(app, session):
    """A campaign with somebody in each state."""
    people = {
        name: factories.make_contact(session, f"{name}@example.com", first_name=name.title())
        for name in ("ann", "bob", "cyd", "dan", "eve")
    }
    factories.make_contact(session, "fay@example.com", consented=False)
    made = launch(session)
    plan(made)
    session.commit()
    with transaction() as other:
        for name, values in {
            "ann": {"status": MessageStatus.SENT, "reply": "250 Ok"},
            "bob": {
                "status": MessageStatus.FAILED,
                "reason": "refused",
                "reply": "550 <script>alert(1)</script>",
            },
            "cyd": {"status": MessageStatus.UNCERTAIN, "reason": "no_answer"},
            "dan": {"status": MessageStatus.DEFERRED, "reason": "deferred", "reply": "450 Later"},
        }.items():
            other.execute(sa.update(Message).where(Message.contact_id == people[name].id).values(values))
    made.people = people
    return made


def test_progress_shows_where_everybody_stands_and_asks_again_while_it_moves(campaign, marketer_client):
    page = marketer_client.get(f"/delivery/campaigns/{campaign.id}/progress").text

    assert "hx-get" in page
    for group in ("sent", "open", "failed", "skipped", "uncertain"):
        assert f"messages?status={group}" in page
    assert "Never agreed" in page
    set_campaign(campaign, status=Status.SENT)
    with transaction() as other:
        other.execute(sa.update(Message).where(Message.status == "deferred").values(status="failed"))
        other.execute(sa.update(Message).where(Message.status == "planned").values(status="failed"))
    assert "hx-get" not in marketer_client.get(f"/delivery/campaigns/{campaign.id}/progress").text


def test_buttons_change_with_the_status_and_stay_otherwise(campaign, marketer_client):
    address = f"/delivery/campaigns/{campaign.id}/progress?seen=17953203127-4-0&was=sending"

    same = marketer_client.get(address)
    assert "<form" not in same.text
    assert "HX-Retarget" not in same.headers
    set_campaign(campaign, status=Status.PAUSED)
    other = marketer_client.get(address)
    assert f"/campaigns/{campaign.id}/resume" in other.text
    assert other.headers["HX-Retarget"] == "#progress"


def test_progress_of_a_campaign_that_paused_itself_says_why(campaign, marketer_client):
    set_campaign(campaign, status=Status.PAUSED, pause_reason="The mail server <b> is away.")

    page = marketer_client.get(f"/delivery/campaigns/{campaign.id}/progress").text

    assert "The mail server &lt;b&gt; is away." in page
    assert f"/campaigns/{campaign.id}/resume" in page


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("all", "ann bob cyd dan eve fay"), ("sent", "ann"), ("failed", "bob"), ("uncertain", "cyd"),
        ("open", "dan eve"), ("deferred", "dan"), ("skipped", "fay"),
    ],
)  # fmt: skip
def test_each_number_is_a_door_to_its_people(campaign, marketer_client, group, names):
    page = marketer_client.get(f"/delivery/campaigns/{campaign.id}/messages?status={group}").text

    found = [name for name in ("ann", "bob", "cyd", "dan", "eve", "fay") if f"{name}@example.com" in page]
    assert found == names.split()
    assert "<script>alert" not in page


def test_long_lists_come_in_pages_by_key(app, session, marketer_client):
    for number in range(120):
        factories.make_contact(session, f"p{number}@example.com")
    campaign = launch(session)
    plan(campaign)
    with transaction() as other:
        other.execute(sa.update(Message).where(Message.id % 2 == 0).values(status=MessageStatus.DEFERRED))
    seen, address, pages = [], f"/delivery/campaigns/{campaign.id}/messages?status=open", 0
    while address:
        page = marketer_client.get(address).text
        seen += re.findall(r'href="/contacts/(\d+)"', page)
        found = re.search(r'href="([^"]+)" rel="next"', page)
        address, pages = (found[1].replace("&amp;", "&") if found else ""), pages + 1

    assert pages == 3
    assert len(seen) == len(set(seen)) == 120


def test_an_uncertain_letter_is_settled_from_the_page(campaign, marketer_client, states):
    with transaction() as other:
        message_id = other.scalar(sa.select(Message.id).where(Message.status == "uncertain"))
    answer = marketer_client.post(
        f"/delivery/campaigns/{campaign.id}/count-as-sent", data={"message_id": message_id}
    )

    assert answer.status_code == 302
    assert states(campaign)["cyd@example.com"].startswith("sent")
    again = marketer_client.post(
        f"/delivery/campaigns/{campaign.id}/send-again", data={"message_id": message_id}
    )
    assert again.status_code == 409


def test_a_message_of_another_campaign_is_not_touched(campaign, session, marketer_client, states):
    other_campaign = launch(session)
    with transaction() as other:
        message_id = other.scalar(sa.select(Message.id).where(Message.status == "uncertain"))

    answer = marketer_client.post(
        f"/delivery/campaigns/{other_campaign.id}/send-again", data={"message_id": message_id}
    )

    assert answer.status_code == 409
    assert states(campaign)["cyd@example.com"].startswith("uncertain")


def test_salespeople_see_a_contacts_letters_but_steer_no_campaign(campaign, sign_in):
    browser = sign_in(Role.SALESPERSON)

    panel = browser.get(f"/delivery/contacts/{campaign.people['bob'].id}/messages")

    assert panel.status_code == 200
    assert campaign.name in panel.text
    assert "Refused by the mail server" in panel.text
    with transaction() as other:
        owner = factories.make_user(other, Role.SALESPERSON)
        other.execute(sa.update(Contact).values(owner_id=owner.id))
    assert browser.get(f"/delivery/contacts/{campaign.people['bob'].id}/messages").status_code == 404
    for address in ("messages", "progress"):
        assert browser.get(f"/delivery/campaigns/{campaign.id}/{address}").status_code == 403
    assert browser.post(f"/delivery/campaigns/{campaign.id}/send-again").status_code == 403


def test_strangers_and_wrong_addresses_are_turned_away(campaign, client, marketer_client):
    assert client.get(f"/delivery/campaigns/{campaign.id}/messages").status_code == 302
    assert marketer_client.get("/delivery/campaigns/99999/messages").status_code == 404
    assert marketer_client.get("/delivery/campaigns/99999/progress").status_code == 404
    assert (
        marketer_client.get(f"/delivery/campaigns/{campaign.id}/messages?status=nonsense").status_code == 404
    )
    assert marketer_client.get(f"/delivery/campaigns/{campaign.id}/messages?after=x").status_code == 422
