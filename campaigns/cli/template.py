"""`campaigns template`: letters to write campaigns from."""

import json
from pathlib import Path

import click
import sqlalchemy as sa

from campaigns.cli._ready import demand_schema
from campaigns.database import reading, transaction
from campaigns.mailings import composing
from campaigns.mailings.composing import Draft
from campaigns.mailings.models import Source, Template
from campaigns.words import LANGUAGES

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
_FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
_LARGEST = 2 * 1024 * 1024


@click.group()
def template() -> None:
    """Letters to write campaigns from."""
    demand_schema()


@template.command()
@click.argument("name")
@click.option("--subject", required=True, help="May hold merge fields, such as {{ contact.first_name }}.")
@click.option("--preheader", default="", help="What mail programs show behind the subject.")
@click.option("--html", type=_FILE, help="The letter as HTML; - reads standard input.")
@click.option("--mjml", type=_FILE, help="The letter as MJML.")
@click.option("--markdown", type=_FILE, help="The letter as Markdown.")
@click.option("--language", type=click.Choice(list(LANGUAGES)), help="Which the letter is written in.")
@_JSON
def create(
    name: str,
    subject: str,
    preheader: str,
    html: Path | None,
    mjml: Path | None,
    markdown: Path | None,
    language: str | None,
    as_json: bool,
) -> None:
    """Keep a letter under a name; refuses one that could not be sent."""
    kind, path = _one_of(html=html, mjml=mjml, markdown=markdown)
    draft = Draft(name, subject, _read(path), kind, preheader, language or "")
    with transaction() as session:
        content = composing.compose(session, draft)
        made = composing.create(session, draft)
    if as_json:
        answer = {
            "id": made.id,
            "name": made.name,
            "fields": sorted(content.names),
            "links": len(content.links),
        }
        click.echo(json.dumps(answer))
    else:
        click.echo(f"Template {made.id}, “{made.name}”.")


@template.command("list")
@_JSON
def list_(as_json: bool) -> None:
    """All templates."""
    with reading() as session:
        rows = session.scalars(sa.select(Template).order_by(Template.name)).all()
    if as_json:
        found = [{"id": row.id, "name": row.name, "kind": row.kind, "subject": row.subject} for row in rows]
        click.echo(json.dumps(found))
        return
    for row in rows:
        click.echo(f"{row.id:5}  {row.name} ({row.kind}): {row.subject}")


def _one_of(**files: Path | None) -> tuple[Source, Path]:
    given = [(Source(kind), path) for kind, path in files.items() if path is not None]
    if len(given) != 1:
        raise click.UsageError("Give one of --html, --mjml and --markdown, each with a file.")
    return given[0]


def _read(path: Path) -> str:
    try:
        with click.open_file(str(path), "rb") as file:
            raw = file.read(_LARGEST + 1)
    except OSError as error:
        raise click.ClickException(f"{path} can't be read: {error.strerror}.") from error
    if len(raw) > _LARGEST:
        raise click.ClickException(f"{path} is larger than {_LARGEST // 1024} KB.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise click.ClickException(
            f"{path}, line {line}: this is not UTF-8 text. Save it as UTF-8."
        ) from error
