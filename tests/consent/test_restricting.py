"""Data that are kept and not used: no road leads to such a person, and nothing of them is lost."""

import csv
import io
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry, Tracking
from campaigns.cleaning import merging, unmerging
from campaigns.consent import asking as asking_lists
from campaigns.consent import following, gate, leaving, ledger, restricting
from campaigns.consent.models import Purpose
from campaigns.consent.reasons import Reason
from campaigns.consent.standing import Method
from campaigns.contacts import bulk_running, filters, finding, undoing
from campaigns.contacts.change_models import ChangeSet
from campaigns.contacts.filters import Filters
from campaigns.contacts.models import Contact, ImportStatus
from campaigns.database import now, reading, transaction
from campaigns.errors import BadInput, Conflict
from campaigns.exports import asking, places, running
from campaigns.exports.asking import Wish
from campaigns.exports.models import Export, Subject
from campaigns.imports import undoing as import_undoing
from campaigns.rights import gathering
from campaigns.tracking import recording
from campaigns.tracking.models import Hit
from tests import factories
from tests.imports.files import bring
from tests.tracking.mailed import hit, make_campaign, make_letter

WHY = {"why": "accuracy", "note": "The address is not mine"}
ALL = {"filters": "sort=name"}


def restricted(session, email="anna@example.com", **values):
    contact = factories.make_contact(session, email, tracked=True, **values)
    restricting.restrict(session, contact, WHY, None)
    return contact


def test_since_when_why_and_by_whom_is_kept_until_they_were_told(session):
    contact = factories.make_contact(session)
    boss = factories.make_user(session, name="Olga")
    with pytest.raises(BadInput):
        restricting.restrict(session, contact, {"why": "because"}, boss.id)
    with pytest.raises(Conflict):
        restricting.release(session, contact, {"told": "by phone"})

    restricting.restrict(session, contact, WHY, boss.id)
    since = contact.restricted_at
    restricting.restrict(session, contact, {"why": "claims"}, boss.id)

    assert (contact.restricted_at, contact.restricted_why, contact.restricted_note) == (since, "claims", "")
    assert restricting.by(session, contact) == boss
    with pytest.raises(BadInput):
        restricting.release(session, contact, {"told": " "})
    assert restricting.release(session, contact, {"told": "by phone"}) == "by phone"
    assert (contact.restricted_at, contact.restricted_why, contact.restricted_by) == (None, "", None)
    assert all(restricting.words(why) != why for why in restricting.Why)


def test_they_are_not_mailed_and_not_handed_on_and_are_again_after_the_release(session):
    contact = restricted(session)
    factories.grant_consent(session, contact, Purpose.AD_PLATFORMS)
    purposes = (Purpose.MAIL, "mail:news", Purpose.AD_PLATFORMS)

    for purpose in purposes:
        assert gate.refusals(session, [contact.id], purpose) == {contact.id: Reason.RESTRICTED}
    restricting.release(session, contact, {"told": "by phone"})
    assert [gate.refusals(session, [contact.id], purpose) for purpose in purposes] == [{}] * 3


def test_a_no_is_heard_all_the_same_and_no_yes_of_theirs_ends_it(session):
    contact = restricted(session)

    leaving.unsubscribe(session, contact.id, "page", Method.PAGE)
    assert gate.refusals(session, [contact.id]) == {contact.id: Reason.UNSUBSCRIBED}
    leaving.come_back(session, contact.id, "page", Method.PAGE, at=now() + timedelta(seconds=1))
    assert gate.refusals(session, [contact.id]) == {contact.id: Reason.RESTRICTED}


@pytest.mark.parametrize("said", [True, False])
def test_they_are_not_followed_in_letters_that_are_out_already(session, said):
    organisation = factories.make_organisation(session)
    organisation.track_opens = organisation.track_clicks = Tracking.IDENTIFIED
    letter = make_letter(session, make_campaign(session))
    contact = session.get_one(Contact, letter.contact_id)
    if said:
        factories.grant_consent(session, contact, Purpose.TRACKING)
    assert following.track_now(session, contact.id, Tracking.IDENTIFIED, Tracking.IDENTIFIED) != Tracking.OFF

    restricting.restrict(session, contact, WHY, None)
    assert following.tracking_states(session, [contact.id]) == {contact.id: Reason.RESTRICTED}
    assert following.track_now(session, contact.id, Tracking.IDENTIFIED, Tracking.IDENTIFIED) == Tracking.OFF
    assert recording.record(session, [hit(letter), hit(letter, 1)]) == 0
    assert session.scalar(sa.select(sa.func.count()).select_from(Hit)) == 0


