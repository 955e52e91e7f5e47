"""Time limits: what is over goes and no report changes; who is silent is listed, never deleted."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from campaigns.accounts import people
from campaigns.accounts.models import AuditEntry
from campaigns.analytics import figures
from campaigns.cli.retention import retention
from campaigns.consent import gate
from campaigns.contacts import filters, finding
from campaigns.contacts.filters import Filters
from campaigns.contacts.models import Contact
from campaigns.crm.models import Activity
from campaigns.database import now, reading, transaction
from campaigns.delivery.models import Message
from campaigns.errors import BadInput
from campaigns.rights import inactive, limits
from campaigns.rights.months import before
from campaigns.tracking import counting, forgetting, reclassifying, recording
from campaigns.tracking.models import Hit, HitCount
from tests import factories
from tests.tracking.mailed import GMAIL, counted, hit, make_campaign, make_letter


def old_letter(session, campaign, months=14):
    """A letter sent so long ago, with opens of two kinds and a click on the day after."""
    letter = make_letter(session, campaign)
    letter.sent_at = before(now(), months)
    session.flush()
    later = letter.sent_at + timedelta(days=1)
    entries = [
        hit(letter, at=later, agent=GMAIL),
        hit(letter, at=later + timedelta(minutes=2)),
        hit(letter, 2, at=later + timedelta(minutes=3)),
    ]
    assert recording.record(session, entries) == 3
    return letter


def all_hits(session):
    return session.scalar(sa.select(sa.func.count()).select_from(Hit))


def shown(session, campaign):
    """All that reports read of opens and clicks."""
    session.expire_all()
    return (
        counting.totals(session, campaign.id),
        sorted(map(tuple, session.execute(sa.select(*HitCount.__table__.c)))),
        sorted(map(tuple, session.execute(sa.select(Message.id, Message.opened_at, Message.clicked_at)))),
        sorted(map(tuple, session.execute(sa.select(Activity.once, Activity.at, Activity.detail)))),
        figures.figures(session, campaign.id),
    )


def test_what_is_over_goes_and_no_report_changes(session):
    campaign = make_campaign(session)
    old, young = old_letter(session, campaign), make_letter(session, campaign)
    recording.record(session, [hit(young, 1), counted(campaign)])
    before_that = shown(session, campaign)
    session.commit()

    assert limits.keep() == 3
    assert limits.keep() == 0
    session.rollback()
    assert shown(session, campaign) == before_that
    assert set(session.scalars(sa.select(Hit.message_id))) == {young.id, None}
    [entry] = session.scalars(sa.select(AuditEntry).where(AuditEntry.act == "retention.hits"))
    assert entry.detail["number"] == 3
    assert old.opened_at is not None


def test_a_late_hit_on_a_letter_whose_hits_went_counts_nobody_twice(session):
    campaign = make_campaign(session)
    letter = old_letter(session, campaign)
    before_that = shown(session, campaign)
    session.commit()
    limits.keep()

    session.rollback()
    assert recording.record(session, [hit(letter), hit(letter, 2)]) == 0
    assert shown(session, campaign) == before_that
    people.organisation(session).keep_hits = 36  # it does not come back with a longer limit
    assert recording.record(session, [hit(letter)]) == 0


def test_the_hits_of_one_letter_go_together_so_that_judging_anew_counts_right(session):
    campaign = make_campaign(session)
    letter = old_letter(session, campaign, months=14)
    assert recording.record(session, [hit(letter, at=now() - timedelta(days=30))]) == 1
    kept = make_letter(session, campaign)
    recording.record(session, [hit(kept, 3)])
    before_that = shown(session, campaign)
    session.commit()

    assert limits.keep() == 4
    session.rollback()
    reclassifying.reclassify(session, campaign.id)
    assert shown(session, campaign) == before_that


def test_a_list_whose_hits_went_says_so(app, admin_client):
    with transaction() as session:
        campaign = make_campaign(session, started_at=before(now(), 14))
        old_letter(session, campaign)
    opened = f"/reports/{campaign.id}/people?did=opened"
    assert "was kept for a time only" not in admin_client.get(opened).get_data(as_text=True)

    limits.keep()

    page = admin_client.get(opened).get_data(as_text=True)
    assert "was kept for a time only" in page
    assert "person" in page  # opened_at stays, and so does the list
    sent = admin_client.get(f"/reports/{campaign.id}/people?did=sent").get_data(as_text=True)
    assert "was kept for a time only" not in sent


def test_it_goes_on_where_it_stopped(session):
    campaign = make_campaign(session)
    for _letter in range(3):
        old_letter(session, campaign)
    before_that = shown(session, campaign)
    session.commit()
    since = before(now(), 13)

    assert forgetting.forget(since, 1, 1) == 3  # all of one letter
    session.rollback()
    assert all_hits(session) == 6
    assert shown(session, campaign) == before_that
    session.rollback()
    assert forgetting.forget(since, 10, 1) == 6
    session.rollback()
    assert all_hits(session) == 0


def test_a_letter_of_the_last_day_before_the_limit_is_not_followed_any_more(session):
    campaign = make_campaign(session)
    session.commit()
    limits.keep()

    session.rollback()
    for days, kept in ((-2, 0), (0, 0), (2, 1)):
        letter = make_letter(session, campaign)
        letter.sent_at = before(now(), 13) + timedelta(days=days)
        session.flush()
        assert recording.record(session, [hit(letter)]) == kept


def silent(session, months=24):
    return set(session.scalars(inactive.numbers(months)))


def test_the_silent_are_listed_and_stay(session):
    factories.make_organisation(session)
    long_ago, lately = before(now(), 25), now() - timedelta(days=30)
    never = factories.make_contact(session, created_at=long_ago)
    once = factories.make_contact(session, created_at=long_ago, last_contact_at=long_ago)
    for values in (
        {"created_at": lately},
        {"created_at": long_ago, "last_contact_at": lately},
        {"created_at": long_ago, "verified_at": lately},
    ):
        factories.make_contact(session, **values)

    assert silent(session) == {never.id, once.id}
    filters.offer(inactive.offered_filter())
    found = finding.find(session, Filters(others={"inactive": "24"}), limit=9)
    assert {one.id for one in found} == {never.id, once.id}
    assert limits.over(session).inactive == 2
    session.commit()
    limits.keep()
    session.rollback()
    assert session.scalar(sa.select(sa.func.count()).select_from(Contact)) == 5


def test_limits_are_chosen_from_the_list(session):
    factories.make_organisation(session)
    for wrong in ({}, {"keep_hits": "14", "review_after": "24"}, {"keep_hits": "13", "review_after": "x"}):
        with pytest.raises(BadInput):
            limits.change(session, wrong)

    limits.change(session, {"keep_hits": "6", "review_after": "36"})

    over = limits.over(session)
    assert (over.keep_hits, over.review_after) == (6, 36)
    assert session.scalars(sa.select(AuditEntry.detail)).all() == [{"keep_hits": 6, "review_after": 36}]


def test_a_dry_run_says_what_the_run_does(session):
    old_letter(session, make_campaign(session))
    session.commit()

    def run(*words):
        done = CliRunner().invoke(retention, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    dry = json.loads(run("--dry-run", "--json"))
    assert (dry["hits"], dry["gone"], dry["keep_hits"]) == (3, 0, 13)
    assert "older than 13 months: 3" in run("--dry-run")
    assert json.loads(run("--json"))["gone"] == 3
    with reading() as other:
        assert all_hits(other) == 0


def test_a_yes_runs_out_where_a_time_is_set(session):
    ours = factories.make_organisation(session)
    contact = factories.make_contact(session, consented=False)
    with time_machine.travel(now() - timedelta(days=800), tick=False):
        factories.grant_consent(session, contact)
    session.commit()
    assert limits.expire_consent() == 0

    ours.consent_expires = 24
    session.commit()
    assert limits.running_out(session) == 1
    session.rollback()
    assert limits.expire_consent() == 1
    assert gate.refusals(session, [contact.id]) == {contact.id: gate.Reason.EXPIRED}


def test_the_page_tells_what_is_over_and_keeps_the_limits(admin_client, marketer_client):
    with transaction() as session:
        old_letter(session, make_campaign(session))

    page = admin_client.get("/settings/keeping/").get_data(as_text=True)
    assert "How long we keep things" in page
    assert '<td class="num">3</td>' in page
    assert admin_client.post("/settings/keeping/", data={"keep_hits": "5"}).status_code == 422
    answer = admin_client.post("/settings/keeping/", data={"keep_hits": "25", "review_after": "60"})
    assert answer.status_code == 302
    assert '<td class="num">0</td>' in admin_client.get("/settings/keeping/").get_data(as_text=True)
    assert admin_client.get("/contacts/?inactive=60").status_code == 200
    assert marketer_client.get("/settings/keeping/").status_code == 403


@given(
    st.integers(0, 110 * 365 * 24).map(
        lambda hours: datetime(1990, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    ),
    st.integers(1, 100),
)
def test_months_back_are_the_same_day_or_the_last_of_the_month(at, months):
    then = before(at, months)

    assert (at.year - then.year) * 12 + at.month - then.month == months
    assert then.day == at.day or (then.day < at.day and (then + timedelta(days=1)).day == 1)
    assert then.time() == at.time()
