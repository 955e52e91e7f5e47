"""Whatever is written into a field: it is kept in one form that reads back the same, or refused in words."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaigns.contacts import amounts, field_index, field_kinds, field_words
from campaigns.contacts.field_kinds import Reading
from campaigns.contacts.field_models import WORD_LENGTH, About, Field, FieldKind
from campaigns.errors import BadInput
from campaigns.words import LANGUAGES

OPTIONS = ["Red", "Žlutá", "Dark blue", "A; b", "straße"]
languages = st.sampled_from(sorted(LANGUAGES))
kinds = st.sampled_from(list(FieldKind))
anything = st.one_of(
    st.text(max_size=80),
    st.text(alphabet="0123456789 .,-'’\u00a0\u202f+eEKč$€%/–−", max_size=20),
    st.integers(), st.floats(), st.decimals(), st.booleans(), st.dates(), st.datetimes(),
    st.sampled_from([*OPTIONS, "yes", "ano", "+420 777 123 456", "example.com", "31.12.2026", "02-29"]),
    st.lists(st.sampled_from([*OPTIONS, "Green"]), max_size=4),
)  # fmt: skip


def field(kind):
    unit = {FieldKind.MONEY: "CZK", FieldKind.NUMBER: "kg"}.get(kind, "")
    return Field(id=1, about=About.CONTACT, key="f", name="Field", kind=kind, options=OPTIONS, unit=unit)


@given(kinds, anything, languages)
@example(FieldKind.CHOICES, ["Red", "A; b"], "cs")
def test_a_value_is_refused_in_words_or_kept_in_a_form_that_reads_back_the_same(kind, raw, language):
    asked, how, refused = field(kind), Reading(language=language), None
    try:
        kept = field_kinds.clean(asked, raw, how)
    except BadInput as error:
        refused = error.message
        kept = None
    if kept is None:
        assert refused is None or "Field" in refused
        return

    assert field_kinds.clean(asked, kept, Reading(language="en")) == kept
    assert field_kinds.clean(asked, field_words.plain(kept), Reading(language="cs")) == kept
    assert field_kinds.clean(asked, field_words.typed(asked, kept, language), how) == kept
    assert field_words.said(asked, kept, language)
    rows = field_index.rows({"f": asked}, {7: {"f": kept}})
    assert rows
    assert all(0 < len(row["word"]) <= WORD_LENGTH for row in rows)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False), languages)
def test_an_amount_is_read_as_each_language_writes_it(amount, language):
    plain = f"{amount:f}"
    kept = amounts.money(plain, "EUR", language)

    assert kept is not None
    assert Decimal(kept) == amount
    assert amounts.money(amounts.said(kept, "EUR", language), "EUR", language) == kept


@given(*[st.decimals(-(10**6), 10**6, places=9, allow_nan=False)] * 2)
def test_numbers_are_ordered_in_the_index_as_they_are(one, other):
    asked = field(FieldKind.NUMBER)
    kept = [field_kinds.clean(asked, number) for number in (one, other)]
    left, right = (field_index.number(asked, value) for value in kept)

    assert (left < right) == (one < other)
    assert (left == right) == (one == other) == (kept[0] == kept[1])


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_texts_have_one_word_if_they_are_the_same_but_for_capitals(one, other):
    asked = field(FieldKind.TEXT)
    kept = [field_kinds.clean(asked, text) for text in (one, other)]
    if None in kept:
        return

    same = field_index.folded(kept[0]) == field_index.folded(kept[1])
    assert (field_index.word(asked, kept[0]) == field_index.word(asked, kept[1])) == same


@pytest.mark.parametrize(
    ("language", "thousand", "parts"),
    [("en", "1,234", "1.234"), ("cs", "1 234", "1,234"), ("sk", "1 234", "1,234"), ("ru", "1 234", "1,234"),
     ("ro", "1.234", "1,234"), ("fil", "1,234", "1.234")],
)  # fmt: skip
def test_a_single_sign_is_read_in_the_language_of_whoever_wrote_it(language, thousand, parts):
    assert amounts.number(thousand, language=language) == "1234"
    assert amounts.number(parts, language=language) == "1.234"


@pytest.mark.parametrize(
    ("given", "currency", "kept"),
    [("500,–", "CZK", "500.00"), ("$-5.50", "USD", "-5.50"), ("−5 USD", "USD", "-5.00"),
     ("100 руб.", "RUB", "100.00"), ("1.000 lei", "RON", "1.00"), ("₱1,000", "PHP", "1000.00"),
     ("5.5", "JPY", None), ("5", "JPY", "5"),
     (0.1 + 0.2, "EUR", "0.30"), (float("inf"), "EUR", None), ("1,2,3", "EUR", None), ("EUR", "EUR", None)],
)  # fmt: skip
def test_amounts_bear_their_currency_and_no_other(given, currency, kept):
    assert amounts.money(given, currency, "en") == kept
