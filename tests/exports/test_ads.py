"""Lists for ad platforms: hashed as the platforms document it, of those who agreed only, with removals.

The expected values are the platforms' own: the tests of Google's client library (UserDataFormatter), and
Meta's page “Customer information parameters”.
"""

import csv

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from campaigns.accounts.models import Role
from campaigns.consent import leaving
from campaigns.consent.models import Act, Basis, Purpose
from campaigns.contacts.models import Contact
from campaigns.database import now, reading, transaction
from campaigns.errors import Conflict
from campaigns.exports import ad_layouts, ads, asking, places, running
from campaigns.exports.ad_layouts import hashed
from campaigns.exports.asking import Wish
from campaigns.exports.models import AdGiven, Export, Subject
from tests import factories

EVERYBODY = {"filters": "sort=name"}
ADS = Purpose.AD_PLATFORMS


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("QuinnY@EXAMPLE.com", "quinny@example.com"),
        ("  ALEXZ@example.com   ", "alexz@example.com"),
        ("j.e.f..ferson.Loves.hiking@gmail.com", "jeffersonloveshiking@gmail.com"),
        ("jefferson.Loves.hiking@googlemail.com", "jeffersonloveshiking@googlemail.com"),
        ("cloudy.san+news@gmail.com", "cloudysan@gmail.com"),
        ("a.b+c@example.com", "a.b+c@example.com"),
    ],
)
def test_addresses_for_google(given, normal):
    assert ad_layouts.google_email(given) == normal


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("+1 800-555-0100", "+18005550100"),
        ("+44-113-496-0987", "+441134960987"),
        ("602 123 456", ""),
        ("++++", ""),
    ],
)
def test_phones_for_google(given, normal):
    assert ad_layouts.google_phone(given) == normal


@pytest.mark.parametrize(
    ("given", "normal"),
    [(" Alex   ", "alex"), (" Mr. Alex   ", "alex"), (" Mrs. Alex ", "alex"), (" Alex Dr.", "alex"),
     (" Mralex   ", "mralex"), (" Mr. ", "")],
)  # fmt: skip
def test_first_names_for_google(given, normal):
    assert ad_layouts.google_first_name(given) == normal


@pytest.mark.parametrize(
    ("given", "normal"),
    [(" Quinn   ", "quinn"), ("Quinn-Alex", "quinn-alex"), (" Quinn, Jr.   ", "quinn"),
     (" Quinn,Jr.   ", "quinn"), (" Quinn Sr.  ", "quinn"), ("quinn, jr. dds", "quinn"),
     ("quinn, jr., dds", "quinn"), ("Boardds", "boardds"),
     ("lacparm", "lacparm"), (", Jr. ", ""), (",Jr.,DDS ", "")],
)  # fmt: skip
def test_last_names_for_google(given, normal):
    assert ad_layouts.google_last_name(given) == normal


