"""One of ten thousand busy people is erased: nothing names them any more, and no other is touched."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from campaigns.bulk import insert_many
from campaigns.contacts.models import Contact, Import
from campaigns.crm import purchases
from campaigns.crm.models import Activity, Purchase
from campaigns.database import now
from campaigns.delivery.models import Message
from campaigns.imports import files
from campaigns.mail.capture import CapturedMail
from campaigns.tracking.models import Hit
from tests import factories
from tests.imports.files import bring, upload
from tests.rights import people
from tests.rights.test_erasing import dump, told

MANY = 10_000
HERS = 4_321


def _file() -> str:
    lines = [f"p{n}@example.com,Name{n},Family{n},Brno" for n in range(MANY)]
    lines[HERS] = f"{people.EMAIL},{people.FIRST},{people.LAST},{people.SECRET}"
    return "email,first name,last name,hobby\n" + "\n".join(lines) + "\n"


def _make_busy(session) -> None:
    """Two letters, three fetches, two purchases and two activities for each."""
    factories.make_organisation(session)
    product = purchases.product(session, "Serum")
    found = session.execute(sa.select(Contact.id, Contact.email)).all()
    for _campaign in range(2):
        campaign = factories.make_campaign(session)
        insert_many(session, Message, [
            {"campaign_id": campaign.id, "contact_id": id_, "address": email, "status": "sent", "reason": "",
             "reply": f"250 2.1.5 <{email}> ok", "tries": 1, "fence": 1, "sent_at": now()}
            for id_, email in found
        ])  # fmt: skip
    letters = session.scalars(sa.select(Message.id)).all()
    insert_many(session, Hit, [
        {"uid": f"u{number}-{turn}", "kind": "open", "at": now(), "campaign_id": 1, "message_id": number,
         "position": 0, "method": "GET", "ip": "203.0.113.0", "user_agent": "Mail", "label": "human",
         "rule_version": 1}
        for number in letters for turn in range(3)
    ])  # fmt: skip
    for turn in range(2):
        insert_many(session, Purchase, [
            {"contact_id": id_, "product_id": product.id, "at": now() - timedelta(days=turn), "quantity": 1,
             "amount": 100, "currency": "EUR"}
            for id_, _email in found
        ])  # fmt: skip
        insert_many(session, Activity, [
            {"contact_id": id_, "kind": "note", "at": now(), "summary": f"Spoke with {email}", "detail": "",
             "source": "", "created_at": now()}
            for id_, email in found
        ])  # fmt: skip


def _files(folder: Path) -> str:
    paths = [path for path in folder.rglob("*") if path.is_file() and "campaigns.db" not in path.name]
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in paths)


def test_one_of_ten_thousand_busy_people(session, settings):
    assert bring(_file()).created == MANY
    bring(f"email,first name\n{people.EMAIL},{people.FIRST}\nnot an address {people.EMAIL},x\n")
    waiting = upload(_file())
    _make_busy(session)
    session.commit()
    mail = CapturedMail(settings.data_dir)
    for to in (people.EMAIL, "p1@example.com"):
        mail.send("us@example.com", to, f"To: {to}\r\nSubject: Dear\r\n\r\n{to}\r\n".encode())
    before = {kind: session.scalar(sa.select(sa.func.count()).select_from(kind)) for kind in (Message, Hit)}
    session.rollback()
    assert people.EMAIL in _files(settings.data_dir)

    done = _command(settings, "contact", "erase", people.EMAIL, "--yes")

    assert done.returncode == 0, done.stderr
    # They were typed by whoever asked; nothing else may be said of them.
    assert told((done.stdout + done.stderr).replace(people.EMAIL, "")) == []
    assert told(dump(session)) == []
    assert told(_files(settings.data_dir)) == []
    assert before == {kind: session.scalar(sa.select(sa.func.count()).select_from(kind)) for kind in before}
    assert session.scalar(sa.select(sa.func.count(Contact.id))) == MANY - 1
    assert session.scalar(sa.select(sa.func.count(Activity.id))) == 2 * (MANY - 1)
    assert mail.newest(5)[0].envelope_to == "p1@example.com"
    path = files.place(session.get_one(Import, waiting))
    lines = path.read_text().splitlines()
    assert len(lines) == MANY + 1
    assert [number for number, line in enumerate(lines[1:]) if line.startswith("xxx")] == [HERS]
    session.rollback()
    assert bring(_file()).refused == 1


def _command(settings, *words: str) -> subprocess.CompletedProcess[str]:
    given = {
        "CAMPAIGNS_DATA_DIR": str(settings.data_dir),
        "CAMPAIGNS_DATABASE_URL": settings.database_url,
        "CAMPAIGNS_SECRET_KEY": settings.secret_key.get_secret_value(),
        "CAMPAIGNS_BROKER_URL": "stub://",
        "CAMPAIGNS_LOG_LEVEL": "debug",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    return subprocess.run(
        [sys.executable, "-m", "campaigns.cli", *words],
        env=given, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
