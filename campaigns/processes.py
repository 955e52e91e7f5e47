"""Processes that end with the one that started them, and finding a free door for a server.

`python -m campaigns.processes PID MODULE …` runs a module so that it ends with its starter, that process.
"""

import ctypes
import errno
import gc
import os
import runpy
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_PR_SET_PDEATHSIG = 1
_NEVER_LENT = range(10_000, 32_000)  # ports; Linux lends from 32,768 on, others from 49,152 on
_USUAL = gc.get_threshold()
_SELDOM = 300_000, 2, 2  # objects made and not gone again; rounds until those that stayed are looked at, too
_counting, _seldom = threading.Lock(), 0  # how many pieces of work want it so
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(sign: int = signal.SIGTERM, parent: int | None = None) -> None:
    """Have this process sent `sign` when its parent is gone, however that ended.

    The kernel sees to it on Linux, across an exec too; elsewhere a thread looks each second. `parent`: who it
    was, as it may be gone before this is called, and then somebody else is the parent by now.
    """
    parent = parent or os.getppid()
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, sign, 0, 0, 0)
        if os.getppid() != parent:  # it went before the kernel knew
            os.kill(os.getpid(), sign)
    else:
        threading.Thread(target=_look_after, args=(parent, sign), daemon=True).start()


def _look_after(parent: int, sign: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), sign)


@contextmanager
def loading() -> Iterator[None]:
    """For imports and making the application: what they make stays, so nothing of it is looked at as garbage.

    Looking takes a tenth of their time. Later a full look through a web process takes 0.1 to 0.3 s, in which
    no page is answered: what has been loaded by then is left out of it.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """For work that holds thousands of rows at a time: looking through them for garbage is a quarter of it.

    The whole process looks for garbage more seldom meanwhile: `collect_young` is to be called after each
    portion, when its rows are let go.
    """
    global _seldom
    with _counting:
        _seldom += 1
        gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        with _counting:
            _seldom -= 1
            if not _seldom:
                gc.set_threshold(*_USUAL)


def collect_young() -> None:
    """Look for garbage among what was made since this was done last."""
    gc.collect(0)


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on just now, below those that a system lends to outgoing connections.

    One of the lent ones may be some connection's by the time the server comes to listen on it.

    Raises:
        OSError: none was found.
    """
    for port in secrets.SystemRandom().sample(_NEVER_LENT, 100):
        if is_free(host, port):
            return port
    raise OSError(errno.EADDRINUSE, f"No free port was found on {host}")


if __name__ == "__main__":
    starter = int(sys.argv[1])
    del sys.argv[:2]
    die_with_parent(parent=starter)
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
