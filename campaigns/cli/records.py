"""`campaigns records`: the records of processing activities (GDPR Art. 30)."""

import json

import click

from campaigns.cli._ready import demand_schema
from campaigns.database import transaction
from campaigns.rights import grounds
from campaigns.rights import records as processing


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def records(as_json: bool) -> None:
    """The records of processing, with the people on each legal ground counted now."""
    demand_schema()
    with transaction() as session:
        grounds.count(session)
    with transaction() as session:
        found = processing.gathered(session)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    click.echo(f"{found['controller']['name']}, {found['controller']['postal_address']}")
    for purpose in found["purposes"]:
        click.echo(f"{purpose['name']}: {purpose['what_for']}")
        for ground in purpose["grounds"]:
            click.echo(f"  {ground['name']}: {ground['people']:,}")
    for title, key in (("Whose data", "people"), ("Given to", "recipients"), ("Kept safe by", "measures")):
        click.echo("\n  - ".join([title, *found[key]]))
    click.echo("Which data: " + ", ".join(kind["name"] for kind in found["data"]))
    for limit in found["time_limits"]:
        click.echo(f"{limit['what']}: {limit['limit']}")
