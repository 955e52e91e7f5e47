"""A PostgreSQL server for each test, so that it may be stopped, killed, starved and started again."""

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from campaigns.processes import die_with_parent, free_port
from tests import servers


@dataclass
class Postgresql:
    """One server in a folder; what it committed outlives its processes, as in production."""

    folder: Path
    programs: Path
    user: str | None
    listen: str = "127.0.0.1"
    port: int = 0
    process: subprocess.Popen | None = None

    @classmethod
    def made(cls, folder: Path) -> "Postgresql":
        """A new, empty one that is not started yet."""
        # PostgreSQL refuses root.
        user = next(filter(servers._is_user, ("postgres", "nobody")), None) if os.geteuid() == 0 else None
        made = cls(folder, servers._postgresql_programs(folder if user else None), user)
        made._own()
        subprocess.run(
            [made.programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust",
             "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            check=True, capture_output=True, cwd=folder, **made._as_user(),
        )  # fmt: skip
        hosts = folder / "data" / "pg_hba.conf"
        hosts.write_text(hosts.read_text() + "host all all all trust\n")
        return made

    def copied(self, folder: Path, **more: Any) -> "Postgresql":
        """Another one with the same content; this one must be stopped."""
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", self.folder / "data", folder / "data"], check=True)
        made = Postgresql(folder, self.programs, self.user, **more)
        made._own()
        return made

    @property
    def url(self) -> str:
        """Of its one database, over TCP."""
        return f"postgresql+psycopg://postgres@{self.listen}:{self.port}/postgres"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.port = self.port or free_port(self.listen)
        options = {
            "listen_addresses": self.listen, "port": self.port, "unix_socket_directories": "",
            "fsync": "off", "jit": "off", "max_connections": 200, "shared_buffers": "32MB",
            "min_wal_size": "32MB", "max_wal_size": "256MB",
        }  # fmt: skip
        command = [self.programs / "postgres", "-D", self.folder / "data"]
        command += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        until = time.monotonic() + 60
        while True:
            with (self.folder / "log").open("ab") as log:
                self.process = subprocess.Popen(
                    command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
                    preexec_fn=lambda: die_with_parent(signal.SIGINT), **self._as_user(),
                )  # fmt: skip
            while self.process.poll() is None:
                if self._answers():
                    return
                assert time.monotonic() < until, (self.folder / "log").read_text()[-2000:]
                time.sleep(0.05)
            # What a killed one leaves behind is in the way for a moment.
            assert time.monotonic() < until, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.2)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url.replace("+psycopg", ""), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, sign: int = signal.SIGINT) -> None:
        """End it: SIGINT closes all connections, SIGQUIT is as good as a crash."""
        if self.process is None:
            return
        self.process.send_signal(sign)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(10)
        self.process = None

    def revive(self) -> None:
        """Start it again if it gave up."""
        if not self._answers():
            self.stop(signal.SIGQUIT)
            self.start()

    def cut_off(self) -> int:
        """End every connection but our own; how many."""
        return self.ask(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )

    def ask(self, question: str) -> Any:
        """The one answer to a question in SQL."""
        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
            row = connection.execute(question).fetchone()  # type: ignore[arg-type]
            return row[0] if row else None

    def connection(self) -> psycopg.Connection:
        """A connection beside all others, to hold locks with."""
        return psycopg.connect(self.url.replace("+psycopg", ""))

    def _own(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.user:
            shutil.chown(self.folder, self.user)

    def _as_user(self) -> dict[str, Any]:
        return {"user": self.user, "extra_groups": []} if self.user else {}
