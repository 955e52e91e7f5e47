"""Protection every room may need to speak of: CSRF (and exemptions from it), sizes and rate limits."""

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_security import current_user
from flask_wtf import CSRFProtect

from campaigns import settings

csrf = CSRFProtect()
limiter = Limiter(get_remote_address, strategy="moving-window")

LARGEST_FORM = 4 * 1024 * 1024
LARGEST_FILE = 512 * 1024 * 1024


def takes_files(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view to which those who are signed in may send large files."""
    view.__takes_files__ = True  # type: ignore[attr-defined]
    return view


def register(app: Flask) -> None:
    """Demand a CSRF token of every form, and throttle signing in per network address and account."""
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a page may stay open over lunch; the session still ends it
    # Of the whole request: a form that is no multipart is read into memory in one piece.
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_FORM, MAX_FORM_MEMORY_SIZE=LARGEST_FORM)
    app.before_request(_let_files_in)  # ahead of CSRF, which reads the form
    csrf.init_app(app)
    url = settings.current().broker_url
    app.config["RATELIMIT_STORAGE_URI"] = url if url.startswith(("redis://", "rediss://")) else "memory://"
    app.config["RATELIMIT_SWALLOW_ERRORS"] = True  # a queue that is away must not lock people out
    limiter.init_app(app)
    for endpoint in ("security.login", "security.forgot_password", "security.two_factor_token_validation"):
        if endpoint in app.view_functions:
            app.view_functions[endpoint] = _throttled(app.view_functions[endpoint])


def _let_files_in() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "__takes_files__", False) and current_user.is_authenticated:
        request.max_content_length = LARGEST_FILE


def _throttled(view: Any) -> Any:
    per_address = limiter.limit("30 per minute; 200 per hour", methods=["POST"])(view)
    return limiter.limit("10 per minute; 60 per hour", key_func=_account, methods=["POST"])(per_address)


def _account() -> str:
    return "account:" + request.form.get("email", get_remote_address()).strip().lower()[:254]
