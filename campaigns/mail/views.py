"""Captured mail, to be looked at: the list of letters, one letter from all sides, its HTML in a sandbox."""

import re
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_security import current_user

from campaigns import settings
from campaigns.errors import BadInput, Forbidden
from campaigns.mail import notices, reading
from campaigns.mail.capture import CapturedMail
from campaigns.mail.transport import transport_name
from campaigns.web import guards, paging
from campaigns.words import _

pages = Blueprint("mailbox", __name__, url_prefix="/mailbox")

_SHOWN = ("letter", "text", "source", "headers")
_MOST_SOURCE = 500_000
# A letter is somebody's HTML: it runs nothing, submits nothing, and is of no origin. Links may open tabs.
_LETTER_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src 'self' data: http: https:; font-src https: data:; form-action 'none'; frame-ancestors 'self'"
)
_HEAD = re.compile(rb"<head\b[^>]*>", re.IGNORECASE)


@pages.get("/")
@guards.role("admin", "marketer")
def index() -> str:
    """What was captured, newest first."""
    after = paging.after()
    search = request.args.get("q", "").strip()[:200]
    letters = _mailbox().newest(paging.SIZE + 1, _place(after) if after else None, search)
    return render_template(
        "pages/mail/index.html",
        page=paging.page(letters, lambda letter: letter.place),
        search=search,
        road=transport_name(settings.current()),
    )


@pages.get("/<key>")
@guards.role("admin", "marketer")
def show(key: str) -> str:
    """One letter: as mail programs show it, as text, as bytes, or its headers."""
    mailbox = _mailbox()
    raw = _letter(key)
    view = request.args.get("view", "letter")
    return render_template(
        "pages/mail/show.html",
        letter=mailbox.find(key),
        opened=reading.opened(raw),
        source=raw[:_MOST_SOURCE].decode("utf-8", "replace") if view == "source" else "",
        view=view if view in _SHOWN else "letter",
        phone=request.args.get("width") == "phone",
    )


@pages.get("/<key>/html")
@guards.role("admin", "marketer")
def html(key: str) -> Response:
    """A letter's HTML part by itself, for the frame on its page; links open a new tab."""
    page = reading.opened(_letter(key)).html.encode("utf-8", "replace")
    head = _HEAD.search(page)
    start = head.end() if head else 0
    answer = Response(page[:start] + b'<base target="_blank">' + page[start:], mimetype="text/html")
    answer.headers["Content-Security-Policy"] = _LETTER_POLICY
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@pages.get("/<key>.eml")
@guards.role("admin", "marketer")
def download(key: str) -> Response:
    """A letter as the file that mail programs open."""
    answer = Response(_letter(key), mimetype="message/rfc822")
    answer.headers["Content-Disposition"] = f'attachment; filename="{key}.eml"'
    return answer


@pages.post("/clear")
@guards.role("admin", "marketer")
def clear() -> Any:
    """Forget all letters."""
    _mailbox().clear()
    flash(_("All captured letters are gone."), "success")
    return redirect(url_for("mailbox.index"))


def _mailbox() -> CapturedMail:
    return CapturedMail(settings.current().data_dir)


def _letter(key: str) -> bytes:
    """A letter's bytes. Raises Forbidden for private ones: a link in them may open another's account."""
    raw = _mailbox().read(key)
    mark = ": ".join(notices.PRIVATE).encode()
    if mark in raw.partition(b"\r\n\r\n")[0].split(b"\r\n") and not current_user.may("admin"):
        raise Forbidden(_("This letter is about somebody's account. Only administrators open it here."))
    return raw


def _place(after: list[Any]) -> tuple[str, int]:
    match after:
        case [str(day), int(offset)]:
            return day, offset
    raise BadInput(_("This page of the list can't be found. Go back to the first one."))
