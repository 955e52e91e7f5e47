"""`campaigns contact ask-details`: letters that ask people to confirm what is known of them."""

import json
from typing import Any

import click

from campaigns.accounts import audit
from campaigns.cli import _choosing
from campaigns.cli._working import bar
from campaigns.contacts import bulk_running, choosing
from campaigns.contacts.change_models import BulkEdit
from campaigns.database import reading, transaction
from campaigns.longwork import WorkStatus
from campaigns.preferences import asking_many
from campaigns.preferences.asking_many import Look


def add_to(group: click.Group) -> None:
    """Give a group this command."""
    group.add_command(ask_details)


@click.command("ask-details")
@_choosing.options
@click.option("--dry-run", is_flag=True, help="Only say who would be asked, and who would not and why.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def ask_details(dry_run: bool, as_json: bool, **given: Any) -> None:
    """Ask people by a letter to confirm or correct what is known of them; nobody twice within a month."""
    with transaction() as session:
        choice = _choosing.choice(session, given)
        found = asking_many.look(session, choice, None)
        if not dry_run:
            edit = asking_many.start(session, choice, None)
            of = choosing.words(session, choice)
            audit.note(session, "contacts.ask_details", f"edit:{edit.id}", chosen=of, contacts=edit.matching)
    if dry_run:
        known = {"contacts": found.chosen, "asked": found.asked, "left_out": found.left_out}
        click.echo(json.dumps(known) if as_json else _said(found))
        return
    with bar("Contacts", lambda: _looked_at(edit.id), quiet=as_json):
        bulk_running.run(edit.id)
    _tell(edit.id, found, as_json=as_json)


def _said(found: Look) -> str:
    left_out = [f"  {number} × {asking_many.words(reason)}" for reason, number in found.left_out.items()]
    return "\n".join([f"{found.asked} of {found.chosen} would be asked.", *left_out])


def _looked_at(edit_id: int) -> tuple[int, int]:
    with reading() as session:
        edit = session.get_one(BulkEdit, edit_id)
        return edit.looked_at, edit.matching


def _tell(edit_id: int, found: Look, *, as_json: bool) -> None:
    with reading() as session:
        edit = session.get_one(BulkEdit, edit_id)
    if edit.error:
        raise click.ClickException(edit.error)
    ended = edit.status == WorkStatus.DONE
    known = {"edit": edit.id, "contacts": found.chosen, "asked": edit.changed, "ended": ended}
    if as_json:
        click.echo(json.dumps(known | {"left_out": found.left_out}))
        return
    click.echo(bulk_running.said(edit) if ended else "It goes on in the background.")
    for reason, number in found.left_out.items():
        click.echo(f"  {number} left out: {asking_many.words(reason)}")
