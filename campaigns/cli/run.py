"""`campaigns run`: everything on one machine — queue, schema, web, workers, clock — until Ctrl-C."""

import fcntl
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from campaigns import broker, database, embedded, schema, settings
from campaigns.cli.serving import Supervisor
from campaigns.errors import Conflict, NotReady
from campaigns.processes import free_port, is_free

# Who listens everywhere is reached here too.
_HERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # nosec B104


@click.command()
@click.option("--workers", type=click.IntRange(1, 64), help="Worker processes; as set otherwise.")
@click.option("--verbose", "-v", is_flag=True, help="Show what each part logs, not only warnings.")
def run(workers: int | None, verbose: bool) -> None:
    """Start everything here and print one address; Ctrl-C ends it."""
    chosen = settings.current()
    broker.current()  # says so if the queue's address is nonsense
    with _alone(chosen.data_dir) as place:
        _choose_port(chosen)
        supervisor = Supervisor(_environment(chosen, verbose), _tell, prefixed=_readable(chosen))
        supervisor.listen_for_the_end()
        try:
            _start(supervisor, chosen, workers or chosen.worker_processes)
            if not supervisor.stopping:
                place.write_text(f"{os.getpid()} {_address(chosen)}\n")
                click.echo(f"Campaigns is ready: {_address(chosen)}")
                supervisor.keep_running()
        finally:
            supervisor.stop()


@contextmanager
def _alone(data_dir: Path) -> Iterator[Path]:
    """Hold the data folder for ourselves; raises Conflict when another run has it."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        place = data_dir / "run.lock"
        handle = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise NotReady(f"The data folder {data_dir} can't be used: {error.strerror}.") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        process, _, address = place.read_text().strip().partition(" ")
        raise Conflict(
            f"Campaigns runs from the folder {data_dir} already"
            + (f", at {address} (process {process})" if address else "")
            + ". Stop it first, or set CAMPAIGNS_DATA_DIR to another folder."
        ) from error
    os.truncate(handle, 0)
    try:
        yield place
    finally:
        os.close(handle)


def _choose_port(chosen: settings.Settings) -> None:
    """Take the next free port when the wanted one is taken, and say so."""
    wanted = chosen.port
    port = wanted or free_port(chosen.host)
    while not is_free(chosen.host, port):
        port += 1
        if port > min(wanted + 100, 65535):
            raise NotReady(
                f"No port from {wanted} to {port} is free on {chosen.host}. Set PORT to one that is."
            )
    if wanted and port != wanted:
        _tell(f"Port {wanted} is taken; using {port}.")
    chosen.port = port


def _environment(chosen: settings.Settings, verbose: bool) -> dict[str, str]:
    """What the children get: ours, with what was decided here."""
    decided = {
        "CAMPAIGNS_DATA_DIR": str(chosen.data_dir),
        "CAMPAIGNS_PORT": str(chosen.port),
        "PYTHONUNBUFFERED": "1",
    }
    if "log_level" not in chosen.model_fields_set:
        decided["CAMPAIGNS_LOG_LEVEL"] = "info" if verbose else "warning"
    if _readable(chosen):
        decided["CAMPAIGNS_LOG_FORMAT"] = "text"
    return os.environ | decided


def _readable(chosen: settings.Settings) -> bool:
    return chosen.log_format == "text" or (chosen.log_format == "auto" and sys.stderr.isatty())


def _start(supervisor: Supervisor, chosen: settings.Settings, workers: int) -> None:
    if chosen.broker_url == "embedded":
        _start_queue(supervisor, chosen.data_dir)
    if supervisor.stopping:
        return
    schema.upgrade()
    database.use(None)  # nothing else is asked of it here
    web = supervisor.start("web", "campaigns.cli", "web")
    for number in range(1, workers + 1):
        supervisor.start(f"worker {number}", "campaigns.cli", "worker")
    supervisor.start("clock", "campaigns.cli", "clock")
    if not supervisor.wait_for(web, lambda: _answers(chosen)) and not supervisor.stopping:
        raise NotReady("The web server does not start; what it said stands above.")


def _start_queue(supervisor: Supervisor, data_dir: Path) -> None:
    embedded.program()  # says what to do when there is none
    embedded.clear_away(data_dir)
    for _attempt in (1, 2):
        queue = supervisor.start("queue", "campaigns.embedded", ends_last=True, quiet=True)
        if supervisor.wait_for(queue, lambda: embedded.answers(data_dir)) or supervisor.stopping:
            return
        supervisor.drop(queue)
        # Nothing is lost with it: all work is written down in the database and asked for again.
        _tell(f"The queue's files can't be read; they were moved to {embedded.set_aside(data_dir)}.")
    raise NotReady("The embedded queue does not start. It last said:\n" + "".join(queue.tail))


def _address(chosen: settings.Settings) -> str:
    host = _HERE.get(chosen.host, chosen.host)
    return f"http://{host}:{chosen.port}"


def _answers(chosen: settings.Settings) -> bool:
    try:
        with urllib.request.urlopen(f"{_address(chosen)}/health", timeout=2) as answer:  # nosec B310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)
