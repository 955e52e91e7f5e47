"""Protection every room may need to speak of: CSRF (and exemptions from it) and rate limits."""

from typing import Any

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect

from campaigns import settings

csrf = CSRFProtect()
limiter = Limiter(get_remote_address, strategy="moving-window")


def register(app: Flask) -> None:
    """Demand a CSRF token of every form, and throttle signing in per network address and account."""
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a page may stay open over lunch; the session still ends it
    csrf.init_app(app)
    url = settings.current().broker_url
    app.config["RATELIMIT_STORAGE_URI"] = url if url.startswith(("redis://", "rediss://")) else "memory://"
    app.config["RATELIMIT_SWALLOW_ERRORS"] = True  # a queue that is away must not lock people out
    limiter.init_app(app)
    for endpoint in ("security.login", "security.forgot_password", "security.two_factor_token_validation"):
        if endpoint in app.view_functions:
            app.view_functions[endpoint] = _throttled(app.view_functions[endpoint])


def _throttled(view: Any) -> Any:
    per_address = limiter.limit("30 per minute; 200 per hour", methods=["POST"])(view)
    return limiter.limit("10 per minute; 60 per hour", key_func=_account, methods=["POST"])(per_address)


def _account() -> str:
    return "account:" + request.form.get("email", get_remote_address()).strip().lower()[:254]
