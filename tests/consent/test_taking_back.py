"""What was said by a source that is taken back: it counts no more, and stays in the ledger."""

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.consent import ledger, taking_back
from campaigns.consent.ledger import Said
from campaigns.consent.models import Act, Basis, ConsentEvent, Purpose
from campaigns.consent.standing import Method
from campaigns.database import now
from tests import factories


def hear(session, contact_id: int, act: Act, source: str, method: Method = Method.IMPORT) -> None:
    ledger.record(session, contact_id, Purpose.MAIL, act, Basis.CONSENT, source, method)


def test_everything_is_as_if_it_had_never_been_said(session):
    agreed, never, left = (factories.make_contact(session, consented=n == 0).id for n in range(3))
    before = [ledger.states(session, number) for number in (agreed, never, left)]
    hear(session, agreed, Act.WITHDRAWN, "import:7 Fair")
    hear(session, never, Act.GRANTED, "import:7 Fair")
    hear(session, left, Act.GRANTED, "import:77 Another fair")
    other = ledger.states(session, left)

    assert taking_back.take_back(session, [agreed, never, left], "import:7", None) == 2
    assert taking_back.take_back(session, [agreed, never, left], "import:7", None) == 0

    assert [ledger.states(session, number) for number in (agreed, never)] == before[:2]
    assert ledger.states(session, left) == other
    acts = session.scalars(sa.select(ConsentEvent.act).where(ConsentEvent.contact_id == never))
    assert list(acts) == [Act.GRANTED, Act.UNDONE]
    assert ledger.rebuild(session, [agreed, never, left]) == 0


def test_only_what_agrees_can_be_taken_back(session):
    one, other = (factories.make_contact(session, consented=False).id for _n in range(2))
    hear(session, one, Act.GRANTED, "import:7 Fair")
    hear(session, other, Act.WITHDRAWN, "import:7 Fair")

    yes = (Act.GRANTED, Act.CONFIRMED)
    assert taking_back.take_back(session, [one, other], "import:7", None, acts=yes) == 1

    assert ledger.state(session, one, Purpose.MAIL) is None
    assert ledger.state(session, other, Purpose.MAIL).state == Act.WITHDRAWN


said = st.tuples(
    st.sampled_from(["import:7 Fair", "import:8 Shop", "page"]),
    st.sampled_from([act for act in Act if act != Act.UNDONE]),
    st.sampled_from([Method.IMPORT, Method.PAGE]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(said, max_size=8))
def test_the_rest_stands_as_if_it_had_been_said_alone(session, entries):
    one, other = (factories.make_contact(session, consented=False).id for _n in range(2))
    moment = now()
    for source, act, method in entries:
        for number in (one, other) if not source.startswith("import:7 ") else (one,):
            row = Said(number, Purpose.MAIL, act, Basis.CONSENT, source, method, moment)
            ledger.record_many(session, [row])

    taking_back.take_back(session, [one], "import:7", None)

    left, alone = (ledger.state(session, number, Purpose.MAIL) for number in (one, other))
    assert (left and (left.state, left.at)) == (alone and (alone.state, alone.at))
    assert ledger.rebuild(session, [one]) == 0
