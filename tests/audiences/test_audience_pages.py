"""The pages of audiences."""

import json

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


def test_a_static_audience_is_made_and_taken_again(marketer_client, audience):
    with database.transaction() as session:
        out = factories.make_audience(session, 'email ~ "p0"', "Out").id
    form = {"name": "Kept", "rule": "category:Cutters", "living": "0", "excluded": [str(out)]}
    answer = marketer_client.post("/audiences/new", data=form)
    page = marketer_client.get(answer.headers["Location"]).text

    assert "5 were taken" in page
    assert "Without those in: Out" in page
    assert marketer_client.post(f"{answer.headers['Location']}/take").status_code == 302
    assert marketer_client.post(f"/audiences/{audience.id}/take").status_code == 409


def test_the_same_rule_as_text_and_as_a_tree(marketer_client):
    answer = marketer_client.post("/audiences/translate", data={"rule": "tag:a or not city:b"}).json
    back = marketer_client.post("/audiences/translate", data={"tree": json.dumps(answer["tree"])}).json

    assert back["rule"] == answer["rule"] == 'tag:"a" or not city:"b"'
    for tree in ("x", "[" * 100_000, '{"all": [{"field": "x"}]}', "{" + " " * 300_000 + "}"):
        answer = marketer_client.post("/audiences/translate", data={"tree": tree})
        assert (answer.status_code, bool(answer.json["problem"])) == (200, True)
    assert marketer_client.post("/audiences/translate", data={"rule": "tag"}).json["position"] == 3


def test_what_two_audiences_share_is_a_door_to_the_people(marketer_client, audience):
    with database.transaction() as session:
        other = factories.make_audience(session, 'email ~ "p2"', "Some").id
    page = marketer_client.get(f"/audiences/overlap?a={audience.id}&b={other}").text

    assert f"/audiences/{audience.id}/overlap/{other}/both" in page
    people = marketer_client.get(f"/audiences/{audience.id}/overlap/{other}/both").text
    assert "p2@example.com" in people
    assert "evil@example.com" not in people
    people = marketer_client.get(f"/audiences/{audience.id}/overlap/{other}/only").text
    assert "evil@example.com" in people


def test_a_contacts_page_says_which_audiences_hold_them(marketer_client, audience):
    part = marketer_client.get("/audiences/of/1").text

    assert f"/audiences/{audience.id}/why?contact=1" in part
    assert "Brno" not in part
    assert marketer_client.get(f"/audiences/{audience.id}/why?contact=1").status_code == 200
    assert "p1@example.com" in marketer_client.get(f"/audiences/{audience.id}/why?q=p").text
