"""A small disk of its own for a test, and filling it to the last byte; needs the right to mount."""

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_libc = ctypes.CDLL(None, use_errno=True)
_LAZILY = 2


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """A file system in memory of so many MB at this place; skips the test where that may not be made."""
    place.mkdir(parents=True, exist_ok=True)
    options = f"size={megabytes}m,mode=0711".encode()
    if _libc.mount(b"none", os.fsencode(place), b"tmpfs", 0, options):
        why = os.strerror(ctypes.get_errno())
        pytest.skip(f"no right to mount a small disk here ({why}); run as root")
    try:
        yield place
    finally:
        _libc.umount2(os.fsencode(place), _LAZILY)


class Ballast:
    """Leaves no room on a disk, and takes what others give back, until it is removed."""

    def __init__(self, place: Path) -> None:
        self._path = place / "ballast"
        self._over = threading.Event()
        self._full = threading.Event()
        self._thread = threading.Thread(target=self._fill, daemon=True)
        self._thread.start()
        self._full.wait(30)

    def _fill(self) -> None:
        with self._path.open("wb", buffering=0) as file:
            while not self._over.wait(0.001):
                try:
                    while True:
                        file.write(bytes(4096))
                except OSError:
                    self._full.set()

    def remove(self) -> None:
        """Give all of it back."""
        self._over.set()
        self._thread.join()
        self._path.unlink()
