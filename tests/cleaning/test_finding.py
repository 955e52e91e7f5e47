"""The search: all pairs of a kind and no others, in steps, again after edits, as often as one likes."""

import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns.cleaning import finding, proposing, running, walking
from campaigns.cleaning.models import CleaningRun, Duplicate, Scope, Verdict
from campaigns.contacts.models import Contact
from campaigns.database import db_now, now, reading, transaction
from campaigns.delivery.models import Segment
from campaigns.errors import Conflict
from campaigns.longwork import WorkStatus
from campaigns.mailings.models import Status
from tests import factories


@pytest.fixture
def search(session):
    """`search(scope)` commits, searches, and gives the pairs: (addresses) → reasons."""

    def look(scope=Scope.ALL):
        session.commit()
        with transaction() as fresh:
            run = running.start(fresh, scope)
        running.run(run.id)
        with reading() as fresh:
            ended = fresh.get_one(CleaningRun, run.id)
            assert ended.status == WorkStatus.DONE, ended.error
            emails = dict(fresh.execute(sa.select(Contact.id, Contact.email)).all())
            proposed = sa.select(Duplicate).where(Duplicate.status == Verdict.PROPOSED)
            return {
                (emails[each.a_id], emails[each.b_id]): sorted(each.reasons)
                for each in fresh.scalars(proposed)
            }

    return look


def _people(session):
    company = factories.make_company(session)
    make = factories.make_contact
    make(session, "anna@gmail.com", first_name="Anna")
    make(session, "a.n.na+x@googlemail.com", first_name="A.")
    make(session, "x@gmail.com", first_name="Petr", last_name="Malý", phone="+420601000001")
    make(session, "y@seznam.cz", first_name="Malý", last_name="Petr", phone="+420601000001")
    make(session, "v@firma.cz", first_name="Věra", last_name="Dvořáková")
    make(session, "vera@firma.cz", first_name="Vera", last_name="Dvorakova")
    make(session, "k1@one.cz", first_name="Karel", last_name="Nový", company_id=company.id)
    make(session, "k2@two.cz", first_name="Karel", last_name="Nový", company_id=company.id)
    # Nobody's double:
    make(session, "petr@gmail.com", first_name="Karel", last_name="Nový")
    make(session, "karel@gmail.com", first_name="Karel", last_name="Nový")
    make(session, "jana@firma.cz", first_name="Jana", last_name="Dvořáková", company_id=company.id)


PAIRS = {
    ("anna@gmail.com", "a.n.na+x@googlemail.com"): ["mailbox"],
    ("x@gmail.com", "y@seznam.cz"): ["name", "phone"],
    ("v@firma.cz", "vera@firma.cz"): ["domain", "name"],
    ("k1@one.cz", "k2@two.cz"): ["company", "name"],
}


def test_all_kinds_are_found_and_nobody_else(session, search):
    _people(session)

    assert search() == PAIRS
    with reading() as fresh:
        run = running.newest(fresh, Scope.ALL)
        assert (run.found, run.status) == (4, WorkStatus.DONE)


def test_searching_again_changes_nothing_and_what_was_decided_stays(session, search):
    _people(session)
    search()
    with transaction() as fresh:
        pair = fresh.scalars(sa.select(Duplicate).order_by(Duplicate.id)).first()
        proposing.not_the_same(fresh, pair.a_id, pair.b_id, None)
        refused = pair.id

    again = search()

    assert len(again) == 3
    assert search(Scope.CHANGED) == again
    with reading() as fresh:
        assert fresh.get_one(Duplicate, refused).status == Verdict.NOT_SAME


def test_new_and_edited_contacts_are_looked_at_soon_after(session, search):
    _people(session)
    search()
    factories.make_contact(session, "anna+new@gmail.com")
    vera = session.scalars(sa.select(Contact).where(Contact.email == "vera@firma.cz")).one()
    vera.last_name = "Malá"
    quiet = session.scalars(sa.select(Contact).where(Contact.email == "jana@firma.cz")).one()
    quiet.last_contact_at = now()  # touched, but nothing that is compared

    found = search(Scope.CHANGED)

    new = {pair for pair in found if pair not in PAIRS}
    assert new == {
        ("anna@gmail.com", "anna+new@gmail.com"), ("a.n.na+x@googlemail.com", "anna+new@gmail.com")
    }  # fmt: skip
    assert ("v@firma.cz", "vera@firma.cz") not in found
    assert len(found) == 5


def test_looking_at_all_and_at_each_as_it_comes_find_the_same(session, search):
    chance = random.Random(7)
    firsts, lasts = ["Anna", "Anne", "Petr", "Jan", "Eva"], ["Malá", "Mala", "Novák", "Nowak", "Svoboda"]
    companies = [factories.make_company(session, f"Firm {number}").id for number in range(3)]
    search()

    def more(number):
        for each in range(number):
            local = chance.choice(["a.b", "ab", "ab+x", f"p{each}", f"q{number}{each}"])
            email = f"{local}{chance.randrange(40)}@{chance.choice(['gmail.com', 'firma.cz', 'dilna.cz'])}"
            taken = session.scalar(sa.select(Contact.id).where(Contact.email == email))
            if taken is None:
                factories.make_contact(
                    session, email, first_name=chance.choice(firsts), last_name=chance.choice(lasts),
                    phone=chance.choice(["", "", "+420601000001", "+420601000002"]),
                    company_id=chance.choice([None, *companies]),
                )  # fmt: skip

    for _round in range(3):
        more(25)
        by_change = search(Scope.CHANGED)
    assert len(by_change) > 20
    whole = search(Scope.ALL)
    # Of whom only the phone is the same there may have been fewer at first.
    said = [{pair: why for pair, why in found.items() if why != ["phone"]} for found in (by_change, whole)]
    assert said[0] == said[1]


