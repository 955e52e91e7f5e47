"""`campaigns imports`: the files that were brought in lately, and taking one back."""

import json
import time
from typing import Any

import click
import sqlalchemy as sa

from campaigns.accounts import audit
from campaigns.cli._ready import demand_schema
from campaigns.cli._working import bar
from campaigns.contacts import undoing as changes
from campaigns.contacts.change_models import ChangeSet, UndoWork
from campaigns.contacts.models import Import
from campaigns.database import reading, transaction
from campaigns.errors import NotFound
from campaigns.imports import telling, undoing
from campaigns.longwork import WorkStatus

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


@click.group()
def imports() -> None:
    """The files that were brought in; `campaigns import FILE` brings one."""
    demand_schema()


@imports.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@_JSON
def list_(limit: int, as_json: bool) -> None:
    """The recent imports, newest first; with --json one object a line."""
    with reading() as session:
        found = session.scalars(sa.select(Import).order_by(Import.id.desc()).limit(limit)).all()
    for one in found:
        line = (
            f"{one.id:6}  {one.created_at:%Y-%m-%d %H:%M}  {one.status:9}  {one.created:9} new"
            f"  {one.updated:9} changed  {one.filename}"
        )
        click.echo(json.dumps(_told(one), ensure_ascii=False) if as_json else line)


def _told(one: Import) -> dict[str, Any]:
    names = ("id", "filename", "status", "rows_read", "created", "updated", "unchanged", "refused")
    moment = {"at": one.created_at.isoformat(), "source": one.choices.get("source")}
    return {name: getattr(one, name) for name in names} | moment


@imports.command()
@click.argument("number", type=int, metavar="ID")
@_JSON
def undo(number: int, as_json: bool) -> None:
    """Take an import back: its new contacts go, unless touched since, and what it changed is put back."""
    with transaction() as session:
        found = session.get(Import, number)
        if found is None:
            raise NotFound(f"There is no import {number}. See: campaigns imports list")
        work = undoing.start(session, found, None)
        named = {"file": found.filename, "created": found.created}
        audit.note(session, "import.undo", f"import:{number}", **named)
    with bar("Contacts", lambda: _through(number, work.change_set_id), quiet=as_json):
        changes.run(work.id)
        while (ended := _fetch(work.id)).moving:  # a worker was quicker
            time.sleep(0.5)
    if ended.status != WorkStatus.DONE:
        raise click.ClickException(ended.error or f"The undoing is {ended.status}.")
    _tell(number, as_json=as_json)


def _fetch(work_id: int) -> UndoWork:
    with reading() as session:
        return session.get_one(UndoWork, work_id)


def _through(number: int, set_id: int) -> tuple[int, int]:
    with reading() as session:
        import_, kept = session.get_one(Import, number), session.get_one(ChangeSet, set_id)
        done = import_.undone.get("removed", 0) + kept.restored + kept.left_alone
        return done, import_.created + import_.updated


def _tell(number: int, *, as_json: bool) -> None:
    with reading() as session:
        told = telling.of_undoing(session, session.get_one(Import, number))
    undone = told["undone"]
    contacts = [(contact.email, why) for contact, why in told["left_contacts"]]
    parts = [(line.label, what, why) for line in told["left_parts"] for what, why in line.what]
    if as_json:
        counts = {name: undone.get(name, 0) for name in ("removed", "restored", "left", "labels", "consents")}
        stayed = [{"email": email, "why": why} for email, why in contacts]
        in_part = [{"contact": who, "what": what, "why": why} for who, what, why in parts]
        known = {"import": number, **counts, "why": undone["why"], "stayed": stayed, "left_parts": in_part}
        click.echo(json.dumps(known, ensure_ascii=False))
        return
    click.echo(
        f"{undone['removed']} contacts deleted again, {undone['restored']} put back as they were, "
        f"{undone['left']} left, or left in part."
    )
    for reason, many in undone["why"].items():
        click.echo(f"  {many} × {undoing.why(reason)}")
    for email, why in contacts:
        click.echo(f"  {email}: {why}")
    for who, what, why in parts:
        click.echo(f"  {who}, {what}: {why}")
