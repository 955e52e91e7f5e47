"""A whole sending plant of real processes that tests kill parts of: workers, clock, queue, web, mail."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
from tests.faults import sockets

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Letter:
    """One line of the mail server's journal."""

    at: float
    to: str
    message_id: str


@dataclass
class Plant:
    """Everything that sends, each part a process; the test itself only looks and steers.

    `cut` counts the connections to the mail server that were open in what was killed: each of them may
    have left one letter uncertain. `pace` is how many letters a second the mail server takes.
    """

    folder: Path
    settings: Settings
    properties: list[tuple[str, object]] = field(default_factory=list)
    lease: float = 4.0
    pace: float = 60
    more: dict[str, str] = field(default_factory=dict)  # settings
    clock: dict[str, str] = field(default_factory=dict)  # what sets the clock of workers and clocks
    narrow: bool = False
    host: str = "127.0.0.1"
    tree: Path = ROOT  # where the code is that new parts run
    smtp_port: int = field(default_factory=free_port)
    queue_port: int = field(default_factory=free_port)
    web_port: int = field(default_factory=free_port)
    parts: dict[str, subprocess.Popen] = field(default_factory=dict)
    cut: int = 0

    # ---- parts ----

    def start(self, *, workers: int = 2) -> None:
        """Start it all but the web."""
        self.settings.broker_url = f"redis://{self.host}:{self.queue_port}/0"
        broker.use(None)
        self.start_queue()
        self.start_sink()
        self.start_clock()
        for number in range(workers):
            self.start_worker(f"worker{number}")

    def run(self, name: str, *command: str, **more: str) -> None:
        """Start one part."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.parts[name] = subprocess.Popen(
                command, cwd=self.tree, env=self.environment() | more, stdout=log, stderr=log,
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
            "CAMPAIGNS_PORT": str(self.web_port),
            "CAMPAIGNS_SMTP__HOST": self.host,
            "CAMPAIGNS_SMTP__PORT": str(self.smtp_port),
            "CAMPAIGNS_SMTP__TLS": "none",
            "CAMPAIGNS_SENDING__LEASE": str(self.lease),
            "CAMPAIGNS_SENDING__SEGMENT": "100",
            "CAMPAIGNS_SENDING__ASK_AGAIN": "2",
            "PYTHONFAULTHANDLER": "1",
            "PYTHONPATH": str(self.tree),
            **self.more,
        }

    def start_worker(self, name: str) -> None:
        """One more process that does background work."""
        self.run(name, sys.executable, "-m", "workers", "--threads", "2", **self.clock)

    def start_clock(self, name: str = "clock") -> None:
        """The process that rings."""
        self.run(name, sys.executable, "-m", "campaigns.cli", "clock", **self.clock)

    def start_web(self) -> None:
        """The pages."""
        self.run("web", sys.executable, "-m", "campaigns.cli", "web")

    def start_sink(self) -> None:
        """The mail server, writing on in the same journal."""
        program = str(Path(__file__).with_name("sink.py"))
        if not (self.folder / "journal.rules").exists():
            self.steer()
        self.run("sink", sys.executable, program, self.host, str(self.smtp_port),
                 str(self.folder / "journal.txt"), *(["--narrow"] if self.narrow else []),
                 PYTHONPATH=str(ROOT))  # fmt: skip
        wait_for(lambda: sockets.listens(self.host, self.smtp_port), 20, "mail server", self.logs)

    def start_queue(self) -> None:
        """The queue, empty."""
        folder = self.folder / "queue"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        self.run("queue", embedded.program(), "--port", str(self.queue_port), "--bind", self.host,
                 "--dir", str(folder), "--save", "", "--appendonly", "no",
                 "--protected-mode", "no")  # fmt: skip
        wait_for(lambda: sockets.listens(self.host, self.queue_port), 20, "queue", self.logs)

    def start_again(self, name: str) -> None:
        """Start a part of this name as it was started before."""
        if name.startswith("worker"):
            self.start_worker(name)
        else:
            getattr(self, f"start_{name}")()

    def kill(self, name: str, sign: int = signal.SIGKILL) -> None:
        """End a part at once; counts the connections that are cut by it."""
        part = self.parts[name]
        if sign == signal.SIGKILL and part.poll() is None:
            part.send_signal(signal.SIGSTOP)  # what is counted is what there is at its end
            hit = self.workers() if name == "sink" else [name] if name.startswith("worker") else []
            self.cut += sum(self.connections(worker) for worker in hit)
        with suppress(ProcessLookupError):
            os.killpg(part.pid, sign) if sign == signal.SIGKILL else part.send_signal(sign)
        try:
            part.wait(30)
        except subprocess.TimeoutExpired:
            part.send_signal(signal.SIGABRT)  # it writes where each of its threads stands
            part.wait(30)
            raise AssertionError(f"{name} did not end within 30 s.\n{self.logs()}") from None

    def signal(self, name: str, sign: int) -> None:
        """Send a part a signal."""
        self.parts[name].send_signal(sign)

    def workers(self) -> list[str]:
        """The names of the workers that live."""
        return [
            name for name, part in self.parts.items() if name.startswith("worker") and part.poll() is None
        ]

    def kill_one(self, chance: random.Random, *roles: str) -> str:
        """Kill a part of one of these roles at random, and start another in its place; which."""
        role = chance.choice(roles)
        name = chance.choice(self.workers()) if role == "worker" else role
        self.kill(name)
        time.sleep(chance.random() / 2)
        self.start_again(name)
        return name

    def connections(self, name: str) -> int:
        """How many connections to the mail server a part has open."""
        return sockets.connections(self.parts[name].pid, self.smtp_port)

    def flush_queue(self) -> None:
        """Empty the queue."""
        with redis.Redis(host=self.host, port=self.queue_port) as client:
            client.flushall()

    def stop(self) -> None:
        """End every part, with all that it started."""
        for part in self.parts.values():
            with suppress(ProcessLookupError):
                os.killpg(part.pid, signal.SIGKILL)
            part.wait()

    # ---- the mail server's ways ----

    def steer(self, *rules: dict[str, Any], pace: float | None = None) -> None:
        """Have the mail server follow these rules (see steering.Rule) at this pace from now on."""
        if pace is not None:
            self.pace = pace
        self._say("rules", json.dumps({"pace": self.pace, "rules": rules}))

    def trap(self, step: str) -> None:
        """Have the next letter that comes to this step held there."""
        for name in ("trapped", "go"):
            (self.folder / f"journal.{name}").unlink(missing_ok=True)
        self._say("trap", step)

    def _say(self, name: str, text: str) -> None:
        new = self.folder / "journal.new"
        new.write_text(text)
        new.rename(self.folder / f"journal.{name}")

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

    def midway(self, number: int, share: float = 0.3) -> None:
        """Wait until this share of so many was accepted; a fault that comes too late shows nothing."""
        self.accepted(round(number * share))
        self.in_the_middle(number)

    def in_the_middle(self, number: int) -> None:
        """Fail unless this moment is one at which 10 to 90 % of so many are accepted."""
        there = len(self.journal())
        assert 0.1 <= there / number <= 0.9, f"{there} of {number} at the fault: this run shows nothing"

    def status(self, campaign: Campaign) -> str:
        """Where the campaign stands."""
        return launching.fresh(campaign).status

    def ended(self, campaign: Campaign, seconds: float = 120) -> None:
        """Wait for its end."""

        def over() -> bool:
            try:
                return self.status(campaign) in (Status.SENT, Status.CANCELLED)
            except sa.exc.OperationalError:  # the test is killing the database's connections too
                return False

        wait_for(over, seconds, "end of the campaign", lambda: f"{self.state(campaign)}\n{self.logs()}")

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

    def log(self) -> str:
        """All words of the parts that work."""
        return "".join(
            path.read_text(errors="replace")
            for path in sorted(self.folder.glob("*.log"))
            if path.stem != "sink"
        )


def wait_for(ask: Callable[[], object], seconds: float, what: str, log: Callable[[], str] = str) -> None:
    """Until it is so; fails after that time."""
    until = time.monotonic() + seconds
    while not ask():
        assert time.monotonic() < until, f"No {what} within {seconds} s.\n{log()}"
        time.sleep(0.05)
