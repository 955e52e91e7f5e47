"""OpenDKIM as a second opinion on signatures."""

import shutil
import struct
import subprocess
import sys
from pathlib import Path

_JAIL = Path(__file__).parent / "opendkim_jail.py"


class OpenDkim:
    """OpenDKIM's own program, in a world whose DNS holds one public key.

    `works` is false where it is not installed, or namespaces may not be made (that needs root).
    """

    def __init__(self, record: str) -> None:
        jail = ["unshare", "--mount", "--net", sys.executable, str(_JAIL), record]
        there = shutil.which("opendkim-testmsg") and shutil.which("unshare")
        command = jail if there else [sys.executable, "-c", ""]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.works = self._process.stdout.readline() == b"ready\n"

    def objection(self, raw: bytes) -> str:
        """What it has against the message; nothing when the signature is good."""
        self._process.stdin.write(struct.pack(">I", len(raw)) + raw)
        self._process.stdin.flush()
        return self._process.stdout.readline().decode().strip()

    def close(self) -> None:
        """End the program."""
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(10)
