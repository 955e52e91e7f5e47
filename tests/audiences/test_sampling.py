"""Audiences of many: what is shown while somebody waits, and what the clock has counted."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns.audiences import building, previewing, sampling, saving
from campaigns.audiences.lexing import RuleProblem
from campaigns.audiences.models import Audience
from campaigns.bulk import insert_many
from campaigns.consent.models import Basis, Consent, ConsentEvent, Purpose
from campaigns.contacts.models import Contact, contact_category
from campaigns.database import db_now, now, reading
from campaigns.delivery.models import Segment
from campaigns.exports import ads
from campaigns.mailings.models import Status
from tests import factories

pytestmark = pytest.mark.both_databases
MANY = 24_000
HALF = 'category:"Half"'
RARE = 'category:"Rare"'


@pytest.fixture(autouse=True)
def _actors(_stub_broker):
    """They are declared on the tests' own broker."""


def count_audiences() -> None:
    """What the clock rings for."""
    from workers.audiences import count_audiences as actor

    actor()


@pytest.fixture
def many(session):
    """So many contacts: three in four may be mailed, every second is in one category, five in another."""
    at = now()
    for first in range(1, MANY + 1, 4000):
        numbers = range(first, first + 4000)
        insert_many(session, Contact, [_contact(number, at) for number in numbers])
        willing = [number for number in numbers if number % 4]
        said = {"purpose": Purpose.MAIL, "basis": Basis.CONSENT, "at": at}
        events = [
            {
                "id": one,
                "contact_id": one,
                "act": "granted",
                "source": "x",
                "method": "form",
                "recorded_at": at,
                "page_url": "",
                "ip": "",
                "user_agent": "",
                "evidence": "",
            }
            | said
            for one in willing
        ]
        insert_many(session, ConsentEvent, events)
        states = [{"contact_id": one, "event_id": one, "state": "granted"} | said for one in willing]
        insert_many(session, Consent, states)
    half, rare = factories.make_category(session, "Half"), factories.make_category(session, "Rare")
    rows = [{"contact_id": one, "category_id": half.id} for one in range(1, MANY + 1, 2)]
    insert_many(session, contact_category, rows)
    rare_ones = [{"contact_id": one, "category_id": rare.id} for one in (1, 5001, 9001, 9004, 20_001)]
    insert_many(session, contact_category, rare_ones)
    session.commit()


def _contact(number: int, at) -> dict:
    email, empty = (
        f"c{number}@example.com",
        dict.fromkeys(
            (
                "first_name",
                "last_name",
                "name_key",
                "first_key",
                "phone",
                "position",
                "timezone",
                "country",
                "city",
                "birthday",
                "note",
                "source",
                "last_contact_how",
            ),
            "",
        ),
    )
    return empty | {
        "id": number,
        "email": email,
        "address_hash": f"{number:032}",
        "domain": "example.com",
        "fields": {},
        "language": "cs" if number % 10 else "en",
        "created_at": at,
        "updated_at": at,
    }


def test_many_are_worked_out_from_some_and_it_says_so(session, many):
    found = sampling.count(session, HALF)

    exact = previewing.count(session, HALF)
    assert found.about
    assert not exact.about
    assert found.count == pytest.approx(exact.count, rel=0.05)
    assert found.left_out.keys() == exact.left_out.keys()
    categories, languages = sampling.shares(session, "all")
    assert dict(categories)["Half"] == pytest.approx(12_000, rel=0.1)
    assert dict(languages)["cs"] == pytest.approx(16_200, rel=0.1)


def test_who_agreed_to_an_ad_platform_is_worked_out_from_some_of_many(session, many):
    newest = sa.select(sa.func.max(ConsentEvent.id)).scalar_subquery()
    said = {"purpose": Purpose.AD_PLATFORMS, "basis": Basis.CONSENT, "at": now(), "state": "granted"}
    for number in (5, 7001, 23_999):
        session.execute(sa.insert(Consent).values(contact_id=number, event_id=newest, **said))
    found, about = ads.counted(session, {"filters": "sort=name"}, None)

    assert about
    assert found == {"": 3, "no_consent": pytest.approx(MANY, rel=0.05)}


