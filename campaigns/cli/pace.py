"""`campaigns pace`: how fast letters may go, by sender and by receiving domain."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from campaigns.cli._ready import demand_schema
from campaigns.database import reading, transaction
from campaigns.delivery import destinations, limiting, pace_words
from campaigns.delivery.limiting import PERIODS, Wish
from campaigns.delivery.models import DomainPace, HasRate
from campaigns.mailings import senders

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
_Command = Callable[..., Any]


def _rate(command: _Command) -> _Command:
    for option in (
        click.option(
            "--burst", type=int, help="Most at one go; what comes in within ten seconds if left out."
        ),
        click.option("--per", type=click.Choice(list(PERIODS)), default="minute", show_default=True),
        click.option("--letters", type=int, help="How many; no limit when left out."),
    ):
        command = option(command)
    return command


@click.group()
def pace() -> None:
    """How fast letters may go; nothing is limited until you say so."""
    demand_schema()


@pace.command("list")
@_JSON
def list_(as_json: bool) -> None:
    """Everything that is limited."""
    with reading() as session:
        of_senders = [(sender.address, row) for sender, row in limiting.senders_listed(session) if row]
        of_domains = limiting.domains_listed(session)
    if as_json:
        answer = {
            "senders": [
                {"address": address, **_plain(row), "warm_from": row.warm_from and row.warm_from.isoformat()}
                for address, row in of_senders
            ],
            "domains": [
                {
                    "domain": row.domain,
                    **_plain(row),
                    "at_once": row.at_once,
                    "held_until": row.held_until and row.held_until.isoformat(),
                }
                for row in of_domains
            ],
        }
        click.echo(json.dumps(answer))
        return
    for address, sender_row in of_senders:
        warm = f", warmed up from {sender_row.warm_from}" if sender_row.warm_from else ""
        click.echo(f"{address}: {_words(sender_row)}{warm}")
    for row in of_domains:
        name = "each other domain" if row.domain == DomainPace.OTHERS else row.domain
        at_once = f", {row.at_once} at once" if row.at_once else ""
        click.echo(f"{name}: {_words(row)}{at_once}")
    if not of_senders and not of_domains:
        click.echo("Nothing is limited.")


@pace.command()
@click.argument("address")
@_rate
@click.option(
    "--warm-up-from",
    "warm_from",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First day of six weeks of warming up.",
)
def sender(
    address: str, letters: int | None, per: str, burst: int | None, warm_from: datetime | None
) -> None:
    """Hold a sender, named by its address, to a limit; without any option it is free."""
    wish = Wish(letters, PERIODS[per], burst, warm_from=warm_from.date() if warm_from else None)
    with transaction() as session:
        limiting.limit_sender(session, senders.by_address(session, address).id, wish)
    click.echo("Kept. It holds from now on.")


@pace.command()
@click.argument("domain")
@_rate
@click.option("--at-once", type=int, help="Most letters handed over at the same moment.")
def domain(domain: str, letters: int | None, per: str, burst: int | None, at_once: int | None) -> None:
    """Hold letters to a domain to a limit; * is each domain without settings of its own.

    Without any option the domain is free of the limit for each other.
    """
    with transaction() as session:
        limiting.limit_domain(session, domain, Wish(letters, PERIODS[per], burst, at_once))
    click.echo("Kept. It holds from now on.")


@pace.command()
@click.argument("domain")
def forget(domain: str) -> None:
    """Forget what is set for a domain."""
    with transaction() as session:
        limiting.free_domain(session, limiting.named(domain))
    click.echo("Nothing is set for it any more.")


@pace.command("go-on")
@click.argument("domain")
def go_on(domain: str) -> None:
    """Send again to a domain that was left alone for refusing too often."""
    with transaction() as session:
        destinations.let_go(session, limiting.named(domain))
    click.echo("Letters go there again.")


def _plain(row: HasRate) -> dict[str, Any]:
    """A limit as programs read it."""
    limited = row.letters is not None
    return {
        "letters": row.letters,
        "per": row.per if limited else None,
        "burst": row.burst if limited else None,
    }


def _words(row: HasRate) -> str:
    return pace_words.rate(row.letters, row.per) if row.letters else "no limit"
