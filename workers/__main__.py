"""One worker process: takes jobs off the queue until it is told to stop, then finishes what it does."""

import argparse
import os
import signal
import threading

import structlog
from dramatiq import Worker

from campaigns import broker, logs

_FINISHING = 7_000  # milliseconds: the supervisor waits a little longer


def main() -> None:
    """Work until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="campaigns worker")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--queue", action="append", default=[])
    given = parser.parse_args()
    logs.configure("worker")
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())

    import workers  # noqa: F401 - declares the actors, now that the log is set up

    worker = Worker(broker.current(), queues=set(given.queue) or None, worker_threads=given.threads)
    worker.start()
    structlog.get_logger().info("working", threads=given.threads)
    stop.wait()
    worker.stop(timeout=_FINISHING)
    # A job that is still at it would keep the process; its lease in the database runs out instead.
    os._exit(0)


if __name__ == "__main__":
    main()
