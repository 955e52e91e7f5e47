"""`campaigns product`: what is sold, and how long a piece lasts."""

import json

import click

from campaigns.cli._ready import demand_schema
from campaigns.crm import products, purchases
from campaigns.database import reading, transaction

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
_AT_ONCE = 500


@click.group()
def product() -> None:
    """What is sold, and how long a piece lasts."""
    demand_schema()


@product.command("list")
@_JSON
def list_(as_json: bool) -> None:
    """The products by name; with --json one object a line."""
    after = ""
    with reading() as session:
        while found := products.listed(session, after, _AT_ONCE):
            for one, category in found:
                told = {"id": one.id, "name": one.name, "category": category, "lasts_days": one.lasts_days}
                click.echo(json.dumps(told) if as_json else f"{one.lasts_days or '–':>5}  {one.name}")
            after = found[-1][0].name


@product.command("set")
@click.argument("name")
@click.option("--category", help="Variants of one category are compared; empty for none.")
@click.option("--lasts", help="How many days one piece lasts; empty if it isn't used up.")
def set_(name: str, category: str | None, lasts: str | None) -> None:
    """Say something about a product; it is added when there is none of that name."""
    with transaction() as session:
        one = purchases.product(session, name)
        said = {key: value for key, value in (("category", category), ("lasts", lasts)) if value is not None}
        products.change(session, one, products.known(session, one) | said)
    click.echo("Kept.")
