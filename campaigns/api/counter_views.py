"""A till's side of the counter: look at a code, note a purchase, and redeem the coupon by it."""

from typing import Any

from apiflask import APIBlueprint
from flask import g
from sqlalchemy.orm import Session

from campaigns.accounts import audit
from campaigns.accounts.keys import Scope
from campaigns.api.forms import Noted, OnCounter, Person, Sale, Spent, noted_before, refusals
from campaigns.api.keys import scope
from campaigns.crm import purchases
from campaigns.database import reading, transaction
from campaigns.signup import redeeming
from campaigns.signup.redeeming import Bought, Shown
from campaigns.web.protection import csrf

pages = APIBlueprint("api_counter", __name__, url_prefix="/api/v1", tag="Counter")


@pages.get("/codes/<code>")
@scope(Scope.COUNTER)
@pages.output(OnCounter)
@pages.doc(summary="What a code or a card's number stands for", security="key", responses=refusals(404))
def look(code: str) -> Any:
    with reading() as session:
        return _told(session, redeeming.look(session, code))


@pages.post("/purchases")
@csrf.exempt
@scope(Scope.COUNTER)
@pages.input(Sale)
@pages.output(Noted, status_code=201)
@pages.doc(
    summary="Note a sale, and redeem the coupon by it",
    security="key",
    responses=noted_before() | refusals(404, 409),
)
def buy(json_data: Sale) -> Any:
    with transaction() as session:
        currency = purchases.currency_code(json_data.currency)
        bought = Bought(
            json_data.product,
            json_data.quantity,
            purchases.in_smallest_unit(json_data.amount, currency),
            currency,
            json_data.reference,
        )
        purchase, is_new = redeeming.buy(session, json_data.code, bought)
        redeemed = redeeming.look(session, json_data.code).coupon is not None
        if is_new:
            audit.note(session, "coupon.redeem", f"purchase:{purchase.id}", key=g.api_key.name)
        noted = Noted(id=purchase.id, contact_id=purchase.contact_id, redeemed=redeemed)
    return noted, 201 if is_new else 200


def _told(session: Session, shown: Shown) -> OnCounter:
    coupon, contact = shown.coupon, shown.contact
    spent = [
        Spent(currency=one.currency, times=one.times, amount=one.money)
        for one in purchases.sums(session, contact.id)
    ]
    return OnCounter(
        kind="coupon" if coupon else "card",
        code=shown.code,
        worth=shown.pool.worth if shown.pool else "",
        good_until=coupon.good_until if coupon else None,
        redeemed_at=coupon.redeemed_at if coupon else None,
        problem=shown.problem,
        contact=Person(id=contact.id, name=contact.label, spent=spent),
    )
