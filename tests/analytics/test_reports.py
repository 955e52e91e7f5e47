"""Reports: numbers that add up, ranges where nothing is certain, and the people behind them."""

import csv
import io
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry, Role, Tracking
from campaigns.analytics import breakdown, figures, timeline
from campaigns.consent.models import Act, Purpose
from campaigns.contacts.models import Contact
from campaigns.database import now, reading
from campaigns.delivery.models import Message, MessageStatus
from campaigns.errors import NotFound
from campaigns.mailings.models import Status
from campaigns.tracking import recording
from tests import factories
from tests.tracking.mailed import APPLE, GMAIL, counted, hit, make_campaign, make_letter


@pytest.fixture
def campaign(session):
    """Sent to five, of whom one clicked, two opened, one was only prefetched; three others got nothing."""
    made = make_campaign(session, name="Spring")
    clicker, reader, proxied, ahead, silent = (
        make_letter(session, made, email=f"{name}@{domain}", first_name=name.title())
        for name, domain in (
            ("clicker", "example.com"), ("reader", "example.com"), ("proxied", "example.org"),
            ("ahead", "example.org"), ("silent", "example.net"),
        )
    )  # fmt: skip
    recording.record(
        session,
        [
            hit(clicker), hit(clicker, 1), hit(clicker, 1), hit(reader), hit(proxied, agent=GMAIL),
            hit(ahead, agent=APPLE), hit(silent, 2, agent="curl/8"),
        ],
    )  # fmt: skip
    silent.unsubscribed_at = silent.bounced_at = now()
    for status, reason in (("skipped", "unsubscribed"), ("failed", "5.1.1"), ("uncertain", "")):
        contact = factories.make_contact(session)
        factories.make_message(
            session, made, contact, MessageStatus(status), reason=reason, reply="550 No such user"
        )
    session.commit()
    return made


def test_the_numbers_of_a_campaign(session, campaign):
    numbers = figures.figures(session, campaign.id)

    account = numbers.account
    assert (account.sent, account.failed, account.left_out, account.uncertain, account.open) == (
        5,
        1,
        1,
        1,
        0,
    )
    assert account.audience == 8
    assert numbers.clicked == 1
    assert numbers.opened == (2, 3, 4)
    assert (numbers.unsubscribed, numbers.bounced, numbers.complained) == (1, 1, 0)
    assert numbers.share(1) == 20


def test_links_count_people_and_clicks_apart(session, campaign):
    first, second, *_others = breakdown.links(session, campaign)
    assert (first.text, first.url) == ("Link 1", "https://example.com/offer")
    assert (first.people, first.clicks, first.machines) == (1, 2, 0)
    assert (second.people, second.clicks, second.machines) == (0, 0, 1)


def test_domains_with_what_came_of_their_letters(session, campaign):
    found = {one.domain: one for one in breakdown.domains(session, campaign.id)}
    assert (found["example.com"].sent, found["example.com"].clicked, found["example.com"].opened) == (2, 1, 2)
    assert found["example.net"].failed == 1
    assert sum(one.letters for one in found.values()) == 7  # the skipped were never written to


def test_many_domains_are_summed_after_the_largest(session, campaign):
    for number in range(40):
        make_letter(session, campaign, email=f"x@d{number}.example.com")
    found = breakdown.domains(session, campaign.id)
    assert len(found) == breakdown.DOMAINS + 1
    assert found[-1].domain == ""
    assert sum(one.letters for one in found) == 47


def test_failures_by_code(session, campaign):
    [failure] = breakdown.failures(session, campaign.id)
    assert (failure.reason, failure.letters, failure.reply) == ("5.1.1", 1, "550 No such user")


def test_whom_the_numbers_cover(session, campaign):
    make_letter(session, campaign, tracked=False)
    no = session.get(Contact, make_letter(session, campaign).contact_id)
    factories.grant_consent(session, no, Purpose.TRACKING, Act.WITHDRAWN)
    gone = make_letter(session, campaign)
    session.execute(sa.delete(Contact).where(Contact.id == gone.contact_id))
    campaign.track_clicks = Tracking.ANONYMOUS

    found = breakdown.coverage(session, campaign)
    assert found.letters == 8
    assert found.opens == {Tracking.IDENTIFIED: 6, Tracking.ANONYMOUS: 0, Tracking.OFF: 2}
    assert found.clicks == {Tracking.IDENTIFIED: 0, Tracking.ANONYMOUS: 6, Tracking.OFF: 2}


