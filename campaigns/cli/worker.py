"""`campaigns worker`: does the background work that the queue rings for."""

import os
import sys

import click


@click.command()
@click.option("--threads", type=click.IntRange(1, 64), default=4, show_default=True, help="Jobs at a time.")
@click.option("--queue", "queues", multiple=True, help="Only this queue; may be given again. All otherwise.")
def worker(threads: int, queues: tuple[str, ...]) -> None:
    """Do background work in the foreground; start one for each processor core."""
    # The actors stand above the application and it never imports them, so it becomes them.
    words = [sys.executable, "-m", "workers", "--threads", str(threads)]
    os.execv(sys.executable, [*words, *(word for name in queues for word in ("--queue", name))])
