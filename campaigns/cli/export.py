"""`campaigns export`: an audience as a file."""

import json
from pathlib import Path

import click

from campaigns.audiences import exporting, saving
from campaigns.cli._ready import demand_schema
from campaigns.database import transaction


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--audience", "name", required=True, help="Whose contacts.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def export(file: Path, name: str, as_json: bool) -> None:
    """Write those of an audience who may be mailed to a CSV file."""
    demand_schema()
    with transaction() as session:
        audience = saving.named(session, name)
        exporting.note(session, audience)
    written = -1  # the heading is no contact
    with file.open("w", newline="", encoding="utf-8") as out:
        for line in exporting.lines(audience.rule):
            out.write(line)
            written += 1
    click.echo(
        json.dumps({"written": written, "file": str(file)}) if as_json else f"{written} contacts in {file}."
    )
