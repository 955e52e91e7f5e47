"""Processes whose clock is set by the test, by clock.c; the mail server's and PostgreSQL's stay right."""

import shutil
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass
class Clock:
    """What time it is for the processes that are told; its files stand in a folder of the test's."""

    folder: Path

    def __post_init__(self) -> None:
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            pytest.skip(
                "no C compiler to make the clock that can be set (Debian: apt-get install gcc libc6-dev)"
            )
        source = Path(__file__).with_name("clock.c")
        made = subprocess.run(
            [compiler, "-shared", "-fPIC", "-O2", "-o", self._library, source],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            pytest.skip(f"the clock that can be set does not compile here: {made.stderr.strip()[-200:]}")
        self._offset.write_bytes(bytes(8))

    @property
    def _library(self) -> Path:
        return self.folder / "clock.so"

    @property
    def _offset(self) -> Path:
        return self.folder / "clock.offset"

    @property
    def environment(self) -> dict[str, str]:
        """What such a process is told."""
        return {"LD_PRELOAD": str(self._library), "CLOCK_OFFSET": str(self._offset)}

    def set(self, seconds: float) -> None:
        """So many seconds before or after the real time from now on."""
        with self._offset.open("r+b") as file:
            file.write(struct.pack("=q", round(seconds * 1e9)))

    def set_to(self, moment: float) -> None:
        """This moment, in seconds since 1970, now."""
        self.set(moment - time.time())
