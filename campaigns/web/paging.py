"""Pages by key: the next page starts after the last row seen, however many came before."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from flask import request

from campaigns.errors import BadInput
from campaigns.words import _

T = TypeVar("T")
SIZE = 50


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows of a list, and the addresses of the pages beside it."""

    items: Sequence[T]
    next_url: str | None = None
    first_url: str | None = None

    prev_url = property(lambda self: self.first_url)


def after(*kinds: type) -> list[Any] | None:
    """The key of the row after which this page starts, from `?after=`; None on the first page.

    `kinds` are the types of its parts. Raises BadInput for what no page of this list gave.
    """
    given = request.args.get("after")
    if not given:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(given.encode("ascii", "replace") + b"=="))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise BadInput(_("This page of the list can't be found. Go back to the first one.")) from error
    if not isinstance(key, list) or (kinds and tuple(map(type, key)) != kinds):
        raise BadInput(_("This page of the list can't be found. Go back to the first one."))
    return key


def page(rows: Sequence[T], key: Callable[[T], Sequence[Any]], size: int = SIZE) -> Page[T]:
    """A page out of up to `size + 1` rows that were fetched; `key` gives what the next starts after."""
    items = rows[:size]
    more = len(rows) > size
    return Page(
        items=items,
        next_url=further(key(items[-1])) if more else None,
        first_url=first(),
    )


def further(key: Sequence[Any]) -> str:
    """The address of the page that starts after this key."""
    return _here(after=_pack(key))


def first() -> str | None:
    """The address of the first page; None when this is it."""
    return _here(after=None) if request.args.get("after") else None


def _pack(key: Sequence[Any]) -> str:
    raw = json.dumps(list(key), default=str, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _here(**changes: str | None) -> str:
    """This address with some of its query changed or left out."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in changes]
    kept += [(name, value) for name, value in changes.items() if value is not None]
    return f"{request.path}?{urlencode(kept)}" if kept else request.path
