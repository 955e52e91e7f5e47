"""A small disk of its own for a test, and filling it to the last byte; needs the right to mount."""

import ctypes
import os
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


def fill_up(place: Path) -> Path:
    """Leave no room on the disk; remove the returned file to have it back."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return ballast
