"""A whole installation of its own: `campaigns run` as a process, driven by its command line and its pages."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from campaigns.processes import free_port

ADMIN = "ada@example.com"
PASSWORD = "correct horse battery"


@dataclass
class Installation:
    """One running product; `url` is where it is reached."""

    folder: Path
    environment: dict[str, str]
    url: str
    python: str = sys.executable
    process: subprocess.Popen[bytes] | None = None

    def command(self, *words: str, code: int = 0) -> str:
        """What `campaigns …` prints; fails when it ends with another exit code."""
        done = subprocess.run(
            [self.python, "-m", "campaigns.cli", *words],
            env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=240,
        )  # fmt: skip
        assert done.returncode == code, (
            f"campaigns {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done.stdout if code == 0 else done.stderr

    def answer(self, *words: str):
        """What `campaigns … --json` prints, read."""
        return json.loads(self.command(*words, "--json"))

    def start(self) -> None:
        """Start everything and wait for the one line that says so."""
        with (self.folder / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(
                [self.python, "-m", "campaigns.cli", "run"],
                env=self.environment, cwd=self.folder, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        wait_for(lambda: self.alive() and requests.get(f"{self.url}/ready", timeout=5).ok, 60, self.log)

    def alive(self) -> bool:
        """Whether it still runs; fails with its log when it ended by itself."""
        assert self.process is not None
        assert self.process.poll() is None, self.log()
        try:
            return requests.get(f"{self.url}/health", timeout=5).ok
        except requests.ConnectionError:
            return False

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(15)

    def said(self) -> str:
        """All that it wrote."""
        path = self.folder / "log.txt"
        return path.read_text(errors="replace") if path.exists() else ""

    def log(self) -> str:
        """The last of what it wrote."""
        return self.said()[-4000:]

    def signed_in(self) -> "Visitor":
        """Somebody signed in as the admin."""
        visitor = Visitor(self.url)
        answer = visitor.post("/login", email=ADMIN, password=PASSWORD)
        assert "/login" not in answer.url, answer.text[:500]
        return visitor


class Visitor:
    """A browser without scripts: keeps cookies, sends the token of the page's form."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def get(self, path: str) -> str:
        """The text of a page that must be there."""
        answer = self.session.get(self.url + path, timeout=30)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:1000]}"
        return answer.text

    def post(self, path: str, page: str = "", **form: str) -> requests.Response:
        """Send the form of `page` (the path itself if not named) as filled in."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(page or path))
        assert token
        return self.session.post(self.url + path, data=form | {"csrf_token": token[1]}, timeout=30)


@contextmanager
def installation(
    folder: Path, *, python: str = sys.executable, set_up: bool = True, **settings: str
) -> Iterator[Installation]:
    """An installation that has been set up (unless told not to) but not started; ends with the block."""
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CAMPAIGNS_")}
    environment |= {
        "CAMPAIGNS_DATA_DIR": str(folder / "data"),
        "CAMPAIGNS_PORT": port,
        "CAMPAIGNS_BASE_URL": url,
        "CAMPAIGNS_ADMIN_EMAIL": ADMIN,
        "CAMPAIGNS_ADMIN_PASSWORD": PASSWORD,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        **settings,
    }
    made = Installation(folder, environment, url, python)
    if set_up:
        made.command("init")
    try:
        yield made
    finally:
        made.stop()


def wait_for(ask: Callable[[], object], seconds: float = 30, log: Callable[[], str] = str) -> object:
    """The first true answer; fails after that time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            found = ask()
        except (requests.ConnectionError, requests.Timeout):
            found = None
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"It did not happen within {seconds} s.\n{log()}")
