"""`campaigns fields`: which there are, adding one, and whether values and their index agree."""

import json
from typing import Any

import click

from campaigns.cli._ready import demand_schema
from campaigns.contacts import adopting, field_defining, field_index
from campaigns.contacts import fields as known_fields
from campaigns.contacts.field_models import About, Field, FieldKind
from campaigns.database import reading, transaction

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
