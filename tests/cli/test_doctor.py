"""The doctor finds what is wrong and says what to do; well is well."""

import json

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from pydantic import SecretStr

from campaigns import broker, database, leases
from campaigns.cli.doctor import doctor, examine
from campaigns.contacts.models import contact_tag
from campaigns.mail import accelerator
from campaigns.processes import free_port

pytestmark = pytest.mark.both_databases


@pytest.fixture
def states(settings, queue):
    """Looks, and gives name → (state, text)."""

    def look():
        return {finding.name: (finding.state, finding.text) for finding in examine()}

    return look


def test_a_sound_installation_is_well(states):
    assert {state for state, _text in states().values()} <= {"fine", "note"}


def test_the_exit_code_and_the_json_agree(settings, queue):
    done = CliRunner().invoke(doctor, ["--json"], standalone_mode=False)
    said = json.loads(done.output)

    assert said["ok"] is True
    assert done.return_value == 0
    assert [check["name"] for check in said["checks"]][:3] == ["folder", "database", "schema"]


def test_links_of_labels_that_lead_nowhere_are_counted(states):
    assert states()["labels"][0] == "fine"
    with database.transaction() as session:
        session.execute(sa.insert(contact_tag).values(contact_id=77, tag_id=88))

    assert states()["labels"] == (
        "problem", "1 links of categories or tags point to contacts or labels that are gone",
    )  # fmt: skip


def test_it_says_how_letters_are_signed(states):
    state, text = states()["signing"]

    assert state == "fine"
    assert text.startswith("accelerated, " if accelerator.found() else "plain, ")
    assert " µs for each letter" in text


@pytest.mark.sqlite_only
def test_a_database_without_tables_is_told_from_one_that_is_away(settings, states, tmp_path):
    settings.database_url = f"sqlite:///{tmp_path / 'other.db'}"
    database.use(None)
    assert states()["schema"] == ("problem", "there is none yet. Run: campaigns init")

    settings.database_url = f"sqlite:///{tmp_path / 'nowhere' / 'other.db'}"
    database.use(None)
    found = states()
    assert found["database"][0] == "problem"
    assert found["schema"] == ("problem", "can't be looked at while the database is away")
    assert found["address"][0] == "fine"


@pytest.mark.postgresql_only
def test_a_password_is_never_shown(settings, states):
    settings.database_url = f"postgresql+psycopg://ann:hush@127.0.0.1:{free_port()}/campaigns"
    database.use(None)
    state, text = states()["database"]

    assert state == "problem"
    assert "ann" in text
    assert "hush" not in text


@pytest.mark.sqlite_only
def test_a_queue_that_is_away(settings, states):
    settings.broker_url = f"redis://:hush@127.0.0.1:{free_port()}/0"
    broker.use(None)
    state, text = states()["queue"]

    assert state == "problem"
    assert "hush" not in text


@pytest.mark.sqlite_only
def test_a_mail_server_is_tried(settings, states, smtp_server):
    settings.smtp.host, settings.smtp.port, settings.smtp.tls = smtp_server.host, smtp_server.port, "none"
    settings.base_url = "https://mail.example.com"
    assert states()["mail"][0] == "fine"

    settings.smtp.port = free_port()
    assert states()["mail"][0] == "problem"


@pytest.mark.sqlite_only
def test_letters_that_would_lead_to_this_machine(settings, states, smtp_server):
    settings.smtp.host, settings.smtp.port, settings.smtp.tls = smtp_server.host, smtp_server.port, "none"

    assert states()["address"][0] == "problem"


@pytest.mark.sqlite_only
def test_a_short_secret(settings, states):
    settings.secret_key = SecretStr("short")

    assert states()["secret"][0] == "problem"


@pytest.mark.sqlite_only
def test_a_secret_that_others_can_read(settings, states):
    settings.secret_key = SecretStr("")
    (settings.data_dir / "secret.key").write_text("x" * 64)
    (settings.data_dir / "secret.key").chmod(0o644)

    assert "chmod 600" in states()["secret"][1]


def test_the_clock_that_runs_is_named(states):
    assert states()["clock"][0] == "note"
    with database.transaction() as session:
        leases.hold(session, "clock", "host:12", 30)

    assert states()["clock"] == ("fine", "runs as host:12")


@pytest.mark.sqlite_only
def test_a_full_disk_is_seen_before_it_is_full(settings, states, monkeypatch):
    monkeypatch.setattr("campaigns.cli.doctor._LEAST_FREE", 2**60)

    assert states()["folder"][0] == "problem"
