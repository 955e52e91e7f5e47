"""`campaigns retention`: what is over its time, and letting it go."""

import json
from dataclasses import asdict

import click

from campaigns.cli._ready import demand_schema
from campaigns.database import reading
from campaigns.rights import limits


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def retention(dry_run: bool, as_json: bool) -> None:
    """Let go what is over its time, as the clock does; silent people are only counted."""
    demand_schema()
    with reading() as session:
        over, running_out = limits.over(session), limits.running_out(session)
    gone = 0
    while not dry_run and (some := limits.keep()):
        gone += some
    ran_out = 0 if dry_run else limits.expire_consent()
    if as_json:
        told = {**asdict(over), "counted_up_to": limits.MOST, "dry_run": dry_run, "gone": gone}
        told |= {"running_out": running_out, "ran_out": ran_out}
        click.echo(json.dumps(told))
        return
    click.echo(f"Opens and clicks older than {over.keep_hits} months: {_said(over.hits)}")
    click.echo(f"People silent for {over.review_after} months: {_said(over.inactive)} (they stay)")
    if over.consent_expires:
        click.echo(f"A yes to letters of {over.consent_expires} months ago: {_said(running_out)} run out")
    if not dry_run:
        click.echo(f"Gone: {gone:,} opens and clicks.")


def _said(number: int) -> str:
    return f"{number:,}{' or more' if number >= limits.MOST else ''}"
