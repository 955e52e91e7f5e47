"""Whose export it is, and what its columns mean."""

import pytest

from campaigns.imports import layouts
from campaigns.imports.columns import NAMES
from campaigns.imports.targets import Target

EXPORTS = {
    "mailchimp": {
        "Email Address": Target.EMAIL, "First Name": Target.FIRST_NAME, "MEMBER_RATING": Target.IGNORE,
        "OPTIN_TIME": Target.OPTIN_TIME, "CONFIRM_IP": Target.CONFIRM_IP, "TIMEZONE": Target.TIMEZONE,
        "LEID": Target.IGNORE, "EUID": Target.IGNORE, "NOTES": Target.NOTE, "TAGS": Target.TAGS,
        "UNSUB_TIME": Target.UNSUBSCRIBED, "CLEAN_TIME": Target.BOUNCED, "Shoe size": Target.FIELD,
    },
    "brevo": {
        "CONTACT ID": Target.IGNORE, "EMAIL": Target.EMAIL, "FIRSTNAME": Target.FIRST_NAME,
        "LASTNAME": Target.LAST_NAME, "SMS": Target.PHONE, "OPT_IN": Target.SUBSCRIBED,
        "DOUBLE_OPT-IN": Target.IGNORE, "ADDED_TIME": Target.OPTIN_TIME,
        "EMAIL_BLOCKLISTED": Target.UNSUBSCRIBED,
    },
    "hubspot": {
        "Record ID": Target.IGNORE, "First Name": Target.FIRST_NAME, "Email": Target.EMAIL,
        "Phone Number": Target.PHONE, "Job Title": Target.POSITION, "Company name": Target.COMPANY,
        "Country/Region": Target.COUNTRY, "Unsubscribed from all email": Target.UNSUBSCRIBED,
        "Email hard bounce reason": Target.BOUNCED, "Preferred language": Target.LANGUAGE,
    },
    "listmonk": {
        "email": Target.EMAIL, "name": Target.FULL_NAME, "attributes": Target.ATTRIBUTES,
        "status": Target.STATUS, "uuid": Target.IGNORE,
    },
    "google": {
        "Given Name": Target.FIRST_NAME, "Family Name": Target.LAST_NAME, "Birthday": Target.BIRTHDAY,
        "E-mail 1 - Value": Target.EMAIL, "Phone 1 - Value": Target.PHONE,
        "Organization 1 - Name": Target.COMPANY, "Group Membership": Target.TAGS,
    },
    "outlook": {
        "First Name": Target.FIRST_NAME, "E-mail Address": Target.EMAIL, "Mobile Phone": Target.PHONE,
        "Business Phone": Target.PHONE, "Job Title": Target.POSITION, "Categories": Target.TAGS,
        "Business City": Target.CITY, "Notes": Target.NOTE,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", EXPORTS)
def test_exports_are_known_by_their_columns(name):
    columns = list(EXPORTS[name])

    layout = layouts.recognise(columns)

    assert layout is not None
    assert layout.name == name
    assert list(layouts.propose(columns, []).values()) == list(EXPORTS[name].values())


@pytest.mark.parametrize(
    "columns",
    [
        ["E-mail", "Jméno", "Příjmení", "Telefon"],
        ["Email", "Meno", "Priezvisko", "Telefón"],
        ["E-mail", "Prenume", "Nume", "Număr de telefon"],
        ["Почта", "Имя", "Фамилия", "Телефон"],
        ["Email", "Pangalan", "Apelyido", "Telepono"],
    ],
)
def test_columns_in_the_languages_of_the_product(columns):
    proposed = layouts.propose(columns, [])

    assert list(proposed.values()) == [Target.EMAIL, Target.FIRST_NAME, Target.LAST_NAME, Target.PHONE]


def test_every_known_name_stands_for_one_thing():
    seen: dict[str, Target] = {}
    for target, names in NAMES.items():
        for name in names.split():
            assert seen.setdefault(layouts.simple(name), target) == target, name


def test_addresses_are_found_in_a_column_of_any_name():
    proposed = layouts.propose(
        ["Column 1", "Column 2"], [["Anna", "a@example.com"], ["Bob", "b@example.com"]]
    )

    assert proposed == {"0": Target.FIELD, "1": Target.EMAIL}


def test_a_second_column_of_addresses_is_kept_under_its_name():
    assert layouts.propose(["Email", "Work email"], []) == {"0": Target.EMAIL, "1": Target.FIELD}


@pytest.mark.parametrize(
    ("cells", "target"),
    [
        (["CZ", "US", "SK"], Target.COUNTRY),
        (["cs", "en", "sk", "ro"], Target.LANGUAGE),
        ([], Target.LANGUAGE),
    ],
)
def test_cc_is_a_country_or_a_language_as_its_cells_show(cells, target):
    assert layouts.propose(["Email", "CC"], [["a@example.com", cell] for cell in cells])["1"] == target


@pytest.mark.parametrize(
    ("columns", "cells", "first"),
    [
        (["Email", "Birthday"], ["03/04", "25/12"], True),
        (["Email", "Birthday"], ["03/04", "12/25"], False),
        (["Email", "Birthday"], ["03/04"], True),
        (["Email Address", "MEMBER_RATING", "Birthday"], ["03/04"], False),
    ],
)
def test_whether_the_day_comes_first(columns, cells, first):
    rows = [[*[""] * (len(columns) - 1), cell] for cell in cells]

    assert layouts.day_first(columns, layouts.propose(columns, rows), rows) is first


@pytest.mark.parametrize(
    ("columns", "cells", "target"),
    [
        (["Email", "Jméno"], ["Jana Nováková", "Petr Dvořák"], Target.FULL_NAME),
        (["Email", "Jméno"], ["Jana", "Petr"], Target.FIRST_NAME),
        (["Email", "Jméno", "Příjmení"], ["Mary Jane", "Anna Maria"], Target.FIRST_NAME),
    ],
)
def test_a_column_of_names_may_hold_whole_ones(columns, cells, target):
    proposed = layouts.propose(columns, [["a@example.com", cell, ""] for cell in cells])

    assert proposed["1"] == target
