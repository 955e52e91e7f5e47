"""Mail servers that letters are measured against: our own, Postfix's smtp-sink, any program, any address."""

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaigns.processes import die_with_parent, free_port
from tests.bench.ground import Missing

HERE = Path(__file__).parent
BUILT_IN, POSTFIX = "built-in", "smtp-sink"


@dataclass(frozen=True)
class Taken:
    """What a sink took since it was last asked; times in seconds since 1970."""

    accepted: int
    octets: int
    first_at: float
    last_at: float
    letters: list[tuple[str, str]] = field(repr=False)  # recipient and Message-ID of each


@dataclass
class Sink:
    """A mail server under measure. Only ours can be asked what it took; of others the database tells."""

    name: str
    host: str
    port: int
    process: subprocess.Popen[str] | None = None
    journal: Path | None = None
    _read: int = 0  # lines of the journal that were given out

    @property
    def pids(self) -> list[int]:
        """Its process, where it is ours."""
        return [self.process.pid] if self.process else []

    @property
    def answers(self) -> bool:
        """Whether `taken` can be asked of it."""
        return self.process is not None and self.name.startswith(BUILT_IN)

    def taken(self) -> Taken:
        """What it took since the last call."""
        assert self.process is not None
        assert self.process.stdout is not None
        assert self.journal is not None
        self.process.send_signal(signal.SIGUSR1)
        figures: dict[str, Any] = json.loads(self.process.stdout.readline())
        lines = self.journal.read_text().splitlines()[self._read :]
        self._read += len(lines)
        letters = [(to, name) for to, _tab, name in (line.partition("\t") for line in lines)]
        return Taken(figures["accepted"], figures["bytes"], figures["first_at"], figures["last_at"], letters)


@contextmanager
def opened(wanted: str, folder: Path, latency: float = 0) -> Iterator[Sink]:
    """The sink of that name, listening; `latency` in milliseconds for every reply. Raises Missing."""
    if latency and wanted != BUILT_IN:
        raise Missing(f"Only the built-in sink can be far away; leave out --latency, or --sink {wanted}.")
    port, journal = free_port(), folder / "sink.txt"
    if wanted == BUILT_IN:
        name, command = _built_in(folder)
        command += ["-j", str(journal), "-r", str(latency), str(port)]
    elif wanted == POSTFIX:
        name, command = wanted, [postfix_program("smtp-sink"), f"127.0.0.1:{port}", "1000"]
    elif "{port}" in wanted:
        name = wanted
        command = [word.format(port=port, journal=journal) for word in shlex.split(wanted)]
    else:
        yield _elsewhere(wanted)
        return
    with _running(command, port) as process:
        yield Sink(name, "127.0.0.1", port, process, journal)


def _elsewhere(wanted: str) -> Sink:
    host, _colon, port = wanted.rpartition(":")
    if not host or not port.isdigit():
        raise Missing(
            f"“{wanted}” is no sink: name built-in, smtp-sink, HOST:PORT, or a program with {{port}}."
        )
    try:
        socket.create_connection((host, int(port)), 5).close()
    except OSError as error:
        raise Missing(f"Nobody answers at {wanted}: {error.strerror or error}.") from error
    return Sink(wanted, host, int(port))


def _built_in(folder: Path) -> tuple[str, list[str]]:
    program = compiled("sink", folder)
    if program:
        return BUILT_IN, [str(program)]
    return f"{BUILT_IN}, in Python (slower: there is no C compiler)", [
        sys.executable, "-m", "tests.bench.plain_sink"
    ]  # fmt: skip


def compiled(name: str, folder: Path) -> Path | None:
    """Our C program of that name, made ready in the folder; None where there is no compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    made = folder / name
    subprocess.run([compiler, "-O2", "-o", made, HERE / f"{name}.c"], check=True)
    return made


@contextmanager
def _running(command: Sequence[str], port: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=HERE.parents[1], env=postfix_environment(),
        start_new_session=True, preexec_fn=die_with_parent,
    )  # fmt: skip
    try:
        until = time.monotonic() + 15
        while not listens(port):
            if process.poll() is not None or time.monotonic() > until:
                raise Missing(f"The sink does not start: {shlex.join(command)}")
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=15)


def listens(port: int) -> bool:
    """Whether somebody listens there on this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _cache() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "campaigns-bench" / "postfix"


def postfix_environment() -> dict[str, str]:
    """The environment in which an unpacked Postfix finds its own libraries."""
    return os.environ | {"LD_LIBRARY_PATH": str(_cache() / "usr" / "lib" / "postfix")}


def postfix_program(name: str) -> str:
    """Postfix's smtp-source or smtp-sink: the system's, else from Debian's package. Raises Missing."""
    unpacked = _cache() / "usr" / "sbin" / name
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/postfix/sbin")
    if found:
        return found
    if not unpacked.exists():
        _unpack_postfix()
    if not unpacked.exists():
        raise Missing(
            f"{name} is not here. Install Postfix (Debian: apt install postfix) to measure with it."
        )
    return str(unpacked)


def _unpack_postfix() -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        return
    _cache().mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "-qq", "download", "postfix"], cwd=_cache(), check=False, capture_output=True)
    for package in _cache().glob("postfix_*.deb"):
        subprocess.run(["dpkg", "-x", package, _cache()], check=False, capture_output=True)
        package.unlink()