@pytest.mark.parametrize(
    ("normal", "expected"),
    [
        (
            ad_layouts.google_email("  alexz@EXAMPLE.com   "),
            "509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a",
        ),
        (
            ad_layouts.google_phone("   +1-800-555-0100"),
            "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30",
        ),
        (
            ad_layouts.google_first_name("  GivenName  "),
            "128a07bfe2df877c52076e60d7774cf5baaa046c5a6c48daf30ff43ecca2f814",
        ),
        (
            ad_layouts.google_last_name("  FamilyName "),
            "77762c287e61ce065bee5c15464012c6fbe088398b8057627d5577249430d574",
        ),
        (
            ad_layouts.meta_email(" John_Smith@gmail.com "),
            "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f",
        ),
        (
            ad_layouts.meta_phone("+1 (650)555-1212"),
            "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176",
        ),
        (ad_layouts.meta_name("Mary"), "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"),
        (ad_layouts.meta_name("Valéry"), "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
        (ad_layouts.meta_name("정"), "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"),
        ("us", "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621"),
    ],
)
def test_hashes_are_those_of_the_platforms(normal, expected):
    assert hashed(normal) == expected


def test_post_codes_for_meta():
    assert ad_layouts.meta_zip("94045-1234", "US") == "94045"
    assert ad_layouts.meta_zip("M1 1AE", "GB") == "m11ae"


@pytest.fixture
def people(app):
    """Who agreed to ads, with and without more known; and all kinds of people who did not."""
    with transaction() as session:
        for name in ("anna", "bara"):
            contact = factories.make_contact(
                session, f"{name}@gmail.com", first_name=name.title(), last_name="Nová",
                phone="+420602123456", country="CZ", fields={"zip": "602 00"},
            )  # fmt: skip
            factories.grant_consent(session, contact, ADS)
        factories.make_contact(session, "letters-only@example.com")
        factories.make_contact(session, "never-asked@example.com", consented=False)
        said_no = factories.make_contact(session, "said-no@example.com")
        factories.grant_consent(session, said_no, ADS, Act.DECLINED)
        customer = factories.make_contact(session, "customer@example.com")
        factories.grant_consent(session, customer, ADS, Act.GRANTED, Basis.EXISTING_CUSTOMER)
        child = factories.make_contact(session, "child@example.com", birth_year=now().year - 12)
        factories.grant_consent(session, child, ADS)
        gone = factories.make_contact(session, "suppressed@example.com")
        factories.grant_consent(session, gone, ADS)
        factories.suppress(session, "suppressed@example.com")


def make(layout="google", choice=EVERYBODY, *, done=True):
    with transaction() as session:
        made = asking.start(session, Subject.ADS, choice, Wish(layout), None)
    if done:
        running.run(made.id)
    with reading() as session:
        return session.get_one(Export, made.id)


def rows(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


@pytest.mark.both_databases
def test_only_who_agreed_to_ads_is_in_it(people):
    made = make()

    heading, *found = rows(places.whole(made.id))
    assert heading == ["Email", "Phone", "First Name", "Last Name", "Country", "Zip"]
    assert {row[0] for row in found} == {hashed("anna@gmail.com"), hashed("bara@gmail.com")}
    assert found[0][1:] == [hashed("+420602123456"), *[""] * 4]  # no field called zip yet
    assert (made.expected, made.rows, made.removed) == (2, 2, 0)
    text = places.whole(made.id).read_text()
    assert "@" not in text
    with reading() as session:
        by_reason = {"": 2, "no_consent": 2, "declined": 1, "basis": 1, "minor": 1, "unsubscribed": 1}
        assert ads.counted(session, EVERYBODY, None) == (by_reason, False)


def test_meta_gets_its_own_columns(people):
    heading, *found = rows(places.whole(make("meta").id))

    assert heading == ["email", "phone", "fn", "ln", "zip", "country"]
    assert [
        hashed("anna@gmail.com"),
        hashed("420602123456"),
        hashed("anna"),
        hashed("nová"),
        "",
        hashed("cz"),
    ] in found


@pytest.mark.both_databases
def test_who_has_withdrawn_been_erased_or_left_is_taken_back(people):
    with transaction() as session:
        third = factories.make_contact(session, "cilka@gmail.com", tags=("vip",))
        factories.grant_consent(session, third, ADS)
        tag = {"filters": f"tag={factories.make_tag(session, 'vip').id}&sort=name"}
        numbers = dict(session.execute(sa.select(Contact.email, Contact.id)).all())
    make()
    make(choice=tag)
    make("meta")
    with transaction() as session:
        leaving.object_(session, numbers["anna@gmail.com"], "page", "page")
        session.execute(sa.delete(Contact).where(Contact.id == numbers["cilka@gmail.com"]))

    made = make()

    assert {row[0] for row in rows(places.whole(made.id))[1:]} == {hashed("bara@gmail.com")}
    heading, *removed = rows(places.removal(made.id))
    assert len(heading) == 6
    assert {row[0] for row in removed} == {hashed("anna@gmail.com"), hashed("cilka@gmail.com")}
    assert hashed("+420602123456") in {row[1] for row in removed}
    assert made.removed == 2
    assert make(choice=tag).removed == 1
    assert make().removed == 2  # as long as nobody has said that the platform knows

    last = make()
    with transaction() as session:
        assert ads.confirm_removal(session, session.get_one(Export, last.id)) == 2
    assert make().removed == 0
    with transaction() as session, pytest.raises(Conflict):
        ads.confirm_removal(session, session.get_one(Export, last.id))


def test_what_is_remembered_says_nothing_without_the_key(people):
    make()

    with reading() as session:
        kept = repr(session.execute(sa.select(AdGiven.__table__)).all())
    for secret in (
        "anna",
        "602123456",
        hashed("anna@gmail.com"),
        bytes.fromhex(hashed("anna@gmail.com")).hex(),
    ):
        assert secret not in kept


def test_what_was_remembered_under_another_key_is_told(people, settings):
    make()
    with transaction() as session:
        session.execute(sa.delete(Contact).where(Contact.email == "anna@gmail.com"))
    settings.secret_key = SecretStr("another")

    made = make()

    assert made.status == "failed"
    assert "CAMPAIGNS_SECRET_KEY" in made.error


def test_two_files_of_one_list_are_not_written_at_the_same_time(people):
    made = make(done=False)

    with transaction() as session, pytest.raises(Conflict):
        asking.start(session, Subject.ADS, EVERYBODY, Wish("google"), None)
    running.run(made.id)
    assert make().status == "done"


def test_who_withdraws_while_it_is_written_is_not_in_it(people, monkeypatch):
    made = make(done=False)
    real = ads.written

    def one_withdraws(session, export, numbers, **how):
        anna = session.scalar(sa.select(Contact.id).where(Contact.email == "anna@gmail.com"))
        leaving.object_(session, anna, "page", "page")
        return real(session, export, numbers, **how)

    monkeypatch.setattr(ads, "written", one_withdraws)
    running.run(made.id)

    assert [row[0] for row in rows(places.whole(made.id))[1:]] == [hashed("bara@gmail.com")]


def test_the_page_says_who_will_be_in_it_and_leads_to_both_files(people, marketer_client):
    page = marketer_client.get("/exports/ads/new").text
    assert "Have agreed to it" in page
    assert "Only who agreed to being shown to ad platforms" in page

    answer = marketer_client.post("/exports/ads/new", data={"format": "meta"})

    assert answer.status_code == 302
    with marketer_client.get(f"{answer.location}/file") as file:
        text = file.text
    assert file.headers["Content-Disposition"].startswith("attachment; filename=all-contacts-meta-")
    assert hashed("anna@gmail.com") in text
    with transaction() as session:
        session.execute(sa.delete(Contact).where(Contact.email == "anna@gmail.com"))
    again = marketer_client.post("/exports/ads/new", data={"format": "meta"}).location
    assert "1 person was in an earlier file" in marketer_client.get(again).text
    number = int(again.rpartition("/")[2])
    with marketer_client.get(f"/exports/ads/{number}/removal") as file:
        assert hashed("anna@gmail.com") in file.text
    marketer_client.post(f"/exports/ads/{number}/removal")
    assert "The platform was told" in marketer_client.get(again).text
    assert marketer_client.post("/exports/ads/new", data={"format": "csv"}).status_code == 422


def test_salespeople_make_none(people, sign_in):
    assert sign_in(Role.SALESPERSON).get("/exports/ads/new").status_code == 403
