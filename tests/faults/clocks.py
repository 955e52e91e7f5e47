"""Processes whose clock is set by the test, through libfaketime; the database server's stays as it is."""

import shutil
import subprocess
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest


@cache
def _library() -> Path | None:
    """Debian's libfaketime: installed, or unpacked from its package if there is a way to it."""
    for place in (Path("/usr/lib"), Path("/usr/local/lib")):
        for found in place.glob("**/libfaketimeMT.so.1"):
            return found
    if not shutil.which("apt-get"):
        return None
    folder = Path(__file__).parents[2] / ".venv" / "faketime"
    folder.mkdir(exist_ok=True)
    quiet = {"cwd": folder, "capture_output": True, "check": False}
    if not list(folder.glob("**/libfaketimeMT.so.1")):
        subprocess.run(["apt-get", "download", "libfaketime"], timeout=60, **quiet)  # type: ignore[call-overload]
        for package in folder.glob("libfaketime_*.deb"):
            subprocess.run(["dpkg", "-x", package, folder], **quiet)  # type: ignore[call-overload]
    return next(folder.glob("**/libfaketimeMT.so.1"), None)


@dataclass
class Clock:
    """What time it is for the processes that are told."""

    path: Path

    def __post_init__(self) -> None:
        if _library() is None:
            pytest.skip(
                "libfaketime is not there and could not be fetched (Debian: apt-get install libfaketime)"
            )
        self.set(0)

    @property
    def environment(self) -> dict[str, str]:
        """What such a process is told. Waiting goes by the steady clock, which nobody sets."""
        return {
            "LD_PRELOAD": str(_library()),
            "FAKETIME_TIMESTAMP_FILE": str(self.path),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",
            "NO_FAKE_STAT": "1",
        }

    def set(self, seconds: float) -> None:
        """So many seconds before or after the real time from now on."""
        new = self.path.with_suffix(".new")
        new.write_text(f"{seconds:+.3f}\n")
        new.rename(self.path)

    def set_to(self, moment: float) -> None:
        """This moment, in seconds since 1970, now."""
        self.set(moment - time.time())
