"""Pixels and links answered ahead of Flask, in microseconds: one line in the journal, then the reply.

A pixel is the same picture whatever the token, so that nobody learns from it whether a letter,
a contact or a campaign exists. What a hit means, and whether it may be kept at all, is asked
afterwards, when the journal is brought into the database.
"""

import base64
import ipaddress
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import structlog

from campaigns.tokens import BadToken, Purpose, read
from campaigns.tracking import flushing
from campaigns.tracking.journal import Journal
from campaigns.tracking.links import Links
from campaigns.tracking.machines import TRAP
from campaigns.tracking.models import HitKind

log = structlog.get_logger()

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")  # 43 bytes
_UNKEPT = [
    ("Cache-Control", "no-store, no-cache, must-revalidate, private, max-age=0"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Content-Security-Policy", "default-src 'none'"),
    ("X-Robots-Tag", "noindex, nofollow"),
]
_PICTURE = [
    ("Content-Type", "image/gif"),
    ("Content-Length", str(len(PIXEL))),
    ("Pragma", "no-cache"),
    ("Expires", "0"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
    *_UNKEPT,
]
_LONGEST_TOKEN = 120


def wrap(app: Wsgi) -> "Layer":
    """The application with pixels and links answered before it."""
    return Layer(app)


class Layer:
    """A WSGI application: `/o/…` and `/a/o/…` are pixels, `/c/…` and `/a/c/…` links; it hands the rest on."""

    def __init__(self, app: Wsgi) -> None:
        self._app = app
        self._links = Links()
        self._journal: Journal | None = None

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a pixel or a link; hand everything else, and every link that leads nowhere, on."""
        path: str = environ.get("PATH_INFO", "")
        if path[:3] in ("/o/", "/c/", "/a/") and environ.get("REQUEST_METHOD") in ("GET", "HEAD"):
            if path.startswith(("/o/", "/a/o/")):
                return self._picture(path, environ, start_response)
            if path.startswith(("/c/", "/a/c/")):
                address = self._click(path, environ)
                if address is not None:
                    start_response("302 Found", [("Location", address), ("Content-Length", "0"), *_UNKEPT])
                    return []
        return self._app(environ, start_response)

    def _picture(self, path: str, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        named = path.startswith("/o/")
        purpose = Purpose.OPEN if named else Purpose.COUNT_OPEN
        numbers = _numbers(purpose, path.rpartition("/")[2].removesuffix(".gif"), 1)
        if numbers:
            self._write(environ, HitKind.OPEN, named, numbers[0], 0)
        start_response("200 OK", list(_PICTURE))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [PIXEL]

    def _click(self, path: str, environ: Environ) -> str | None:
        """The address to redirect to; None when the link leads nowhere."""
        named = path.startswith("/c/")
        purpose = Purpose.CLICK if named else Purpose.COUNT_CLICK
        numbers = _numbers(purpose, path.rpartition("/")[2], 2)
        if not numbers:
            return None
        subject, position = numbers
        find = self._links.of_message if named else self._links.of_campaign
        try:
            address = find(subject, position)
        except LookupError:
            if position == TRAP:
                self._write(environ, HitKind.CLICK, named, subject, position)
            return None
        except Exception as error:  # the database is away; the page behind says so
            log.error("no address for a link", exc_info=error)
            return None
        self._write(environ, HitKind.CLICK, named, subject, position)
        return address

    def _write(self, environ: Environ, kind: str, named: bool, subject: int, position: int) -> None:
        """Keep the hit. The answer is given even when that fails: a letter's links must work."""
        try:
            self._own_journal().write(
                kind,
                subject if named else None,
                None if named else subject,
                position,
                environ["REQUEST_METHOD"],
                _network(environ.get("REMOTE_ADDR", "")) if named else "",
                environ.get("HTTP_USER_AGENT", ""),
            )
        except OSError as error:
            log.error("a hit was not kept", exc_info=error)

    def _own_journal(self) -> Journal:
        if self._journal is None:
            self._journal = flushing.start()
        return self._journal


def _numbers(purpose: Purpose, token: str, count: int) -> tuple[int, ...]:
    """What the token names; nothing when it was not made here."""
    if len(token) > _LONGEST_TOKEN:
        return ()
    try:
        numbers = read(purpose, token)
    except BadToken:
        return ()
    return numbers if len(numbers) == count else ()


@lru_cache(maxsize=4096)  # mail programs and proxies come again and again
def _network(address: str) -> str:
    """The network of an address (/24, or /48 of IPv6): enough to know machines by, less than a person."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((known, 24 if known.version == 4 else 48), strict=False))
