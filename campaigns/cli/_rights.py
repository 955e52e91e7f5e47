"""`campaigns contact copy | erase | recall-erasures`: what people may ask of us about their data."""

import json
from pathlib import Path

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import tables  # noqa: F401 - a copy and an erasure reach every room
from campaigns.accounts import audit
from campaigns.contacts import identity
from campaigns.contacts.addresses import canonical
from campaigns.contacts.models import Contact
from campaigns.database import reading, transaction
from campaigns.errors import NotFound
from campaigns.rights import erasing, finishing, gathering, remembering
from campaigns.rights.models import Erasure, Why
from campaigns.words import _

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def add_to(group: click.Group) -> None:
    """Give a group these commands."""
    for command in (copy, erase, recall_erasures):
        group.add_command(command)


@click.command()
@click.argument("email")
@click.option("--to", "path", type=click.Path(dir_okay=False, path_type=Path), help="Write a ZIP there.")
def copy(email: str, path: Path | None) -> None:
    """All that is known of a person, for them: as JSON, or with --to as a ZIP with tables besides."""
    with transaction() as session:
        contact = person(session, email)
        found = gathering.copy(session, contact)
        audit.note(session, "contact.copy", f"contact:{contact.id}")
    if path is None:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    path.write_bytes(gathering.packed(found))
    click.echo(f"Written to {path}.")


@click.command()
@click.argument("email")
@click.option("--mistake", is_flag=True, help="Ought never to have been here: the address may come again.")
@click.option("--yes", is_flag=True, help="Don't ask whether you are sure.")
@_JSON
def erase(email: str, mistake: bool, yes: bool, as_json: bool) -> None:
    """Erase a person for good: rows, texts and files. Unless it was a mistake, nobody can add them again."""
    with reading() as session:
        person(session, email)
    if not yes:
        click.confirm(f"Erase {email} for good?", abort=True)
    with transaction() as session:
        number = erasing.erase(session, person(session, email), Why.MISTAKE if mistake else Why.ASKED).id
    finishing.run(number)
    with reading() as session:
        done = session.get_one(Erasure, number)
    if as_json:
        said = {"id": done.id, "status": done.status, "gone": done.gone, "elsewhere": done.elsewhere}
        click.echo(json.dumps(said))
        return
    rows, places = sum(done.gone.values()), sum(done.elsewhere.values())
    click.echo(f"Erased: {rows} rows, and {places} places where others' texts or files named them.")
    if done.moving:
        click.echo("A worker finishes it.")


@click.command("recall-erasures")
@click.argument("path", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def recall_erasures(path: Path | None) -> None:
    """After a backup was put back: erase again whoever was erased since, by a list that was kept (PATH)."""
    if path is not None:
        remembering.add(path.read_text())
    click.echo(f"{remembering.recall()} people were erased again.")


def person(session: Session, email: str) -> Contact:
    """The contact with this address, its own or a further one; raises NotFound."""
    address = canonical(email).email
    found = session.scalar(sa.select(Contact).where(Contact.email == address))
    found = found or identity.owners(session, [address]).get(address)
    if found is None:
        raise NotFound(_("There is no contact with the address %(email)s.", email=email))
    return found
