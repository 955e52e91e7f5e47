"""Who looks like one person: names in any script and order, mailboxes spelt in several ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.cleaning.likeness import ALIKE, Person, alike, judge, mailbox, words
from campaigns.cleaning.models import Reason
from campaigns.cleaning.proposing import SURE
from campaigns.contacts.addresses import canonical


def person(number=1, first="", last="", **values):
    defaults = {"email": f"p{number}@example.com", "phone": "", "company_id": None, "domain": "example.com"}
    born = {"birthday": "", "birth_year": None}
    return Person(number, first_name=first, last_name=last, **(defaults | born | values))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Anna", "Nováková"), ("Novakova", "Anna")),
        (("Jon", "Smith"), ("John", "Smyth")),
        (("王", "小明"), ("小明", "王")),
        (("Сергей", "Иванов"), ("Сергій", "Иванов")),
        (("Ing. Jan", "Novák"), ("Jan", "Novák")),
        (("María José", "García López"), ("Maria Jose", "Garcia")),
        (("Alexander", "Johansson"), ("Aleksander", "Johanson")),
        (("ANNA", "DVOŘÁKOVÁ"), ("Anna", "Dvořáková")),
        (("Anna-Marie", "Malá"), ("Anna Marie", "Malá")),
    ],
)
def test_these_are_alike(one, other):
    assert alike(words(*one), words(*other)) >= ALIKE
    assert alike(words(*other), words(*one)) >= ALIKE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Anna", "Nováková"), ("Jana", "Nováková")),
        (("Jan", "Novák"), ("Jana", "Nováková")),
        (("Petr", "Svoboda"), ("Pavel", "Svoboda")),
        (("Eva", "Malá"), ("Iva", "Malá")),
        (("Anna", ""), ("Anna", "Nováková")),
        (("王", "小明"), ("王", "小红")),
        (("", ""), ("", "")),
        (("Jan", "Novák"), ("", "")),
    ],
)
def test_these_are_not(one, other):
    assert alike(words(*one), words(*other)) < ALIKE


@pytest.mark.parametrize(
    ("email", "spelt"),
    [
        ("a.n.n.a+news@gmail.com", "anna@gmail.com"),
        ("anna@googlemail.com", "anna@gmail.com"),
        ("anna+x@firma.cz", "anna@firma.cz"),
        ("a.b@firma.cz", "a.b@firma.cz"),
        ("jan-novak@ya.ru", "jan.novak@yandex.ru"),
        ("jan_n@pm.me", "jann@proton.me"),
        ("+@firma.cz", "+@firma.cz"),
    ],
)
def test_mailboxes_have_one_spelling(email, spelt):
    assert mailbox(email) == spelt
    assert mailbox(spelt) == spelt


@given(st.emails())
def test_the_spelling_of_a_mailbox_is_its_own_spelling(email):
    try:
        kept = canonical(email).email
    except ValueError:
        return
    assert mailbox(mailbox(kept)) == mailbox(kept)


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_likeness_is_the_same_both_ways_and_whole_for_the_same_name(first, last, other_first, other_last):
    one, other = words(first, last), words(other_first, other_last)

    assert alike(one, other) == alike(other, one)
    assert 0 <= alike(one, other) <= 100
    assert alike(one, one[::-1]) == (100 if one else 0)


def test_a_phone_with_a_like_name_is_sure_and_alone_it_is_not():
    anna = person(1, "Anna", "Malá", phone="+420601")
    same, other = person(2, "Mala", "Anna", phone="+420601"), person(3, "Petr", "Novák", phone="+420601")

    assert judge(anna, same, Reason.PHONE)[1] >= SURE
    assert judge(anna, other, Reason.PHONE) == ([Reason.PHONE], 40)


def test_a_name_in_one_company_is_never_sure():
    reasons, score = judge(person(1, "Anna", "Malá"), person(2, "Anna", "Malá"), Reason.COMPANY)

    assert reasons == [Reason.NAME, Reason.COMPANY]
    assert score < SURE


def test_whoever_was_born_on_another_day_is_somebody_else():
    one, other = person(1, "Anna", "Malá", birthday="03-01"), person(2, "Anna", "Malá", birthday="04-01")

    assert judge(one, other, Reason.DOMAIN) == ([], 0)
    assert judge(one, other, Reason.PHONE) == ([], 0)
