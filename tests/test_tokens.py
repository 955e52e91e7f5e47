"""Tokens say what they were made with, for one purpose, here only; anything else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from campaigns import settings as settings_module
from campaigns import tokens
from campaigns.settings import Settings
from campaigns.tokens import BadToken, Purpose

NUMBERS = st.lists(st.integers(min_value=0, max_value=2**63), min_size=1, max_size=4)


@pytest.fixture(scope="module", autouse=True)
def _secret(tmp_path_factory):
    settings_module.use(
        Settings(
            data_dir=tmp_path_factory.mktemp("tokens"), secret_key=SecretStr("k" * 40), broker_url="stub://"
        )
    )
    yield
    settings_module.use(None)


@given(st.sampled_from(Purpose), NUMBERS)
def test_what_was_signed_is_read(purpose, numbers):
    token = tokens.sign(purpose, *numbers)

    assert tokens.read(purpose, token) == tuple(numbers)
    assert token.replace("-", "").replace("_", "").isalnum()


@given(st.sampled_from(Purpose), st.sampled_from(Purpose), NUMBERS)
def test_a_token_serves_one_purpose(made, asked, numbers):
    token = tokens.sign(made, *numbers)
    if made == asked:
        return
    with pytest.raises(BadToken):
        tokens.read(asked, token)


@given(NUMBERS, st.integers(min_value=0), st.integers(min_value=1, max_value=63))
def test_a_changed_token_is_refused(numbers, place, step):
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = tokens.sign(Purpose.CLICK, *numbers)
    at = place % len(token)
    changed = token[:at] + letters[(letters.index(token[at]) + step) % 64] + token[at + 1 :]
    with pytest.raises(BadToken):
        tokens.read(Purpose.CLICK, changed)


@given(st.integers(0, 2**63), st.integers(0, 2**63), st.integers(0, 40))
def test_tokens_made_together_are_those_made_one_by_one(contact, message, links):
    of_contact, of_message = (Purpose.PREFERENCES, Purpose.UNSUBSCRIBE), (Purpose.OPEN, Purpose.BOUNCE)
    made = tokens.Stamper(of_contact, of_message, links).stamp(contact, message)

    assert made == [
        *(tokens.sign(purpose, contact, message) for purpose in of_contact),
        *(tokens.sign(purpose, message) for purpose in of_message),
        *(tokens.sign(Purpose.CLICK, message, link) for link in range(1, links + 1)),
    ]
    assert len({token[:13] for token in made}) == len(made)


@given(st.integers(min_value=0, max_value=2**63), st.integers(min_value=0, max_value=100))
def test_tokens_that_share_a_hash_share_nothing_else(message, link):
    one = tokens.sign(Purpose.CLICK, message, link)
    other = tokens.sign(Purpose.CLICK, message, link + 1)
    if len(one) != len(other):
        return
    with pytest.raises(BadToken):  # the signature of one, the numbers of the other
        tokens.read(Purpose.CLICK, one[:13] + other[13:])


@given(st.text(max_size=200))
def test_any_other_text_is_refused(text):
    with pytest.raises(BadToken):
        tokens.read(Purpose.UNSUBSCRIBE, text)


def test_another_installations_token_is_refused(tmp_path):
    token = tokens.sign(Purpose.UNSUBSCRIBE, 7, 0)
    mine = settings_module.current()
    settings_module.use(mine.model_copy(update={"secret_key": SecretStr("z" * 40)}))
    try:
        with pytest.raises(BadToken):
            tokens.read(Purpose.UNSUBSCRIBE, token)
    finally:
        settings_module.use(mine)


def test_tokens_are_short_enough_for_one_header_line():
    assert len(tokens.sign(Purpose.UNSUBSCRIBE, 2**40, 2**40)) <= 32


def test_the_hash_of_an_address_tells_nothing_and_is_always_the_same():
    assert tokens.address_hash("ann@example.com") == tokens.address_hash("ann@example.com")
    assert tokens.address_hash("ann@example.com") != tokens.address_hash("bob@example.com")
    assert len(tokens.address_hash("ann@example.com")) == 32