def test_lists_find_them_and_a_copy_of_their_data_tells_it(session):
    contact = restricted(session)
    factories.make_contact(session, "eva@example.com")

    filters.offer(asking_lists.offered_filter())
    found = finding.find(session, Filters(others={"consent": "restricted"}), limit=5)

    assert [one.id for one in found] == [contact.id]
    [profile] = gathering.copy(session, contact)["contact"]
    assert (profile["restricted_why"], profile["restricted_note"]) == ("accuracy", WHY["note"])


@pytest.mark.both_databases
def test_no_file_and_no_bulk_edit_takes_them_in(app):
    with transaction() as session:
        anna, _eva = restricted(session), factories.make_contact(session, "eva@example.com")

    for chosen in (ALL, {"ids": [anna.id, _eva.id]}):
        with transaction() as session:
            made = asking.start(session, Subject.CONTACTS, chosen, Wish(columns=("email",)), None)
            edit = bulk_running.start(session, "tag", {"tag_name": "vip"}, chosen, None)
            assert (made.expected, edit.matching) == (1, 1)
        running.run(made.id)
        bulk_running.run(edit.id)
        with reading() as session:
            assert session.get_one(Export, made.id).rows == 1
            rows = list(csv.reader(io.StringIO(places.whole(made.id).read_text("utf-8-sig"))))
            assert [row[0] for row in rows[1:]] == ["eva@example.com"]
            tagged = sa.select(Contact.email).where(Contact.tags.any())
            assert session.scalars(tagged).all() == ["eva@example.com"]


def test_the_people_of_a_report_go_into_its_file_without_them(marketer_client):
    with transaction() as session:
        campaign = make_campaign(session)
        for name in ("anna", "eva"):
            make_letter(session, campaign, email=f"{name}@example.com")
        anna = session.scalars(sa.select(Contact).where(Contact.email == "anna@example.com")).one()
        restricting.restrict(session, anna, WHY, None)

    file = marketer_client.get(f"/reports/{campaign.id}/people.csv?did=sent").get_data(as_text=True)

    assert "eva@example.com" in file
    assert "anna@example.com" not in file


def test_an_import_changes_nothing_of_them_but_hears_a_no(session):
    contact = restricted(session, first_name="Anna")
    session.commit()

    done = bring("Email,First name,Tags\nanna@example.com,Hanna,vip\n")
    session.rollback()
    assert (done.updated, done.refused, done.reasons) == (0, 1, {"restricted": 1})
    assert session.get_one(Contact, contact.id).first_name == "Anna"
    assert session.get_one(Contact, contact.id).restricted_at is not None

    session.rollback()
    bring("Email,First name,Tags,Status\nanna@example.com,Hanna,vip,unsubscribed\n")
    session.rollback()
    found = session.get_one(Contact, contact.id)
    assert (found.first_name, found.restricted_why) == ("Anna", "accuracy")
    assert gate.refusals(session, [contact.id]) == {contact.id: Reason.UNSUBSCRIBED}


def test_undoing_the_import_that_brought_them_keeps_them(session):
    done = bring("Email\nanna@example.com\neva@example.com\n")
    session.rollback()
    anna = session.scalars(sa.select(Contact).where(Contact.email == "anna@example.com")).one()
    restricting.restrict(session, anna, WHY, None)
    session.execute(sa.update(Contact).values(updated_at=Contact.created_at))
    session.commit()

    work = import_undoing.start(session, session.merge(done), None)
    session.commit()
    undoing.run(work.id)

    session.rollback()
    assert session.scalars(sa.select(Contact.email)).all() == ["anna@example.com"]
    session.refresh(kept := session.merge(done))
    assert (kept.status, kept.undone["why"]) == (ImportStatus.UNDONE, {"restricted": 1})


@pytest.mark.both_databases
def test_undoing_an_edit_leaves_them_as_they_are_and_says_how_many(app, marketer_client):
    with transaction() as session:
        people = [factories.make_contact(session, f"{name}@example.com") for name in ("anna", "eva")]
        edit = bulk_running.start(session, "step", {"what": "Call", "due_on": "2030-01-02"}, ALL, None)
    bulk_running.run(edit.id)
    with transaction() as session:
        restricting.restrict(session, session.get_one(Contact, people[0].id), WHY, None)
        since = session.get_one(Contact, people[0].id).updated_at

    page = marketer_client.post(f"/contacts/edits/{edit.id}/undo", follow_redirects=True)

    with reading() as session:
        there = session.execute(
            sa.select(Contact.updated_at, Contact.next_step_on).order_by(Contact.id)
        ).all()
        kept = session.scalars(sa.select(ChangeSet)).one()
        assert there[0] == (since, date(2030, 1, 2))
        assert there[1].next_step_on is None
        assert (kept.restored, kept.left_alone, undoing.left_for_them(session, kept)) == (1, 1, 1)
    text = page.get_data(as_text=True)
    assert "of these 1 because their data are to be kept, but not used" in text
    assert "Everything: their data are to be kept, but not used" in text


def test_undoing_an_import_that_changed_them_only_takes_its_yes_away(session):
    emails = ("anna@example.com", "eva@example.com")
    anna, eva = (factories.make_contact(session, email, consented=False) for email in emails)
    session.commit()
    done = bring(
        "email,city,status,optin time\nanna@example.com,Brno,subscribed,2024-01-01\n"
        "eva@example.com,Brno,subscribed,2024-01-01\n"
    )
    session.rollback()
    assert all(ledger.states(session, one.id)["mail"].state == "granted" for one in (anna, eva))
    restricting.restrict(session, session.get_one(Contact, anna.id, populate_existing=True), WHY, None)
    session.commit()

    work = import_undoing.start(session, session.merge(done), None)
    session.commit()
    undoing.run(work.id)

    session.rollback()
    session.expire_all()
    assert (anna.city, eva.city) == ("Brno", "")
    assert "mail" not in ledger.states(session, anna.id) | ledger.states(session, eva.id)
    kept = session.merge(done)
    session.refresh(kept)
    assert (kept.undone["restored"], kept.undone["left"], kept.undone["why"]) == (1, 1, {"restricted": 1})


@pytest.mark.parametrize("which", [0, 1])
def test_nobody_is_merged_with_them(session, which):
    people = [factories.make_contact(session, first_name=name) for name in ("Anna", "Eva")]
    restricting.restrict(session, people[which], WHY, None)

    with pytest.raises(Conflict, match=people[which].first_name):
        merging.merge(session, *[contact.id for contact in people])

    assert session.scalar(sa.select(sa.func.count()).select_from(Contact)) == 2


def test_what_was_restricted_since_a_merge_holds_for_both_when_it_is_taken_back(session):
    people = [factories.make_contact(session).id for _number in range(2)]
    merge = merging.merge(session, *people)
    restricting.restrict(session, session.get_one(Contact, merge.contact_id), WHY, None)

    unmerging.unmerge(session, merge.id)

    assert gate.refusals(session, people) == dict.fromkeys(people, Reason.RESTRICTED)


def test_a_release_since_a_merge_is_not_one_of_who_was_restricted_before_it(session):
    numbers = [factories.make_contact(session).id for _number in range(2)]
    merge = merging.merge(session, *numbers)
    said = {"restricted_at": now().isoformat(), "restricted_why": "accuracy"}
    merge.before = merge.before | {"gone": merge.before["gone"] | said}  # as merges once took them in
    restricting.restrict(session, session.get_one(Contact, merge.contact_id), WHY, None)
    restricting.release(session, session.get_one(Contact, merge.contact_id), {"told": "by phone"})

    unmerging.unmerge(session, merge.id)

    assert gate.refusals(session, numbers) == {numbers[1]: Reason.RESTRICTED}


def test_colleagues_restrict_and_marketers_release_on_the_page(app, sign_in):
    with transaction() as session:
        factories.make_organisation(session)
        seller = factories.make_user(session, "salesperson", name="Olga")
        maker = factories.make_user(session, "marketer")
        anna = factories.make_contact(session, "anna@example.com", owner_id=seller.id)
    address = f"/consent/contacts/{anna.id}"

    sold = sign_in(seller)
    assert sold.post(f"{address}/restrict", data={"why": "x"}, headers={"HX-Request": "1"}).status_code == 422
    page = sold.post(f"{address}/restrict", data=WHY, headers={"HX-Request": "1"}).get_data(as_text=True)
    assert all(word in page for word in ("Not to be used", "Olga", WHY["note"]))
    assert "Use their data again" not in page
    assert sold.post(f"{address}/release", data={"told": "by phone"}).status_code == 403
    assert "Kept, but not to be used" in sold.get(f"{address}/mailing").get_data(as_text=True)

    made = sign_in(maker)
    assert made.post(f"{address}/release", data={}, headers={"HX-Request": "1"}).status_code == 422
    page = made.post(f"{address}/release", data={"told": "by phone"}, headers={"HX-Request": "1"})
    assert "Not to be used" not in page.get_data(as_text=True)
    with reading() as session:
        entries = session.execute(sa.select(AuditEntry.act, AuditEntry.detail)).all()
        assert [tuple(entry) for entry in entries] == [
            ("consent.restrict", {"why": "accuracy"}),
            ("consent.release", {"told": "by phone"}),
        ]
        assert ledger.states(session, anna.id)["mail"].state == "granted"
