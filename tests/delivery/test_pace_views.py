"""Pages about sending speed: setting limits, seeing what they do."""

import re
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry, Role
from campaigns.database import now, reading, transaction
from campaigns.delivery import buckets, destinations
from campaigns.delivery.models import DomainPace, SenderPace
from campaigns.mailings.models import Campaign, Status
from tests import factories
from tests.delivery.launching import launch, plan, set_campaign


@pytest.fixture
def sender(session):
    factories.make_organisation(session)
    made = factories.make_sender(session)
    session.commit()
    return made


def kept(model):
    with reading() as session:
        return session.scalars(sa.select(model)).one()


def test_an_admin_limits_a_sender_and_it_is_written_down(admin_client, sender, session):
    answer = admin_client.post(
        f"/settings/pace/senders/{sender.id}",
        data={"letters": "20", "per": "60", "burst": "", "warm_from": "2027-03-01"},
    )

    assert answer.status_code == 302
    row = kept(SenderPace)
    assert (row.letters, row.per, row.burst, row.warm_from) == (20, 60, 4, date(2027, 3, 1))
    page = admin_client.get("/settings/pace/").text
    assert "20 letters a minute" in page
    assert "4 at one go" in page
    note = session.scalars(sa.select(AuditEntry).where(AuditEntry.act == "pace.change")).one()
    assert note.detail == {
        "address": "news@example.com", "letters": 20, "per": 60, "warm_from": "2027-03-01",
    }  # fmt: skip


def test_a_limit_can_be_taken_away(admin_client, sender):
    for letters in ("20", ""):
        admin_client.post(f"/settings/pace/senders/{sender.id}", data={"letters": letters, "per": "60"})

    assert kept(SenderPace).rate is None
    with transaction() as session:
        assert buckets.take(session, sender.id, {"a.example": 900}).of_domain == {"a.example": 900}


def test_a_new_limit_does_not_forget_what_went(admin_client, sender):
    address = f"/settings/pace/senders/{sender.id}"
    admin_client.post(address, data={"letters": "10", "per": "86400", "burst": "10"})
    with transaction() as session:
        buckets.take(session, sender.id, {"a.example": 10})
    admin_client.post(address, data={"letters": "12", "per": "86400", "burst": "12"})

    with transaction() as session:
        assert buckets.take(session, sender.id, {"a.example": 10}).of_domain == {"a.example": 0}


def test_an_admin_limits_a_domain_and_forgets_it(admin_client, sender):
    admin_client.post(
        "/settings/pace/domain", data={"domain": "@GMail.com.", "letters": "60", "per": "60", "at_once": "5"}
    )
    row = kept(DomainPace)
    assert (row.domain, row.letters, row.burst, row.at_once) == ("gmail.com", 60, 10, 5)
    page = admin_client.get("/settings/pace/domain?name=gmail.com").text
    assert 'value="60"' in page

    admin_client.post("/settings/pace/domain/free", data={"domain": "gmail.com"})
    assert not kept(DomainPace).chosen
    assert admin_client.post("/settings/pace/domain/free", data={"domain": "gmail.com"}).status_code == 404


