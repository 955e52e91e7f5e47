"""`campaigns campaign`: making, sending, steering and watching campaigns."""

import json
from collections.abc import Callable
from pathlib import PurePath
from typing import IO, Any

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import logs
from campaigns.accounts import people
from campaigns.accounts.models import Tracking
from campaigns.audiences import saving
from campaigns.cli import _watching
from campaigns.cli._ready import demand_schema
from campaigns.consent import topics
from campaigns.consent.models import Purpose
from campaigns.contacts.addresses import canonical
from campaigns.contacts.models import Contact
from campaigns.database import reading, transaction
from campaigns.delivery import accounting, relay_log, resolving
from campaigns.errors import NotFound, NotReady
from campaigns.mailings import composing, preparing, previewing, scheduling, senders, trying
from campaigns.mailings.models import Campaign
from campaigns.mailings.preparing import Plan

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
_LEVELS = click.Choice([str(level) for level in Tracking])


@click.group()
def campaign() -> None:
    """Make, send, steer and watch campaigns."""
    logs.configure()  # what the queue complains of must not stand among the answers
    demand_schema()


@campaign.command()
@click.option("--name", required=True, help="For you and your colleagues; readers don't see it.")
@click.option("--audience", required=True, help="The audience's name.")
@click.option("--template", required=True, help="The template's name.")
@click.option("--from", "address", default="", help="The sender's address; the default sender when left out.")
@click.option(
    "--track-opens", type=_LEVELS, default=str(Tracking.IDENTIFIED), help="At most; others may allow less."
)
@click.option("--track-clicks", type=_LEVELS, default=str(Tracking.IDENTIFIED), help="At most.")
@click.option("--topic", default="", help="The name of the topic it is about; letters in general without.")
@_JSON
def create(
    name: str,
    audience: str,
    template: str,
    address: str,
    track_opens: str,
    track_clicks: str,
    topic: str,
    as_json: bool,
) -> None:
    """Keep a draft."""
    with transaction() as session:
        sender = senders.by_address(session, address) if address else preparing.default_sender(session)
        if sender is None:
            raise NotReady("There is no sender yet. Make one under Campaigns → Senders.")
        plan = Plan(
            name=name,
            audience_id=saving.named(session, audience).id,
            template_id=composing.by_name(session, template).id,
            sender_id=sender.id,
            track_opens=track_opens,
            track_clicks=track_clicks,
            purpose=topics.named(session, topic).purpose if topic else Purpose.MAIL.value,
        )
        made = preparing.create(session, plan)
    click.echo(json.dumps({"id": made.id}) if as_json else f"Campaign {made.id}.")


@campaign.command()
@click.argument("id_", metavar="ID", type=int)
@click.option("--watch", is_flag=True, help="Stay until it is sent; exits with 1 when it stops before.")
@click.option(
    "--at", "local", default="", help="Not now but then, by the organisation's clock: 2027-03-01 09:30."
)
@_JSON
def send(id_: int, watch: bool, local: str, as_json: bool) -> None:
    """Send a campaign; pressing twice sends once."""
    with transaction() as session:
        found = preparing.get(session, id_)
        if local:
            firm = people.organisation(session)
            scheduling.schedule(session, found, scheduling.moment(local, firm.timezone if firm else "UTC"))
        else:
            scheduling.send_now(session, found)
    if watch:
        _watching.watch(id_, quiet=as_json)
    if as_json:
        click.echo(json.dumps(_status(id_)))
    elif not watch:
        click.echo("Scheduled." if local else "On its way.")


@campaign.command()
@click.argument("id_", metavar="ID", type=int)
def pause(id_: int) -> None:
    """Stop sending within seconds; can be resumed."""
    _steer(id_, scheduling.pause, "Paused.")


@campaign.command()
@click.argument("id_", metavar="ID", type=int)
def resume(id_: int) -> None:
    """Go on with a paused campaign."""
    _steer(id_, scheduling.resume, "Going on.")


@campaign.command()
@click.argument("id_", metavar="ID", type=int)
def cancel(id_: int) -> None:
    """End a campaign for good."""
    _steer(id_, scheduling.cancel, "Cancelled.")


