"""Signing up: nothing counts until the address confirms it, and then all of it, with its evidence."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from campaigns import jobs
from campaigns.consent import gate, leaving, ledger
from campaigns.consent.models import ConsentEvent, SuppressionReason
from campaigns.consent.standing import Method, State
from campaigns.contacts.models import Category, Contact, Tag
from campaigns.crm.models import Activity, Kind
from campaigns.database import now, reading, transaction
from campaigns.signup import building, confirming, letters
from campaigns.signup.models import FormRevision, SignUp, SignUpLetter
from tests import factories
from tests.signup.filling_in import fill_in, firm, link, mailed, make_form


@pytest.fixture
def form(app, session):
    """A firm's open form."""
    firm(session)
    return make_form(session)


def contacts(session):
    with reading() as other:
        return {one.email: one for one in other.scalars(sa.select(Contact))}


def test_nothing_is_known_of_them_until_they_confirm(form, session, client):
    answer = fill_in(client, form, first_name="Ann", mail="1")

    assert (answer.status_code, answer.location) == (303, f"/f/{form.key}/sent?lang=en")
    assert "look" in client.get(answer.location).text.casefold()
    assert contacts(session) == {}

    [(to, raw)] = mailed()
    assert to == "ann@example.com"
    page = client.get(link(raw))
    assert "Example Tools may write to me about tools, twice a month." in page.text
    assert contacts(session) == {}

    assert "confirmed" in client.post(link(raw)).text.casefold()
    ann = contacts(session)["ann@example.com"]
    assert (ann.first_name, ann.source, ann.language) == ("Ann", f"form:{form.id} Fair", "en")
    assert gate.refusals(session, [ann.id]) == {}


def test_the_ledger_holds_both_halves_with_words_times_and_addresses(form, session, client):
    fill_in(client, form, mail="1", tracking="1", ip="192.0.2.7")
    [(_to, raw)] = mailed()
    with time_machine.travel(now() + timedelta(hours=2), tick=False):
        client.post(link(raw), environ_base={"REMOTE_ADDR": "192.0.2.9"})

    ann = contacts(session)["ann@example.com"]
    entries = ledger.evidence(session, ann.id)[::-1]
    assert [(one.purpose, one.act, one.method, one.ip) for one in entries] == [
        ("mail", "granted", Method.DOUBLE_OPT_IN, "192.0.2.7"),
        ("tracking", "granted", Method.DOUBLE_OPT_IN, "192.0.2.7"),
        ("mail", "confirmed", Method.CONFIRMATION, "192.0.2.9"),
        ("tracking", "confirmed", Method.CONFIRMATION, "192.0.2.9"),
    ]
    assert entries[0].wording.text == "Example Tools may write to me about tools, twice a month."
    assert entries[2].at - entries[0].at > timedelta(hours=1)
    assert entries[0].source == f"form:{form.id} revision:{form.revision_id}"
    assert entries[0].page_url.endswith(f"/f/{form.key}")


def test_what_was_not_ticked_is_not_agreed_to(form, session, client):
    fill_in(client, form, first_name="Ann")
    [(_to, raw)] = mailed()
    client.post(link(raw))

    ann = contacts(session)["ann@example.com"]
    assert ledger.states(session, ann.id) == {}
    assert gate.refusals(session, [ann.id]) == {ann.id: gate.Reason.NO_CONSENT}


def test_single_topics_are_agreed_to_by_themselves(form, session, client):
    fill_in(client, form, **{"mail:offers": "1"})
    [(_to, raw)] = mailed()
    client.post(link(raw))

    ann = contacts(session)["ann@example.com"]
    assert gate.refusals(session, [ann.id], "mail:offers") == {}
    assert gate.refusals(session, [ann.id]) == {ann.id: gate.Reason.NO_CONSENT}
    [granted, *_rest] = ledger.evidence(session, ann.id)[::-1]
    assert granted.wording.text.endswith("\nOffers\nWhat is cheaper this month")


