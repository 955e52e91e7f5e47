"""The first page: what is due, who engaged and how sure, who lies fallow; and what is done right there."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import Role
from campaigns.consent import restricting
from campaigns.contacts import finding
from campaigns.contacts.filters import Filters
from campaigns.contacts.models import Contact
from campaigns.crm import logging, steps
from campaigns.crm.logging import Entry
from campaigns.crm.models import Activity, Kind, NextStep
from campaigns.database import now, reading
from campaigns.today import engaged, gathering
from tests import factories

ALL = sa.true()


def _all(session):
    return gathering.chosen(session, ALL)


@pytest.fixture
def people(session):
    """Ann replied, Bob clicked and then opened, Cid opened, Dan was called; Eve engaged long ago."""
    made = {
        name: factories.make_contact(session, f"{name}@example.com", first_name=name.title())
        for name in ("ann", "bob", "cid", "dan", "eve")
    }
    for name, kind, hours in (
        ("ann", Kind.REPLY, 30), ("bob", Kind.CLICK, 3), ("bob", Kind.OPEN, 2), ("cid", Kind.OPEN, 1),
        ("dan", Kind.CALL, 1), ("eve", Kind.CLICK, 24 * 40),
    ):  # fmt: skip
        at = now() - timedelta(hours=hours)
        logging.log_many(
            session, [Entry(made[name].id, kind, at, "Spring", "The offer" if kind == Kind.CLICK else "")]
        )
    session.commit()
    return made


def test_engaged_lately_each_once_newest_first_with_the_surest_sign(session, people):
    found = engaged.lately(session, _all(session))

    assert [one.contact.first_name for one in found] == ["Cid", "Bob", "Ann"]
    assert [one.surest.kind for one in found] == [Kind.OPEN, Kind.CLICK, Kind.REPLY]
    assert [one.last.kind for one in found] == [Kind.OPEN, Kind.OPEN, Kind.REPLY]
    assert [one.more for one in found] == [0, 1, 0]


def test_nobody_stands_on_two_pages(session):
    for number in range(30):
        contact = factories.make_contact(session)
        for kind in (Kind.OPEN, Kind.CLICK, Kind.OPEN):
            at = now() - timedelta(minutes=number * 7 + (number * 13 + len(kind)) % 11)
            factories.make_activity(session, contact, kind, at=at)
    session.flush()
    seen, after = [], None
    while some := engaged.lately(session, _all(session), after, 7):
        seen += [one.contact.id for one in some]
        after = (some[-1].last.at, some[-1].last.id)
    assert len(seen) == 30
    assert len(set(seen)) == 30


def test_old_signs_say_nothing(session, people):
    session.execute(sa.update(Activity).values(at=now() - timedelta(days=31)))
    assert engaged.lately(session, _all(session)) == []


def test_nothing_planned_begins_with_the_warmest(session, people):
    factories.make_next_step(session, people["cid"])
    session.execute(
        sa.update(Contact).where(Contact.id == people["cid"].id).values(next_step_on=now().date())
    )
    found = gathering.without_step(session, _all(session))
    assert [contact.first_name for contact in found] == ["Dan", "Bob", "Ann", "Eve"]


def test_where_nobody_is_warm_some_stand_there_all_the_same(session):
    factories.make_contact(session, first_name="Zoe")
    assert [contact.first_name for contact in gathering.without_step(session, _all(session))] == ["Zoe"]


def test_who_cools_off(session, people):
    for name, days in (("ann", 89), ("bob", 91), ("cid", 200), ("dan", 366)):
        last = now() - timedelta(days=days)
        session.execute(sa.update(Contact).where(Contact.id == people[name].id).values(last_contact_at=last))
    assert [contact.first_name for contact in gathering.cooling(session, _all(session))] == ["Bob", "Cid"]


def test_the_figures_are_counted(session, people):
    found = gathering.numbers(session, ALL, now().date())
    assert (found.overdue, found.without_step, found.cooling) == (0, 5, 0)


@pytest.mark.both_databases
def test_the_page(sign_in, session, people):
    factories.make_next_step(session, people["dan"], "Send the price list")
    session.commit()
    page = sign_in(Role.SALESPERSON).get("/today/")

    assert page.status_code == 200
    for words in (
        "Send the price list",
        "Engaged lately",
        "Probably opened",
        "Clicked",
        "The offer",
        "Replied",
    ):
        assert words in page.text, words


def test_the_bare_address_leads_here(salesperson_client, client):
    assert salesperson_client.get("/").headers["Location"] == "/today/"
    assert "/login" in client.get("/").headers["Location"]


def test_colleagues_contacts_are_not_shown_to_salespeople(sign_in, session, people):
    mine, other = (factories.make_user(session, Role.SALESPERSON) for _ in range(2))
    session.execute(sa.update(Contact).where(Contact.first_name == "Bob").values(owner_id=mine.id))
    session.execute(sa.update(Contact).where(Contact.first_name == "Cid").values(owner_id=other.id))
    session.commit()
    browser = sign_in(mine)

    everybody = browser.get("/today/?whose=all").text
    assert ("Bob" in everybody, "Ann" in everybody, "Cid" in everybody) == (True, True, False)
    own = browser.get("/today/?whose=mine").text
    assert ("Bob" in own, "Ann" in own, "Cid" in own) == (True, False, False)
    assert "Ann" not in browser.get("/today/").text  # remembered
    assert sign_in(Role.MARKETER).get("/today/").text.count("Cid") > 0
    for path in (f"/today/contacts/{people['cid'].id}/call", f"/today/contacts/{people['cid'].id}/step"):
        assert browser.post(path, data={"days": "1"}).status_code == 404


def test_a_call_is_written_down_in_one_post(sign_in, session, people):
    user = factories.make_user(session, Role.SALESPERSON)
    session.commit()
    answer = sign_in(user).post(
        f"/today/contacts/{people['ann'].id}/call", data={"note": "Wants two", "days": "7"}
    )

    assert answer.status_code == 302
    with reading() as fresh:
        call = fresh.scalars(
            sa.select(Activity).where(Activity.kind == Kind.CALL, Activity.summary != "Spring")
        ).one()
        assert (call.contact_id, call.summary, call.user_id) == (people["ann"].id, "Wants two", user.id)
        ann = fresh.get(Contact, people["ann"].id)
        assert (ann.last_contact_how, ann.last_contact_by) == (Kind.CALL, user.id)
        assert ann.next_step_on == datetime.now(UTC).date() + timedelta(days=7)


def test_an_empty_note_is_enough(salesperson_client, people):
    assert salesperson_client.post(f"/today/contacts/{people['ann'].id}/call").status_code == 302
    with reading() as fresh:
        assert fresh.get(Contact, people["ann"].id).next_step_on is None


def test_a_step_is_set_with_one_press(salesperson_client, people):
    path = f"/today/contacts/{people['ann'].id}/step"
    assert salesperson_client.post(path, data={"days": "1"}).status_code == 302
    assert salesperson_client.post(path, data={"days": "soon"}).status_code == 422
    assert salesperson_client.post(path).status_code == 422
    with reading() as fresh:
        step = fresh.scalars(sa.select(NextStep)).one()
        assert (step.what, step.due_on) == ("Call", datetime.now(UTC).date() + timedelta(days=1))


def test_finishing_a_step_asks_for_the_next(salesperson_client, session, people):
    step = factories.make_next_step(session, people["dan"], "Call about the offer")
    session.commit()
    page = salesperson_client.get("/today/").text
    assert "And then" in page
    done = f"/today/steps/{step.id}/done"
    answer = salesperson_client.post(done, data={"outcome": "Yes", "days": "30", "what": "Ask how it works"})
    assert answer.status_code == 302
    assert salesperson_client.post(done).status_code == 409

    with reading() as fresh:
        old, new = fresh.scalars(sa.select(NextStep).order_by(NextStep.id))
        assert (old.outcome, old.done_at is not None) == ("Yes", True)
        assert (new.what, new.done_at) == ("Ask how it works", None)


def test_long_lists_have_their_own_pages(salesperson_client, session):
    for number in range(60):
        contact = factories.make_contact(session, first_name=f"N{number:02}")
        factories.make_activity(session, contact, Kind.OPEN, at=now() - timedelta(minutes=number))
        factories.make_next_step(session, contact, due_on=now().date() - timedelta(days=number))
    session.commit()
    for path in ("/today/engaged", "/today/due"):
        assert path in salesperson_client.get("/today/").text
        first = salesperson_client.get(path).text
        more = first.split('rel="next"')[0].rpartition('href="')[2].split('"')[0]
        second = salesperson_client.get(more).text
        names = {f"N{number:02}" for number in range(60)}
        assert {name for name in names if name in first} | {name for name in names if name in second} == names
        assert salesperson_client.get(f"{path}?after=WzFd").status_code == 422


def test_an_empty_installation_shows_the_first_steps(sign_in):
    page = sign_in(Role.MARKETER).get("/today/").text
    for words in ("First steps", "Bring your contacts", "Make a template", "Send a campaign"):
        assert words in page
    assert "Nobody is here yet" in sign_in(Role.SALESPERSON).get("/today/").text


def test_the_first_steps_go_when_they_are_taken(marketer_client, session):
    factories.make_contact(session)
    factories.make_campaign(session, status="sent")
    session.commit()
    assert "First steps" not in marketer_client.get("/today/").text


def test_looking_changes_nothing(salesperson_client, session, people):
    def rows():
        with reading() as fresh:
            return [
                fresh.scalar(sa.select(sa.func.count()).select_from(table)) for table in (Activity, NextStep)
            ]

    before = rows()
    for path in ("/today/", "/today/engaged", "/today/due", "/today/?whose=mine"):
        assert salesperson_client.get(path).status_code == 200
    assert rows() == before


def test_whose_data_are_only_kept_is_no_work(session):
    today = now().date()
    born = f"{today:%m-%d}"
    long_ago = now() - timedelta(days=200)
    cold = factories.make_contact(session, birthday=born, last_contact_at=long_ago)
    busy = factories.make_contact(session)
    step = factories.make_next_step(session, busy, due_on=today - timedelta(days=3))
    steps.keep(session, busy.id)
    logging.log_many(session, [Entry(busy.id, Kind.CLICK, now() - timedelta(hours=1), "Spring", "Offer")])

    def work():
        numbers = gathering.numbers(session, ALL, today)
        return [
            [one.id for one in steps.due(session, today, ALL)],
            [one.id for one in steps.without_step(session, ALL)],
            [one.contact.id for one in engaged.lately(session, _all(session))],
            [one.id for one in gathering.without_step(session, _all(session))],
            [one.id for one in gathering.cooling(session, _all(session))],
            [one.contact.id for one in gathering.birthdays(session, _all(session), today)],
            (numbers.overdue, numbers.without_step, numbers.cooling),
            [
                [one.id for one in finding.find(session, Filters(step=asked), limit=5)]
                for asked in ("overdue", "none")
            ],
        ]

    there = work()
    assert there == [
        [step.id], [cold.id], [busy.id], [cold.id], [cold.id], [cold.id], (1, 1, 1), [[busy.id], [cold.id]]
    ]  # fmt: skip
    for contact in (cold, busy):
        restricting.restrict(session, contact, {"why": "accuracy"}, None)
    assert work() == [[], [], [], [], [], [], (0, 0, 0), [[], []]]
    assert [one.id for one in finding.find(session, Filters(step="planned"), limit=5)] == [busy.id]
    assert [one.id for one in steps.of(session, busy.id)] == [step.id]
    for contact in (cold, busy):
        restricting.release(session, contact, {"told": "by phone"})
    assert work() == there
