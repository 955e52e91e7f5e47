"""Addresses of static files that change with their content, so that browsers may keep them for a year."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request

_YEAR = 365 * 24 * 3600


def register(app: Flask) -> None:
    """Give every `url_for("static", …)` the mark of its file's content, and let marked answers be kept."""
    app.url_defaults(_stamp)
    app.after_request(_keep)


def _stamp(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint != "static" or "filename" not in values:
        return
    path = Path(str(current_app.static_folder), values["filename"])
    try:
        values["v"] = _mark(path, path.stat().st_mtime_ns)
    except OSError:
        return  # the file is missing; the answer will say so


@lru_cache(maxsize=256)
def _mark(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def _keep(response: Response) -> Response:
    if request.endpoint == "static" and "v" in request.args and response.status_code in (200, 304):
        response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    return response
