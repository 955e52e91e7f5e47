"""Keys of names: the same name has one key, and haste finds it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.contacts import names


@pytest.mark.parametrize(
    ("first", "second"),
    [("Band  saw", "band SAW "), ("Žralok", unicodedata.normalize("NFD", "žralok")), ("STRASSE", "Straße")],
)
def test_one_name_has_one_key(first, second):
    assert names.fold(first) == names.fold(second)


def test_accents_tell_keys_apart_but_not_searches():
    assert names.fold("Žralok") != names.fold("Zralok")
    assert names.plain("Žralok") == names.plain("Zralok") == "zralok"
    assert names.plain("ŁÓDŹ") == "lodz"


def test_a_contact_is_sorted_by_last_name_and_without_one_by_address():
    assert names.name_key("Anna", "Nováková", "anna@example.com") == "novakova anna"
    assert names.name_key("", " ", "anna@example.com") == "anna@example.com"
    assert names.first_key("Žofie") == "zofie"


@given(st.text(max_size=300))
def test_keys_are_stable_and_fit_their_columns(text):
    assert names.fold(names.fold(text)) == names.fold(text)
    assert names.plain(names.plain(text)) == names.plain(text)
    assert len(names.fold(text)) <= names.KEY_LENGTH
    assert len(names.name_key(text, text, "a@example.com")) <= names.NAME_KEY_LENGTH
    assert len(names.first_key(text)) <= names.FIRST_KEY_LENGTH
    assert not any(unicodedata.category(c) == "Cc" for c in names.tidy(text))
