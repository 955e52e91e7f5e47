"""`campaigns export contacts | companies | ads`: files that leave."""

import json
import shutil
from pathlib import Path
from typing import Any

import click

from campaigns.accounts import audit
from campaigns.cli import _choosing
from campaigns.cli._ready import demand_schema
from campaigns.cli._working import bar
from campaigns.contacts.choosing import Choice
from campaigns.database import reading, transaction
from campaigns.exports import asking, places, running
from campaigns.exports.asking import DELIMITERS, Wish
from campaigns.exports.models import Export, Format, Subject
from campaigns.longwork import WorkStatus

_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
_COLUMNS = click.option(
    "--columns", default="", help="Their keys, with commas; the usual ones when not said."
)
_DELIMITER = click.option(
    "--delimiter", type=click.Choice(list(DELIMITERS)), default="comma", show_default=True
)
_BOM = click.option("--bom/--no-bom", default=True, help="Mark a CSV file as UTF-8 (for Excel).")
_ENDINGS = {".xlsx": Format.XLSX, ".vcf": Format.VCARD4}


@click.group()
def export() -> None:
    """Write contacts, companies and lists for ad platforms to files."""
    demand_schema()


@export.command()
@_FILE
@_choosing.options
@click.option(
    "--format", "format_", type=click.Choice(["csv", "xlsx", "vcf4", "vcf3"]), help="By the ending."
)
@_COLUMNS
@_DELIMITER
@_BOM
@click.option("--mailable", is_flag=True, help="Only those who may be mailed.")
@_JSON
def contacts(
    file: Path,
    format_: str | None,
    columns: str,
    delimiter: str,
    bom: bool,
    mailable: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Write contacts to FILE: .csv, .xlsx, or .vcf (vCard 4)."""
    purpose = "mail" if mailable else ""
    wish = Wish(format_ or _format(file), _listed(columns), delimiter, bom, purpose)
    with reading() as session:
        choice = _choosing.choice(session, given)
    _write(Subject.CONTACTS, choice, wish, file, as_json=as_json)


@export.command()
@_FILE
@click.option("--search", default="", help="The beginning of the name.")
@_COLUMNS
@_DELIMITER
@_BOM
@_JSON
def companies(file: Path, search: str, columns: str, delimiter: str, bom: bool, as_json: bool) -> None:
    """Write companies to FILE: .csv or .xlsx."""
    wish = Wish(_format(file), _listed(columns), delimiter, bom)
    _write(Subject.COMPANIES, {"companies": search}, wish, file, as_json=as_json)


@export.command()
@_FILE
@click.option("--platform", type=click.Choice(["google", "meta"]), required=True)
@click.option(
    "--removal",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file of those whom the platform is to forget.",
)
@_choosing.options
@_JSON
def ads(file: Path, platform: str, removal: Path, as_json: bool, **given: Any) -> None:
    """Write those who agreed to ad platforms to FILE, as the platform takes it."""
    with reading() as session:
        choice = _choosing.choice(session, given)
    _write(Subject.ADS, choice, Wish(platform), file, removal, as_json=as_json)


def _format(file: Path) -> str:
    return _ENDINGS.get(file.suffix.lower(), Format.CSV)


def _listed(columns: str) -> list[str]:
    return [name.strip() for name in columns.split(",") if name.strip()]


def _write(
    subject: Subject, choice: Choice, wish: Wish, file: Path, removal: Path | None = None, *, as_json: bool
) -> None:
    with transaction() as session:
        made = asking.start(session, subject, choice, wish, None)
        audit.note(
            session,
            f"{subject}.export",
            f"export:{made.id}",
            of=made.title,
            format=made.format,
            rows=made.expected,
        )
    with bar("Rows", lambda: _rows(made.id), quiet=as_json):
        running.run(made.id)
    with reading() as session:
        made = session.get_one(Export, made.id)
    if made.status != WorkStatus.DONE:
        raise click.ClickException(made.error or f"The file is {made.status}.")
    shutil.move(places.whole(made.id), file)
    if removal is not None:
        shutil.move(places.removal(made.id), removal)
    found = {"written": made.rows, "file": str(file)} | ({"removed": made.removed} if removal else {})
    said = f"{made.rows} rows in {file}." + (
        f" {made.removed} to be taken back in {removal}." if removal else ""
    )
    click.echo(json.dumps(found) if as_json else said)


def _rows(export_id: int) -> tuple[int, int]:
    with reading() as session:
        made = session.get_one(Export, export_id)
        return made.rows, made.expected
