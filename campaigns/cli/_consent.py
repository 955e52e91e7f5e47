"""`campaigns contact evidence | restrict | release`: what a person agreed to, and what is not to be used."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from campaigns.accounts import audit, people
from campaigns.cli._rights import person
from campaigns.consent import ledger, proof, restricting
from campaigns.consent.models import AsOf
from campaigns.consent.restricting import Why
from campaigns.database import reading, transaction


def add_to(group: click.Group) -> None:
    """Give a group these commands."""
    for command in (evidence, restrict, release):
        group.add_command(command)


@click.command()
@click.argument("email")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="As it was at the end of that day.")
@click.option(
    "--by", type=click.Choice([each.value for each in AsOf]), default=AsOf.SAID.value, show_default=True,
    help="By what had been said by then, or by what was written down by then.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def evidence(email: str, day: datetime | None, by: str, as_json: bool) -> None:
    """Who agreed to what, in which words, when and how; as of today or of any day."""
    with reading() as session:
        found, ours = person(session, email), people.organisation(session)
        at = proof.end_of(day.date(), ZoneInfo(ours.timezone) if ours else UTC) if day else None
        told = proof.written(found, ledger.evidence(session, found.id, at, AsOf(by)), at, AsOf(by))
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for purpose, state in told["states"].items():
        click.echo(f"{purpose}: {state['state']} since {state['since'][:10]} ({state['basis']})")
    for entry in told["entries"]:
        taken_back = f", taken back on {entry['taken_back_at'][:10]}" if entry["taken_back_at"] else ""
        click.echo(f"  {entry['said_at'][:16]}  {entry['act']:10} {entry['purpose']}{taken_back}")
        click.echo(f"    {' · '.join(filter(None, (entry['method'], entry['source'], entry['evidence'])))}")
        if entry["wording"]:
            click.echo("    “" + entry["wording"]["text"].replace("\n", " ") + "”")
    if not told["entries"]:
        click.echo("Nothing had been asked or said.")


@click.command()
@click.argument("email")
@click.option("--why", type=click.Choice([why.value for why in Why]), required=True, help="GDPR Art. 18(1).")
@click.option("--note", default="", help="What they said.")
def restrict(email: str, **given: Any) -> None:
    """Keep a person's data and use them for nothing: no letter, no following, no file, no bulk edit."""
    with transaction() as session:
        found = person(session, email)
        restricting.restrict(session, found, given, None)
        audit.note(session, "consent.restrict", f"contact:{found.id}", why=given["why"])
    click.echo(f"{email}: kept, and used for nothing else from this moment.")


@click.command()
@click.argument("email")
@click.option("--told", required=True, help="How they were told before, as the law asks.")
def release(email: str, **given: Any) -> None:
    """Use a restricted person's data again, as far as they agreed."""
    with transaction() as session:
        found = person(session, email)
        told = restricting.release(session, found, given)
        audit.note(session, "consent.release", f"contact:{found.id}", told=told)
    click.echo(f"{email}: may be used again, as far as they agreed.")
