"""Files that other products write, by their real headers: understood without a click, every column in place.

The header rows (headers.txt) and the ways in which values are written are those of exports that people
have published: Mailchimp's audience export, Brevo's and HubSpot's contacts, listmonk's subscribers,
Outlook's CSV, and Google's before and since 2024. The people are ours.
"""

from pathlib import Path

import pytest

from campaigns.imports import layouts, uploading
from campaigns.imports.mapping import Will
from tests.imports.files import fetch, upload

pytestmark = pytest.mark.sqlite_only

HEADERS = {
    name: columns.split(",")
    for name, columns in (
        line.split(": ", 1)
        for line in Path(__file__).with_name("headers.txt").read_text(encoding="utf-8").splitlines()
    )
}


def table(columns: list[str], *rows: dict[str, str], delimiter: str = ",") -> str:
    """A file of these columns, each cell in quotation marks as exporters write them."""
    lines = [columns, *([row.get(name, "") for name in columns] for row in rows)]
    assert all(set(row) <= set(columns) for row in rows)
    quoted = ('"' + cell.replace('"', '""') + '"' for line in lines for cell in line)
    return "\n".join(delimiter.join(next(quoted) for _cell in line) for line in lines) + "\n"


def understood(session, content: str | bytes, filename: str = "contacts.csv"):
    """Whose export it is taken for, what each column became, and the rows as they would be stored."""
    session.rollback()
    import_ = fetch(upload(content, filename))
    look = uploading.look(import_)
    became = {look.columns[int(number)]: target for number, target in import_.mapping.items() if target}
    return import_.layout, became, list(look.understood)


def test_mailchimp(session):
    anna = {
        "Email Address": "anna@example.com", "First Name": "Anna", "Last Name": "Dvořák", "Birthday": "04/17",
        "Phone Number": "+420 601 123 456", "MEMBER_RATING": "2", "OPTIN_TIME": "2016-04-18 13:51:14",
        "OPTIN_IP": "192.0.2.7", "CONFIRM_TIME": "2016-04-18 13:52:00", "CONFIRM_IP": "192.0.2.8",
        "GMTOFF": "-8", "TIMEZONE": "America/Los_Angeles", "CC": "US", "REGION": "WA",
        "LAST_CHANGED": "2016-04-18 14:00:32", "LEID": "55331253", "EUID": "89501affba",
        "NOTES": "Met in Brno",
        "TAGS": '"VIP","12"" blade"', "Address": "1 Long Lane  Brno  602 00  Czechia",
    }  # fmt: skip
    layout, became, [row] = understood(
        session, table(HEADERS["mailchimp"], anna), "subscribed_email_audience_export_1bd.csv"
    )

    assert layout == "mailchimp"
    assert became == {
        "Email Address": "email", "First Name": "first_name", "Last Name": "last_name",
        "Birthday": "birthday", "Phone Number": "phone", "Address": "field",
        "OPTIN_TIME": "optin_time", "OPTIN_IP": "optin_ip",
        "CONFIRM_TIME": "confirm_time", "CONFIRM_IP": "confirm_ip", "TIMEZONE": "timezone", "CC": "country",
        "NOTES": "note", "TAGS": "tags",
    }  # fmt: skip
    assert (row.values["birthday"], row.values["phone"], row.values["country"]) == (
        "04-17",
        "+420601123456",
        "US",
    )
    assert row.tags == ("VIP", '12" blade')
    assert (row.at.isoformat(), row.ip, row.will) == ("2016-04-18T13:52:00+00:00", "192.0.2.8", Will.AGREES)


@pytest.mark.parametrize(
    ("filename", "will"),
    [
        ("subscribed_members_export_15d17415eb.csv", Will.AGREES),
        ("unsubscribed_members_export_15d17415eb.csv", Will.UNSUBSCRIBED),
        ("cleaned_members_export_15d17415eb.csv", Will.BOUNCED),
        ("nonsubscribed_members_export_15d17415eb.csv", Will.SILENT),
    ],
)
def test_mailchimps_files_of_those_who_left_are_told_by_their_names(session, filename, will):
    rows = {"Email Address": "anna@example.com", "MEMBER_RATING": "2"}

    _layout, _became, [row] = understood(session, table(HEADERS["mailchimp"], rows), filename)

    assert row.will == will


