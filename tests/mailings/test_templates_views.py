"""Pages of templates and senders: the editor that saves by itself, and never over somebody else."""

import pytest

from campaigns.database import reading, transaction
from campaigns.mailings import composing, starters
from campaigns.mailings.composing import Draft
from campaigns.mailings.models import Sender, Template
from tests import factories

LIVE = {"HX-Request": "true"}
FORM = {
    "name": "News",
    "subject": "Hi {{ contact.first_name }}",
    "kind": "html",
    "source": "<p>Hi</p>",
    "version": "1",
}


@pytest.fixture
def url(app):
    with transaction() as session:
        factories.make_organisation(session)
        template = composing.create(
            session, Draft("News", "S", "<p>Dear {{ contact.first_name }}</p>", "html")
        )
        return f"/templates/{template.id}"


def kept(url):
    with reading() as session:
        return session.get_one(Template, int(url.rsplit("/", 1)[1]))


def test_the_list_and_its_search(url, marketer_client):
    assert "News" in marketer_client.get("/templates/").text
    assert "News" in marketer_client.get("/templates/?q=NEW").text
    assert "No such template" in marketer_client.get("/templates/?q=zzz").text


@pytest.mark.parametrize("starter", [starter.key for starter in starters.listed()])
def test_every_starter_begins_a_template(app, marketer_client, starter):
    letter = marketer_client.get(f"/templates/starters/{starter}/letter")
    assert letter.status_code == 200
    assert letter.headers["Content-Security-Policy"].startswith("sandbox;")
    answer = marketer_client.post("/templates/", data={"starter": starter})
    page = marketer_client.get(answer.location)
    assert page.status_code == 200
    assert "<iframe" in page.text
    again = marketer_client.post("/templates/", data={"starter": starter})
    assert answer.location != again.location


def test_an_empty_one_begins_too(app, marketer_client):
    answer = marketer_client.post("/templates/", data={"kind": "markdown"})
    assert kept(answer.location).kind == "markdown"
    assert marketer_client.get(answer.location).status_code == 200
    assert marketer_client.post("/templates/", data={"starter": "none"}).status_code == 404
    assert marketer_client.post("/templates/", data={"kind": "word"}).status_code == 422


def test_the_editor_saves_by_itself_and_shows_what_came_of_it(url, marketer_client):
    answer = marketer_client.post(url, data=FORM, headers=LIVE).text
    assert 'name="version" value="2"' in answer
    assert "Kept at" in answer
    assert 'hx-swap-oob="true"' in answer
    assert f"{url}/letter?v=2" in answer
    assert kept(url).source == "<p>Hi</p>"
    # Another view of the same words is no new version.
    answer = marketer_client.post(url, data=FORM | {"version": "2", "view": "text"}, headers=LIVE).text
    assert 'name="version" value="2"' in answer
    assert "letter-text" in answer


def test_somebody_elses_words_are_never_overwritten(url, marketer_client):
    marketer_client.post(url, data=FORM | {"source": "theirs"}, headers=LIVE)
    answer = marketer_client.post(url, data=FORM | {"source": "mine"}, headers=LIVE)
    assert "Somebody else saved this template meanwhile" in answer.text
    assert 'name="version" value="1"' in answer.text
    assert kept(url).source == "theirs"
    assert marketer_client.post(url, data=FORM | {"source": "mine"}).status_code == 409
    copied = marketer_client.post("/templates/", data=FORM | {"source": "mine"}, headers=LIVE)
    assert copied.status_code == 204
    assert kept(copied.headers["HX-Redirect"]).source == "mine"
    assert kept(copied.headers["HX-Redirect"]).name == "News 2"


def test_a_problem_is_kept_and_named_with_its_line(url, marketer_client):
    answer = marketer_client.post(url, data=FORM | {"source": "a\nb\n{{ x.y() }}"}, headers=LIVE).text
    assert "Line 3" in answer
    assert 'data-goto-line="3"' in answer
    assert "Kept at" in answer
    assert kept(url).source == "a\nb\n{{ x.y() }}"
    assert marketer_client.get(f"{url}/letter").status_code == 422
    subject = marketer_client.post(url, data=FORM | {"subject": "{{", "version": "2"}, headers=LIVE).text
    assert 'data-goto-field="subject"' in subject


