"""Coupons, cards and friends: each once, whatever was agreed to, and redeemed once."""

import re
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from campaigns.consent import gate, ledger
from campaigns.contacts.models import Contact
from campaigns.crm.models import Purchase
from campaigns.database import now, reading, transaction
from campaigns.errors import BadInput, Conflict, NotFound
from campaigns.signup import building, redeeming, referring, rewards
from campaigns.signup.redeeming import Bought
from campaigns.signup.reward_models import Card, Codes, Coupon
from tests import factories
from tests.signup.filling_in import fill_in, firm, link, mailed, make_form


@pytest.fixture
def form(app, session):
    """A form that gives a coupon, a card, and another coupon for each friend."""
    firm(session)
    blade = rewards.add_pool(session, "Blades", "10 % off a saw blade", days="30")
    friend = rewards.add_pool(session, "Friends", "A free pencil")
    return make_form(session, pool=str(blade.id), referral_pool=str(friend.id), card="1")


def sign_up(client, form, email="ann@example.com", **answers):
    """Fill in and confirm; what the confirming page says then."""
    fill_in(client, form, email, ip=f"192.0.2.{len(email)}", **answers)
    raw = next(raw for to, raw in reversed(mailed()) if to == email and b"/s/" in raw)
    return client.post(link(raw), csrf=False).text


def contact(email):
    with reading() as session:
        return session.scalars(sa.select(Contact).where(Contact.email == email)).one()


def coupons(email):
    with reading() as session:
        return [(one.code, pool.worth) for one, pool in rewards.of_contact(session, contact(email).id)]


def test_a_coupon_and_a_card_are_shown_and_mailed_whatever_was_agreed_to(form, client):
    page = sign_up(client, form)  # no box ticked

    [(code, worth)] = coupons("ann@example.com")
    assert worth == "10 % off a saw blade"
    assert code in page
    to, raw = mailed()[-1]
    text = raw.decode().replace("=\r\n", "").replace("=3D", "=")
    assert (to, code in text, "List-Unsubscribe" in text) == ("ann@example.com", True, False)
    with reading() as session:
        [card] = session.scalars(sa.select(Card.number))
        assert card in page
        assert card in text
        ann = contact("ann@example.com")
        assert gate.refusals(session, [ann.id]) == {ann.id: gate.Reason.NO_CONSENT}


def test_one_for_each_confirmed_address(form, client, session):
    sign_up(client, form)
    with time_machine.travel(now() + timedelta(days=2), tick=False):
        sign_up(client, form, first_name="Ann")

    assert len(coupons("ann@example.com")) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(Card)) == 1


def test_consent_is_never_the_price(app, session):
    firm(session)
    pool = rewards.add_pool(session, "Blades", "10 % off")
    session.commit()
    with pytest.raises(BadInput, match="can't be kept") as refused:
        make_form(session, pool=str(pool.id), must_agree="1")

    assert "Consent is never the price" in refused.value.fields["must_agree"]


def test_a_friend_signs_up_by_the_link_and_both_are_rewarded_once(form, client):
    page = sign_up(client, form)
    [way] = set(re.findall(r"\?by=([\w-]+)", page))
    assert f'name="by" value="{way}"' in client.get(f"/f/{form.key}?by={way}").text

    sign_up(client, form, "bob@example.org", by=way, mail="1")

    assert [worth for _code, worth in coupons("bob@example.org")] == ["10 % off a saw blade"]
    assert sorted(worth for _code, worth in coupons("ann@example.com")) == [
        "10 % off a saw blade", "A free pencil",
    ]  # fmt: skip
    assert [to for to, _raw in mailed()][-2:] == ["bob@example.org", "ann@example.com"]
    ann, bob = contact("ann@example.com"), contact("bob@example.org")
    with reading() as session:
        assert [one.id for one in referring.brought_by(session, ann.id)] == [bob.id]
        assert referring.came_through(session, bob.id).id == ann.id

    with time_machine.travel(now() + timedelta(days=2), tick=False):
        sign_up(client, form, "bob@example.org", by=way)
    assert len(coupons("ann@example.com")) == 2


def test_who_is_known_already_is_nobodys_friend(form, client, session):
    factories.make_contact(session, "bob@example.org")
    session.commit()
    sign_up(client, form)
    ann = contact("ann@example.com")
    way = referring.link(form, ann).partition("by=")[2]

    sign_up(client, form, "bob@example.org", by=way)

    assert len(coupons("ann@example.com")) == 1


def test_a_made_up_link_brings_nobody_and_hinders_nobody(form, client):
    page = sign_up(client, form, by="abcdef")

    assert "confirmed" in page
    with reading() as session:
        assert referring.came_through(session, contact("ann@example.com").id) is None