def test_time_has_no_gaps_and_the_firm_s_clock(session, campaign):
    found = timeline.timeline(session, campaign, ZoneInfo("Europe/Prague"))
    assert found.by_hour
    assert [bucket.start.minute for bucket in found.buckets] == [0] * len(found.buckets)
    assert sum(bucket.opens for bucket in found.buckets) == 3
    assert sum(bucket.clicks for bucket in found.buckets) == 2
    assert sum(bucket.machines for bucket in found.buckets) == 2
    steps = {
        after.start - before.start for before, after in zip(found.buckets, found.buckets[1:], strict=False)
    }
    assert steps <= {timedelta(hours=1)}


def test_what_goes_on_for_days_is_shown_by_the_day(session):
    campaign = make_campaign(session, started_at=now() - timedelta(days=20))
    letter = make_letter(session, campaign)
    letter.sent_at = now() - timedelta(days=20)
    session.flush()
    recording.record(session, [hit(letter, at=now() - timedelta(days=19)), hit(letter)])
    found = timeline.timeline(session, campaign, UTC)
    assert not found.by_hour
    assert len(found.buckets) in (20, 21)
    assert sum(bucket.opens for bucket in found.buckets) == 2


def test_there_is_no_report_of_what_was_never_sent(session):
    with pytest.raises(NotFound):
        figures.figures(session, factories.make_campaign(session).id)


@pytest.mark.both_databases
def test_the_page_shows_the_numbers_and_their_doors(admin_client, campaign):
    page = admin_client.get(f"/reports/{campaign.id}")
    assert page.status_code == 200
    for words in ("Spring", "2–4", "20%", "https://example.com/offer", "5.1.1", "data-chart"):
        assert words in page.text, words
    assert f"/reports/{campaign.id}/people?did=clicked&amp;link=1" in page.text
    for part in ("domains", "coverage"):
        assert admin_client.get(f"/reports/{campaign.id}/{part}").status_code == 200
    index = admin_client.get("/reports/")
    assert "Spring" in index.text
    assert "40–80%" in index.text


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("did=clicked", ["Clicker"]),
        ("did=clicked&link=1", ["Clicker"]),
        ("did=clicked&link=2", []),
        ("did=opened", ["Clicker", "Reader", "Proxied"]),
        ("did=unsubscribed", ["Silent"]),
        ("did=bounced", ["Silent"]),
        ("did=complained", []),
        ("did=sent", ["Clicker", "Reader", "Proxied", "Ahead", "Silent"]),
    ],
)
def test_the_people_behind_a_number(marketer_client, campaign, query, names):
    page = marketer_client.get(f"/reports/{campaign.id}/people?{query}")
    assert page.status_code == 200
    everybody = ["Clicker", "Reader", "Proxied", "Ahead", "Silent"]
    assert [name for name in everybody if name in page.text] == names


@pytest.mark.both_databases
@pytest.mark.parametrize("did", ["clicked", "sent"])
def test_long_lists_go_on_page_by_page(marketer_client, session, campaign, did):
    for number in range(60):
        letter = make_letter(session, campaign, email=f"more{number:02}@example.com")
        recording.record(session, [hit(letter, 1, at=now() - timedelta(minutes=number))])
    session.commit()
    url, seen = f"/reports/{campaign.id}/people?did={did}", []
    while url:
        page = marketer_client.get(url).text
        seen += [f"more{number:02}" for number in range(60) if f"more{number:02}@" in page]
        url = (
            page.split('rel="next"')[0].rpartition('href="')[2].split('"')[0].replace("&amp;", "&")
            if 'rel="next"' in page
            else ""
        )
    assert sorted(seen) == [f"more{number:02}" for number in range(60)]


