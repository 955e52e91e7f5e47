"""The pages of audiences and the file that leaves them."""

import pytest

from campaigns import database
from tests import factories


@pytest.fixture
def audience(app):
    with database.transaction() as session:
        for n in range(3):
            factories.make_contact(session, f"p{n}@example.com", categories=("Cutters",))
        factories.make_contact(
            session,
            "evil@example.com",
            categories=("Cutters",),
            first_name='=HYPERLINK("http://x.example.com")',
        )
        factories.make_contact(session, "silent@example.com", consented=False, categories=("Cutters",))
        return factories.make_audience(session, "category:Cutters", "Cutters")


def test_the_page_says_how_many_and_why_the_others_not(marketer_client, audience):
    page = marketer_client.get(f"/audiences/{audience.id}").text

    assert "Never agreed" in page
    assert f"/audiences/{audience.id}/people?reason=no_consent" in page


def test_while_a_rule_is_written_it_is_counted(marketer_client, audience):
    answer = marketer_client.post("/audiences/preview", data={"rule": 'category:"cutters"'})

    assert answer.status_code == 200
    assert '<strong class="stat-value">4</strong>' in answer.text


def test_a_rule_that_makes_no_sense_is_shown_its_place(marketer_client):
    answer = marketer_client.post("/audiences/preview", data={"rule": "category:Cutters and colour:red"})

    assert answer.status_code == 200
    assert "<mark>colour</mark>" in answer.text


def test_what_cannot_be_kept_comes_back_as_it_was_written(marketer_client):
    answer = marketer_client.post("/audiences/new", data={"name": "Mine", "rule": "tag:"})

    assert answer.status_code == 422
    assert 'value="Mine"' in answer.text


@pytest.mark.parametrize("path", ["/audiences/", "/audiences/new", "/audiences/1", "/audiences/1/people"])
def test_salespeople_do_not_make_audiences(salesperson_client, path):
    assert salesperson_client.get(path).status_code == 403


def test_why_somebody_is_in_or_not(marketer_client, audience):
    page = marketer_client.get(f"/audiences/{audience.id}/why?q=silent@example.com").text

    assert "Never agreed" in page


def test_names_that_nobody_made_are_pointed_out(marketer_client, audience):
    answer = marketer_client.post(
        "/audiences/preview",
        data={"rule": 'category in ("cutters", "Cuters") and not tag:"Žralok" and tag ~ "x"'},
    )

    assert "There is no category “Cuters”." in answer.text
    assert "There is no tag “Žralok”." in answer.text
    assert answer.text.count("There is no") == 2


def test_how_they_divide(marketer_client, audience):
    with database.transaction() as session:
        for code in ("cs", "fi", ""):
            factories.make_contact(session, f"{code}@example.org", language=code, tags=("new",))

    answer = marketer_client.post("/audiences/shares", data={"rule": "tag:new"})

    assert [name in answer.text for name in ("Čeština", "Finnish", "Unknown")] == [True, True, True]


def test_a_name_that_is_taken_is_said_beside_the_name(marketer_client, audience):
    answer = marketer_client.post("/audiences/new", data={"name": "Cutters", "rule": "tag:mine"})

    assert answer.status_code == 409
    assert "already" in answer.text
    assert "tag:mine" in answer.text