@campaign.command()
@click.argument("id_", metavar="ID", type=int)
@click.option(
    "--log",
    "file",
    type=click.File("rb"),
    required=True,
    help="The mail server's log, plain or gzip.",
)
@click.option("--count-as-sent", is_flag=True, help="Count those as sent that the log says were taken.")
@click.option("--send-again", is_flag=True, help="Send to those again that the log surely does not name.")
@_JSON
def resolve(id_: int, file: IO[bytes], count_as_sent: bool, send_again: bool, as_json: bool) -> None:
    """Look uncertain letters up in the mail server's log; without further options nothing is changed."""
    with reading() as session:
        wanted = resolving.uncertain(session, preparing.get(session, id_).id)
    log = relay_log.read(file, wanted)
    with reading() as session:
        found = resolving.compare(session, log, wanted)
        addresses = resolving.addresses_of(session, wanted)
    with transaction() as session:
        name = PurePath(file.name).name[:100]
        if count_as_sent and found.taken:
            resolving.count_as_sent(session, id_, among=list(found.taken), log=name)
        if send_again and found.absent:
            resolving.send_again(session, id_, among=list(found.absent), log=name)
    groups = {"taken": found.taken, "absent": found.absent, "unclear": found.unclear}
    if as_json:
        said = {group: {addresses[one]: line for one, line in some.items()} for group, some in groups.items()}
        click.echo(json.dumps(said))
        return
    for group, some in groups.items():
        click.echo(f"{group:13} {len(some)}")
        for one, line in some.items():
            click.echo(f"  {addresses[one]}  {line}".rstrip())


@campaign.command()
@click.argument("id_", metavar="ID", type=int)
@_JSON
def status(id_: int, as_json: bool) -> None:
    """Where everybody of a campaign's audience stands."""
    found = _status(id_)
    if as_json:
        click.echo(json.dumps(found))
        return
    for name, value in found.items():
        if name == "skipped":
            value = ", ".join(f"{reason} {number}" for reason, number in value.items()) or 0
        click.echo(f"{name:13} {value}")


@campaign.command()
@click.argument("id_", metavar="ID", type=int)
@click.option("--contact", default="", help="As this contact, named by the address, would get it.")
@click.option("--part", type=click.Choice(["subject", "html", "text"]), default="text", show_default=True)
def preview(id_: int, contact: str, part: str) -> None:
    """Show the letter."""
    with reading() as session:
        contact_id = _contact(session, contact)
        click.echo(getattr(previewing.of_campaign(session, preparing.get(session, id_), contact_id), part))


@campaign.command()
@click.argument("id_", metavar="ID", type=int)
@click.option("--to", required=True, help="Who gets the test letter.")
@click.option("--contact", default="", help="Filled in as for this contact, named by the address.")
def test(id_: int, to: str, contact: str) -> None:
    """Send one test letter; nothing is counted."""
    address = canonical(to).email
    with reading() as session:
        letter, raw = trying.write(session, preparing.get(session, id_), address, _contact(session, contact))
    trying.send(letter, raw)
    click.echo(f"Sent to {address}.")


@campaign.command("list")
@_JSON
def list_(as_json: bool) -> None:
    """The newest campaigns."""
    with reading() as session:
        rows = preparing.listed(session)
    if as_json:
        click.echo(json.dumps([{"id": row.id, "name": row.name, "status": row.status} for row in rows]))
        return
    for row in rows:
        click.echo(f"{row.id:5}  {row.status:10} {row.name}")


def _steer(id_: int, verb: Callable[[Session, Campaign], None], said: str) -> None:
    with transaction() as session:
        verb(session, preparing.get(session, id_))
    click.echo(said)


def _status(id_: int) -> dict[str, Any]:
    with reading() as session:
        found = preparing.get(session, id_)
        account = accounting.account(session, id_)
        engaged = accounting.engagement(session, id_)
    return {
        "status": str(found.status),
        "audience": account.audience,
        "sent": account.sent,
        "failed": account.failed,
        "skipped": account.skipped,
        "uncertain": account.uncertain,
        "open": account.open,
        "opens": engaged.opened,
        "clicks": engaged.clicked,
        "unsubscribes": engaged.unsubscribed,
    }


def _contact(session: Session, address: str) -> int | None:
    if not address:
        return None
    found = session.scalar(sa.select(Contact.id).where(Contact.email == canonical(address).email))
    if found is None:
        raise NotFound(f"There is no contact with the address {address}.")
    return found
