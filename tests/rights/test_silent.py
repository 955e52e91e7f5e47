"""Erasing silent people: looked at, meant, done by portions; with whom something is open stays."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry, Role
from campaigns.consent import restricting, suppression
from campaigns.contacts import bulk_running
from campaigns.contacts.change_models import BulkEdit
from campaigns.contacts.models import Contact
from campaigns.crm import steps
from campaigns.database import now, reading, transaction
from campaigns.errors import BadInput
from campaigns.preferences.models import DetailsRequest
from campaigns.rights import erasing_many
from campaigns.rights.models import Erasure
from campaigns.signup import rewards
from tests import factories

LONG_AGO = now() - timedelta(days=3 * 365)

pytestmark = pytest.mark.both_databases


@pytest.fixture
def boss(app):
    with transaction() as session:
        factories.make_organisation(session, review_after=24)
        return factories.make_user(session)


@pytest.fixture
def silent(boss):
    """Twenty-five silent people, and one of whom something was heard."""
    with transaction() as session:
        made = [
            factories.make_contact(session, f"s{n}@example.com", created_at=LONG_AGO + timedelta(days=n)).id
            for n in range(25)
        ]
        factories.make_contact(session, "heard@example.com", created_at=LONG_AGO, last_contact_at=now())
        return made


def start(numbers, user, sure=None):
    with transaction() as session:
        return erasing_many.start(session, numbers, 24, str(sure or len(numbers)), user).id


def left():
    with reading() as session:
        return set(session.scalars(sa.select(Contact.email)))


def edit_of(edit_id):
    with reading() as session:
        return session.get_one(BulkEdit, edit_id)


def test_they_are_erased_as_one_by_one_and_it_is_written_down(boss, silent):
    edit_id = start(silent[:12], boss)
    bulk_running.run(edit_id)
    bulk_running.run(edit_id)  # a worker that comes late

    assert left() == {"heard@example.com", *(f"s{n}@example.com" for n in range(12, 25))}
    edit = edit_of(edit_id)
    assert (edit.status, edit.matching, edit.looked_at, edit.changed) == ("done", 12, 12, 12)
    assert bulk_running.said(edit) == "12 people were erased."
    with reading() as session:
        erased = session.scalars(sa.select(Erasure)).all()
        assert {(one.why, one.user_id) for one in erased} == {("silent", boss.id)}
        assert {one.gone_id for one in erased} == set(silent[:12])
        acts = session.execute(sa.select(AuditEntry.act, AuditEntry.subject)).all()
        assert ("contact.erase", f"contact:{silent[0]}") in acts
        assert suppression.is_suppressed(session, "s0@example.com") == "erased"


def open_things(session, silent):
    """One of each that holds somebody back; the reason of each."""
    contacts = [session.get_one(Contact, number) for number in silent[:6]]
    restricting.restrict(session, contacts[0], {"why": "claims"}, None)
    steps.set_step(session, silent[1], "Call", (now() + timedelta(days=3)).date())
    letter = factories.make_message(session, factories.make_campaign(session), contacts[2])
    letter.status, letter.sent_at = "planned", None
    pool = rewards.add_pool(session, "Autumn", "10 €", days="30")
    rewards.give(session, pool, contacts[3], "for:nothing")
    session.add(DetailsRequest(contact_id=contacts[4].id, status="sent", sent_at=now()))
    old = rewards.give(session, pool, contacts[5], "for:long ago")
    old.good_until = (now() - timedelta(days=1)).date()
    session.flush()
    return ["restricted", "step", "letter", "coupon", "asked", None]


def test_with_whom_something_is_open_stays(boss, silent):
    with transaction() as session:
        reasons = open_things(session, silent)
        listed = erasing_many.listed(session, 24, boss, None, 50)
        assert [row[2] for row in listed if row[0].id in silent[:6]] == reasons
        found = erasing_many.look(session, [*silent[:7], 10**9], 24, boss)
        assert found.numbers == (silent[5], silent[6])
        assert dict(found.held) == dict.fromkeys(reasons[:5], 1)
        assert found.heard_of == 1

    with pytest.raises(BadInput), transaction() as session:
        erasing_many.start(session, silent[:5], 24, "0", boss)
    bulk_running.run(start(silent[:7], boss, sure=2))
    assert {f"s{n}@example.com" for n in range(5)} <= left()
    assert not {"s5@example.com", "s6@example.com"} & left()


def test_of_whom_something_is_heard_meanwhile_stays(boss, silent):
    edit_id = start(silent, boss)
    with transaction() as session:
        session.get_one(Contact, silent[3]).last_contact_at = now()
        session.get_one(Contact, silent[4]).verified_at = now()
        steps.set_step(session, silent[20], "Call", now().date())
    bulk_running.run(edit_id)

    assert left() == {"heard@example.com", "s3@example.com", "s4@example.com", "s20@example.com"}
    assert edit_of(edit_id).changed == 22


def test_it_is_stopped_between_portions_and_cancelled_for_good(boss, silent):
    edit_id = start(silent, boss)

    @sa.event.listens_for(Erasure, "after_insert")
    def somebody_pauses(_mapper, connection, erasure):
        if erasure.gone_id == silent[4]:  # in the same transaction: it counts once the portion is through
            table = BulkEdit.__table__
            connection.execute(sa.update(table).where(table.c.id == edit_id).values(status="paused"))

    bulk_running.run(edit_id)
    sa.event.remove(Erasure, "after_insert", somebody_pauses)
    edit = edit_of(edit_id)
    assert (edit.status, edit.looked_at, edit.changed) == ("paused", 10, 10)
    assert len(left()) == 16

    with transaction() as session:
        bulk_running.cancel(session, session.get_one(BulkEdit, edit_id))
    bulk_running.run(edit_id)
    assert len(left()) == 16


def test_who_may_not_any_more_erases_nobody(boss, silent):
    edit_id = start(silent, boss)
    with transaction() as session:
        session.merge(boss).active = False
    bulk_running.run(edit_id)

    edit = edit_of(edit_id)
    assert (edit.status, edit.changed) == ("failed", 0)
    assert "may not erase" in edit.error
    assert len(left()) == 26


def test_the_longest_silent_come_first_a_page_at_a_time(boss, silent):
    with reading() as session:
        first = erasing_many.listed(session, 24, boss, None, 10)
        key = [first[-1][1].isoformat(), first[-1][0].id]
        then = erasing_many.listed(session, 24, boss, key, 50)
        assert [row[0].id for row in first + then] == silent
        assert erasing_many.longest(session, 24, boss) == silent
        assert erasing_many.longest(session, 60, boss) == []


def shown(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_it_is_looked_at_and_must_be_meant(silent, admin_client, queue):
    page = shown(admin_client.get("/rights/silent/"))
    assert "s0@example.com" in page
    assert "heard@example.com" not in page
    none = admin_client.post("/rights/silent/look", data={"months": "24"})
    assert (none.status_code, "Tick some people first." in none.text) == (422, True)

    look = admin_client.post("/rights/silent/look", data={"months": "24", "all": "1"})
    assert "Erase 25 people?" in shown(look)
    numbers = re.search(r'name="numbers" value="([\d,]+)"', look.text)[1]
    given = {"months": "24", "numbers": numbers}
    for sure in ("", "24", "all"):
        refused = admin_client.post("/rights/silent/erase", data=given | {"number": sure})
        assert refused.status_code == 422
        assert "Type the number of people" in refused.text
    assert len(left()) == 26

    started = admin_client.post("/rights/silent/erase", data=given | {"number": "25"})
    assert started.status_code == 302
    queue.work()
    done = shown(admin_client.get(started.location))
    assert "25 people were erased." in done
    assert "can't be undone" in done.replace("&#39;", "'")
    assert left() == {"heard@example.com"}
    with reading() as session:
        [entry] = session.scalars(sa.select(AuditEntry).where(AuditEntry.act == "contacts.erase_silent"))
        assert entry.detail == {"months": 24, "contacts": 25}
        assert not session.scalar(sa.select(Erasure.id).where(Erasure.status != "done").limit(1))


def test_only_administrators_erase_watch_and_stop_it(boss, silent, sign_in):
    edit_id = start(silent, boss)

    for role in (Role.SALESPERSON, Role.MARKETER):
        client = sign_in(role)
        assert client.get("/rights/silent/").status_code == 403
        for act in ("look", "erase"):
            data = {"months": "24", "all": "1", "numbers": str(silent[0]), "number": "1"}
            assert client.post(f"/rights/silent/{act}", data=data).status_code == 403
        assert client.get(f"/contacts/edits/{edit_id}").status_code == 404
        assert client.post(f"/contacts/edits/{edit_id}/cancel").status_code == 404
        assert "Erase who has been silent" not in client.get("/contacts/edits/").text
        listed = client.post("/contacts/all", data={"act": "erase_silent", "months": "24"})
        assert listed.status_code == 422
    assert len(left()) == 26
    assert edit_of(edit_id).status == "queued"
    admin = sign_in(Role.ADMIN)
    assert "Erase who has been silent" in admin.get("/contacts/edits/").text
    assert admin.post(f"/contacts/edits/{edit_id}/pause").status_code == 302
    assert edit_of(edit_id).status == "paused"
