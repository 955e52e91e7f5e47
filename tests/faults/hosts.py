"""Other machines: network namespaces behind a bridge, each with processes, a process table and a folder."""

import itertools
import os
import shutil
import subprocess
from dataclasses import dataclass, field

import pytest

_numbers = itertools.count()


def _ip(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=False)


@dataclass
class Hosts:
    """Some hosts that reach us at `address`, and nothing else; names are this test's own."""

    number: int = field(default_factory=lambda: os.getpid() % 50_000 * 4 + next(_numbers) % 4)
    made: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Ours, on the bridge. 198.18.0.0/15 is set aside for tests (RFC 2544)."""
        return self._address(1)

    def _address(self, host: int) -> str:
        net = self.number % 2**13 * 16 + host
        return f"198.{18 + (net >> 16)}.{net >> 8 & 255}.{net & 255}"

    def make(self, number: int) -> None:
        """Make so many; skips the test where that may not be done."""
        missing = [name for name in ("ip", "unshare") if shutil.which(name) is None]
        if missing:
            pytest.skip(f"{' and '.join(missing)} not found (Debian: apt-get install iproute2 util-linux)")
        self._do("link", "add", self._bridge, "type", "bridge")
        self._do("addr", "add", f"{self.address}/28", "dev", self._bridge)
        self._do("link", "set", self._bridge, "up")
        for host in range(number):
            name = self.name(host)
            self._do("netns", "add", name)
            self.made.append(name)
            self._do("link", "add", self._cable(host), "type", "veth", "peer", "name", "eth0", "netns", name)
            self._do("link", "set", self._cable(host), "master", self._bridge, "up")
            self._do("-n", name, "addr", "add", f"{self._address(host + 2)}/28", "dev", "eth0")
            self._do("-n", name, "link", "set", "eth0", "up")
            self._do("-n", name, "link", "set", "lo", "up")

    @property
    def _bridge(self) -> str:
        return f"cb{self.number}"

    def _cable(self, host: int) -> str:
        return f"cv{self.number}-{host}"

    def name(self, host: int) -> str:
        """Of its namespace."""
        return f"campaigns-{self.number}-{host}"

    def within(self, host: int) -> tuple[str, ...]:
        """The words before a command by which it runs on that host, as the first of its processes."""
        return (
            "unshare",
            "--fork",
            "--pid",
            "--kill-child",
            "--mount-proc",
            "ip",
            "netns",
            "exec",
            self.name(host),
        )

    def cut_off(self, host: int) -> None:
        """Pull its cable: nothing arrives any more in either direction, and nobody is told."""
        self._do("link", "set", self._cable(host), "nomaster")

    def heal(self, host: int) -> None:
        """Plug it in again."""
        self._do("link", "set", self._cable(host), "master", self._bridge)

    def remove(self) -> None:
        """Take everything down."""
        for host, name in enumerate(self.made):
            _ip("link", "del", self._cable(host))
            _ip("netns", "del", name)
        _ip("link", "del", self._bridge)

    def _do(self, *words: str) -> None:
        done = _ip(*words)
        if done.returncode:
            pytest.skip(f"no right to make a network here (ip {' '.join(words[:3])}: {done.stderr.strip()})")
