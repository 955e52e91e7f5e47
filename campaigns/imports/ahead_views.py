"""Looking ahead before an import is started, and undoing it afterwards."""

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, url_for
from flask_security import current_user

from campaigns.accounts import audit
from campaigns.accounts.models import Role
from campaigns.contacts import undoing as changes
from campaigns.contacts.models import ImportStatus
from campaigns.database import reading, transaction
from campaigns.errors import BadInput
from campaigns.imports import running, steering, undoing, views
from campaigns.web import guards

pages = Blueprint("imports_ahead", __name__, url_prefix="/imports")

_AT_ONCE = 300_000  # bytes of a file that is looked through before the page answers
_FEW = 500  # contacts that are taken back before the page answers


@pages.post("/<int:import_id>/ahead")
@guards.role(Role.MARKETER)
def look_ahead(import_id: int) -> Any:
    """Say what would be new and what would change, with nothing stored; large files in the background."""
    choices = views.choices()
    try:
        with transaction() as session:
            import_ = views.one(session, import_id)
            views.remap(import_)
            steering.look_ahead(session, import_, choices)
            small = import_.bytes_total <= _AT_ONCE
    except BadInput as error:
        return views.refused_start(import_id, choices, error)
    if small:
        running.run(import_id)
    return redirect(url_for("imports.show", import_id=import_id, _anchor="difference"))


@pages.post("/<int:import_id>/stop")
@guards.role(Role.MARKETER)
def stop(import_id: int) -> Any:
    """Look no further ahead."""
    with transaction() as session:
        steering.stop_looking(session, views.one(session, import_id))
    return redirect(url_for("imports.show", import_id=import_id))


@pages.post("/<int:import_id>/undo")
@guards.role(Role.MARKETER)
def undo(import_id: int) -> Any:
    """Take back what the import brought, unless it was touched since."""
    with transaction() as session:
        import_ = views.one(session, import_id)
        work = undoing.start(session, import_, current_user)
        few = import_.created + import_.updated <= _FEW
        audit.note(
            session, "import.undo", f"import:{import_id}", file=import_.filename, created=import_.created
        )
    if few:
        changes.run(work.id)
    return redirect(url_for("imports.show", import_id=import_id))


@pages.get("/<int:import_id>/undoing")
@guards.role(Role.MARKETER)
def progress(import_id: int) -> Any:
    """How far undoing is; asks for the whole page at the end."""
    with reading() as session:
        import_ = views.one(session, import_id)
        fragment = render_template("pages/imports/_undoing.html", import_=import_, undone=import_.undone)
        answer = make_response(fragment)
    if import_.status != ImportStatus.UNDOING:
        answer.headers["HX-Refresh"] = "true"
    return answer
