"""What is answered when something can't be done: a page, a fragment or JSON, each in plain words."""

from typing import Any

import structlog
from flask import Flask, current_app, g, jsonify, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException

from campaigns.errors import PersonError
from campaigns.words import _

log = structlog.get_logger()


def register(app: Flask) -> None:
    """Answer every error of this application in plain words."""
    app.register_error_handler(PersonError, _person_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    for kind in (DataError, OverflowError, UnicodeEncodeError):
        app.register_error_handler(kind, _unfit)
    app.register_error_handler(OperationalError, _away)
    app.register_error_handler(Exception, _surprise)


def _person_error(error: PersonError) -> Any:
    return _answer(error.status, error.message, error.problems)


def _csrf_error(_error: CSRFError) -> Any:
    return _answer(400, _("This page had been open for too long. Load it again and repeat what you did."))


def _http_error(error: HTTPException) -> Any:
    status = error.code or 500
    if status == 401 and request.method == "GET" and not (_by_program() or request.headers.get("HX-Request")):
        return redirect(url_for("security.login", next=request.full_path.rstrip("?")))
    if status < 400 or error.response is not None:
        return error
    return _answer(status, _sentence(status))


def _unfit(error: Exception) -> Any:
    """What no database keeps: numbers of a hundred digits, NUL and half characters in text."""
    log.warning("unfit", path=request.path, error=str(error)[:200])
    said = _("A number is too large here, or a text holds signs that can't be kept. Correct it.")
    return _answer(422, said)


def _away(error: OperationalError) -> Any:
    """The database can't be reached, or another writer kept it locked for too long."""
    log.error("database away", path=request.path, error=str(error.orig))
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined] # it can't say who asks
    return _answer(503, _sentence(503))


def _surprise(error: Exception) -> Any:
    log.error("unexpected", path=request.path, exc_info=error)
    return _answer(500, _sentence(500))


def _sentence(status: int) -> str:
    return {
        400: _("This request was not understood."),
        401: _("Please sign in first."),
        403: _("Your role does not allow this. Ask an administrator if you need it."),
        404: _("There is nothing at this address. It may have been removed."),
        405: _("This address does not work that way."),
        413: _("That is more than can be taken at once."),
        503: _("The database does not answer at the moment. Nothing was lost; try again in a minute."),
        429: _("That was asked too often. Wait a minute, then try again."),
    }.get(status, _("Something went wrong on our side. It has been written down; please try again."))


def _by_program() -> bool:
    return request.path.startswith("/api/")


def _answer(status: int, message: str, problems: list[str] | None = None) -> Any:
    if request.headers.get("HX-Request"):
        return render_template(
            "pages/errors/_fragment.html", message=message, problems=problems or []
        ), status
    if _by_program() or request.accept_mimetypes.best == "application/json":
        return jsonify(error=message, problems=problems or []), status
    page = render_template("pages/errors/error.html", status=status, message=message, problems=problems or [])
    return page, status
