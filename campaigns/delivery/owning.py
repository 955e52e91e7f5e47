"""Who holds a lease: one run in one process on one machine, and whether that process still lives."""

import itertools
import os
import platform
from functools import cache
from pathlib import Path

_runs = itertools.count(1)


def new() -> str:
    """A name for one run of this process: `machine:pid:start:run`."""
    pid = os.getpid()
    return f"{_machine()}:{pid}:{_started(pid)}:{next(_runs)}"


def gone(owner: str) -> bool:
    """Whether the process that chose this name has surely ended; False when that can't be seen from here.

    A wrong answer costs time, never a second letter: the fence decides who may send.
    """
    machine, _colon, rest = owner.partition(":")
    parts = rest.split(":")
    if machine != _machine() or len(parts) != 3 or not parts[0].isdigit():
        return False
    return _started(int(parts[0])) != parts[1]


@cache
def _machine() -> str:
    """This machine since its last start, as seen from this container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:13]
        return f"{boot}.{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return platform.node().replace(":", "")[:60]


def _started(pid: int) -> str:
    """When the process started, so that a number that is used again is told apart; empty: it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "" if Path("/proc/self").exists() else _alive(pid)
    return "" if stat[0] in "ZX" else stat[19]


def _alive(pid: int) -> str:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "alive"
