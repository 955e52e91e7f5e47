"""`campaigns init`: the database, the admin, the organisation and the first sender."""

import json
import sys
from zoneinfo import available_timezones

import click

from campaigns import database, schema, settings
from campaigns.app import create_app
from campaigns.setup import founding
from campaigns.words import LANGUAGES


@click.command()
@click.option("--admin-email", help="Address of the first administrator.")
@click.option("--admin-password", help="At least 10 characters; better given by CAMPAIGNS_ADMIN_PASSWORD.")
@click.option("--admin-name", default="", help="Their name.")
@click.option("--firm", default="", help="Name of the firm that writes.")
@click.option("--address", default="", help="Its postal address, for the foot of every letter.")
@click.option("--language", type=click.Choice(list(LANGUAGES)), default="en", show_default=True)
@click.option("--timezone", default="UTC", show_default=True, help="Schedules are read by this clock.")
@click.option("--sender-name", default="", help="Who letters come from; the firm when left out.")
@click.option("--sender-address", default="", help="From which address; the admin's when left out.")
@click.option(
    "--tracking",
    type=click.Choice(["off", "anonymous", "identified"]),
    default="anonymous",
    show_default=True,
    help="How opens and clicks of people who were never asked are counted.",
)
@click.option("--tracking-reason", default="", help="Your lawful reason, needed for “identified”.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def init(as_json: bool, **given: str) -> None:
    """Set this installation up; once it is, only bring its database to the newest schema."""
    app = create_app()
    settings.current().data_dir.mkdir(parents=True, exist_ok=True)
    schema.upgrade()
    with app.app_context(), database.transaction() as session:
        made = not founding.is_founded(session)
        if made:
            founding.found(session, _asked(given))
    if as_json:
        click.echo(json.dumps({"created": made, "schema": schema.head()}))
    elif made:
        click.echo("Set up. Start it with: campaigns run")
    else:
        click.echo("This installation was set up before; its database has the newest schema.")


def _asked(given: dict[str, str]) -> founding.Founding:
    """What was given by options and environment; asks for the rest where somebody sits at the terminal."""
    ours = settings.current()
    email = given["admin_email"] or ours.admin_email
    password = given["admin_password"] or ours.admin_password.get_secret_value()
    firm, address = given["firm"], given["address"]
    if sys.stdin.isatty():
        email = email or click.prompt("Address of the administrator")
        password = password or click.prompt("Password", hide_input=True, confirmation_prompt=True)
        firm = firm or click.prompt("Name of the firm")
        address = address or click.prompt("Postal address (stands in every letter)")
    if not email or not password:
        raise click.UsageError(
            "Give --admin-email and --admin-password, or CAMPAIGNS_ADMIN_EMAIL and _PASSWORD."
        )
    if given["timezone"] not in available_timezones():
        raise click.UsageError(f"“{given['timezone']}” is not a time zone; write one such as Europe/Prague.")
    return founding.Founding(
        admin_email=email,
        admin_password=password,
        admin_name=given["admin_name"],
        firm_name=firm or email.rpartition("@")[2],
        postal_address=address or "Set your postal address in Settings",
        language=given["language"],
        timezone=given["timezone"],
        sender_name=given["sender_name"],
        sender_address=given["sender_address"],
        tracking=given["tracking"],
        tracking_reason=given["tracking_reason"],
    )