def test_brevo(session):
    bruno = {
        "CONTACT ID": "7", "EMAIL": "bruno@example.com", "LASTNAME": "Durand", "FIRSTNAME": "Bruno",
        "SMS": "33611111111", "OPT_IN": "Yes", "DOUBLE_OPT-IN": "Yes", "ADDED_TIME": "12-04-2022 09:30",
        "MODIFIED_TIME": "13-04-2022 10:00", "EMAIL_BLACKLISTED": "No", "SMS_BLACKLISTED": "No",
        "INTERESTS": "saws",
    }  # fmt: skip
    left = bruno | {"EMAIL": "left@example.com", "EMAIL_BLACKLISTED": "Yes"}
    layout, became, [row, gone] = understood(session, table(HEADERS["brevo"], bruno, left, delimiter=";"))

    assert layout == "brevo"
    assert became == {
        "EMAIL": "email", "FIRSTNAME": "first_name", "LASTNAME": "last_name", "SMS": "phone",
        "LANDLINE_NUMBER": "phone", "WHATSAPP": "phone", "INTERESTS": "field", "OPT_IN": "subscribed",
        "ADDED_TIME": "optin_time", "EMAIL_BLACKLISTED": "unsubscribed",
    }  # fmt: skip
    assert row.at.isoformat() == "2022-04-12T09:30:00+00:00"
    assert (row.will, gone.will) == (Will.AGREES, Will.UNSUBSCRIBED)


def test_hubspot(session):
    jane = {
        "Record ID": "51", "First Name": "Jane", "Last Name": "Doe", "Email": "Jane@Example.com",
        "Phone Number": "+1 202 555 0100", "Job Title": "VP Talent", "Contact owner": "Sam Lee",
        "Lifecycle Stage": "customer", "Create Date": "2021-04-01 09:12", "Company Name": "Acme Corp",
        "Website URL": "acme.example", "Marketing contact status": "Marketing contact",
        "Unsubscribed from all email": "false",
    }  # fmt: skip
    other = jane | {"Email": "b@example.com", "Marketing contact status": "Non-marketing contact"}
    gone = jane | {"Email": "c@example.com", "Unsubscribed from all email": "true"}
    layout, became, rows = understood(session, table(HEADERS["hubspot"], jane, other, gone))

    assert layout == "hubspot"
    assert became == {
        "First Name": "first_name", "Last Name": "last_name", "Email": "email", "Phone Number": "phone",
        "Job Title": "position", "Lifecycle Stage": "field", "Company Name": "company",
        "Website URL": "field",
        "Marketing contact status": "status", "Unsubscribed from all email": "unsubscribed",
    }  # fmt: skip
    assert [row.will for row in rows] == [Will.AGREES, Will.SILENT, Will.UNSUBSCRIBED]


def test_listmonk(session):
    text = (
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        'e1d0,anna@example.com,Anna Dvořák,"{""city"": ""Brno"", ""likes"": [""saws"", ""tea""]}",enabled,'
        "2023-01-17 10:11:12.131415 +0000 UTC,2023-01-17 10:11:12.131415 +0000 UTC\n"
        'e1d1,left@example.com,Leo,"{}",blocklisted,2023-01-17,2023-01-17\n'
    )
    layout, became, [anna, left] = understood(session, text)

    assert layout == "listmonk"
    assert became == {"email": "email", "name": "full_name", "attributes": "attributes", "status": "status"}
    assert anna.values == {"first_name": "Anna", "last_name": "Dvořák"}
    assert anna.fields == {"city": "Brno", "likes": "saws, tea"}
    assert (anna.will, left.will) == (Will.AGREES, Will.UNSUBSCRIBED)


