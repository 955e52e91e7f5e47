"""What steers the mail server while it runs: files beside its journal, which may be changed at any time.

journal.rules    JSON: `pace`, letters it takes a second, and `rules` (see Rule) by which it misbehaves.
journal.trap     a step (see below): the next letter that comes to it is held there; the file becomes
                 journal.trapped, and the letter goes on when there is a journal.go.

The steps, in the order of a talk: greeting, ehlo, mail, rcpt, data; body (some of the letter was read), dot
(all of it, not kept yet), kept (in the journal, not answered yet), done (after the answer).
"""

import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Rule:
    """What to do at a step, for whom (a part of “<address>”) and how often.

    `do`: a reply to give instead (a 421 hangs up too), or close, reset (hang up without goodbye), silent,
    drip (from now on this connection gets one byte a second), slow (ten seconds before the answer).
    """

    at: str
    do: str
    to: str = ""
    every: int = 1  # only each so many-th time
    times: int = 1_000_000_000
    hang_up: bool = False
    seen: int = 0

    def applies(self, step: str, recipient: str) -> bool:
        """Whether it is this one's turn."""
        if self.at != step or self.to not in f"<{recipient}>" or self.times < 1:
            return False
        self.seen += 1
        if self.seen % self.every:
            return False
        self.times -= 1
        return True


@dataclass
class Steering:
    """What the files beside the journal say just now."""

    journal: Path
    pace: float = 0
    rules: list[Rule] = field(default_factory=list)
    _read: int = -1
    _next: float = 0

    def rule(self, step: str, recipient: str) -> Rule | None:
        """The first rule whose turn it is."""
        path = self.journal.with_suffix(".rules")
        try:
            changed = path.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        if changed != self._read:
            self._read = changed
            said = json.loads(path.read_text())
            self.pace = said["pace"]
            self.rules = [Rule(**rule) for rule in said["rules"]]
        return next((rule for rule in self.rules if rule.applies(step, recipient)), None)

    def turn(self) -> float:
        """How many seconds this letter is to wait, so that the pace is kept."""
        if not self.pace:
            return 0
        self._next = max(self._next + 1 / self.pace, time.monotonic())
        return self._next - time.monotonic()

    async def held(self, step: str) -> None:
        """Hold the letter that walks into the trap."""
        trap, trapped = self.journal.with_suffix(".trap"), self.journal.with_suffix(".trapped")
        try:
            if trap.read_text() != step:
                return
            trap.rename(trapped)
        except FileNotFoundError:
            return
        while not self.journal.with_suffix(".go").exists():
            await asyncio.sleep(0.02)