def test_without_javascript_it_saves_too(url, marketer_client):
    answer = marketer_client.post(url, data=FORM)
    assert answer.status_code == 302
    assert kept(url).subject == "Hi {{ contact.first_name }}"
    answer = marketer_client.post(url, data=FORM | {"name": "", "version": "2", "source": "not lost"})
    assert answer.status_code == 422
    assert "not lost" in answer.text
    assert "Give the template a name" in answer.text


def test_the_letter_is_seen_as_a_contact(url, marketer_client):
    with transaction() as session:
        ann = factories.make_contact(session, "ann@example.com", first_name="Ann <b>").id
    letter = marketer_client.get(f"{url}/letter?contact_id={ann}")
    assert "Dear Ann &lt;b&gt;" in letter.text
    assert letter.headers["Content-Security-Policy"].startswith("sandbox;")
    assert "ann@example.com" in marketer_client.get("/templates/contacts?as=ann").text
    assert "No contact begins so" in marketer_client.get("/templates/contacts?as=zzz").text


def test_copying_and_removing(url, marketer_client):
    copied = marketer_client.post(f"{url}/copy").location
    assert kept(copied).name == "News 2"
    assert marketer_client.post(f"{copied}/remove").status_code == 302
    assert marketer_client.get(copied).status_code == 404
    with transaction() as session:
        factories.make_campaign(session, template_id=int(url.rsplit("/", 1)[1]))
    assert marketer_client.post(f"{url}/remove").status_code == 409


def test_salespeople_do_not_write_letters(url, salesperson_client):
    for path in ("/templates/", "/templates/new", url, f"{url}/letter", "/templates/contacts"):
        assert salesperson_client.get(path).status_code == 403
    for path in ("/templates/", url, f"{url}/copy", f"{url}/remove"):
        assert salesperson_client.post(path, data=FORM).status_code == 403
    assert kept(url).version == 1


def test_a_sender_is_made_keyed_changed_and_removed(url, marketer_client):
    assert "No sender yet" in marketer_client.get("/campaigns/senders/").text
    form = {"name": "Example Tools", "address": "news@example.com"}
    page = marketer_client.post("/campaigns/senders/", data=form).location
    shown = marketer_client.get(page).text
    assert "campaigns._domainkey.example.com" in shown
    assert "v=DKIM1; k=rsa; p=" in shown
    assert "PRIVATE" not in shown
    assert marketer_client.post(page, data=form | {"name": "Tools"}).status_code == 302
    assert marketer_client.post(page, data=form | {"address": "nobody"}).status_code == 422
    assert marketer_client.post(f"{page}/key").status_code == 302
    assert "campaigns2._domainkey.example.com" in marketer_client.get(page).text
    second = marketer_client.post("/campaigns/senders/", data=form | {"address": "b@example.com"}).location
    assert marketer_client.post(f"{second}/default").status_code == 302
    with reading() as session:
        assert session.get_one(Sender, int(second.rsplit("/", 1)[1])).is_default
    assert marketer_client.post(f"{page}/remove").status_code == 302
    assert marketer_client.get(page).status_code == 404


def test_a_second_key_can_be_added_and_taken_away(marketer_client):
    form = {"name": "Example Tools", "address": "news@example.com"}
    page = marketer_client.post("/campaigns/senders/", data=form).location
    assert "k=ed25519" not in marketer_client.get(page).text

    assert marketer_client.post(f"{page}/second-key").status_code == 302
    shown = marketer_client.get(page).text
    assert "campaigns-ed._domainkey.example.com" in shown
    assert "v=DKIM1; k=ed25519; p=" in shown
    assert "v=DKIM1; k=rsa; p=" in shown
    assert "PRIVATE" not in shown
    assert marketer_client.post(f"{page}/second-key").status_code == 302
    assert "campaigns-ed2._domainkey.example.com" in marketer_client.get(page).text

    assert marketer_client.post(f"{page}/second-key/remove").status_code == 302
    assert "k=ed25519" not in marketer_client.get(page).text


def test_senders_are_not_for_salespeople(url, salesperson_client):
    for path in ("/campaigns/senders/", "/campaigns/senders/new"):
        assert salesperson_client.get(path).status_code == 403
    assert salesperson_client.post("/campaigns/senders/", data={"name": "x"}).status_code == 403
