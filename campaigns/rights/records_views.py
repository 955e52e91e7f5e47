"""Settings → Records of processing: a page to read, print and fetch, and what the firm adds to it."""

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for

from campaigns.accounts.models import Role
from campaigns.database import moment, now, reading, transaction
from campaigns.errors import BadInput
from campaigns.rights import records
from campaigns.web import guards
from campaigns.words import _

pages = Blueprint("records", __name__, url_prefix="/settings/records")


@pages.get("/")
@guards.role(Role.ADMIN)
def show() -> Any:
    """The record as a page, or as a file with `?as=json`."""
    if request.args.get("as") == "json":
        with reading() as session:
            answer = jsonify(records.gathered(session))
        answer.headers["Content-Disposition"] = 'attachment; filename="records-of-processing.json"'
        return answer
    return _show({}, {})


def _show(form: dict[str, str], errors: dict[str, str]) -> str:
    with reading() as session:
        found, own = records.gathered(session), records.own_words(session)
    counted_at = found["counted_at"]
    return render_template(
        "pages/rights/records.html",
        found=found,
        counted_at=moment(counted_at) if counted_at else None,
        form=form or own,
        errors=errors,
        now=now(),
    )


@pages.post("/")
@guards.role(Role.ADMIN)
def change() -> Any:
    """Keep what only the firm can know."""
    form = request.form.to_dict()
    try:
        with transaction() as session:
            records.change(session, form)
    except BadInput as error:
        return _show(form, {error.field: error.message}), error.status
    flash(_("Kept."), "success")
    return redirect(url_for("records.show"))