def test_a_salesperson_sees_names_of_own_contacts_only(sign_in, session, campaign):
    mine, other = (factories.make_user(session, Role.SALESPERSON) for _ in range(2))
    session.execute(sa.update(Contact).where(Contact.first_name == "Clicker").values(owner_id=mine.id))
    session.execute(sa.update(Contact).where(Contact.first_name == "Reader").values(owner_id=other.id))
    session.commit()
    page = sign_in(mine).get(f"/reports/{campaign.id}/people?did=opened")
    assert "Clicker" in page.text
    assert "Reader" not in page.text


def test_an_anonymous_campaign_names_nobody(marketer_client, session):
    levels = {"track_opens": Tracking.ANONYMOUS, "track_clicks": Tracking.ANONYMOUS}
    campaign = make_campaign(session, **levels)
    make_letter(session, campaign)
    recording.record(session, [counted(campaign), counted(campaign), counted(campaign, 1)])
    session.commit()

    page = marketer_client.get(f"/reports/{campaign.id}").text
    assert "counts without names" in page
    assert "did=clicked" not in page
    assert "did=opened" not in page
    for did in ("clicked", "opened"):
        assert marketer_client.get(f"/reports/{campaign.id}/people?did={did}").status_code == 403
        assert marketer_client.get(f"/reports/{campaign.id}/people.csv?did={did}").status_code == 403
    assert marketer_client.get(f"/reports/{campaign.id}/people?did=sent").status_code == 200


@pytest.mark.parametrize(
    "query", ["did=nobody", "", "did=clicked&link=x", "did=sent&after=%00", "did=sent&after=WzFd"]
)
def test_lists_that_are_not_there_are_explained(marketer_client, campaign, query):
    assert marketer_client.get(f"/reports/{campaign.id}/people?{query}").status_code == 422


def table_of(answer) -> list[list[str]]:
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


@pytest.mark.parametrize("table", ["links", "hours", "domains", "failures"])
def test_tables_as_files(marketer_client, campaign, table):
    rows = table_of(marketer_client.get(f"/reports/{campaign.id}/{table}.csv"))
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}


def test_people_as_a_file_is_noted_and_runs_no_formula(sign_in, session, campaign):
    session.execute(sa.update(Contact).where(Contact.first_name == "Reader").values(first_name=" \t=1+1"))
    session.commit()
    rows = table_of(sign_in(Role.MARKETER).get(f"/reports/{campaign.id}/people.csv?did=opened"))
    assert len(rows) == 4
    assert "'=1+1" in {row[0] for row in rows}
    with reading() as fresh:
        [entry] = fresh.scalars(sa.select(AuditEntry).where(AuditEntry.act == "report.export"))
        assert (entry.subject, entry.detail) == (f"campaign:{campaign.id}", {"list": "opened"})
    assert sign_in(Role.SALESPERSON).get(f"/reports/{campaign.id}/people.csv?did=opened").status_code == 403


def test_erased_people_are_counted_and_not_named(marketer_client, session, campaign):
    session.execute(sa.delete(Contact).where(Contact.first_name == "Clicker"))
    session.execute(sa.update(Message).where(Message.clicked_at.is_not(None)).values(address=""))
    session.commit()
    page = marketer_client.get(f"/reports/{campaign.id}/people?did=clicked").text
    assert "Erased" in page
    assert "clicker@" not in page


def test_the_list_goes_on_page_by_page(marketer_client, session):
    for number in range(25):
        make_campaign(session, name=f"Letter {number:02}", started_at=now() - timedelta(days=number))
    session.commit()
    first = marketer_client.get("/reports/").text
    assert "Letter 19" in first
    assert "Letter 20" not in first
    more = first.split('rel="next"')[0].rpartition('href="')[2].split('"')[0].replace("&amp;", "&")
    assert "Letter 24" in marketer_client.get(more).text


def test_drafts_have_no_place_among_reports(marketer_client, session):
    factories.make_campaign(session, name="Not yet", status=Status.DRAFT)
    session.commit()
    assert "Nothing has been sent yet" in marketer_client.get("/reports/").text


def test_looking_at_reports_writes_nothing(marketer_client, campaign):
    def counts():
        with reading() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(AuditEntry))

    before = counts()
    for path in ("/reports/", f"/reports/{campaign.id}", f"/reports/{campaign.id}/links.csv"):
        marketer_client.get(path)
    assert counts() == before