def test_each_other_domain_has_a_limit_and_one_is_free_of_it(admin_client, sender):
    admin_client.post("/settings/pace/domain", data={"domain": "*", "letters": "2", "per": "3600"})
    admin_client.post("/settings/pace/domain", data={"domain": "free.example", "per": "60"})

    with transaction() as session:
        grant = buckets.take(session, sender.id, {"a.example": 9, "free.example": 9})
    assert grant.of_domain == {"a.example": 1, "free.example": 9}
    assert "Each other domain" in admin_client.get("/settings/pace/").text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"letters": "0"}, "a number from 1 to 1000000"),
        ({"letters": "-3"}, "a number from 1 to 1000000"),
        ({"letters": "9" * 30}, "a number from 1 to 1000000"),
        ({"letters": "many"}, "a whole number"),
        ({"letters": "5", "burst": "0"}, "a number from 1 to 1000000"),
        ({"letters": "5", "per": "7"}, "Choose a second"),
        ({"warm_from": "soon"}, "Write a day"),
        ({"warm_from": "0001-01-01"}, "within ten years"),
        ({"at_once": "1001"}, "a number from 1 to 1000"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_kept(admin_client, sender, form, said):
    answer = admin_client.post(f"/settings/pace/senders/{sender.id}", data=form)

    assert answer.status_code == 422
    if "at_once" not in form:
        assert said in answer.text
    with reading() as session:
        assert session.scalar(sa.select(SenderPace)) is None


@pytest.mark.parametrize("domain", ["", "nonsense", "a b.com", "x@y@z", "gmail.com\r\nX: y", "a" * 300])
def test_what_is_no_domain_is_refused(admin_client, sender, domain):
    answer = admin_client.post("/settings/pace/domain", data={"domain": domain, "letters": "5"})

    assert answer.status_code == 422
    assert "Write a domain" in answer.text


def test_ready_made_choices_fill_in_the_form_and_keep_nothing(admin_client, sender):
    warm = admin_client.get(f"/settings/pace/senders/{sender.id}?preset=warm-up").text
    gentle = admin_client.get("/settings/pace/domain?name=gmail.com&preset=gentle").text

    assert f'value="{now().date().isoformat()}"' in warm
    assert 'value="gmail.com"' in gentle
    assert 'value="20"' in gentle
    with reading() as session:
        assert session.scalar(sa.select(SenderPace)) is None
        assert session.scalar(sa.select(DomainPace)) is None


def test_a_domain_that_is_left_alone_is_shown_and_can_be_let_go(admin_client, sender):
    with transaction() as session:
        destinations.hold(session, "slow.example", "421 <b>Too many</b>")

    page = admin_client.get("/settings/pace/").text
    assert "slow.example" in page
    assert "421 &lt;b&gt;Too many" in page
    admin_client.post("/settings/pace/domain/go-on", data={"domain": "slow.example"})
    assert "slow.example" not in admin_client.get("/settings/pace/").text


@pytest.mark.parametrize("role", [Role.MARKETER, Role.SALESPERSON])
def test_only_admins_set_limits(sign_in, sender, role):
    browser = sign_in(role)
    for address in ("", "domain", f"senders/{sender.id}"):
        assert browser.get(f"/settings/pace/{address}").status_code == 403
    assert browser.post("/settings/pace/domain", data={"domain": "a.example"}).status_code == 403


def test_the_way_there_is_shown_to_whoever_may_go(admin_client, sign_in, sender):
    link = f"/settings/pace/senders/{sender.id}"

    assert "/settings/pace/" in admin_client.get("/settings/").text
    assert link in admin_client.get(f"/campaigns/senders/{sender.id}").text
    assert link not in sign_in(Role.MARKETER).get(f"/campaigns/senders/{sender.id}").text
    assert admin_client.get("/settings/pace/senders/999").status_code == 404


@pytest.fixture
def campaign(app, session):
    """A campaign that is sending: six people at gmail, two elsewhere."""
    for number in range(6):
        factories.make_contact(session, f"p{number}@gmail.example")
    for number in range(2):
        factories.make_contact(session, f"p{number}@other.example")
    made = launch(session)
    plan(made)
    return made


def limit(session, **values):
    with transaction() as other:
        other.add(DomainPace(chosen=True, **values))
    buckets.limits.forget()


def take(campaign, **domains):
    with transaction() as other:
        wanted = {f"{name}.example": number for name, number in domains.items()}
        return buckets.take(other, campaign.sender_id, wanted)


def test_a_campaign_says_why_it_goes_slowly(campaign, session, marketer_client):
    address = f"/settings/pace/campaigns/{campaign.id}/holding"
    assert "It goes slowly" not in marketer_client.get(address).text
    limit(session, domain="gmail.example", letters=2, per=60, burst=1)
    take(campaign, gmail=1, other=1)

    page = marketer_client.get(address).text
    assert "Held to 2 letters a minute for gmail.example." in page
    assert "other.example" not in page
    assert re.search(r"for gmail.example. Until about \d+:\d\d", page)

    set_campaign(campaign, status=Status.PAUSED)
    assert "Held" not in marketer_client.get(address).text


def test_it_says_what_waits_for_whom(campaign, session, marketer_client):
    address = f"/settings/pace/campaigns/{campaign.id}/holding"
    with transaction() as other:
        destinations.hold(other, "other.example", "421 No")
        other.add(
            SenderPace(sender_id=campaign.sender_id, letters=3, per=3600, burst=1, warm_from=now().date())
        )
        other.add(DomainPace(domain=DomainPace.OTHERS, chosen=True, letters=1, per=86_400, burst=1))
    buckets.limits.forget()
    take(campaign, gmail=1)

    page = marketer_client.get(address).text
    assert "Held to 3 letters an hour from news@example.com." in page
    assert "Held to 1 letter a day for gmail.example." in page
    assert "other.example asked to try later, so its letters wait." in page
    assert "warmed up" not in page  # 200 a day are enough for eight

    with transaction() as other:
        row = other.get_one(SenderPace, campaign.sender_id)
        row.warm_taken, row.warm_day = 200, row.warm_from
    page = marketer_client.get(address).text
    assert "The sender is being warmed up: 200 letters may go today" in page


def test_many_domains_are_one_sentence(campaign, session, marketer_client):
    for number in range(5):
        factories.make_contact(session, f"p@d{number}.example")
    more = launch(session)
    plan(more)
    limit(session, domain=DomainPace.OTHERS, letters=1, per=86_400, burst=1)
    take(more, gmail=1, other=1, **{f"d{number}": 1 for number in range(5)})

    page = marketer_client.get(f"/settings/pace/campaigns/{more.id}/holding").text

    assert "Held to 1 letter a day for each of gmail.example, other.example, d0.example and 4 more." in page


def _draft(session):
    made = factories.make_campaign(session)
    session.commit()
    return made


def test_a_draft_says_how_long_it_will_take(campaign, session, marketer_client):
    draft = _draft(session)
    address = f"/settings/pace/campaigns/{draft.id}"
    answer = marketer_client.get(address)
    assert (answer.text, answer.headers["HX-Reswap"]) == ("", "delete")
    assert address in marketer_client.get(f"/campaigns/{draft.id}").text

    limit(session, domain="gmail.example", letters=1, per=86_400, burst=1)
    answer = marketer_client.get(address)
    assert "5 days or longer" in answer.text
    assert "the limit for gmail.example" in answer.text
    assert "HX-Reswap" not in answer.headers


def test_a_draft_of_a_sender_that_is_warmed_up_waits_for_days(campaign, session, marketer_client):
    draft = _draft(session)
    with transaction() as other:
        today = now().date()
        other.add(SenderPace(sender_id=draft.sender_id, warm_from=today, warm_day=today, warm_taken=196))
    buckets.limits.forget()

    page = marketer_client.get(f"/settings/pace/campaigns/{draft.id}").text
    assert "warming up the sender" in page
    with transaction() as other:
        other.get_one(SenderPace, draft.sender_id).warm_from = now().date() - timedelta(days=60)
    buckets.limits.forget()
    assert marketer_client.get(f"/settings/pace/campaigns/{draft.id}").text == ""


def test_the_progress_asks_for_what_slows_it_down(campaign, marketer_client):
    page = marketer_client.get(f"/delivery/campaigns/{campaign.id}/progress").text
    assert f"/settings/pace/campaigns/{campaign.id}/holding" in page

    set_campaign(campaign, status=Status.SENT)
    assert "/holding" not in marketer_client.get(f"/delivery/campaigns/{campaign.id}/progress").text
    with reading() as session:
        assert session.get_one(Campaign, campaign.id).status == Status.SENT
