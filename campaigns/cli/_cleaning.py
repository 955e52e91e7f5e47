"""`campaigns contact duplicates | merge | unmerge | check`: cleaning, for people and for programs."""

import json
from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import tables  # noqa: F401 - every room's rows follow a merged contact
from campaigns.cleaning import asking, comparing, merging, proposing, running, showing, unmerging, verdicts
from campaigns.cleaning.models import Duplicate, Merge, Scope
from campaigns.cli._working import bar
from campaigns.contacts.addresses import canonical
from campaigns.contacts.models import Contact
from campaigns.database import reading, transaction
from campaigns.errors import NotFound
from campaigns.longwork import WorkStatus
from campaigns.words import _

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


@click.command()
@click.option("--look", is_flag=True, help="Look through all contacts first.")
@click.option("--merge-sure", is_flag=True, help="Merge all pairs that are sure.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@_JSON
def duplicates(look: bool, merge_sure: bool, limit: int, as_json: bool) -> None:
    """Pairs of contacts that look like one person, the surest first; with --json one object a line."""
    for scope in (Scope.ALL,) * look + (Scope.SURE,) * merge_sure:
        _run(scope, as_json)
    with reading() as session:
        for pair in proposing.listed(session, limit=limit):
            click.echo(json.dumps(_pair(pair)) if as_json else _line(pair))


def _run(scope: Scope, quiet: bool) -> None:
    """Do it here and now, whether or not a worker runs."""
    with transaction() as session:
        run_id = running.start(session, scope, here=True).id

    def look() -> tuple[int, int]:
        with reading() as session:
            return round(showing.percent(running.one(session, run_id))), 100

    with bar("Cleaning", look, quiet=quiet):
        running.run(run_id)
    with reading() as session:
        run = running.one(session, run_id)
    if run.status != WorkStatus.DONE:
        raise click.ClickException(run.error or f"The run is {run.status}.")
    if not quiet:
        click.echo(showing.said(run))


def _pair(pair: Duplicate) -> dict[str, Any]:
    emails = {"one": pair.a.email, "other": pair.b.email}
    return {"id": pair.id, **emails, "reasons": pair.reasons, "score": pair.score}


def _line(pair: Duplicate) -> str:
    why = ", ".join(map(showing.reason, pair.reasons))
    return f"{pair.score:3}  {pair.a.email:36}  {pair.b.email:36}  {why}"


@click.command()
@click.argument("email")
@click.argument("other")
@click.option("--keep", is_flag=True, help="Where both say something else, keep what EMAIL's contact says.")
@_JSON
def merge(email: str, other: str, keep: bool, as_json: bool) -> None:
    """Make the contacts with these two addresses one, with the better value of each datum."""
    with transaction() as session:
        one_id, other_id = _number(session, email), _number(session, other)
        made = merging.merge(session, one_id, other_id, _of(session, one_id) if keep else None)
        kept = session.get_one(Contact, made.contact_id)
        said = {"merge": made.id, "contact": kept.id, "email": kept.email, "gone": made.gone_id}
    click.echo(json.dumps(said) if as_json else f"Merge {said['merge']}: both are {said['email']} now.")


def _of(session: Session, contact_id: int) -> dict[str, int]:
    """The choice of all that this contact says something about."""
    contact = session.get_one(Contact, contact_id)
    said = {
        key: contact_id
        for key, columns in comparing.COLUMNS.items()
        if any(getattr(contact, column) for column in columns)
    }
    return said | {comparing.FIELD + key: contact_id for key in contact.fields}


@click.command()
@click.argument("merge_id", type=int)
@_JSON
def unmerge(merge_id: int, as_json: bool) -> None:
    """Take a merge back: both contacts as before; says what stays as it is now."""
    with transaction() as session:
        made: Merge = unmerging.unmerge(session, merge_id)
        left = showing.left(made.left)
        said = {"contacts": [made.contact_id, made.gone_id], "left": left}
    if as_json:
        click.echo(json.dumps(said))
        return
    click.echo("They are two contacts again.")
    for line in left:
        click.echo(f"Stays as it is: {line}")


@click.command()
@click.argument("email", required=False)
@click.option("--ask", is_flag=True, help="Ask DNS about the mail domains whose time has come first.")
@_JSON
def check(email: str | None, ask: bool, as_json: bool) -> None:
    """What is the matter with an address, or with how many of all; nothing is changed by it."""
    if ask:
        asking.ask_due()
    with reading() as session:
        said = _of_one(session, email) if email else _of_all(session)
    if as_json:
        click.echo(json.dumps(said))
        return
    for name, value in said.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        click.echo(f"{name.replace('_', ' '):12}  {shown if shown not in (None, '') else '–'}")


def _of_one(session: Session, email: str) -> dict[str, Any]:
    address = canonical(email).email
    hint = verdicts.of(session, address)
    flaws = [str(flaw) for flaw in hint.flaws]
    return {"address": address, "flaws": flaws, "likely_meant": hint.meant or None}


def _of_all(session: Session) -> dict[str, Any]:
    last = running.newest(session, Scope.ALL, Scope.CHANGED, status=WorkStatus.DONE)
    if last is None:
        raise NotFound(_("Nobody has looked yet. Run: campaigns contact duplicates --look"))
    return {str(flaw): last.counts.get(flaw, 0) for flaw in verdicts.ALL}


def _number(session: Session, email: str) -> int:
    found = session.scalar(sa.select(Contact.id).where(Contact.email == canonical(email).email))
    if found is None:
        raise NotFound(_("There is no contact with the address %(email)s.", email=email))
    return found


def add_to(group: click.Group) -> None:
    """Make these verbs of the group."""
    for verb in (duplicates, merge, unmerge, check):
        group.add_command(verb)
