"""Whose data are only kept: they are compared with nobody, and nobody is merged with them."""

import pytest

from campaigns.cleaning import proposing, running
from campaigns.cleaning.models import Scope
from campaigns.consent import restricting
from campaigns.database import reading, transaction
from tests import factories

WHY = {"why": "accuracy"}
PHONE = "+420601000001"


@pytest.fixture
def pair():
    with transaction() as session:
        return tuple(
            factories.make_contact(session, email, first_name="Anna", last_name="Nova", phone=PHONE)
            for email in ("anna@example.com", "nova@example.net")
        )


def look(scope=Scope.CHANGED):
    with transaction() as session:
        run_id = running.start(session, scope, here=True).id
    running.run(run_id)
    with reading() as session:
        run = running.one(session, run_id)
        return run.status, run.found, run.passed_over


def proposed(contact):
    with reading() as session:
        found = (
            proposing.listed(session), proposing.of_contact(session, contact.id),
            [None] * proposing.count(session, 100, proposing.SURE),
        )  # fmt: skip
        return [len(some) for some in found]


def restrict(contact, *, release=False):
    with transaction() as session:
        contact = session.merge(contact)
        if release:
            restricting.release(session, contact, {"told": "by phone"})
        else:
            restricting.restrict(session, contact, WHY, None)


@pytest.mark.both_databases
@pytest.mark.parametrize("which", [0, 1])
def test_a_pair_rests_while_one_is_restricted(app, pair, which):
    look(Scope.ALL)
    assert proposed(pair[0]) == [1, 1, 1]

    restrict(pair[which])
    assert proposed(pair[0]) == [0, 0, 0]
    assert look(Scope.SURE) == ("done", 0, 0)

    restrict(pair[which], release=True)
    assert proposed(pair[0]) == [1, 1, 1]


@pytest.mark.both_databases
@pytest.mark.parametrize("scope", [Scope.ALL, Scope.CHANGED])
def test_they_are_compared_with_nobody_until_their_data_may_be_used_again(app, pair, scope):
    restrict(pair[0])
    look(Scope.ALL)
    assert look(scope) == ("done", 0, 0)

    restrict(pair[0], release=True)
    assert proposed(pair[0]) == [0, 0, 0]
    assert look(scope) == ("done", 1, 0)
    assert proposed(pair[0]) == [1, 1, 1]


def test_the_page_says_why_and_refuses(marketer_client):
    with transaction() as session:
        anna, eva = (factories.make_contact(session, first_name=name) for name in ("Anna", "Eva"))
        restricting.restrict(session, eva, WHY, None)
    both = {"a": anna.id, "b": eva.id}

    page = marketer_client.get("/cleaning/merge", query_string=both).get_data(as_text=True)
    answer = marketer_client.post("/cleaning/merge", data=both)

    said = "The data of Eva are to be kept, but not used"
    assert said in page
    assert (answer.status_code, said in answer.get_data(as_text=True)) == (409, True)
