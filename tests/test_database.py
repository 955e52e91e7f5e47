"""The database layer: no lost updates, aware times, names of constraints, and looking that never writes."""

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from campaigns import database
from campaigns.accounts.models import Organisation
from campaigns.contacts.models import Contact
from campaigns.database import db_now, earlier, now
from campaigns.errors import BadInput
from tests import factories

pytestmark = pytest.mark.both_databases


def test_many_that_count_up_at_once_lose_nothing(session):
    """SQLite through SQLAlchemy's defaults loses most of these without an error."""
    ours = factories.make_organisation(session, name="0")
    session.commit()

    def count() -> None:
        for _again in range(15):
            with database.transaction() as own:
                found = own.scalars(
                    sa.select(Organisation).where(Organisation.id == ours.id).with_for_update()
                ).one()
                found.name = str(int(found.name) + 1)

    threads = [threading.Thread(target=count) for _thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.expire_all()
    assert session.get_one(Organisation, ours.id).name == "120"


def test_a_writer_waits_for_another_process(session, settings):
    factories.make_organisation(session, name="0")
    session.commit()
    count = (
        "from campaigns import database, settings; from campaigns.accounts.models import Organisation\n"
        "import sqlalchemy as sa, sys\n"
        "settings.use(settings.Settings(data_dir=sys.argv[1], database_url=sys.argv[2]))\n"
        "for _again in range(20):\n"
        "  with database.transaction() as s:\n"
        "    o = s.scalars(sa.select(Organisation).with_for_update()).one(); o.name = str(int(o.name) + 1)\n"
    )
    command = [sys.executable, "-c", count, str(settings.data_dir), settings.database_url]
    running = [subprocess.Popen(command) for _process in range(3)]

    assert [process.wait(60) for process in running] == [0, 0, 0]
    session.expire_all()
    assert session.scalars(sa.select(Organisation.name)).one() == "60"


def test_moments_come_back_as_they_went_in_aware_and_in_utc(session):
    brno = timezone(timedelta(hours=2))
    moment = datetime(2026, 10, 25, 2, 30, 0, 123456, tzinfo=brno)  # the hour that comes twice
    contact = factories.make_contact(session, paused_until=moment)
    session.commit()
    session.expire_all()

    found = session.get_one(Contact, contact.id).paused_until
    assert found == moment
    assert found.tzinfo == UTC
    assert session.scalars(sa.select(Contact.id).where(Contact.paused_until == moment)).all() == [contact.id]


def test_a_moment_without_a_zone_is_refused(session):
    with pytest.raises(sa.exc.StatementError, match="time zone"):
        factories.make_contact(session, paused_until=datetime(2026, 1, 1))  # noqa: DTZ001


def test_the_databases_own_clock_can_be_compared_with_stored_moments(session):
    there = session.scalar(sa.select(db_now()))
    assert abs((there - now()).total_seconds()) < 5
    assert abs((session.scalar(sa.select(db_now(90))) - there).total_seconds() - 90) < 5

    soon = factories.make_contact(session, paused_until=now() + timedelta(minutes=1))
    past = factories.make_contact(session, paused_until=now() - timedelta(minutes=1))
    session.flush()
    assert session.scalars(sa.select(Contact.id).where(Contact.paused_until > db_now())).all() == [soon.id]
    assert session.scalars(sa.select(Contact.id).where(Contact.paused_until < db_now())).all() == [past.id]


def test_a_stored_moment_can_be_moved_to_an_earlier_one(session):
    moment = datetime(2026, 3, 29, 1, 30, 0, 250_000, tzinfo=UTC)
    ann = factories.make_contact(session, "ann@example.com", paused_until=moment)
    factories.make_contact(session, "bob@example.com")
    session.execute(sa.update(Contact).values(paused_until=earlier(Contact.paused_until, 7200.5)))
    session.expire_all()

    expected = datetime(2026, 3, 28, 23, 29, 59, 750_000, tzinfo=UTC)
    assert ann.paused_until == expected
    assert session.scalars(sa.select(Contact.email).where(Contact.paused_until == expected)).all() == [
        ann.email
    ]


def test_looking_keeps_nothing(settings):
    with database.reading() as session:
        session.add(Organisation(name="x", postal_address="y"))
        session.flush()

    with database.reading() as session:
        assert session.scalars(sa.select(Organisation)).all() == []


def test_looking_does_not_wait_for_a_writer(session):
    factories.make_organisation(session)
    session.commit()
    with database.transaction() as writing:
        factories.make_contact(writing)
        with database.reading() as looking:
            assert looking.scalars(sa.select(Contact)).all() == []


def test_foreign_keys_hold(session):
    session.add(Contact(email="a@example.com", address_hash="x", domain="example.com", owner_id=4711))

    with pytest.raises(sa.exc.IntegrityError):
        session.flush()


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("foreign_keys", 1), ("busy_timeout", 10_000), ("synchronous", 2)],
)
def test_sqlites_traps_are_closed(session, pragma, value):
    assert session.execute(sa.text(f"PRAGMA {pragma}")).scalar() == value


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("url", "says"),
    [("mysql://ann:hush@db/x", "kind that we don't know"), ("nonsense", "not understood")],
)
def test_an_address_that_names_no_database_of_ours(settings, url, says):
    with pytest.raises(BadInput, match=says) as refused:
        database.make_engine(url)

    assert "hush" not in str(refused.value)


