"""A whole sending plant of real processes that tests kill parts of: workers, clock, queue, mail server."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import redis
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import broker, database, embedded, tokens
from campaigns import settings as settings_module
from campaigns.consent.models import Act, Basis, Consent, ConsentEvent, Purpose, Suppression
from campaigns.contacts.models import Contact
from campaigns.database import now, reading
from campaigns.delivery import accounting
from campaigns.delivery.models import Message, Segment
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

    def start(self, *, workers: int = 2, trap: tuple[str, int] = ("", 0)) -> None:
        """Start it all."""
        self.settings.broker_url = f"redis://127.0.0.1:{self.queue_port}/0"
        broker.use(None)
        self.start_queue()
        self.start_sink(*trap)
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

    def start_sink(self, trap: str = "", at: int = 0) -> None:
        """The mail server, writing on in the same journal."""
        for name in ("trapped", "go"):
            (self.folder / f"journal.{name}").unlink(missing_ok=True)
        journal = str(self.folder / "journal.txt")
        program = str(Path(__file__).with_name("sink.py"))
        self._run(
            "sink", sys.executable, program, str(self.smtp_port), journal, "--trap", trap, "--at", str(at)
        )
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

    def trapped(self, seconds: float = 40) -> None:
        """Wait until the mail server holds the letter that it was told to hold."""
        wait_for((self.folder / "journal.trapped").exists, seconds, "the trap", self.logs)

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


def fill(session: Session, number: int, *, refused: int = 0) -> tuple[set[str], set[str]]:
    """So many contacts who may be mailed, and some who may not; their addresses."""
    said = now()
    people = [f"p{n}@example.com" for n in range(number + refused)]
    session.execute(
        sa.insert(Contact),
        [
            {"email": email, "address_hash": tokens.address_hash(email), "domain": "example.com",
             "first_name": f"Person {n}"}
            for n, email in enumerate(people)
        ],
    )  # fmt: skip
    ids = {email: id_ for id_, email in session.execute(sa.select(Contact.id, Contact.email))}
    # Every seventh or so among the others, refused for one of two reasons.
    chosen = set(random.Random(1).sample(people, refused))
    unasked = {email for email in chosen if ids[email] % 2}
    asked = [email for email in people if email not in unasked]
    event = {"purpose": Purpose.MAIL, "act": Act.GRANTED, "basis": Basis.CONSENT, "source": "test",
             "method": "form", "at": said}  # fmt: skip
    session.execute(sa.insert(ConsentEvent), [{**event, "contact_id": ids[email]} for email in asked])
    written = session.execute(sa.select(ConsentEvent.contact_id, ConsentEvent.id))
    events = {row.contact_id: row.id for row in written}
    session.execute(
        sa.insert(Consent),
        [
            {"contact_id": ids[email], "purpose": Purpose.MAIL, "state": Act.GRANTED, "basis": Basis.CONSENT,
             "at": said, "event_id": events[ids[email]]}
            for email in asked
        ],
    )  # fmt: skip
    for email in chosen - unasked:
        session.add(
            Suppression(address_hash=tokens.address_hash(email), reason="unsubscribed", source="test")
        )
    session.commit()
    return set(people) - chosen, chosen


def holds(
    plant: Plant, campaign: Campaign, eligible: set[str], ineligible: set[str] = frozenset()
) -> Counter[str]:
    """The invariant; returns how many messages are in each state.

    Every eligible recipient is in the mail server's journal exactly once, or listed as uncertain and in
    it at most once; the ineligible are not; nothing was sent under two names; the equation holds.
    """
    times = Counter(letter.to for letter in plant.journal())
    with reading() as session:
        found = session.execute(
            sa.select(Message.address, Message.status).where(Message.campaign_id == campaign.id)
        )
        status = {row.address: row.status for row in found}
    twice = [address for address, number in times.items() if number > 1]
    assert not twice, f"mailed twice: {twice[:5]}"
    assert not ineligible & times.keys()
    assert {address for address in ineligible if status.get(address) != "skipped"} == set()
    lost = [a for a in eligible if times[a] != 1 and status.get(a) != "uncertain"]
    assert not lost, f"neither mailed nor uncertain: {[(a, status.get(a)) for a in lost[:5]]}"
    wrong = [
        a for a in eligible if (status.get(a) == "sent") is not (times[a] == 1 and status[a] != "uncertain")
    ]
    assert not wrong, f"journal and database disagree: {[(a, status.get(a), times[a]) for a in wrong[:5]]}"
    assert len({letter.message_id for letter in plant.journal()}) == len(plant.journal())
    account = launching.account(campaign)
    assert account.open == 0
    return Counter(status.values())


__all__ = ["Letter", "Plant", "database", "fill", "holds", "settings_module", "wait_for"]
