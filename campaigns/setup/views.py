"""The first-run page, and the page after it."""

import hmac
from typing import Any

from flask import Blueprint, Flask, current_app, flash, g, redirect, render_template, request, url_for
from flask_security import current_user, login_user

from campaigns import jobs
from campaigns.accounts import people
from campaigns.accounts.models import Role
from campaigns.database import reading, transaction
from campaigns.errors import BadInput
from campaigns.setup import founding
from campaigns.web import guards
from campaigns.words import _

pages = Blueprint("setup", __name__)
_OPEN_BEFORE = {"setup.first_run", "health.alive", "health.ready"}


def lead_there(app: Flask) -> None:
    """Lead everybody to the first-run page until it is done; afterwards load the organisation's settings."""
    app.before_request(_lead)


def _lead() -> Any:
    if request.endpoint == "static":
        return None
    if request.endpoint not in _OPEN_BEFORE and not _founded():
        return redirect(url_for("setup.first_run"))
    if current_user.is_authenticated:
        with reading() as session:
            ours = people.organisation(session)
        if ours is not None:
            g.organisation, g.timezone, g.organisation_language = ours, ours.timezone, ours.language
    return None


def _founded() -> bool:
    """Whether the first run is done; once it is, nobody asks the database again."""
    known: dict[str, bool] = current_app.extensions.setdefault("setup", {"done": False})
    if not known["done"]:
        with reading() as session:
            known["done"] = founding.is_founded(session)
    return known["done"]


@pages.route("/setup", methods=["GET", "POST"])
@guards.public
def first_run() -> Any:
    """Ask for the admin, the firm, the sender and the tracking question; once."""
    if _founded():
        return redirect(url_for("security.login"))
    if request.method == "GET":
        return _form({}, {})
    form = request.form.to_dict()
    try:
        user_id = _found(form)
    except BadInput as error:
        return _form(form, {_FIELDS.get(error.field, error.field): error.message}), 422
    founding.code_path().unlink(missing_ok=True)
    login_user(current_app.extensions["security"].datastore.find_user(id=user_id), authn_via=["setup"])
    return redirect(url_for("setup.welcome"))


# The columns of an organisation and a user, as the form calls them.
_FIELDS = {
    "email": "admin_email",
    "password": "admin_password",
    "name": "firm_name",
    "track_opens": "tracking",
}


def _found(form: dict[str, str]) -> int:
    if _from_elsewhere() and not hmac.compare_digest(form.get("code", "").encode(), founding.code().encode()):
        raise BadInput(
            _("The code is not right. It stands in the file “setup-code” of the data folder."), field="code"
        )
    given = founding.Founding(
        **{name: form.get(name, "") for name in founding.Founding.__dataclass_fields__ if name in form}
    )
    with transaction() as session:
        return founding.found(session, given).id


def _from_elsewhere() -> bool:
    """Whether the browser runs on another machine: whoever comes first must not become the admin."""
    proxied = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return proxied or request.remote_addr not in ("127.0.0.1", "::1", None)


def _form(form: dict[str, str], errors: dict[str, str]) -> str:
    ask_code = _from_elsewhere()
    if ask_code:
        founding.code()
    return render_template("pages/accounts/setup.html", form=form, errors=errors, ask_code=ask_code)


@pages.get("/welcome")
@guards.role(Role.ADMIN)
def welcome() -> str:
    """Sample data, or one's own contacts."""
    return render_template("pages/accounts/welcome.html")


@pages.post("/welcome/sample")
@guards.role(Role.ADMIN)
def sample() -> Any:
    """Fill in the sample data in the background."""
    with transaction() as session:
        jobs.ring(session, jobs.FILL_SAMPLE)
    flash(_("Sample data is being filled in; this page shows more each time you load it."), "info")
    return redirect("/")
