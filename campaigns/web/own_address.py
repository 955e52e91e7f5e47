"""Links that leave in letters name our own address as it is set, never the one a request claims."""

from urllib.parse import urlsplit

from flask import Flask
from flask.globals import request_ctx

from campaigns import settings


def register(app: Flask) -> None:
    """Build every full address from the settings.

    Whoever asks for another's password reset chooses the Host header, and must not choose where
    the link in that letter leads.
    """
    app.before_request(_bind)


def _bind() -> None:
    adapter = request_ctx.url_adapter
    if adapter is not None:
        ours = urlsplit(settings.current().base_url)
        adapter.url_scheme, adapter.server_name = ours.scheme, ours.netloc
