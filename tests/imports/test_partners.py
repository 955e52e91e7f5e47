"""Lists that a partner collected: kept, and written to only where the words of the consent name us."""

import pytest
import sqlalchemy as sa

from campaigns.consent import gate
from campaigns.consent.models import ConsentEvent
from campaigns.contacts.models import Contact
from tests import factories
from tests.imports.files import bring


@pytest.mark.parametrize(
    ("words", "held"),
    [
        ("I agree that the organisers send me news.", True),
        ("", True),
        ("I agree that the organisers and EXAMPLE TOOLS send me news.", False),
    ],
)
def test_a_partners_list_counts_only_where_its_words_name_us(session, words, held):
    factories.make_organisation(session, name="Example Tools")
    session.commit()
    bring("email\na@example.com\n", partner="1", wording=words, tracking="granted")

    [known] = session.scalars(sa.select(Contact.id))
    assert gate.refusals(session, [known]) == ({known: "no_consent"} if held else {})
    assert session.scalar(sa.select(sa.func.count()).select_from(ConsentEvent)) == (0 if held else 2)
