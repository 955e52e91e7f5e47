"""Settings → Other programs: the keys by which they ask."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_security import current_user

from campaigns.accounts import audit, keys
from campaigns.accounts.models import Role
from campaigns.database import reading, transaction
from campaigns.errors import BadInput
from campaigns.web import guards
from campaigns.words import _

pages = Blueprint("keys", __name__, url_prefix="/settings/keys")


@pages.get("/")
@guards.role(Role.ADMIN)
def index() -> str:
    """All keys, and where a new one is made."""
    return _index({}, {})


@pages.post("/")
@guards.role(Role.ADMIN)
def create() -> Any:
    """A new key: this page is the only one that ever shows it."""
    given = request.form
    try:
        with transaction() as session:
            key, said = keys.make(session, given.get("name", ""), given.getlist("scopes"), current_user.id)
            audit.note(session, "key.create", f"api_key:{key.id}", name=key.name, scopes=key.scopes)
    except BadInput as error:
        return _index(given, {error.field: error.message}), 422
    return _index({}, {}, said)


@pages.post("/<int:key_id>/revoke")
@guards.role(Role.ADMIN)
def revoke(key_id: int) -> Any:
    """From now on it opens nothing."""
    with transaction() as session:
        key = keys.revoke(session, key_id)
        audit.note(session, "key.revoke", f"api_key:{key.id}", name=key.name)
    flash(_("“%(name)s” can ask nothing any more.", name=key.name), "success")
    return redirect(url_for("keys.index"))


def _index(given: Any, errors: dict[str, str], said: str = "") -> str:
    with reading() as session:
        return render_template(
            "pages/accounts/keys.html",
            keys=keys.everything(session),
            scopes=keys.scopes(),
            chosen=given.getlist("scopes") if given else [],
            given=given,
            errors=errors,
            said=said,
        )
