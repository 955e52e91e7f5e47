"""Who listens, and who is connected, asked of the network itself."""

import os
import socket
from contextlib import suppress
from pathlib import Path

_STATES = ("01", "04", "05", "08")  # of TCP, as /proc/net/tcp says them: open, or closed on one side only


def listens(host: str, port: int) -> bool:
    """Whether somebody does."""
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def connections(pid: int, port: int) -> int:
    """How many connections to this port a process has open; its own network's table is asked."""
    its_own = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            its_own.add(os.readlink(handle))
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return sum(
        row[2].endswith(f":{port:04X}") and row[3] in _STATES and f"socket:[{row[9]}]" in its_own
        for row in rows
    )
