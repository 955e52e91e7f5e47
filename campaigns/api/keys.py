"""Who asks: every address of the API wears `scope`, and wants a key that has it (RFC 6750)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import g, request

from campaigns.accounts import keys
from campaigns.accounts.models import ApiKey
from campaigns.errors import Forbidden
from campaigns.web.protection import limiter
from campaigns.words import _

View = Callable[..., Any]
_PACE = "600 per minute"


def scope(wanted: keys.Scope) -> Callable[[View], View]:
    """Let in whose key has that scope: 401 without a good key, 403 with one that is for other things."""

    def mark(view: View) -> View:
        paced = limiter.limit(_PACE, key_func=_said)(view)

        @wraps(view)
        def asked(*args: Any, **kwargs: Any) -> Any:
            key = _given()
            if key is None:
                said = _("Send a key that is good, as “Authorization: Bearer ck_…”.")
                return {"error": said, "problems": []}, 401, {"WWW-Authenticate": "Bearer"}
            if wanted not in key.scopes:
                raise Forbidden(_("This key is not for that. Ask an administrator for another."))
            g.api_key = key
            return paced(*args, **kwargs)

        asked.__guard__ = f"key: {wanted}"  # type: ignore[attr-defined]
        return asked

    return mark


def _given() -> ApiKey | None:
    said = _said()
    return keys.find(said) if said else None


def _said() -> str:
    kind, _space, said = request.headers.get("Authorization", "").partition(" ")
    return said.strip() if kind.lower() == "bearer" else ""
