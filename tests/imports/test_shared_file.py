"""The dirty file of five thousand rows, held against what is known to be true of it."""

import json

import pytest
import sqlalchemy as sa

from campaigns.consent.models import Consent, ConsentEvent
from campaigns.contacts.models import Contact, ImportStatus, Tag, contact_tag
from tests.imports.files import SHARED, bring, counts

FILE = SHARED / "contacts_mailchimp.csv"
pytestmark = pytest.mark.skipif(not FILE.exists(), reason="the shared file is not here")


def test_every_valid_address_once_and_nothing_new_the_second_time(session):
    truth = json.loads((SHARED / "contacts_mailchimp.truth.json").read_text())

    first = bring(FILE.read_bytes(), categories=["Cutters"])

    assert first.status == ImportStatus.DONE
    assert first.layout == "mailchimp"
    assert first.rows_read == truth["rows"]
    assert (
        first.created
        == truth["distinct_valid_addresses"]
        == session.scalar(sa.select(sa.func.count(Contact.id)))
    )
    assert first.refused == truth["invalid_address"] + truth["missing_address"]
    assert first.created + first.updated + first.unchanged + first.refused == first.rows_read
    assert first.remarks["cells_added"]["rows"] == truth["ragged"]
    states = session.scalar(sa.select(sa.func.count()).select_from(Consent).where(Consent.state == "granted"))
    assert states == first.created
    session.rollback()

    second = bring(FILE.read_bytes(), categories=["Cutters"])

    assert counts(second) == (5000, 0, 0, 5000 - first.refused, first.refused)
    assert session.scalar(sa.select(sa.func.count(ConsentEvent.id))) == first.created


def test_tags_with_commas_and_quotes(session):
    truth = json.loads((SHARED / "contacts_mailchimp.truth.json").read_text())
    bring(FILE.read_bytes())

    found = dict(
        session.execute(
            sa.select(Tag.name, sa.func.count(contact_tag.c.contact_id))
            .join(contact_tag, contact_tag.c.tag_id == Tag.id)
            .group_by(Tag.name)
        ).all()
    )
    assert found.keys() == truth["by_tag"].keys()
    # Rows of the same address again add theirs to the first one's.
    assert all(truth["by_tag"][name] <= found[name] <= truth["by_tag"][name] + 60 for name in found)
