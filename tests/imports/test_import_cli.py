"""`campaigns import`, as a script drives it."""

import json
import os
import subprocess
import sys

import pytest
import sqlalchemy as sa

from campaigns.consent.models import Consent
from campaigns.contacts.models import Contact
from campaigns.database import reading

ROWS = "E-mail,Jméno,Štítky\njana@example.com,Jana Nováková,vip\nbad,,\n"
SAID = ("--basis", "consent", "--source", "Trade fair in Brno")


@pytest.fixture
def campaigns(settings):
    """Runs the command line on this test's database."""
    environment = os.environ | {
        "CAMPAIGNS_DATA_DIR": str(settings.data_dir),
        "CAMPAIGNS_DATABASE_URL": settings.database_url,
        "CAMPAIGNS_SECRET_KEY": settings.secret_key.get_secret_value(),
    }

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "campaigns.cli", *words]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    return run


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(ROWS.encode("cp1250"))
    return str(path)


@pytest.mark.both_databases
def test_a_file_is_brought_and_the_second_time_nothing_changes(campaigns, file, backend):
    words = (
        "import",
        file,
        *SAID,
        "--category",
        "Cutters",
        "--tag",
        "fair",
        "--tracking",
        "declined",
        "--json",
    )

    first = campaigns(*words)
    second = campaigns(*words)

    assert (first.returncode, first.stderr) == (0, "")
    answer = json.loads(first.stdout)
    assert {name: answer[name] for name in ("read", "created", "updated", "refused")} == {
        "read": 2, "created": 1, "updated": 0, "refused": 1,
    }  # fmt: skip
    with open(answer["refused_file"], encoding="utf-8-sig") as refused:
        assert refused.read().splitlines() == [
            "Line,Reason,E-mail,Jméno,Štítky",
            "3,The address has no @,bad,,",
        ]
    again = json.loads(second.stdout)
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 1)
    with reading() as session:
        assert session.scalars(sa.select(Contact.last_name)).all() == ["Nováková"]
        states = dict(session.execute(sa.select(Consent.purpose, Consent.state)).all())
        assert states == {"mail": "granted", "tracking": "declined"}


def test_words_for_people(campaigns, file):
    done = campaigns("import", file, *SAID)

    assert "2 rows read: 1 contacts created" in done.stdout
    assert "1 × The address has no @" in done.stdout


def test_columns_encoding_and_delimiter_may_be_said(campaigns, tmp_path):
    path = tmp_path / "odd.txt"
    path.write_bytes("Kdo;Kam\nJiří;jiri@example.com\n".encode("cp852"))

    done = campaigns(
        "import",
        str(path),
        *SAID,
        "--map",
        "kdo=first_name",
        "--encoding",
        "cp852",
        "--delimiter",
        ";",
        "--json",
    )

    assert json.loads(done.stdout)["created"] == 1
    with reading() as session:
        assert session.scalars(sa.select(Contact.first_name)).all() == ["Jiří"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--basis", "bought", "--source", "x"), "bought"),
        (("--basis", "consent", "--source", "scraped list"), "scraped"),
        (("--basis", "whim", "--source", "x"), "“whim” is no ground"),
        (("--basis", "existing_customer", "--source", "x"), "similar products"),
        ((*SAID, "--map", "Name=emial"), "COLUMN=FIELD"),
        ((*SAID, "--map", "E-mail="), "which column holds the email addresses"),
        ((*SAID, "--encoding", "utf-7"), "encoding"),
    ],
)
def test_what_is_wrong_is_one_sentence(campaigns, file, settings, words, says):
    done = campaigns("import", file, *words)

    assert done.returncode == 1
    assert done.stdout == ""
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(settings.data_dir.glob("imports/*"))


def test_files_that_are_none(campaigns, tmp_path):
    folder = campaigns("import", str(tmp_path), *SAID)
    missing = campaigns("import", str(tmp_path / "none.csv"), *SAID)
    program = campaigns("import", sys.executable, *SAID)

    assert [done.returncode for done in (folder, missing, program)] == [1, 1, 1]
    assert "can't be read" in folder.stderr
    assert "can't be read" in missing.stderr
    assert "not text" in program.stderr
