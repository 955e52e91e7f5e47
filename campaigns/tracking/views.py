"""What is answered when a link of a letter leads nowhere; good ones are answered ahead of Flask."""

from flask import Blueprint, Flask, render_template
from sqlalchemy.exc import SQLAlchemyError

from campaigns.accounts import people
from campaigns.database import reading
from campaigns.tokens import BadToken, Purpose, read
from campaigns.tracking import hits
from campaigns.web import guards

pages = Blueprint("tracking", __name__)


def register(app: Flask) -> None:
    """Answer pixels and links before Flask sees them."""
    app.wsgi_app = hits.wrap(app.wsgi_app)  # type: ignore[method-assign]


@pages.get("/c/<token>")
@guards.public
def link(token: str):
    return _nowhere(Purpose.CLICK, token)


@pages.get("/a/c/<token>")
@guards.public
def counted_link(token: str):
    return _nowhere(Purpose.COUNT_CLICK, token)


def _nowhere(purpose: Purpose, token: str):
    """404 for a link that was not made here; 503 for one of ours, when the database could not be asked."""
    try:
        with reading() as session:
            firm = people.organisation(session)
            name = firm.name if firm else ""
            return render_template("public/unknown_link.html", organisation_name=name), 404
    except SQLAlchemyError:
        status = 503 if _is_ours(purpose, token) else 404
        return render_template("public/link_away.html"), status, {"Retry-After": "120"}


def _is_ours(purpose: Purpose, token: str) -> bool:
    try:
        return len(read(purpose, token)) > 0
    except BadToken:
        return False
