"""Settings → Topics: what letters can be about, and how purposes are called on other pages."""

import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry
from campaigns.consent import topics
from campaigns.consent.models import Topic
from campaigns.database import reading, transaction
from tests import factories


def named():
    with reading() as session:
        return [topic.name for topic in topics.listed(session)]


def made(*names):
    with transaction() as session:
        factories.make_organisation(session)
        return [topics.create(session, name, f"About {name}").id for name in names]


def test_a_topic_is_added_and_said_otherwise(app, marketer_client):
    made()
    assert "No topics yet" in marketer_client.get("/topics/").text
    form = {"name": "Offers", "about": "Monthly", "offered": "1", "name.cs": "Nabídky", "name.xx": "no"}
    page = marketer_client.post("/topics/new", data=form, follow_redirects=True).text
    assert "Offers" in page
    assert "Čeština" in page
    with reading() as session:
        topic = session.scalars(sa.select(Topic)).one()
        assert (topic.words, topic.offered) == ({"cs": {"name": "Nabídky"}}, True)

    assert 'value="Nabídky"' in marketer_client.get(f"/topics/{topic.id}/edit").text
    answer = marketer_client.post(f"/topics/{topic.id}/edit", data={"name": "Deals"}, follow_redirects=True)
    assert "Not offered" in answer.text
    with reading() as session:
        topic = session.scalars(sa.select(Topic)).one()
        assert (topic.name, topic.key, topic.words, topic.offered) == ("Deals", "offers", {}, False)
        acts = session.scalars(sa.select(AuditEntry.act).where(AuditEntry.act.startswith("topic."))).all()
        assert acts == ["topic.create", "topic.change"]


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(app, marketer_client):
    offers, _news = made("Offers", "News")
    for address in ("/topics/new", f"/topics/{offers}/edit"):
        answer = marketer_client.post(address, data={"name": "news", "about.cs": "O čem"})
        assert answer.status_code == 422
        assert "There is a topic of that name" in answer.text
        assert "O čem" in answer.text
    assert marketer_client.get("/topics/999/edit").status_code == 404
    assert named() == ["Offers", "News"]


def test_topics_go_up_and_down_and_stop_at_the_ends(app, marketer_client):
    first, _second, third = made("A", "B", "C")
    steps = [(first, "1", "BAC"), (first, "1", "BCA"), (first, "1", "BCA"), (third, "-1", "CBA")]
    for number, step, order in [*steps, (third, "-1", "CBA")]:
        marketer_client.post(f"/topics/{number}/move", data={"steps": step})
        assert named() == list(order)


def test_a_contacts_page_and_evidence_call_a_topic_by_its_name(app, marketer_client):
    made("Offers & more")
    with transaction() as session:
        anna = factories.make_contact(session, "anna@example.com")
        factories.grant_consent(session, anna, "mail:offers-more")
    for address in (f"/consent/contacts/{anna.id}/panel", f"/consent/contacts/{anna.id}"):
        page = marketer_client.get(address).text
        assert "Letters about “Offers &amp; more”" in page
        assert "offers-more”" not in page
