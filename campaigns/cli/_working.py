"""Long work that this command does itself, with a bar while it lasts."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_EVERY = 0.5  # seconds


@contextmanager
def bar(what: str, look: Callable[[], tuple[int, int]], *, quiet: bool = False) -> Iterator[None]:
    """Show how far it is, by `look` (done, of how many), on a terminal; none elsewhere."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield
        return
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    ended = threading.Event()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)

        def watch() -> None:
            while not ended.wait(_EVERY):
                done, total = look()
                progress.update(task, completed=done, total=total or None)

        watching = threading.Thread(target=watch, daemon=True)
        watching.start()
        try:
            yield
        finally:
            ended.set()
            watching.join()
