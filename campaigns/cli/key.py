"""`campaigns key create | list | revoke`: by what other programs ask us."""

import json

import click

from campaigns.accounts import audit, keys
from campaigns.cli._ready import demand_schema
from campaigns.database import reading, transaction

_SCOPES = click.Choice([scope.value for scope in keys.Scope])
_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


@click.group()
def key() -> None:
    """Keys of other programs."""
    demand_schema()


@key.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, type=_SCOPES)
@_JSON
def create(name: str, scopes: tuple[str, ...], as_json: bool) -> None:
    """Make a key for the program NAME. What is printed is not kept, and is never shown again."""
    with transaction() as session:
        made, said = keys.make(session, name, scopes, None)
        audit.note(session, "key.create", f"api_key:{made.id}", name=made.name, scopes=made.scopes)
        number = made.id
    click.echo(json.dumps({"id": number, "key": said}) if as_json else said)


@key.command("list")
@_JSON
def list_(as_json: bool) -> None:
    """All keys, and when each was last used."""
    with reading() as session:
        found = [
            {
                "id": one.id,
                "name": one.name,
                "scopes": one.scopes,
                "last_used_on": one.last_used_on.isoformat() if one.last_used_on else None,
                "revoked": one.revoked_at is not None,
            }
            for one in keys.everything(session)
        ]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        state = "taken back" if one["revoked"] else f"last used {one['last_used_on'] or 'never'}"
        click.echo(f"{one['id']}  {one['name']}  {state}")


@key.command()
@click.argument("key_id", type=int)
def revoke(key_id: int) -> None:
    """Take a key back, at once and for good."""
    with transaction() as session:
        gone = keys.revoke(session, key_id)
        audit.note(session, "key.revoke", f"api_key:{gone.id}", name=gone.name)
    click.echo(f"Key {key_id} opens nothing any more.")
