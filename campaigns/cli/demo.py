"""`campaigns demo`: believable sample data."""

import json

import click

from campaigns import database
from campaigns.demo import filling


@click.command()
@click.option("--contacts", type=click.IntRange(10, 100_000), default=2000, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def demo(contacts: int, as_json: bool) -> None:
    """Fill in sample data: contacts, companies, consents, purchases, next steps, two finished campaigns."""
    with database.transaction() as session:
        made = filling.fill(session, contacts)
    if as_json:
        click.echo(json.dumps(made))
    else:
        click.echo(
            "Sample data is in: "
            + ", ".join(f"{n} {what.replace('_', ' ')}" for what, n in made.items())
            + "."
        )
