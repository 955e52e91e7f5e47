"""A database server whose folder stays, so that what was built once is measured again."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from campaigns.processes import die_with_parent
from tests import servers

# A machine of its own would have more; durability is PostgreSQL's default.
_OPTIONS = {
    "shared_buffers": "1GB",
    "effective_cache_size": "4GB",
    "max_wal_size": "4GB",
    "random_page_cost": "1.1",
}


@contextmanager
def server(kind: str, folder: Path) -> Iterator[str]:
    """The address of the database in that folder; made when there is none yet."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'data' / 'campaigns.db'}"
        return
    user = (
        next(filter(servers._is_user, ("postgres", "nobody")), None)
        if Path("/root").owner() == "root"
        else None
    )
    socket = Path(tempfile.mkdtemp(prefix="campaigns-crowd-"))
    place, as_user = folder / "postgresql", {"user": user, "extra_groups": []} if user else {}
    programs = servers._postgresql_programs(socket if user else None)
    if user:
        shutil.chown(socket, user)
    try:
        if not place.exists():
            place.mkdir()
            if user:
                folder.chmod(folder.stat().st_mode | 0o001)  # that user has to get through to its own
                shutil.chown(place, user)
            _initialise(programs, place, as_user)
        with _running(programs, place, socket, as_user) as address:
            yield address
    finally:
        shutil.rmtree(socket, ignore_errors=True)


def _initialise(programs: Path, place: Path, as_user: dict[str, Any]) -> None:
    subprocess.run(
        [programs / "initdb", "-D", place, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"],
        check=True, capture_output=True, cwd=place, **as_user,
    )  # fmt: skip


@contextmanager
def _running(programs: Path, place: Path, socket: Path, as_user: dict[str, Any]) -> Iterator[str]:
    given = _OPTIONS | {"listen_addresses": "", "unix_socket_directories": str(socket)}
    command = [str(programs / "postgres"), "-D", str(place)]
    command += [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
    with (socket / "log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=place, start_new_session=True,
            preexec_fn=lambda: die_with_parent(signal.SIGINT), **as_user,
        )  # fmt: skip
    with servers._ended(process, signal.SIGINT):
        address = f"postgresql://postgres@/postgres?host={socket}"
        servers._wait_for(lambda: psycopg.connect(address).close(), process, socket / "log", 120)
        yield address.replace("postgresql://", "postgresql+psycopg://")


def pids(folder: Path) -> list[int]:
    """The first process of the database server in that folder, if there is one."""
    told = folder / "postgresql" / "postmaster.pid"
    return [int(told.read_text().split()[0])] if told.exists() else []