def test_loaded_codes_are_given_one_by_one_and_then_there_are_none(app, session, client):
    firm(session)
    pool = rewards.add_pool(session, "Shop", "5 EUR", Codes.LOADED)
    assert rewards.load(session, pool, ["abc-1", "ABC 1", "abc2", ""]) == (2, 0)
    assert rewards.load(session, pool, ["ABC2", "ABC3"]) == (1, 1)
    session.execute(sa.delete(Coupon).where(Coupon.code == "ABC3"))
    form = make_form(session, pool=str(pool.id))

    assert "ABC1" in sign_up(client, form, "a@example.com")
    assert "ABC2" in sign_up(client, form, "bb@example.com")
    assert "no coupons left" in sign_up(client, form, "ccc@example.com")


@pytest.mark.both_databases
def test_a_coupon_is_redeemed_into_a_purchase_once(form, client):
    sign_up(client, form)
    [(code, _worth)] = coupons("ann@example.com")
    bought = redeeming.as_typed({"product": "Saw blade", "quantity": "2", "amount": "49,90"})
    with transaction() as session:
        redeeming.buy(session, code.lower()[:5] + "-" + code.lower()[5:], bought)

    with reading() as session:
        [purchase] = session.scalars(sa.select(Purchase))
        assert (purchase.quantity, purchase.amount, purchase.contact_id) == (
            2, 4990, contact("ann@example.com").id,
        )  # fmt: skip
        assert session.scalars(sa.select(Coupon.purchase_id)).all() == [purchase.id]
    with transaction() as session, pytest.raises(Conflict, match="redeemed already"):
        redeeming.buy(session, code, bought)


@pytest.mark.both_databases
def test_two_counters_at_once_redeem_it_once(form, client):
    sign_up(client, form)
    [(code, _worth)] = coupons("ann@example.com")
    ended = []

    def redeem():
        try:
            with transaction() as session:
                redeeming.buy(session, code, Bought("Saw blade"))
            ended.append("bought")
        except Conflict:
            ended.append("refused")

    rush = [threading.Thread(target=redeem) for _counter in range(4)]
    for one in rush:
        one.start()
    for one in rush:
        one.join()

    assert sorted(ended) == ["bought", "refused", "refused", "refused"]


def test_a_coupon_has_a_last_day(form, client):
    sign_up(client, form)
    [(code, _worth)] = coupons("ann@example.com")
    late = time_machine.travel(now() + timedelta(days=31), tick=False)
    with late, transaction() as session, pytest.raises(Conflict, match="good until"):
        redeeming.buy(session, code, Bought("Saw blade"))


def test_a_card_says_who_buys_again_and_again(form, client):
    sign_up(client, form)
    with transaction() as session:
        card = rewards.card_of(session, contact("ann@example.com").id)
        for _visit in range(2):
            redeeming.buy(session, card.number, Bought("Saw blade", amount=1000))

    with reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Purchase)) == 2


def test_codes_in_stock_and_made_up_ones_are_nobodys(form, session):
    pool = rewards.add_pool(session, "Shop", "5 EUR", Codes.LOADED)
    rewards.load(session, pool, ["SECRET1"])
    for code in ("SECRET1", "NOSUCH", ""):
        with pytest.raises(NotFound):
            redeeming.look(session, code)


def test_at_the_counter_a_colleagues_contact_is_not_named(form, client, session, sign_in):
    sign_up(client, form, first_name="Quetzal")
    seller, other = (factories.make_user(session, "salesperson") for _user in range(2))
    session.execute(sa.update(Contact).values(owner_id=other.id))
    session.commit()
    [(code, _worth)] = coupons("ann@example.com")

    browser = sign_in(seller)
    page = browser.get(f"/rewards/counter?code={code}").text
    assert ("Quetzal" in page, "10 % off a saw blade" in page) == (False, True)
    sold = browser.post("/rewards/counter", data={"code": code, "product": "Saw blade"})
    assert sold.status_code == 302
    assert "redeemed already" in browser.get(f"/rewards/counter?code={code}").text


@given(st.text("0123456789", min_size=12, max_size=12))
def test_the_check_digit_is_gs1s(digits):
    number = [int(one) for one in digits + rewards.check_digit(digits)]

    assert sum(value * (1, 3)[place % 2] for place, value in enumerate(number)) % 10 == 0


def test_the_ledger_of_who_took_only_a_coupon_is_empty(form, client):
    sign_up(client, form)
    with reading() as session:
        assert ledger.states(session, contact("ann@example.com").id) == {}
        assert building.one(session, form.id).gives_card
