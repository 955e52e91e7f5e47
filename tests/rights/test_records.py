"""Records of processing: what the product knows by itself, and what the firm adds."""

import json

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from campaigns.accounts.models import AuditEntry, Role
from campaigns.cli.records import records as command
from campaigns.consent.models import Act, Basis, Purpose
from campaigns.database import transaction
from campaigns.errors import BadInput
from campaigns.exports.ad_marks import Marks
from campaigns.exports.models import AdGiven
from campaigns.rights import grounds, records
from campaigns.rights.registry import HELD
from tests import factories


@pytest.fixture
def known(session):
    """Four people, three of whom agreed to letters, one as a customer; one withdrew."""
    factories.make_organisation(session)
    for basis in (Basis.CONSENT, Basis.CONSENT, Basis.EXISTING_CUSTOMER):
        contact = factories.make_contact(session, consented=False, categories=("Cutters",))
        factories.grant_consent(session, contact, basis=basis)
    factories.grant_consent(session, contact, "mail:news", basis=Basis.CONTRACT)
    left = factories.make_contact(session)
    factories.grant_consent(session, left, act=Act.WITHDRAWN)
    return session


def test_people_are_counted_by_purpose_and_ground(known):
    assert records.gathered(known)["counted_at"] is None
    grounds.count(known)
    known.expire_all()

    found = records.gathered(known)

    stand = {
        (one["purpose"], ground["ground"]): ground["people"]
        for one in found["purposes"]
        for ground in one["grounds"]
    }
    assert stand == {
        ("mail", "consent"): 2, ("mail", "existing_customer"): 1, ("mail:news", "contract"): 1,
    }  # fmt: skip
    assert {one["purpose"] for one in found["purposes"]} == {*Purpose, "mail:news"}
    assert found["counted_at"] is not None


def test_kinds_of_people_and_data_are_those_of_the_register(known):
    found = records.gathered(known)

    assert found["controller"]["name"] == "Example Tools"
    assert found["people"] == ["Contacts: Cutters", "Colleagues who sign in"]
    assert [kind["table"] for kind in found["data"]] == [
        held.table.name for held in HELD if held.title is not None
    ]
    assert {"what": "Silent contacts", "limit": "Looked at after 24 months"} in found["time_limits"]


def test_ad_platforms_are_recipients_once_somebody_was_given_to_them(known):
    def platforms():
        return [name for name in records.gathered(known)["recipients"] if "Meta" in name or "Google" in name]

    assert platforms() == []
    mark = Marks().mark("0" * 64)
    known.add(AdGiven(list_key="meta:abc", email_mark=mark, phone_mark="", export_id=1))
    known.flush()
    assert platforms() == ["Meta (customer lists)"]


def test_what_only_the_firm_knows_is_added(known):
    records.change(
        known, {"officer": " Olga, olga@example.com ", "recipients": "Host s.r.o.\r\n\r\nBackup\x00 Ltd"}
    )
    known.flush()

    found = records.gathered(known)

    assert found["controller"]["officer"] == "Olga, olga@example.com"
    assert found["recipients"][-2:] == ["Host s.r.o.", "Backup Ltd"]
    assert known.scalars(sa.select(AuditEntry.detail)).all() == [{"changed": ["officer", "recipients"]}]
    with pytest.raises(BadInput):
        records.change(known, {"officer": "x" * (records.LONGEST + 1)})


def test_an_admin_reads_prints_fetches_and_completes_them(sign_in):
    boss, maker = sign_in(Role.ADMIN), sign_in(Role.MARKETER)
    with transaction() as session:
        grounds.count(session)

    page = boss.get("/settings/records/").get_data(as_text=True)
    assert all(words in page for words in ("Records of processing", "data-print-now", "Nobody agreed to it"))
    assert boss.post("/settings/records/", data={"officer": "x" * 2001}).status_code == 422
    assert boss.post("/settings/records/", data={"transfers": "None <b>"}).status_code == 302
    assert "None &lt;b&gt;" in boss.get("/settings/records/").get_data(as_text=True)
    file = boss.get("/settings/records/?as=json")
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert file.json["transfers"] == "None <b>"
    assert maker.get("/settings/records/").status_code == 403


def test_the_command_counts_and_tells(known):
    known.commit()

    done = CliRunner().invoke(command, ["--json"], catch_exceptions=False)
    assert json.loads(done.output)["purposes"][0]["grounds"][0]["people"] == 2
    assert "Consent (GDPR Art. 6(1)(a)): 2" in CliRunner().invoke(command, [], catch_exceptions=False).output