def test_few_of_many_are_counted_one_by_one(session, many, monkeypatch):
    monkeypatch.setattr(sampling, "_MOMENT", 30)  # seconds: the machine may be busy
    found = sampling.count(session, RARE)

    assert (found.count, found.left_out, found.about) == (4, {"no_consent": 1}, False)
    assert [contact.id for contact in sampling.people(session, RARE)] == [1, 5001, 9001, 20_001]


def test_a_page_of_people_is_the_same_however_it_is_found(session, many):
    for rule in (
        HALF,
        RARE,
        'not category:"Half" and language:en',
        "category is empty",
        "consent:none",
        'company ~ "x"',
        f'{RARE} and not category:"Half"',
        f"{HALF} and ({RARE} or language:en) and {RARE}",
    ):
        for reason in (previewing.IN, "no_consent", None):
            plain, asked = (building.condition(session, rule, of_each=each) for each in (False, True))
            one, other = (previewing.page(session, fits, reason, 100, 51) for fits in (plain, asked))
            assert one == other == sampling.page(session, rule, reason, 100, 51), rule
    assert sampling.fits_many(session, HALF)
    assert not sampling.fits_many(session, RARE)


def test_a_kept_audience_shows_what_the_clock_counted_and_when(session, many, marketer_client):
    audience = saving.create(session, "Half of them", HALF)
    session.commit()
    waiting = marketer_client.get(f"/audiences/{audience.id}").text
    count_audiences()
    counted = marketer_client.get(f"/audiences/{audience.id}").text

    assert "worked out from some" in waiting
    assert "worked out from some" not in counted
    assert "Counted" in counted
    assert "12,000" in counted
    session.expire_all()
    assert previewing.kept(audience).left_out == previewing.count(session, HALF).left_out


def test_counting_stands_aside_while_letters_go_out_but_for_what_is_a_day_old(session):
    old, new = factories.make_audience(session, "all"), factories.make_audience(session, "all")
    old.created_at = now() - timedelta(days=2)
    campaign = factories.make_campaign(session, status=Status.SENDING, audience=old)
    session.add(Segment(campaign_id=campaign.id, first_contact_id=1, last_contact_id=9, due_at=db_now()))
    session.commit()

    count_audiences()
    session.expire_all()
    assert previewing.kept(old) is not None
    assert previewing.kept(new) is None

    session.execute(sa.update(Segment).values(due_at=None))  # all of it is sent
    session.commit()
    count_audiences()
    session.expire_all()
    assert previewing.kept(new) is not None


def test_an_audience_that_cannot_be_counted_keeps_no_other_from_it(session):
    broken, sound = factories.make_audience(session, "all"), factories.make_audience(session, "all")
    session.execute(sa.update(Audience).where(Audience.id == broken.id).values(rule="bought("))
    session.commit()

    count_audiences()
    session.expire_all()
    assert previewing.kept(broken) is None
    assert previewing.kept(sound) is not None


def test_a_rule_changed_while_it_was_counted_keeps_no_count(session):
    audience = factories.make_audience(session, "all")
    session.commit()
    found = previewing.count(session, "all")
    with reading() as earlier:
        as_it_was = saving.one(earlier, audience.id)
        saving.change(session, audience, audience.name, "tag is empty")
        session.commit()
    previewing.keep(session, as_it_was, found)
    session.commit()

    session.expire_all()
    assert previewing.kept(audience) is None


def test_all_of_few_contacts_are_counted_at_once(session):
    factories.make_contact(session)

    assert sampling.sample(session) is None
    assert sampling.count(session, "all") == previewing.count(session, "all")


def test_what_takes_too_long_is_broken_off_and_the_session_goes_on(session, many):
    up = "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 50000000)"
    slow = sa.text(f"{up} SELECT max(n) FROM up")
    with pytest.raises(sampling.TooSlow), sampling.within(session, 0.05):
        session.execute(slow)

    assert session.scalar(sa.select(sa.func.count()).select_from(Contact)) == MANY


def test_a_broken_rule_is_said_to_be_broken(session):
    with pytest.raises(RuleProblem):
        sampling.count(session, "category:")
