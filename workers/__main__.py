"""One worker process: takes jobs off the queue until it is told to stop, then finishes what it does.

Letters have a thread of their own, one a process, that keeps many connections busy; everything else
shares the others, so that an import never waits for a campaign.
"""

import argparse
import ctypes
import os
import signal
import sys
import threading
from contextlib import suppress

import sqlalchemy as sa
import structlog
from dramatiq import Worker

from campaigns import broker, jobs, logs, processes

_ARENA_MAX = -8  # malloc.h
_TURN = 0.0005  # seconds that a thread may go on while another waits; Python's are ten times as long
_FINISHING = 7_000  # milliseconds: the supervisor waits a little longer


def main() -> None:
    """Work until SIGTERM or Ctrl-C."""
    _keep_to_two_heaps()
    sys.setswitchinterval(_TURN)  # else a mail server's answer waits while another thread reads and writes
    parser = argparse.ArgumentParser(prog="campaigns worker")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--queue", action="append", default=[])
    given = parser.parse_args()
    logs.configure("worker")
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())

    with processes.loading():
        import workers  # noqa: F401 - declares the actors, now that the log is set up

    _recall_erasures()
    asked = set(given.queue) or {job.queue for job in jobs.ALL}
    letters = {jobs.SEND_SEGMENT.queue}
    lanes = [(asked & letters, 1), (asked - letters, given.threads)]
    lines = [
        Worker(broker.current(), queues=queues, worker_threads=number) for queues, number in lanes if queues
    ]
    for line in lines:
        line.start()
    structlog.get_logger().info("working", threads=given.threads)
    stop.wait()
    ends = [threading.Thread(target=line.stop, args=(_FINISHING,)) for line in lines]
    for end in ends:
        end.start()
    for end in ends:
        end.join()
    # A job that is still at it would keep the process; its lease in the database runs out instead.
    os._exit(0)


def _recall_erasures() -> None:
    """Before the first letter: a backup that was put back may hold people who were erased since."""
    from campaigns.rights import remembering

    with suppress(sa.exc.OperationalError):  # the database is away, letters wait for it as well
        remembering.recall()


def _keep_to_two_heaps() -> None:
    """glibc gives each thread a heap of its own; two take a tenth less memory and are no slower."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 2)


if __name__ == "__main__":
    main()
