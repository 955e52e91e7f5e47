"""`campaigns contact tag | untag | categorise | uncategorise | owner | set | step | edits | undo`."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts import audit
from campaigns.accounts.models import User
from campaigns.cli import _choosing
from campaigns.cli._working import bar
from campaigns.contacts import bulk_fields, bulk_running, changing, choosing, fields, undoing
from campaigns.contacts.change_models import BulkEdit, ChangeSet
from campaigns.crm import bulk_step  # noqa: F401 - offers an act
from campaigns.database import reading, transaction
from campaigns.errors import BadInput, NotFound
from campaigns.longwork import WorkStatus

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
_DRY = click.option("--dry-run", is_flag=True, help="Only say how many would change.")


def add_to(group: click.Group) -> None:
    """Give a group these commands."""
    for command in (tag, untag, categorise, uncategorise, owner, set_, step, edits, undo):
        group.add_command(command)


def _act(name: str, summary: str, argument: str) -> Callable[[Any], click.Command]:
    def made(form: Callable[..., Mapping[str, str]]) -> click.Command:
        def command(dry_run: bool, as_json: bool, **given: Any) -> None:
            _edit(name, form, given, dry_run=dry_run, as_json=as_json)

        command.__doc__ = summary
        wrapped = _choosing.options(_DRY(_JSON(command)))
        return click.command(name)(click.argument(argument)(wrapped))

    return made


def _edit(act: str, form: Any, given: dict[str, Any], *, dry_run: bool, as_json: bool) -> None:
    with transaction() as session:
        choice, filled = _choosing.choice(session, given), form(session, given)
        counted = bulk_running.count(session, act, filled, choice, None)
        if not dry_run:
            edit = bulk_running.start(session, act, filled, choice, None)
            of = choosing.words(session, choice)
            audit.note(
                session,
                f"contacts.{act}",
                f"edit:{edit.id}",
                said=edit.title,
                chosen=of,
                contacts=edit.matching,
            )
    if dry_run:
        found = {"contacts": counted.chosen, "changes": counted.changes, "already": counted.already}
        said = f"{counted.changes} of {counted.chosen} would change; {counted.already} have it already."
        click.echo(json.dumps(found) if as_json else said)
        return
    with bar("Contacts", lambda: _looked_at(edit.id), quiet=as_json):
        bulk_running.run(edit.id)
    _tell(edit.id, as_json=as_json)


def _looked_at(edit_id: int) -> tuple[int, int]:
    with reading() as session:
        edit = session.get_one(BulkEdit, edit_id)
        return edit.looked_at, edit.matching


def _tell(edit_id: int, *, as_json: bool) -> None:
    with reading() as session:
        edit = session.get_one(BulkEdit, edit_id)
    if edit.status != WorkStatus.DONE:
        raise click.ClickException(edit.error or f"The edit is {edit.status}.")
    found = {"edit": edit.id, "contacts": edit.matching, "changed": edit.changed}
    click.echo(
        json.dumps(found)
        if as_json
        else f"{bulk_running.said(edit)} To undo it: campaigns contact undo {edit.id}"
    )


@_act("tag", "Put a tag on contacts; a new name makes a new tag.", "name")
def tag(_session: Session, given: Mapping[str, Any]) -> Mapping[str, str]:
    return {"tag_name": given["name"]}


@_act("untag", "Take a tag off contacts.", "name")
def untag(_session: Session, given: Mapping[str, Any]) -> Mapping[str, str]:
    return {"tag_name": given["name"]}


@_act("categorise", "Put contacts into a category; a new name makes a new one.", "name")
def categorise(_session: Session, given: Mapping[str, Any]) -> Mapping[str, str]:
    return {"category_name": given["name"]}


@_act("uncategorise", "Take contacts out of a category.", "name")
def uncategorise(_session: Session, given: Mapping[str, Any]) -> Mapping[str, str]:
    return {"category_name": given["name"]}


@_act("owner", "Make a colleague the owner of contacts; “nobody” for none.", "colleague")
def owner(session: Session, given: Mapping[str, Any]) -> Mapping[str, str]:
    if given["colleague"] == "nobody":
        return {"owner_id": ""}
    found = session.scalar(sa.select(User.id).where(User.email == given["colleague"].lower()))
    if found is None:
        raise NotFound(f"There is no user with the address {given['colleague']}.")
    return {"owner_id": str(found)}


def _field(session: Session, given: Mapping[str, Any]) -> Mapping[str, str]:
    name, equals, value = given["field"].partition("=")
    if not equals:
        raise BadInput("Write the field and its value as field=value; nothing after = takes it away.")
    if name not in bulk_fields.COLUMNS:
        found = fields.named(session, name)
        name = f"fields.{found.key}" if found else name
    return {"set_field": name, "set_value": value}


set_ = _act(
    "field", "Set a field of contacts, as field=value; nothing after = takes the value away.", "field"
)(_field)
set_.name = "set"


def _step(_session: Session, given: Mapping[str, Any]) -> Mapping[str, str]:
    return {"what": given["what"], "due_on": given["by"]}


step = _act("step", "Give contacts a next step, each for its owner.", "what")(_step)
step.params.append(
    click.Option(["--by"], required=True, metavar="YYYY-MM-DD", help="The day by which it is to be done.")
)


@click.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@_JSON
def edits(limit: int, as_json: bool) -> None:
    """The recent bulk edits, newest first."""
    with reading() as session:
        found = session.scalars(sa.select(BulkEdit).order_by(BulkEdit.id.desc()).limit(limit)).all()
    for edit in found:
        known = {
            "edit": edit.id,
            "at": edit.created_at.isoformat(),
            "status": edit.status,
            "changed": edit.changed,
        }
        line = (
            f"{edit.id:6}  {edit.created_at:%Y-%m-%d %H:%M}  {edit.status:9}  {edit.changed:9}  {edit.title}"
        )
        click.echo(json.dumps(known | {"title": edit.title}) if as_json else line)


@click.command()
@click.argument("edit", type=int)
@_JSON
def undo(edit: int, as_json: bool) -> None:
    """Put back what a bulk edit changed; what was changed since is left as it is."""
    with transaction() as session:
        found = session.get(BulkEdit, edit)
        if found is None or found.change_set_id is None:
            raise NotFound(f"There is no edit {edit} that could be undone.")
        kept = changing.one(session, found.change_set_id)
        work = undoing.start(session, kept, None)
        audit.note(session, "contacts.undo", f"edit:{edit}", said=kept.title, contacts=kept.contacts)
    with bar("Contacts", lambda: _put_back(kept.id), quiet=as_json):
        undoing.run(work.id)
    with reading() as session:
        kept = changing.one(session, kept.id)
        theirs = undoing.left_for_them(session, kept)
    known = {"edit": edit, "restored": kept.restored, "left": kept.left_alone, "restricted": theirs}
    said = f"{kept.restored} put back, {kept.left_alone} left as they are."
    if theirs:
        said += f" Of these, the data of {theirs} are to be kept, but not used."
    click.echo(json.dumps(known) if as_json else said)


def _put_back(set_id: int) -> tuple[int, int]:
    with reading() as session:
        kept = session.get_one(ChangeSet, set_id)
        return kept.restored + kept.left_alone, kept.contacts