@pytest.mark.postgresql_only
def test_a_transaction_in_which_nothing_is_asked_is_ended_and_taken_for_a_database_that_is_away(settings):
    database.use(database.make_engine(settings.database_url, idle=0.2))
    with pytest.raises(sa.exc.OperationalError), database.transaction() as session:  # noqa: PT012
        factories.make_organisation(session)
        time.sleep(0.6)
        session.execute(sa.select(1))
    with pytest.raises(sa.exc.OperationalError), database.transaction() as session:  # noqa: PT012
        factories.make_organisation(session)
        session.flush()
        time.sleep(0.6)  # it finds out when it commits

    with database.transaction() as session:
        assert session.scalars(sa.select(Organisation)).all() == []


@pytest.mark.postgresql_only
def test_who_looks_slowly_is_left_in_peace_and_nobody_after(settings):
    database.use(database.make_engine(settings.database_url, idle=0.2))
    shown = sa.text("SHOW idle_in_transaction_session_timeout")
    with database.reading(slowly=True) as session:
        time.sleep(0.6)
        assert session.scalar(shown) == "0"

    with database.reading() as session:
        assert session.scalar(shown) == "200ms"


@pytest.mark.postgresql_only
def test_a_lost_server_is_noticed_unless_the_address_says_otherwise(settings):
    def said(url: str) -> dict[str, str]:
        engine = database.make_engine(url)
        with engine.connect() as connection:
            told = connection.connection.dbapi_connection.info.get_parameters()
        engine.dispose()
        return told

    url = sa.make_url(settings.database_url)
    own = url.update_query_dict({"tcp_user_timeout": "7000"}).render_as_string(hide_password=False)

    assert said(settings.database_url)["tcp_user_timeout"] == "30000"
    assert said(settings.database_url)["keepalives_idle"] == "15"
    assert said(own)["tcp_user_timeout"] == "7000"


def test_what_looks_together_sees_one_moment(session):
    ours = factories.make_organisation(session, name="Before")
    session.commit()
    name = sa.select(Organisation.name).where(Organisation.id == ours.id)
    with database.reading() as first, database.together(first):
        assert first.scalar(name) == "Before"
        with database.reading() as second, database.reading(slowly=True) as own:
            assert second is first
            assert own is not first
        with pytest.raises(sa.exc.DBAPIError), database.reading() as second:
            second.execute(sa.text("SELECT nothing FROM nowhere"))
        assert first.scalar(name) == "Before"
    with database.reading() as later:
        assert later is not first
