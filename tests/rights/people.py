"""Somebody of whom much is known, in every place where anything may be known of anybody."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from campaigns.accounts.models import AuditEntry
from campaigns.audiences.models import Audience
from campaigns.cleaning import merging
from campaigns.contacts.change_models import Change, ChangeSet
from campaigns.contacts.models import Contact, Import
from campaigns.crm import purchases
from campaigns.crm.models import Kind
from campaigns.database import now
from campaigns.tracking.models import Hit
from tests import factories

EMAIL, SECOND = "zdenka.kralova@example.org", "zdenka@kralova.example"
FIRST, LAST, PHONE = "Zdeňka", "Králová-Šťastná", "+420777123987"
NAME = f"{FIRST} {LAST}"
SECRET = "collects sea shells"


def busy(session: Session) -> Contact:
    """Such a person, merged of two, whom others' notes, rules and imports name, too."""
    one = factories.make_contact(
        session, EMAIL, first_name=FIRST, last_name=LAST, phone=PHONE, note=SECRET, tracked=True,
        categories=("Cutters",), tags=("basic",), fields={"hobby": SECRET},
        company=factories.make_company(session), birthday="05-17", source="Fair in Brno",
    )  # fmt: skip
    twin = factories.make_contact(session, SECOND, first_name=FIRST, last_name=LAST)
    campaign = factories.make_campaign(session)
    for person in (one, twin):
        letter = factories.make_message(session, campaign, person, reply=f"250 ok <{person.email}>")
        session.add(Hit(
            uid=f"hit-{person.id}", kind="open", at=now(), campaign_id=campaign.id, message_id=letter.id,
            ip="203.0.113.0", user_agent="Mail/1", label="human",
        ))  # fmt: skip
    factories.make_activity(session, one, Kind.NOTE, summary=f"{SECRET}, likes green")
    factories.make_next_step(session, one, f"Call {NAME}")
    purchases.add(
        session, one.id, purchases.product(session, "Serum"), datetime(2026, 5, 1, tzinfo=UTC), quantity=2
    )
    _elsewhere(session)
    merging.merge(session, one.id, twin.id)
    session.flush()
    return session.get_one(Contact, one.id)


def _elsewhere(session: Session) -> None:
    other = factories.make_contact(
        session, "bob@example.com", first_name="Bob", note=f"Came with {NAME}, see {EMAIL.upper()}.",
        fields={"friends": [NAME, "Jan"]},
    )  # fmt: skip
    factories.make_activity(session, other, Kind.NOTE, summary=f"Met {LAST} {FIRST} ({PHONE}) at the fair")
    factories.make_next_step(session, other, f"Ask about {SECOND}")
    session.add(Audience(name="Somebody", rule=f'email = "{EMAIL}" or tag = "basic"'))
    session.add(AuditEntry(act="audience.create", detail={"rule": f'email = "{EMAIL}"'}))
    session.add(Import(
        filename=f"{EMAIL}.csv", path="imports/x.csv",
        difference={"changed": [{"email": EMAIL, "city": "Brno"}, {"email": other.email, "city": "Zlín"}]},
    ))  # fmt: skip
    made = ChangeSet(kind="bulk_edit", reference="edit:1", title=f"{NAME} put right")
    session.add(made)
    session.flush()
    session.add(Change(set_id=made.id, contact_id=other.id, before={"note": f"with {NAME}"}, after={}))
    session.flush()
