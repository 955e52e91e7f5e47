"""A whole sending plant of real processes that tests kill parts of: workers, clock, queue, mail server."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import redis
import sqlalchemy as sa

from campaigns import broker, embedded
from campaigns.database import reading
from campaigns.delivery import accounting
from campaigns.delivery.models import Segment
from campaigns.mailings.models import Campaign, Status
from campaigns.processes import die_with_parent, free_port
from campaigns.settings import Settings
from tests.delivery import launching

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Letter:
    """One line of the mail server's journal."""

    at: float
    to: str
    message_id: str


@dataclass
class Plant:
    """Everything that sends, each part a process; the test itself only looks and steers."""

    folder: Path
    settings: Settings
    lease: float = 4.0
    more: dict[str, str] = field(default_factory=dict)
    smtp_port: int = field(default_factory=free_port)
    queue_port: int = field(default_factory=free_port)
    parts: dict[str, subprocess.Popen] = field(default_factory=dict)

    # ---- parts ----

    def start(self, *, workers: int = 2) -> None:
        """Start it all."""
        self.settings.broker_url = f"redis://127.0.0.1:{self.queue_port}/0"
        broker.use(None)
        self.start_queue()
        self.start_sink()
        self.start_clock()
        for number in range(workers):
            self.start_worker(f"worker{number}")

    def _run(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.parts[name] = subprocess.Popen(
                [*command], cwd=ROOT, env=self.environment(), stdout=log, stderr=log,
                start_new_session=True, preexec_fn=lambda: die_with_parent(signal.SIGKILL),
            )  # fmt: skip

    def environment(self) -> dict[str, str]:
        """What each part is told."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CAMPAIGNS_")}
        return kept | {
            "CAMPAIGNS_DATA_DIR": str(self.settings.data_dir),
            "CAMPAIGNS_DATABASE_URL": self.settings.database_url,
            "CAMPAIGNS_BROKER_URL": self.settings.broker_url,
            "CAMPAIGNS_SECRET_KEY": self.settings.secret_key.get_secret_value(),
            "CAMPAIGNS_BASE_URL": self.settings.base_url,
            "CAMPAIGNS_SMTP__HOST": "127.0.0.1",
            "CAMPAIGNS_SMTP__PORT": str(self.smtp_port),
            "CAMPAIGNS_SMTP__TLS": "none",
            "CAMPAIGNS_SENDING__LEASE": str(self.lease),
            "CAMPAIGNS_SENDING__SEGMENT": "100",
            "CAMPAIGNS_SENDING__ASK_AGAIN": "2",
            "PYTHONPATH": str(ROOT),
            **self.more,
        }

    def start_worker(self, name: str, threads: int = 2) -> None:
        """One more process that does background work."""
        self._run(name, sys.executable, "-m", "workers", "--threads", str(threads))

    def start_clock(self) -> None:
        """The process that rings."""
        self._run("clock", sys.executable, "-m", "campaigns.cli", "clock")

    def start_sink(self) -> None:
        """The mail server, writing on in the same journal."""
        program = str(Path(__file__).with_name("sink.py"))
        self._run("sink", sys.executable, program, str(self.smtp_port), str(self.folder / "journal.txt"))
        wait_for(lambda: _listens(self.smtp_port), 20, "the mail server")

    def start_queue(self) -> None:
        """The queue, empty."""
        folder = self.folder / "queue"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        self._run("queue", embedded.program(), "--port", str(self.queue_port), "--bind", "127.0.0.1",
                  "--dir", str(folder), "--save", "", "--appendonly", "no")  # fmt: skip
        wait_for(lambda: _listens(self.queue_port), 20, "the queue")

    def kill(self, name: str, sign: int = signal.SIGKILL) -> None:
        """End a part at once."""
        self.parts[name].send_signal(sign)
        self.parts[name].wait(30)

    def signal(self, name: str, sign: int) -> None:
        """Send a part a signal."""
        self.parts[name].send_signal(sign)

    def workers(self) -> list[str]:
        """The names of the workers that live."""
        return [
            name for name, part in self.parts.items() if name.startswith("worker") and part.poll() is None
        ]

    def kill_a_worker(self, chance: random.Random) -> None:
        """Kill one at random and start another in its place."""
        name = chance.choice(self.workers())
        self.kill(name)
        self.start_worker(name)

    def flush_queue(self) -> None:
        """Empty the queue."""
        with redis.Redis(port=self.queue_port) as client:
            client.flushall()

    def stop(self) -> None:
        """End every part."""
        for part in self.parts.values():
            if part.poll() is None:
                part.kill()
                part.wait()

    # ---- traps of the mail server ----

    def trap(self, step: str) -> None:
        """Have the next letter that comes to this step held there."""
        for name in ("trapped", "go"):
            (self.folder / f"journal.{name}").unlink(missing_ok=True)
        new = self.folder / "journal.new"
        new.write_text(step)
        new.rename(self.folder / "journal.trap")

    def trapped(self, seconds: float = 60) -> None:
        """Wait until a letter is held."""
        wait_for((self.folder / "journal.trapped").exists, seconds, "letter in the trap", self.logs)

    def let_go(self) -> None:
        """Let it go on with that letter."""
        (self.folder / "journal.go").touch()

    # ---- looking ----

    def journal(self) -> list[Letter]:
        """What the mail server accepted, in order."""
        path = self.folder / "journal.txt"
        lines = path.read_text().splitlines() if path.exists() else []
        return [
            Letter(float(at), to, message_id) for at, to, message_id in (line.split("\t") for line in lines)
        ]

    def accepted(self, number: int, seconds: float = 60) -> None:
        """Wait until the mail server accepted at least so many."""
        wait_for(lambda: len(self.journal()) >= number, seconds, f"{number} letters", self.logs)

    def status(self, campaign: Campaign) -> str:
        """Where the campaign stands."""
        return launching.fresh(campaign).status

    def ended(self, campaign: Campaign, seconds: float = 90) -> None:
        """Wait for its end."""

        def over() -> bool:
            try:
                return self.status(campaign) in (Status.SENT, Status.CANCELLED)
            except sa.exc.OperationalError:  # the test is killing the database's connections too
                return False

        wait_for(over, seconds, "the end of the campaign", lambda: f"{self.state(campaign)}\n{self.logs()}")

    def state(self, campaign: Campaign) -> str:
        """For a test that failed: what the database says."""
        with reading() as session:
            account = accounting.account(session, campaign.id)
            parts = session.execute(
                sa.select(Segment.id, Segment.due_at, Segment.lease_until, Segment.owner).where(
                    Segment.campaign_id == campaign.id, Segment.due_at.is_not(None)
                )
            ).all()
        row = launching.fresh(campaign)
        return f"{row.status} {row.pause_reason} planned={row.planned_at} {account} {parts[:5]}"

    def logs(self) -> str:
        """The last words of every part."""
        return "\n".join(
            f"--- {path.stem}\n{path.read_text(errors='replace')[-1500:]}"
            for path in sorted(self.folder.glob("*.log"))
        )


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(ask: Callable[[], object], seconds: float, what: str, log: Callable[[], str] = str) -> None:
    """Until it is so; fails after that time."""
    until = time.monotonic() + seconds
    while not ask():
        assert time.monotonic() < until, f"No {what} within {seconds} s.\n{log()}"
        time.sleep(0.05)
