"""A real browser for tests and people: Debian's Chromium, what axe finds on a page, and pictures of pages.

`python -m tests.browser shots BASE_URL --user E --password P --out DIR path...` signs in and takes each path
in light, in dark and at 390 px, and prints what axe found.
"""

import argparse
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urljoin

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, ViewportSize, sync_playwright

QUIET = (
    "--no-sandbox",
    "--no-first-run",
    "--no-pings",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-features=OptimizationHints,MediaRouter,Translate,CertificateTransparencyComponentUpdater",
    "--metrics-recording-only",
)
DESKTOP: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
NARROW: ViewportSize = {"width": 320, "height": 640}
LOOKS: tuple[tuple[str, Literal["light", "dark"], ViewportSize], ...] = (
    ("light", "light", DESKTOP),
    ("dark", "dark", DESKTOP),
    ("phone", "light", PHONE),
)
ONLY_WRONG = {"resultTypes": ["violations"]}  # what is in order is counted, not described: twice as quick
# target-size belongs to WCAG 2.2 AA, and axe leaves it off unless asked.
AXE_OPTIONS = ONLY_WRONG | {"rules": {"target-size": {"enabled": True}}}
COLOURS = ONLY_WRONG | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
# A request that a newer one took the place of: htmx writes both of these for each.
REPLACED = ("htmx:sendAbort", "htmx:afterRequest")
SETTLED = """theme => document.documentElement.dataset.bsTheme === theme
    && !document.getAnimations().some(one => one.playState === "running")"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def chromium_path() -> str | None:
    """Where Chromium is on this machine, if it is."""
    named = os.environ.get("CHROMIUM")
    return (
        named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    )


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium that talks to nobody but the pages it is sent to."""
    path = chromium_path()
    if path is None:
        raise RuntimeError("No Chromium on PATH. Install it, or name it in CHROMIUM.")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        try:
            yield started
        finally:
            started.close()


def axe_problems(page: Page, options: dict[str, Any] = AXE_OPTIONS) -> list[str]:
    """One line for each thing axe objects to on the page as it stands now."""
    found: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {' '.join(map(str, node['target']))} — {_first_sentence(node)}"
        for rule in found
        for node in rule["nodes"]
    ]


def sideways_pixels(page: Page) -> int:
    """How far the page scrolls sideways; 0 is what it must be, at 320 px too."""
    return int(page.evaluate(SIDEWAYS))


def settle(page: Page, theme: Literal["light", "dark"]) -> None:
    """Show the page in that theme, and wait until it wears it and no colour is on its way to another.

    Raises playwright's TimeoutError when it does not come to rest.
    """
    page.emulate_media(color_scheme=theme)
    page.wait_for_function(SETTLED, arg=theme)


def wrong_in_any_look(page: Page) -> list[str]:
    """What axe finds on the page in light, and in dark of its colours, and how far it scrolls at 320 px."""
    settle(page, "dark")
    wrong = [f"dark: {problem}" for problem in axe_problems(page, COLOURS)]
    settle(page, "light")
    wrong += axe_problems(page)
    usual = page.viewport_size or DESKTOP
    page.set_viewport_size(NARROW)
    wrong += [f"{over} px sideways at 320 px"] if (over := sideways_pixels(page)) else []
    page.set_viewport_size(usual)
    return wrong


def sign_in(page: Page, base_url: str, email: str, password: str) -> None:
    """Sign in through the page, as a person does.

    Raises RuntimeError with what the page said when it did not work.
    """
    page.goto(urljoin(base_url, "/login"))
    page.fill('input[name="email"]', email)
    page.fill('input[name="password"]', password)
    page.click('main button[type="submit"], main input[type="submit"]')
    page.wait_for_load_state()
    if page.url.split("?")[0].endswith("/login"):
        raise RuntimeError("Signing in did not work: " + page.inner_text("main"))


def shoot(
    browser_: Browser, base_url: str, paths: list[str], out: Path, *, who: tuple[str, str] | None
) -> int:
    """Take every path in three guises, print what is wrong, and say how many problems there were."""
    out.mkdir(parents=True, exist_ok=True)
    problems = 0
    state: Any = None
    for name, scheme, viewport in LOOKS:
        context = browser_.new_context(
            color_scheme=scheme, viewport=viewport, storage_state=state, reduced_motion="reduce"
        )
        page = context.new_page()
        if who and state is None:
            sign_in(page, base_url, *who)
            state = context.storage_state()
        complaints = listen(page)
        for path in paths:
            complaints.clear()
            wrong = _visit(page, urljoin(base_url, path)) + complaints
            _picture(page, viewport, out / f"{_file_name(path)}-{name}.png")
            problems += len(wrong)
            print(f"{'ok ' if not wrong else 'BAD'} {name:5} {path}", *wrong, sep="\n      ", flush=True)
        context.close()
    return problems


def listen(page: Page) -> list[str]:
    """A list that grows with whatever the page's console complains of.

    A request that fails says so with words of its own besides.
    """
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(REPLACED):
            complaints.append(f"console: {message.text}")

    def hear_crash(error: Error) -> None:
        complaints.append(f"script: {error}")

    page.on("console", hear)
    page.on("pageerror", hear_crash)
    return complaints


def _visit(page: Page, address: str) -> list[str]:
    """Open the page and say what is wrong with it, at this size and at 320 px."""
    answer = page.goto(address, wait_until="load")
    page.wait_for_timeout(700)  # charts and live parts
    wrong = axe_problems(page)
    if answer is None or answer.status >= 400:
        wrong.append(f"answered {answer.status if answer else 'nothing'}")
    usual = page.viewport_size
    page.set_viewport_size(NARROW)
    page.wait_for_timeout(150)
    if over := sideways_pixels(page):
        wrong.append(f"scrolls sideways by {over} px at 320 px")
    page.set_viewport_size(usual or DESKTOP)
    return wrong


def _picture(page: Page, viewport: ViewportSize, to: Path) -> None:
    """The whole page in a window as tall as it, so that what is fixed to an edge stays at that edge."""
    height = int(page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": viewport["width"], "height": max(viewport["height"], min(height, 6000))})
    page.wait_for_timeout(150)
    page.screenshot(path=str(to))
    page.set_viewport_size(viewport)


def _first_sentence(node: dict[str, Any]) -> str:
    summary = node.get("failureSummary") or node.get("html", "")
    return " ".join(summary.split())[:300]


def _file_name(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "front"


def main() -> int:
    """The command line of this module."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    shots = verbs.add_parser("shots", help="pictures of pages, and what axe says of them")
    shots.add_argument("base_url")
    shots.add_argument("paths", nargs="+")
    shots.add_argument("--user")
    shots.add_argument("--password")
    shots.add_argument("--out", type=Path, default=Path("shots"))
    given = parser.parse_args()
    who = (given.user, given.password) if given.user else None
    with browser() as started:
        problems = shoot(started, given.base_url, given.paths, given.out, who=who)
    print(f"{problems} problems; pictures in {given.out}/")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
