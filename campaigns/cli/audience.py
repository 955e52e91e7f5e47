"""`campaigns audience`: rules over contacts, and who fits them."""

import json

import click
import sqlalchemy as sa

from campaigns.audiences import previewing, rules, saving
from campaigns.audiences.lexing import RuleProblem
from campaigns.audiences.models import Audience
from campaigns.cli._ready import demand_schema
from campaigns.consent.reasons import words
from campaigns.database import reading, transaction


@click.group()
def audience() -> None:
    """Rules over what is known of contacts, and who fits them."""
    demand_schema()


_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


@audience.command()
@click.argument("name")
@click.option("--rule", required=True, help="""Such as 'category:"Cutters" and not tag:"vip"', or 'all'.""")
@click.option("--note", default="", help="What it is for.")
@_JSON
def create(name: str, rule: str, note: str, as_json: bool) -> None:
    """Keep a rule under a name."""
    _demand_sense(rule)
    with transaction() as session:
        made = saving.create(session, name, rule, note)
    click.echo(
        json.dumps({"id": made.id, "name": made.name, "rule": made.rule})
        if as_json
        else f"Audience {made.id}."
    )


def _demand_sense(rule: str) -> None:
    try:
        rules.parse(rule)
    except RuleProblem as problem:
        raise click.ClickException(f"{problem.message}\n{problem.pointed(rule)}") from problem


@audience.command()
@click.argument("name")
@_JSON
def count(name: str, as_json: bool) -> None:
    """How many of an audience may be mailed, and why the others are left out."""
    with transaction() as session:
        found = previewing.remember(session, saving.named(session, name))
    if as_json:
        click.echo(json.dumps({"count": found.count, "left_out": found.left_out}))
        return
    click.echo(f"{found.count} may be mailed; {sum(found.left_out.values())} are left out.")
    for reason, number in found.left_out.items():
        click.echo(f"{number:8}  {words(reason)}")


@audience.command("list")
@_JSON
def list_(as_json: bool) -> None:
    """All audiences with their rules."""
    with reading() as session:
        rows = session.scalars(sa.select(Audience).order_by(Audience.name)).all()
    if as_json:
        click.echo(json.dumps([{"id": one.id, "name": one.name, "rule": one.rule} for one in rows]))
        return
    for one in rows:
        click.echo(f"{one.id:5}  {one.name}: {one.rule}")