def test_confirming_twice_changes_nothing(form, session, client):
    fill_in(client, form, mail="1")
    [(_to, raw)] = mailed()
    client.post(link(raw))
    client.post(link(raw))

    session.rollback()
    assert session.scalar(sa.select(sa.func.count()).select_from(ConsentEvent)) == 2
    assert session.scalars(sa.select(Activity.kind)).all() == [Kind.SIGN_UP]


def test_labels_and_answers_of_somebody_known_are_added_to_what_is_there(form, session, client):
    known = factories.make_contact(
        session, "ann@example.com", first_name="A.", city="Brno", tags=("vip",), consented=False
    )
    session.commit()
    fill_in(client, form, first_name="Anna", mail="1")
    assert contacts(session)["ann@example.com"].first_name == "A."
    session.rollback()
    client.post(link(mailed()[0][1]))

    ann = contacts(session)["ann@example.com"]
    assert (ann.id, ann.first_name, ann.city) == (known.id, "Anna", "Brno")
    assert set(session.scalars(sa.select(Tag.name).join(Contact.tags))) == {"vip", "fair"}
    assert session.scalars(sa.select(Category.name).join(Contact.categories)).all() == ["Cutters"]
    assert ann.origins["first_name"][0] == "person"


def test_who_left_comes_back_by_the_letter_only(form, session, client):
    ann = factories.make_contact(session, "ann@example.com")
    leaving.unsubscribe(session, ann.id, "letter:1", Method.ONE_CLICK)
    session.commit()
    fill_in(client, form, mail="1")
    [(_to, raw)] = mailed()
    with reading() as other:
        assert gate.refusals(other, [ann.id]) == {ann.id: gate.Reason.UNSUBSCRIBED}

    client.post(link(raw))
    session.rollback()
    assert gate.refusals(session, [ann.id]) == {}


def test_who_left_everything_and_chooses_a_topic_gets_that_only(form, session, client):
    ann = factories.make_contact(session, "ann@example.com")
    leaving.object_(session, ann.id, "letter:1", Method.PAGE)
    session.commit()
    fill_in(client, form, **{"mail:offers": "1"})
    client.post(link(mailed()[0][1]))

    session.rollback()
    assert gate.refusals(session, [ann.id], "mail:offers") == {}
    assert gate.refusals(session, [ann.id]) == {ann.id: gate.Reason.NARROWED}
    ledger.record(session, ann.id, "mail", "granted", "consent", "import:1 Fair", Method.IMPORT)
    assert gate.refusals(session, [ann.id]) == {ann.id: gate.Reason.NARROWED}  # only she can say yes
    assert ledger.state(session, ann.id, "tracking").state == State.OBJECTED
    assert ledger.rebuild(session) == 0


def test_who_was_erased_may_sign_up_again(form, session, client):
    factories.suppress(session, "ann@example.com", SuppressionReason.ERASED)
    session.commit()
    fill_in(client, form, mail="1")
    client.post(link(mailed()[0][1]))

    session.rollback()
    assert gate.refusals(session, [contacts(session)["ann@example.com"].id]) == {}


@pytest.mark.parametrize("reason", [SuppressionReason.COMPLAINED, SuppressionReason.BOUNCED])
def test_complaints_and_bounces_keep_their_hold_and_nobody_sees_it(form, session, client, reason):
    factories.suppress(session, "ann@example.com", reason)
    session.commit()
    refused, usual = fill_in(client, form, mail="1"), fill_in(client, form, "bob@example.com", mail="1")

    assert [to for to, _raw in mailed()] == ["bob@example.com"]
    assert (refused.status_code, refused.location, refused.data) == (
        usual.status_code, usual.location, usual.data,
    )  # fmt: skip


def test_mistakes_are_named_at_their_fields_and_nothing_is_kept(form, session, client):
    answer = fill_in(client, form, "ann", first_name="Ann")

    assert answer.status_code == 422
    assert "has no @" in answer.text
    assert 'value="Ann"' in answer.text
    assert session.scalar(sa.select(sa.func.count()).select_from(SignUp)) == 0


def test_nobody_under_sixteen(app, session, client):
    firm(session)
    form = make_form(session, **{"step.born": "1"})
    young = (now() - timedelta(days=365 * 15)).date().isoformat()

    answer = fill_in(client, form, born=young)

    assert answer.status_code == 422
    assert "16 years old" in answer.text
    assert mailed() == []


