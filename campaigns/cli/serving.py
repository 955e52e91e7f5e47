"""The supervisor: starts each role in a session of its own, starts it again when it dies, ends all of them.

A role is a Python module run as a child process. A signal meant for us never reaches the children by
itself (a Ctrl-C would cut them off in the middle of a letter); they are told to finish, in order.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

ENOUGH = 8.0  # seconds that roles get to finish what they do; with the queue's own it stays below ten
_STEADY = 30.0  # seconds after which a role counts as well started
_LONGEST_PAUSE = 30.0


@dataclass
class Role:
    """One child process: what it runs, and how it fares."""

    name: str
    words: Sequence[str]  # module and arguments
    ends_last: bool = False
    quiet: bool = False  # its words are kept, not shown
    process: subprocess.Popen[str] | None = None
    started: float = 0.0
    falls: int = 0  # in a row, without a steady run between
    again_at: float = 0.0
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=20))

    @property
    def alive(self) -> bool:
        """Whether it runs just now."""
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Keeps roles running until it is asked to stop."""

    def __init__(
        self, environment: Mapping[str, str], tell: Callable[[str], None], *, prefixed: bool
    ) -> None:
        self.roles: list[Role] = []
        self._environment = dict(environment)
        self._tell = tell
        self._prefixed = prefixed
        self._asked = threading.Event()

    def listen_for_the_end(self) -> None:
        """Let Ctrl-C, SIGTERM and a closed terminal ask us to stop; a second time cuts it short."""
        signs = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asks not to listen to that
            signs.append(signal.SIGHUP)
        for sign in signs:
            signal.signal(sign, lambda *_: self._kill_all() if self._asked.is_set() else self._asked.set())

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._asked.is_set()

    def start(self, name: str, *words: str, ends_last: bool = False, quiet: bool = False) -> Role:
        """Start a role and keep it running from now on."""
        role = Role(name, words, ends_last, quiet)
        self.roles.append(role)
        self._start(role)
        return role

    def wait_for(self, role: Role, ready: Callable[[], bool], seconds: float = 60) -> bool:
        """Wait until `ready()`; False when the role keeps falling, time is up or we were asked to stop."""
        until = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < until and role.falls < 3:
            if ready():
                return True
            self._look_after_all()
            self._asked.wait(0.05)
        return False

    def keep_running(self) -> None:
        """Start again whatever dies, until asked to stop."""
        while not self._asked.wait(0.1):
            self._look_after_all()

    def drop(self, role: Role) -> None:
        """End one role and forget it."""
        self.roles.remove(role)
        self._end([role], 2.0)

    def stop(self) -> None:
        """End every role: first those that work, then those that they need."""
        self._asked.set()
        self._end([role for role in self.roles if not role.ends_last], ENOUGH)
        self._end([role for role in self.roles if role.ends_last], 1.5)

    def _start(self, role: Role) -> None:
        command = [sys.executable, "-m", "campaigns.processes", str(os.getpid()), *role.words]
        role.process = subprocess.Popen(
            command, env=self._environment, start_new_session=True, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        role.started = time.monotonic()
        role.again_at = 0.0
        threading.Thread(target=self._pass_on, args=(role, role.process), daemon=True).start()

    def _pass_on(self, role: Role, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            role.tail.append(line)
            if role.quiet:
                continue
            sys.stderr.write(f"{role.name:8} | {line}" if self._prefixed else line)
            sys.stderr.flush()

    def _look_after_all(self) -> None:
        for role in self.roles:
            if role.alive:
                continue
            if not role.again_at:
                self._plan_again(role)
            elif time.monotonic() >= role.again_at:
                self._start(role)

    def _plan_again(self, role: Role) -> None:
        steady = time.monotonic() - role.started > _STEADY
        role.falls = 1 if steady else role.falls + 1
        pause = min(0.25 * 2**role.falls, _LONGEST_PAUSE)
        role.again_at = time.monotonic() + pause
        _kill_session(role)  # what it started itself must not stand in the way of the next one
        self._tell(f"{role.name} ended ({_how(role)}); starting it again in {pause:g} s.")

    def _end(self, roles: Sequence[Role], seconds: float) -> None:
        until = time.monotonic() + seconds
        for role in roles:
            if role.process and role.alive:
                role.process.terminate()
        for role in roles:
            if role.process:
                with suppress(subprocess.TimeoutExpired):
                    role.process.wait(max(0.0, until - time.monotonic()))
            _kill_session(role)

    def _kill_all(self) -> None:
        for role in self.roles:
            _kill_session(role)


def _kill_session(role: Role) -> None:
    """End the role and whatever is left of what it started."""
    if role.process is None:
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(role.process.pid, signal.SIGKILL)
    role.process.wait()


def _how(role: Role) -> str:
    code = role.process.returncode if role.process else 0
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
