"""Watching a campaign from the terminal until nothing in it moves any more."""

import time

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from campaigns.database import reading
from campaigns.delivery import accounting
from campaigns.delivery.accounting import Account
from campaigns.mailings import preparing
from campaigns.mailings.models import Campaign, Status

_EVERY = 0.5  # seconds
_MOVING = (Status.SCHEDULED, Status.SENDING)


def watch(campaign_id: int, *, quiet: bool = False) -> None:
    """Stay until the campaign is sent; raises ClickException, saying why, when it stops before."""
    console = Console(stderr=True)
    with _bar(console, quiet) as progress:
        task = progress.add_task("", total=None)
        while True:
            campaign, account = _look(campaign_id)
            progress.update(
                task,
                description=campaign.status,
                completed=account.done,
                total=account.audience if campaign.planned_at else None,
            )
            if campaign.status not in _MOVING:
                break
            time.sleep(_EVERY)
    if campaign.status != Status.SENT:
        raise click.ClickException(campaign.pause_reason or f"The campaign is {campaign.status}.")
    if not quiet:
        click.echo(
            f"Sent to {account.sent}; {account.left_out} left out, {account.failed} failed, "
            f"{account.uncertain} uncertain."
        )


def _look(campaign_id: int) -> tuple[Campaign, Account]:
    with reading() as session:
        return preparing.get(session, campaign_id), accounting.account(session, campaign_id)


def _bar(console: Console, quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )
