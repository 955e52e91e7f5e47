"""`campaigns coupon look | redeem | load`: what was put on the counter, and codes that were brought along."""

import json
from typing import TextIO

import click

from campaigns import tables  # noqa: F401 - a coupon names a contact and a purchase
from campaigns.accounts import audit
from campaigns.cli._ready import demand_schema
from campaigns.database import reading, transaction
from campaigns.errors import NotFound
from campaigns.signup import redeeming, rewards

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


@click.group()
def coupon() -> None:
    """Coupons and cards at the counter."""
    demand_schema()


@coupon.command()
@click.argument("code")
@_JSON
def look(code: str, as_json: bool) -> None:
    """Whose a code or a card's number is, and whether it is good."""
    with reading() as session:
        shown = redeeming.look(session, code)
        told = {
            "contact": shown.contact.email,
            "worth": shown.pool.worth if shown.pool else "",
            "problem": shown.problem,
        }
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(" · ".join(filter(None, (told["contact"], told["worth"], told["problem"]))))


@coupon.command()
@click.argument("code")
@click.option("--product", required=True, help="What was bought.")
@click.option("--quantity", default="1", show_default=True)
@click.option("--amount", default="", help="What was paid, such as 24.90.")
@click.option("--currency", default="EUR", show_default=True)
@_JSON
def redeem(code: str, product: str, quantity: str, amount: str, currency: str, as_json: bool) -> None:
    """Note a purchase with a code or a card's number; a coupon is redeemed by it."""
    given = {"product": product, "quantity": quantity, "amount": amount}
    with transaction() as session:
        bought, _new = redeeming.buy(session, code, redeeming.as_typed(given, currency))
        audit.note(session, "coupon.redeem", f"purchase:{bought.id}")
        number = bought.id
    click.echo(json.dumps({"purchase": number}) if as_json else f"Purchase {number} noted.")


@coupon.command()
@click.argument("pool")
@click.argument("file", type=click.File())
@_JSON
def load(pool: str, file: TextIO, as_json: bool) -> None:
    """Bring codes along into the kind of coupon named POOL, a line each."""
    with transaction() as session:
        kind = next((one for one in rewards.pools(session) if one.name == pool), None)
        if kind is None:
            raise NotFound(f"There is no kind of coupon “{pool}”.")
        added, known = rewards.load(session, kind, file)
        audit.note(session, "coupons.load", f"coupon_pool:{kind.id}", added=added)
    told = {"added": added, "known": known}
    click.echo(json.dumps(told) if as_json else f"{added:,} codes taken in, {known:,} were here already.")