def test_pages_are_small_and_none_is_missed(session, search, monkeypatch):
    _people(session)
    for name in (walking, finding):
        monkeypatch.setattr(name, "PAGE", 4)

    assert search() == PAIRS


def test_a_large_company_is_gone_through_in_parts(session, search, monkeypatch):
    chance = random.Random(3)
    company = factories.make_company(session)
    for number in range(30):
        first, last = ("".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=9)) for _name in range(2))
        if number in (3, 27):
            first, last = "Zikmund", ("Malý", "Velký")[number // 25]
        factories.make_contact(
            session, f"p{number}@d{number}.cz", first_name=first, last_name=last, company_id=company.id
        )
    monkeypatch.setattr(walking, "PAGE", 10)
    monkeypatch.setattr(walking, "_OVERLAP", 3)

    found = search()

    assert found == {}
    same = {"last_name": "Velký", "name_key": "velky zikmund"}
    session.execute(sa.update(Contact).where(Contact.first_name == "Zikmund").values(same))
    assert search() == {("p3@d3.cz", "p27@d27.cz"): ["company", "name"]}


def test_a_domain_that_everybody_may_be_in_says_nothing(session, search, monkeypatch):
    monkeypatch.setattr(walking, "EVERYBODYS", 3)
    for number in range(4):
        factories.make_contact(session, f"p{number}@freebie.cz", first_name="Jan", last_name="Novák")

    assert search() == {}


def test_a_run_that_was_stopped_midway_goes_on(session, search):
    _people(session)
    session.commit()
    with transaction() as fresh:
        run = running.start(fresh, Scope.ALL)
        run.status = WorkStatus.RUNNING
        for _step in range(4):
            finding.step(fresh, run)
        with pytest.raises(Conflict):
            running.start(fresh, Scope.ALL)

    running.run(run.id)
    running.run(run.id)  # nothing is left to do

    with reading() as fresh:
        assert fresh.get_one(CleaningRun, run.id).status == WorkStatus.DONE
        assert len(fresh.scalars(sa.select(Duplicate)).all()) == 4


def test_the_clock_starts_a_search_when_there_is_something_new(session, search):
    running.tick()
    with reading() as fresh:
        assert running.under_way(fresh) is None  # nobody is there
    _people(session)
    search()

    running.tick()
    with reading() as fresh:
        assert running.under_way(fresh) is None  # nothing new
    with transaction() as fresh:
        values = {"first_name": "Eva", "updated_at": now() + timedelta(seconds=1)}
        fresh.execute(sa.update(Contact).where(Contact.email == "v@firma.cz").values(values))
    running.tick()
    with reading() as fresh:
        assert running.under_way(fresh).scope == Scope.CHANGED


def test_searches_that_nobody_asked_for_stand_aside_while_letters_go_out(session):
    _people(session)
    campaign = factories.make_campaign(session, status=Status.SENDING)
    sent = Segment(campaign_id=campaign.id, first_contact_id=1, last_contact_id=9, lease_until=db_now(60))
    session.add(sent)
    session.commit()

    running.tick()
    with transaction() as fresh:
        assert running.under_way(fresh) is None
        by_clock = running.start(fresh, Scope.ALL)
    running.run(by_clock.id)
    assert _status(by_clock) == WorkStatus.RUNNING  # it has begun, and goes on when they are out
    with transaction() as fresh:
        fresh.execute(sa.update(Segment).values(lease_until=None, due_at=db_now(60)))
    running.run(by_clock.id)
    assert _status(by_clock) == WorkStatus.DONE

    with transaction() as fresh:
        fresh.execute(sa.update(Segment).values(lease_until=db_now(60)))
        by_hand = running.start(fresh, Scope.ALL, user_id=factories.make_user(fresh).id)
    running.run(by_hand.id)
    assert _status(by_hand) == WorkStatus.DONE


def _status(run):
    with reading() as fresh:
        return fresh.get_one(CleaningRun, run.id).status


def test_the_sure_ones_are_merged_at_once(session, search):
    _people(session)
    factories.make_contact(session, "an.na@gmail.com")
    found = search()
    assert len(found) == 6
    with reading() as fresh:
        sure = proposing.count(fresh, 100, proposing.SURE)
    assert sure == 4

    rest = search(Scope.SURE)

    assert sorted(rest) == [("k1@one.cz", "k2@two.cz"), ("v@firma.cz", "vera@firma.cz")]
    with reading() as fresh:
        run = running.newest(fresh, Scope.SURE)
        assert (run.total, run.found, run.passed_over) == (4, 3, 0)
        assert len(fresh.scalars(sa.select(Contact.id)).all()) == 9
    assert search(Scope.ALL) == rest