def test_outlook_in_windows_1250(session):
    jana = {
        "Title": "Mgr.", "First Name": "Jana", "Last Name": "Nováková", "Company": "Pila, s.r.o.",
        "Job Title": "ředitelka", "Business City": "Žďár nad Sázavou",
        "Business Country/Region": "Česká republika",
        "Business Phone": "+420 543 123 456", "Mobile Phone": "+420 601 123 456", "Birthday": "2/29/1980",
        "Categories": "VIP;Řezání", "E-mail Address": "jana@example.com", "E-mail Type": "SMTP",
        "E-mail Display Name": "Jana Nováková (jana@example.com)", "E-mail 2 Address": "jana.n@example.org",
        "Gender": "Unspecified", "Priority": "Normal", "Private": "False", "Sensitivity": "Normal",
        "Notes": "Volat až po páté.", "Language": "čeština",
    }  # fmt: skip
    unknown = {"First Name": "Petr", "E-mail Address": "petr@example.com", "Birthday": "0/0/00"}
    content = table(HEADERS["outlook"], jana, unknown).encode("cp1250")
    layout, became, [row, petr] = understood(session, content)

    assert layout == "outlook"
    assert row.values == {
        "first_name": "Jana", "last_name": "Nováková", "position": "ředitelka", "phone": "+420543123456",
        "city": "Žďár nad Sázavou", "country": "CZ", "language": "cs", "birthday": "02-29",
        "birth_year": 1980,
        "note": "Volat až po páté.",
    }  # fmt: skip
    assert (row.company, row.tags) == ("Pila, s.r.o.", ("VIP", "Řezání"))
    assert row.fields == {"E-mail 2 Address": "jana.n@example.org", "Gender": "Unspecified"}
    assert became["Job Title"] == "position"
    assert "Title" not in became
    assert petr.remarks == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_google_since_2024(session, encoding):
    adrian = {
        "First Name": "Adrian", "Last Name": "Abegglen", "Organization Name": "Säge AG",
        "Organization Title": "Consultant", "Birthday": "1990-04-12", "Notes": "line one\nline two",
        "Labels": "Friends ::: * myContacts", "E-mail 1 - Label": "* Home",
        "E-mail 1 - Value": "adrian@example.com ::: adrian@example.org", "Phone 1 - Label": "Work",
        "Phone 1 - Value": "+41319280960 ::: +41792648866", "Address 1 - City": "Bern",
        "Address 1 - Country": "CH",
    }  # fmt: skip
    layout, became, [row] = understood(session, table(HEADERS["google"], adrian).encode(encoding))

    assert layout == "google"
    assert (row.address.email, row.values["phone"]) == ("adrian@example.com", "+41319280960")
    assert (row.company, row.values["position"], row.values["city"], row.values["country"]) == (
        "Säge AG", "Consultant", "Bern", "CH",
    )  # fmt: skip
    assert (row.tags, row.values["birthday"]) == (("Friends",), "04-12")
    assert {"Photo", "File As", "E-mail 1 - Label", "Phonetic First Name"}.isdisjoint(became)


def test_google_before_2024(session):
    sam = {
        "Name": "Sam Rivera", "Given Name": "Sam", "Family Name": "Rivera", "Birthday": "1990-04-12",
        "Group Membership": "* My Contacts ::: class ::: * Starred", "E-mail 1 - Type": "* Work",
        "E-mail 1 - Value": "sam@example.com", "Phone 1 - Type": "Mobile",
        "Phone 1 - Value": "+1 202 555 0123",
        "Organization 1 - Name": "Acme", "Organization 1 - Title": "Designer",
    }  # fmt: skip
    layout, _became, [row] = understood(session, table(HEADERS["google before 2024"], sam))

    assert layout == "google"
    assert (row.values["first_name"], row.values["last_name"], row.values["position"]) == (
        "Sam", "Rivera", "Designer",
    )  # fmt: skip
    assert (row.tags, row.company) == (("class",), "Acme")


def test_a_table_separated_by_tabs(session):
    _layout, became, [row] = understood(
        session, "E-mail\tJméno\tNarozeniny\na@example.com\tAnna\t17.4.1990\n"
    )

    assert became == {"E-mail": "email", "Jméno": "first_name", "Narozeniny": "birthday"}
    assert row.values == {"first_name": "Anna", "birthday": "04-17", "birth_year": 1990}


def test_every_layout_is_among_these():
    assert {layout.name for layout in layouts.LAYOUTS} == {
        "mailchimp", "brevo", "hubspot", "listmonk", "google", "outlook", "vcard",
    }  # fmt: skip
