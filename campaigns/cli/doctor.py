"""`campaigns doctor`: looks at everything the product stands on and says what to do about it."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

import click
import sqlalchemy as sa

from campaigns import broker, database, leases, schema, settings
from campaigns.contacts import tagging
from campaigns.errors import PersonError
from campaigns.mail import dkim
from campaigns.mail.outcomes import NotSent
from campaigns.mail.signing import Signer
from campaigns.mail.smtp import SmtpConnection
from campaigns.mail.transport import relay

_MEGABYTE = 1024 * 1024
_LEAST_FREE = 200 * _MEGABYTE
_SHORTEST_SECRET = 32
_MOST_CLOCK_DIFFERENCE = 2  # seconds; leases go by the database's clock, letters by the machine's
_SIGNED_AT_ONCE = 16  # letters whose signing is timed
_SIGNS = {"fine": "✓", "note": "·", "problem": "✗"}


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `note` is worth knowing, `problem` stops work."""

    name: str
    state: Literal["fine", "note", "problem"]
    text: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def doctor(as_json: bool) -> int:
    """Check folder, database, queue, mail server and keys; exit code 1 when something stops work."""
    found = examine()
    if as_json:
        click.echo(json.dumps({"ok": _is_well(found), "checks": [asdict(finding) for finding in found]}))
    else:
        for finding in found:
            click.echo(f"{_SIGNS[finding.state]} {finding.name:9} {finding.text}")
        click.echo("All is well." if _is_well(found) else "Something needs to be done.")
    return 0 if _is_well(found) else 1


def examine() -> list[Finding]:
    """Everything that was found; one check that falls does not keep the others from being made."""
    checks: list[Callable[[], Finding]] = [_folder, _database, _schema, _clocks, _queue, _clock]
    checks += [_labels, _mail, _signing, _secret, _address]
    return [_made(check) for check in checks]


def _made(check: Callable[[], Finding]) -> Finding:
    name = check.__name__.lstrip("_")
    try:
        return check()
    except sa.exc.SQLAlchemyError:
        return Finding(name, "problem", "can't be looked at while the database is away")
    except PersonError as error:
        return Finding(name, "problem", error.message)


def _is_well(found: list[Finding]) -> bool:
    return all(finding.state != "problem" for finding in found)


def _folder() -> Finding:
    place = settings.current().data_dir
    if not place.exists():
        return Finding("folder", "problem", f"{place} is not there yet. Run: campaigns init")
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        return Finding("folder", "problem", f"{place} can't be written to: {error.strerror}")
    free = shutil.disk_usage(place).free
    if free < _LEAST_FREE:
        return Finding("folder", "problem", f"{place} has only {free // _MEGABYTE} MB left; make room")
    return Finding("folder", "fine", f"{place}, {free // _MEGABYTE:,} MB free")


def _database() -> Finding:
    url = database.engine().url.render_as_string(hide_password=True)
    try:
        with database.reading() as session:
            session.execute(sa.select(1))
    except sa.exc.SQLAlchemyError as error:
        why = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return Finding("database", "problem", f"{url} can't be reached: {why}")
    return Finding("database", "fine", url)


def _schema() -> Finding:
    stands, newest = schema.revision(), schema.head()
    if not stands:
        return Finding("schema", "problem", "there is none yet. Run: campaigns init")
    if stands != newest:
        text = f"stands at {stands}, this version needs {newest}. Run: campaigns upgrade"
        return Finding("schema", "problem", text)
    return Finding("schema", "fine", f"newest ({newest})")


def _clocks() -> Finding:
    with database.reading() as session:
        theirs = session.scalar(sa.select(database.db_now()))
    apart = abs((theirs - database.now()).total_seconds()) if theirs else 0.0
    if apart > _MOST_CLOCK_DIFFERENCE:
        text = f"this machine and the database are {apart:.0f} s apart; set up NTP on both"
        return Finding("clocks", "problem", text)
    return Finding("clocks", "fine", f"this machine and the database are {apart:.1f} s apart")


