"""`campaigns web`: the pages and the API, served by granian."""

import gc
from typing import Any

import click

from campaigns import logs, processes, settings

# How many new objects there may be before they are looked through for garbage, and how many such looks
# before the older ones and all are. A list of fifty contacts makes ten thousand objects that live as long as
# the page: with Python's 700 they soon pass for old, and one page in six waited 0.1 s for a look at all; with
# 50,000 one in eight waited 0.07 s, as memory has gone cold by then. So a look takes 2 ms, and one at all 30.
_GARBAGE = (5_000, 10, 20)


@click.command()
@click.option(
    "--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="Server processes."
)
def web(processes: int) -> None:
    """Serve the pages in the foreground, on HOST and PORT as set."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    chosen = settings.current()
    Granian(
        f"{__name__}:application",
        factory=True,
        interface=Interfaces.WSGI,
        address=chosen.host,
        port=chosen.port,
        workers=processes,
        blocking_threads=chosen.web_threads,
        websockets=False,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=5,
    ).serve()


def application() -> Any:
    """The WSGI application in one of granian's processes, which ends with granian."""
    processes.die_with_parent()
    logs.configure("web")
    gc.set_threshold(*_GARBAGE)
    with processes.loading():
        from campaigns.app import create_app

        return create_app()
