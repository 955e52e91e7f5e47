"""Who may open a view: every view wears exactly one of these marks; a house test looks for it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import abort
from flask_security import current_user

View = Callable[..., Any]


def public(view: View) -> View:
    """Anybody, signed in or not: public pages and what mail programs fetch."""
    view.__guard__ = "public"  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Everybody with an account."""
    return _guarded(view, "signed in", lambda user: True)


def role(*roles: str) -> Callable[[View], View]:
    """Those who have one of these roles; admins may open everything."""

    def mark(view: View) -> View:
        return _guarded(view, " or ".join(roles), lambda user: user.may(*roles))

    return mark


def _guarded(view: View, name: str, allowed: Callable[[Any], bool]) -> View:
    @wraps(view)
    def asked(*args: Any, **kwargs: Any) -> Any:
        if not current_user.is_authenticated:
            abort(401)
        if not allowed(current_user):
            abort(403)
        return view(*args, **kwargs)

    asked.__guard__ = name  # type: ignore[attr-defined]
    return asked
