"""`campaigns audience`: rules over contacts, and who fits them."""

import json
from dataclasses import asdict

import click
import sqlalchemy as sa

from campaigns import tables  # noqa: F401 - every model is known, and what rules can ask of it
from campaigns.audiences import explaining, previewing, saving
from campaigns.audiences.lexing import RuleProblem
from campaigns.audiences.models import Audience
from campaigns.cli._ready import demand_schema
from campaigns.consent import gate
from campaigns.consent.reasons import words
from campaigns.contacts.models import Contact
from campaigns.database import reading, transaction
from campaigns.errors import NotFound


@click.group()
def audience() -> None:
    """Rules over what is known of contacts, and who fits them."""
    demand_schema()


_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


@audience.command()
@click.argument("name")
@click.option("--rule", required=True, help="""Such as 'category:"Cutters" and not tag:"vip"', or 'all'.""")
@click.option("--note", default="", help="What it is for.")
@click.option("--static", is_flag=True, help="Take those who fit now; they stay until they are taken again.")
@click.option("--without", multiple=True, help="The name of an audience whose people are left out.")
@_JSON
def create(name: str, rule: str, note: str, static: bool, without: tuple[str, ...], as_json: bool) -> None:
    """Keep a rule under a name."""
    try:
        with transaction() as session:
            excluded = [saving.named(session, other).id for other in without]
            made = saving.create(session, name, rule, note, living=not static, excluded=excluded)
    except RuleProblem as problem:
        raise click.ClickException(f"{problem.message}\n{problem.pointed(rule)}") from problem
    click.echo(
        json.dumps({"id": made.id, "name": made.name, "rule": made.rule})
        if as_json
        else f"Audience {made.id}."
    )


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


@audience.command()
@click.argument("name")
@_JSON
def take(name: str, as_json: bool) -> None:
    """Take the members of a static audience again, as its rule fits now."""
    with transaction() as session:
        members = saving.take_again(session, saving.named(session, name))
    click.echo(json.dumps({"members": members}) if as_json else f"{members} members.")


@audience.command()
@click.argument("name")
@click.argument("email")
@_JSON
def why(name: str, email: str, as_json: bool) -> None:
    """Why somebody is in an audience, or isn't."""
    with reading() as session:
        found = saving.named(session, name)
        contact = session.scalar(sa.select(Contact).where(Contact.email == email.strip().lower()))
        if contact is None:
            raise NotFound(f"There is no contact with the address “{email[:200]}”.")
        lines = explaining.of_audience(session, found, contact.id)
        reason = gate.refusals(session, [contact.id]).get(contact.id)
    if as_json:
        told = [asdict(line) for line in lines]
        click.echo(json.dumps({"fits": lines[0].fits, "left_out": reason, "lines": told}))
        return
    for line in lines:
        has = f"  (has: {line.has})" if line.has else ""
        click.echo(f"{'yes' if line.fits else 'no':4}{'  ' * line.depth}{line.words}{has}")
    click.echo(f"{'no' if reason else 'yes':4}may be mailed{f': {words(reason)}' if reason else ''}")


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
