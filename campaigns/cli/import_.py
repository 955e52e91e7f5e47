"""`campaigns import`: a file of contacts, brought in here and now, or looked through with nothing stored."""

import json
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from campaigns.accounts import audit
from campaigns.cli import _difference
from campaigns.cli._ready import demand_schema
from campaigns.contacts.models import Import, ImportStatus
from campaigns.database import reading, transaction
from campaigns.errors import BadInput
from campaigns.imports import files, refusals, running, steering, uploading
from campaigns.imports.targets import Target

_ENDED = (
    ImportStatus.DONE,
    ImportStatus.CANCELLED,
    ImportStatus.FAILED,
    ImportStatus.PAUSED,
    ImportStatus.UPLOADED,  # looked through
)


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--category", "categories", multiple=True, help="Put everybody into this category. May be repeated."
)
@click.option("--tag", "tags", multiple=True, help="Give everybody this tag. May be repeated.")
@click.option("--basis", required=True, help="consent, existing_customer, contract or legitimate_interest.")
@click.option("--source", required=True, help="Where these people come from, such as “Trade fair in Brno”.")
@click.option(
    "--tracking", type=click.Choice(["granted", "declined"]), help="What they said about being followed."
)
@click.option("--wording", default="", help="The exact words that they agreed to.")
@click.option(
    "--partner", is_flag=True, help="A partner collected them: they agreed only if --wording names you."
)
@click.option("--purchase", default="", help="For existing_customer: what they bought.")
@click.option(
    "--products", default="", help="For existing_customer: which similar products the letters are about."
)
@click.option("--told", default="", help="For existing_customer: how they were told that they may say no.")
@click.option(
    "--map", "mapped", multiple=True, metavar="COLUMN=FIELD", help="What a column is, such as Mail=email."
)
@click.option("--encoding", default="", help="Instead of the one that is guessed.")
@click.option("--delimiter", default="", help="Instead of the one that is guessed.")
@click.option("--region", default="", help="Country of phone numbers without a country code, such as CZ.")
@click.option("--dry-run", is_flag=True, help="Only say what would change; nothing is stored.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def import_(file: Path, dry_run: bool, as_json: bool, mapped: tuple[str, ...], **given: Any) -> None:
    """Bring a file of contacts in; the rows that can't be taken go into a file with their reasons."""
    demand_schema()
    import_id = _receive(file, given, mapped, dry_run=dry_run)
    if dry_run:
        click.echo(_looked(import_id, as_json=as_json))
        return
    done = _run(import_id)
    if done.status == ImportStatus.FAILED:
        raise BadInput(f"{done.error} {done.rows_read} rows were read before.")
    click.echo(json.dumps(_summary(done), ensure_ascii=False) if as_json else _sentences(done))


def _looked(import_id: int, *, as_json: bool) -> str:
    """What the import would change; the upload is gone afterwards, whatever comes in between."""
    try:
        return _difference.said(_run(import_id), as_json=as_json)
    finally:
        with transaction() as session:
            upload = session.get_one(Import, import_id)
            if upload.status == ImportStatus.CHECKING:
                steering.stop_looking(session, upload)
            uploading.forget(session, upload)


def _receive(file: Path, given: dict[str, Any], mapped: tuple[str, ...], *, dry_run: bool) -> int:
    try:
        with file.open("rb") as stream:
            kept = files.keep(stream)
    except OSError as error:
        raise BadInput(f"The file {file} can't be read: {error.strerror}.") from error
    try:
        with transaction() as session:
            made = uploading.receive(session, kept, file.name)
            _settle(made, given, mapped)
            if dry_run:
                steering.look_ahead(session, made, {})
                return made.id
            made.status = ImportStatus.QUEUED
            source = made.choices["source"]
            audit.note(session, "import.start", f"import:{made.id}", file=made.filename, source=source)
            return made.id
    except BadInput:
        kept.unlink(missing_ok=True)
        raise


def _settle(made: Import, given: dict[str, Any], mapped: tuple[str, ...]) -> None:
    """Take over what the options say about the file and its people."""
    encoding, delimiter = given.pop("encoding"), given.pop("delimiter").replace("\\t", "\t")
    if encoding or delimiter:
        header = bool(made.choices["header"])
        uploading.reread(made, encoding or made.encoding, delimiter or made.delimiter, header)
    if mapped or given["region"]:
        uploading.remap(made, _mapping(made, mapped), bool(made.choices["day_first"]), given["region"])
    steering.choose(made, given)


def _mapping(made: Import, mapped: tuple[str, ...]) -> dict[str, str]:
    columns = [name.casefold() for name in uploading.look(made, 0).columns]
    chosen = {}
    for one in mapped:
        column, equals, target = one.rpartition("=")
        if not equals or column.casefold() not in columns or target not in list(Target):
            raise BadInput(
                f"--map {one}: write COLUMN=FIELD, with a column of the file "
                f"({', '.join(columns)}) and a field ({', '.join(filter(None, Target))})."
            )
        chosen[str(columns.index(column.casefold()))] = target
    return chosen


def _run(import_id: int) -> Import:
    """Run it in this process; should a worker have been quicker, wait for that one."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rows]} rows"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("Importing", rows=0)

        def show(made: Import) -> None:
            bar.update(task, total=made.bytes_total, completed=made.bytes_done, rows=made.rows_read)

        try:
            running.run(import_id, show)
            while (made := _fetch(import_id)).status not in _ENDED:
                time.sleep(0.5)
                show(made)
        except KeyboardInterrupt:
            with transaction() as session:
                made = session.get_one(Import, import_id)
                if made.status != ImportStatus.CHECKING:
                    steering.cancel(session, made)
            raise
    return made


def _fetch(import_id: int) -> Import:
    with reading() as session:
        return session.get_one(Import, import_id)


def _summary(done: Import) -> dict[str, Any]:
    refused = uploading.file_of_refused(done)
    return {
        "id": done.id,
        "read": done.rows_read,
        "created": done.created,
        "updated": done.updated,
        "unchanged": done.unchanged,
        "refused": done.refused,
        "refused_file": str(refused) if refused else None,
        "reasons": done.reasons,
    }


def _sentences(done: Import) -> str:
    lines = [
        f"{done.rows_read} rows read: {done.created} contacts created, {done.updated} updated, "
        f"{done.unchanged} unchanged, {done.refused} rows refused."
    ]
    lines += [f"  {count} × {refusals.words(reason)}" for reason, count in done.reasons.items()]
    if path := uploading.file_of_refused(done):
        lines.append(f"The refused rows, each with its reason: {path}")
    return "\n".join(lines)