def test_a_needed_answer_and_a_needed_yes(app, session, client):
    firm(session)
    form = make_form(session, must_agree="1", **{"required.first_name": "1"})

    answer = fill_in(client, form)
    assert answer.text.count("This is needed.") == 1
    assert "nothing to sign up for" in answer.text
    assert fill_in(client, form, first_name="Ann", mail="1").status_code == 303


def test_a_post_from_elsewhere_is_shown_to_be_looked_through(form, session, client):
    answer = client.post(f"/f/{form.key}", data={"email": "ann@example.com", "first_name": "Ann"})

    assert answer.status_code == 200
    assert 'value="ann@example.com"' in answer.text
    assert mailed() == []


def test_a_changed_form_has_a_new_revision_and_old_sign_ups_keep_theirs(form, session, client):
    fill_in(client, form, mail="1")
    with transaction() as other:
        kept = building.one(other, form.id)
        given = building.filled_in(other, kept)
        building.change(other, kept, given)
        assert kept.revision_id == form.revision_id  # nothing was changed
        given["letters.en"] = "Something else entirely."
        building.change(other, kept, given)

    with reading() as other:
        assert other.scalars(sa.select(FormRevision.number).order_by(FormRevision.id)).all() == [1, 2]
    page = client.get(link(mailed()[0][1])).text
    assert "Example Tools may write to me about tools" in page


@pytest.mark.both_databases
def test_the_letter_goes_once_more_after_three_days_and_all_is_deleted_after_thirty(form, session, client):
    fill_in(client, form, mail="1")
    fill_in(client, form, "bob@example.com", mail="1")
    first = mailed()
    client.post(link(first[1][1]))
    moment = now()
    with time_machine.travel(moment + timedelta(days=4), tick=False):
        assert letters.ask_again() == 1
        assert letters.ask_again() == 0
        [*_before, (to, raw)] = mailed()
        assert (to, link(raw).partition("/s/")[0]) == ("ann@example.com", "")
        assert len(mailed()) == 3
        assert letters.forget_unanswered() == 0
    with time_machine.travel(moment + timedelta(days=31), tick=False):
        assert letters.forget_unanswered() == 1
        assert client.get(link(raw)).status_code == 404
    session.rollback()
    assert session.scalars(sa.select(SignUp.email)).all() == ["bob@example.com"]
    assert session.scalar(sa.select(sa.func.count()).select_from(SignUpLetter)) == 1


def test_links_of_others_open_nothing(form, client):
    assert client.get("/s/abcdef").status_code == 404
    assert client.post("/s/abcdef").status_code == 404
    assert client.get("/f/unknown").status_code == 404


def test_the_page_speaks_the_languages_of_the_form(app, session, client):
    firm(session)
    form = make_form(session, languages=["cs", "en"], **{"title.cs": "Přihláška"})

    assert "Přihláška" in client.get(f"/f/{form.key}?lang=cs").text
    assert "Přihláška" in client.get(f"/f/{form.key}", headers={"Accept-Language": "cs"}).text
    assert "Přihláška" not in client.get(f"/f/{form.key}", headers={"Accept-Language": "ro"}).text


def test_other_sites_may_frame_the_form_and_nothing_else(form, client):
    framed = client.get(f"/f/{form.key}?framed=1")

    assert "frame-ancestors *" in framed.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed.headers
    assert "Set-Cookie" not in framed.headers
    assert "frame-ancestors 'self'" in client.get("/s/abcdef").headers["Content-Security-Policy"]


def test_the_clock_has_letters_sent_and_tended(form, session, client, queue):
    fill_in(client, form, mail="1")
    queue.work(jobs.ASK_SIGN_UPS)
    queue.work(jobs.TEND_SIGN_UPS)

    with reading() as other:
        assert other.scalars(sa.select(SignUpLetter.status)).all() == ["sent"]
        assert confirming.waiting(other, link(mailed()[0][1]).removeprefix("/s/")).email == "ann@example.com"