def _queue() -> Finding:
    url = settings.current().broker_url
    client = getattr(broker.current(), "client", None)
    try:
        if client is not None:
            client.ping()
        return Finding("queue", "fine", _without_password(url))
    except Exception as error:  # whatever the queue's client raises: it is away
        if url == "embedded":
            return Finding("queue", "note", "embedded; starts with: campaigns run")
        return Finding("queue", "problem", f"{_without_password(url)} can't be reached: {error}")


def _clock() -> Finding:
    with database.reading() as session:
        owner = session.scalar(
            sa.select(leases.Lease.owner).where(
                leases.Lease.name == "clock", leases.Lease.until > database.db_now()
            )
        )
    if owner is None:
        return Finding("clock", "note", "none runs; schedules wait. Start: campaigns run, or campaigns clock")
    return Finding("clock", "fine", f"runs as {owner}")


def _labels() -> Finding:
    """Links of labels have no foreign keys; whoever deletes contacts or labels deletes them."""
    with database.reading() as session:
        astray = tagging.astray(session)
    if astray:
        text = f"{astray} links of categories or tags point to contacts or labels that are gone"
        return Finding("labels", "problem", text)
    return Finding("labels", "fine", "every link leads from a contact to a label")


def _mail() -> Finding:
    chosen = settings.current()
    if not chosen.smtp.host:
        return Finding("mail", "note", "captured: nobody outside gets any. Set CAMPAIGNS_SMTP__HOST to send")
    where = f"{chosen.smtp.host}:{chosen.smtp.port}, {chosen.smtp.tls}"
    connection = SmtpConnection(relay(chosen))
    try:
        connection.connect()
    except NotSent as error:
        return Finding("mail", "problem", f"{where}: {error}")
    connection.close()
    return Finding("mail", "fine", where)


def _signing() -> Finding:
    signer = Signer([dkim.DkimKey("example.com", "doctor", dkim.new_key()[0])], ["from"])
    letters = [(b"from:news@example.com\r\n", bytes(32))] * _SIGNED_AT_ONCE
    took = []
    for _round in range(3):
        began = time.perf_counter()
        signer.sign(letters)
        took.append((time.perf_counter() - began) / _SIGNED_AT_ONCE)
    pace = f"{min(took) * 1_000_000:.0f} µs for each letter (RSA-2048)"
    if signer.accelerated:
        return Finding("signing", "fine", f"accelerated, {pace}")
    return Finding("signing", "fine", f"plain, {pace}; the extra “accelerator” may make it quicker")


def _secret() -> Finding:
    chosen = settings.current()
    given = chosen.secret_key.get_secret_value()
    if given and len(given) < _SHORTEST_SECRET:
        text = f"CAMPAIGNS_SECRET_KEY needs at least {_SHORTEST_SECRET} characters"
        return Finding("secret", "problem", text)
    if given:
        return Finding("secret", "fine", "set by CAMPAIGNS_SECRET_KEY; keep it with the backups")
    kept = chosen.data_dir / "secret.key"
    if not kept.exists():
        return Finding("secret", "note", f"will be made in {kept}")
    if os.name == "posix" and kept.stat().st_mode & 0o077:
        return Finding("secret", "problem", f"{kept} can be read by others. Run: chmod 600 {kept}")
    if not chosen.database_url.startswith("sqlite"):
        text = f"kept in {kept}; other machines need the same: set CAMPAIGNS_SECRET_KEY"
        return Finding("secret", "note", text)
    return Finding("secret", "fine", f"kept in {kept}; back it up")


def _address() -> Finding:
    chosen = settings.current()
    local = any(name in chosen.base_url for name in ("://127.", "://localhost", "://[::1]", "://0.0.0.0"))
    if local and chosen.smtp.host:
        text = f"links in letters lead to {chosen.base_url}; set CAMPAIGNS_BASE_URL"
        return Finding("address", "problem", text)
    if not local and not chosen.base_url.startswith("https://"):
        text = f"{chosen.base_url} is not https: sign-ins and links can be read on the way"
        return Finding("address", "note", text)
    return Finding("address", "fine", chosen.base_url)


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://…@{rest.rpartition('@')[2]}" if "@" in rest else url
