"""`campaigns fields`: which there are, adding one, renaming choices, and whether values and index agree."""

import json
from typing import Any

import click

from campaigns.accounts import audit
from campaigns.audiences import following as _following  # noqa: F401 - rules follow renamed options
from campaigns.cli._ready import demand_schema
from campaigns.cli._working import bar
from campaigns.contacts import adopting, field_defining, field_index, field_renaming
from campaigns.contacts import fields as known_fields
from campaigns.contacts.field_models import About, Field, FieldKind, Renaming
from campaigns.contacts.field_renaming import Followed
from campaigns.database import reading, transaction
from campaigns.errors import NotFound
from campaigns.longwork import WorkStatus

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
_ABOUT = click.option(
    "--about", type=click.Choice([str(one) for one in About]), default="contact", show_default=True
)
_KINDS = click.Choice([str(kind) for kind in FieldKind])
_MENDED_AT_ONCE = 1000


@click.group()
def fields() -> None:
    """What your firm wants to know of everybody, besides name, address and company."""
    demand_schema()


@fields.command("list")
@_ABOUT
@_JSON
def list_(about: str, as_json: bool) -> None:
    """The fields in their order; with --json one object a line."""
    with reading() as session:
        for field in known_fields.known(session, About(about)).values():
            click.echo(
                json.dumps(_told(field)) if as_json else f"{field.key:30}  {field.kind:8}  {field.name}"
            )


def _told(field: Field) -> dict[str, object]:
    names = ("id", "about", "key", "name", "kind", "section", "options", "unit", "shared")
    return {name: getattr(field, name) for name in names}


@fields.command()
@click.argument("name")
@click.option(
    "--kind", type=click.Choice([str(kind) for kind in FieldKind]), default="text", show_default=True
)
@_ABOUT
@click.option("--section", default="", help="Fields of one section stand together.")
@click.option("--option", "options", multiple=True, help="Something that can be chosen; may be given often.")
@click.option("--unit", default="", help="Of a number, such as kg; of money the currency, such as CZK.")
@click.option("--shared", is_flag=True, help="The person may see and correct it.")
@_JSON
def add(as_json: bool, **values: Any) -> None:
    """Add a field; columns of earlier imports that bear its name are taken in."""
    with transaction() as session:
        field = field_defining.add(session, values)
        if field.about == About.CONTACT:
            adopting.start(session, field)
        told = _told(field)
    click.echo(json.dumps(told) if as_json else f"Added: fields.{told['key']}")


@fields.command("rename-option")
@click.argument("field")
@click.argument("old")
@click.argument("new")
@_ABOUT
@click.option("--merge", is_flag=True, help="There may be a choice of that name: the two become one.")
@_JSON
def rename_option(field: str, old: str, new: str, about: str, merge: bool, as_json: bool) -> None:
    """Give a choice of a field another name; values and rules of audiences follow."""
    with transaction() as session:
        found = known_fields.named(session, field, About(about))
        if found is None:
            raise NotFound(f"There is no field “{field}” of choices about a {about}.")
        work, told = field_renaming.start(session, found, old, new, merge=merge)
        audit.note(session, "field.rename_option", f"field:{found.id}", before=work.old, after=work.new,
                   audiences=list(told.followed))  # fmt: skip
    with bar("Values", lambda: _through(work.id), quiet=as_json):
        field_renaming.run(work.id)
    _tell(work.id, told, as_json=as_json)


def _through(work_id: int) -> tuple[int, int]:
    with reading() as session:
        work = session.get_one(Renaming, work_id)
        return work.changed, work.matching


def _tell(work_id: int, told: Followed, *, as_json: bool) -> None:
    with reading() as session:
        work = session.get_one(Renaming, work_id)
    if work.status not in (WorkStatus.DONE, WorkStatus.RUNNING, WorkStatus.QUEUED):
        raise click.ClickException(work.error or f"The renaming is {work.status}.")
    if as_json:
        known = {"old": work.old, "new": work.new, "changed": work.changed, "status": work.status}
        click.echo(json.dumps(known | {"audiences": told.followed, "left": told.left}))
        return
    click.echo(f"“{work.old}” is “{work.new}” from now on; {work.changed} had it.")
    if told.followed:
        click.echo(f"These audiences follow: {', '.join(told.followed)}.")
    if told.left:
        click.echo(f"These ask for something like it and stay as they are: {', '.join(told.left)}.")


@fields.command()
@click.option("--mend", is_flag=True, help="Make the index anew where it differs.")
@_JSON
def check(mend: bool, as_json: bool) -> int:
    """Compare every value with its index; exit code 1 when some differ and are not mended."""
    found = {str(about): _differing(about) for about in About}
    if mend:
        for about, ids in found.items():
            _mend(About(about), ids)
    number = sum(map(len, found.values()))
    if as_json:
        click.echo(json.dumps({"ok": not number or mend, "differing": found, "mended": mend}))
    elif not number:
        click.echo("Values and index agree.")
    else:
        done = "The index was made anew." if mend else "Run it with --mend to make the index anew."
        click.echo(f"Of {number:,} contacts or companies the index says something else. {done}")
    return 1 if number and not mend else 0


def _differing(about: About) -> list[int]:
    with reading(slowly=True) as session:
        return list(field_index.differing(session, about))


def _mend(about: About, ids: list[int]) -> None:
    for start in range(0, len(ids), _MENDED_AT_ONCE):
        with transaction() as session:
            field_index.refresh(session, ids[start : start + _MENDED_AT_ONCE], about)
