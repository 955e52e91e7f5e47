"""A look ahead says what the import will do, in the same numbers, and stores nothing."""

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.consent.models import Suppression
from campaigns.contacts.models import Contact, Import, ImportStatus, contact_tag
from campaigns.database import transaction
from campaigns.imports import rehearsing, running, steering, tallying
from tests import factories
from tests.imports.files import CHOICES, bring, fetch, upload
from tests.imports.test_undoing import FILE, dump, people

ALL = {"tags": ["fair"], "categories": ["Visitors"], "tracking": "granted", "wording": "Yes, write to me."}


def look_ahead(import_id: int, **choices) -> Import:
    with transaction() as session:
        steering.look_ahead(session, session.get_one(Import, import_id), CHOICES | choices)
    running.run(import_id)
    return fetch(import_id)


def told(tally: dict) -> dict:
    return {
        name: tally[name]
        for name in ("rows", "reasons", "remarks", "fields", "labels", "consent", "examples")
    }


def test_it_says_what_the_import_then_does(session, queue):
    people(session)
    before = dump()
    import_id = upload(FILE)

    looked = look_ahead(import_id, **ALL)

    assert dump() == before
    assert (looked.status, looked.rows_read, looked.created) == (ImportStatus.UPLOADED, 0, 0)
    ahead = rehearsing.ahead(looked)
    assert ahead["rows"] == {"created": 3, "updated": 6, "unchanged": 0, "refused": 2}
    assert (
        ahead["reasons"] == {"unsubscribed": 1, "address_missing": 0} or ahead["reasons"]["unsubscribed"] == 1
    )
    assert ahead["fields"]["city"] == 1
    anna = ahead["examples"][0]
    assert anna["email"] == "anna@example.com"
    assert ["city", "Brno", "Praha"] in anna["changes"]
    assert ["company", "old mill", "new mills"] in anna["changes"]
    assert ahead["consent"]["mail:withdrawn"] >= 1

    with transaction() as other:
        steering.start(other, other.get_one(Import, import_id), CHOICES | ALL)
    running.run(import_id)

    done = fetch(import_id)
    assert told(done.difference["run"]) == told(ahead)
    assert (done.created, done.updated, done.unchanged, done.refused) == (3, 6, 0, 2)


def test_it_is_forgotten_when_something_is_chosen_otherwise(session):
    session.rollback()
    import_id = upload("email,city\na@example.com,Brno\n")
    assert rehearsing.ahead(look_ahead(import_id)) is not None

    with transaction() as other:
        import_ = other.get_one(Import, import_id)
        import_.mapping = import_.mapping | {"1": "note"}

    assert rehearsing.ahead(fetch(import_id)) is None


def test_it_can_be_stopped_and_begun_again(session):
    session.rollback()
    import_id = upload("email\n" + "".join(f"person{n}@example.com\n" for n in range(3 * rehearsing.BATCH)))
    with transaction() as other:
        steering.look_ahead(other, other.get_one(Import, import_id), CHOICES)

    def stops(import_: Import) -> None:
        with transaction() as other:
            steering.stop_looking(other, other.get_one(Import, import_.id))

    running.run(import_id, stops)

    stopped = fetch(import_id)
    assert (stopped.status, stopped.rows_read, rehearsing.ahead(stopped)) == (ImportStatus.UPLOADED, 0, None)
    assert rehearsing.ahead(look_ahead(import_id))["read"] == 3 * rehearsing.BATCH


def test_a_file_that_breaks_off_says_so_and_stays_open(session):
    session.rollback()
    import_id = upload("email,note\n" + 'a@example.com,"x\nb@example.com,y\n' * 3000)

    looked = look_ahead(import_id)

    assert looked.status == ImportStatus.UPLOADED
    assert "quotation marks" in looked.error


cells = st.sampled_from(
    ["", "a@example.com", "B@example.com", "c@example.com", "x", "Brno", "vip", "unsubscribed"]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(cells, cells, cells, cells), min_size=1, max_size=12))
@pytest.mark.sqlite_only
def test_any_file_does_what_the_look_ahead_said(session, rows):
    session.rollback()
    with transaction() as other:
        for table in (contact_tag, Contact, Suppression):
            other.execute(sa.delete(table))
        factories.make_contact(other, "a@example.com", city="Praha")
    text = "email,city,tags,status\n" + "".join(",".join(row) + "\n" for row in rows)

    ahead = rehearsing.ahead(look_ahead(upload(text)))
    done = bring(text)

    assert told(done.difference.get("run") or tallying.added({}, [], [])) == told(ahead)
