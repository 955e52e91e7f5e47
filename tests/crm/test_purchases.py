"""Purchases: kept in the smallest unit, and each one is a contact."""

import pytest

from campaigns.crm import logging, purchases
from campaigns.crm.models import Kind
from campaigns.errors import BadInput
from tests import factories


def test_a_purchase_is_kept_and_counts_as_a_contact(session):
    anna = factories.make_contact(session)
    cutter = purchases.product(session, " Cutter  3000 ")

    purchases.add(session, anna.id, cutter, quantity=2, amount=249_900)

    bought = purchases.of(session, anna.id)[0]
    assert (bought.product.name, bought.quantity, bought.amount) == ("Cutter 3000", 2, 249_900)
    assert logging.timeline(session, anna.id)[0].summary == "2 × Cutter 3000"
    session.expire_all()
    assert anna.last_contact_how == Kind.PURCHASE
    assert purchases.product(session, "Cutter 3000").id == cutter.id


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("12", "EUR", 1200), ("12,5", "EUR", 1250), ("1 249.50", "EUR", 124950), ("1.249,50", "EUR", 124950),
        ("1,249.50", "EUR", 124950), ("", "EUR", 0), ("1.249", "EUR", 124900),
        ("1,249,000", "EUR", 124900000), ("900", "JPY", 900),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_write_them(text, currency, amount):
    assert purchases.smallest_unit(text, currency) == amount


@pytest.mark.parametrize("text", ["many", "-1", "NaN", "Infinity", "1e99"])
def test_what_is_no_money_is_refused(text):
    with pytest.raises(BadInput):
        purchases.smallest_unit(text)


@pytest.mark.parametrize("quantity", [0, -1, 10**9])
def test_quantities_are_sensible(session, quantity):
    anna = factories.make_contact(session)
    with pytest.raises(BadInput):
        purchases.add(session, anna.id, purchases.product(session, "Saw"), quantity=quantity)
