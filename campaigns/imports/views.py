"""Imports: upload a file, see how it is read, say where it comes from, watch it, take back refused rows."""

import json
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, send_file, url_for
from flask_security import current_user
from sqlalchemy.orm import Session

from campaigns.accounts import audit
from campaigns.accounts.models import Role
from campaigns.contacts import fields, tagging
from campaigns.contacts.models import Category, Import, ImportStatus, Tag
from campaigns.database import reading, transaction
from campaigns.errors import BadInput, NotFound
from campaigns.imports import (
    cleaning,
    files,
    layouts,
    offering,
    own_fields,
    plan,
    refusals,
    rehearsing,
    steering,
    targets,
    telling,
    uploading,
)
from campaigns.imports.mapping import Incoming
from campaigns.web import guards, pace, paging, protection
from campaigns.words import _, ngettext

pages = Blueprint("imports", __name__, url_prefix="/imports")

_OFFERED = 60  # categories and tags to tick; others are typed
_MOVING = (ImportStatus.QUEUED, ImportStatus.RUNNING, ImportStatus.CHECKING)


@pages.get("/")
@guards.role(Role.MARKETER)
def index():
    """All imports, newest first, and the place to drop a file."""
    with reading() as session:
        listed = sa.select(Import).order_by(Import.id.desc()).limit(paging.SIZE + 1)
        if after := paging.after(int):
            listed = listed.where(Import.id < after[0])
        page = paging.page(session.scalars(listed).all(), lambda one: [one.id])
        return render_template("pages/imports/index.html", page=page)


@pages.post("/")
@guards.role(Role.MARKETER)
@protection.takes_files
def upload():
    """Keep the file and look how it is written."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise BadInput(_("Choose a file first."), field="file")
    kept = files.keep(file.stream)
    with transaction() as session:
        import_ = uploading.receive(session, kept, file.filename, current_user.id)
        import_id = import_.id
    return redirect(url_for("imports.show", import_id=import_id))


@pages.get("/<int:import_id>")
@guards.role(Role.MARKETER)
def show(import_id: int):
    """What is to be settled before the start; from then on, how far it is and what came of it."""
    with reading() as session:
        import_ = one(session, import_id)
        if import_.status == ImportStatus.CHECKING:
            return render_template("pages/imports/checking.html", import_=import_, **_progress(import_, ""))
        if import_.status == ImportStatus.UPLOADED:
            return _prepare(session, import_, dict(import_.choices), {})
        return render_template(
            "pages/imports/show.html",
            import_=import_,
            rule=_rule(import_),
            tally=import_.difference.get("run", {}),
            named=plan.names_us(session, import_.choices.get("wording") or ""),
            **telling.for_pages(session),
            **telling.of_undoing(session, import_),
            **_progress(import_, ""),
        )


def _rule(import_: Import) -> str:
    """The audience of all who wear what this import gave to everybody."""
    given = (("category", import_.choices.get("categories")), ("tag", import_.choices.get("tags")))
    return " and ".join(
        f"{field}:{json.dumps(name, ensure_ascii=False)}" for field, names in given for name in names or ()
    )


@pages.get("/<int:import_id>/progress")
@guards.role(Role.MARKETER)
def progress(import_id: int):
    """The moving part of the page; asks for the whole page when the state has changed."""
    with reading() as session:
        import_ = one(session, import_id)
        answer = make_response(
            render_template(
                "pages/imports/_progress.html",
                import_=import_,
                **_progress(import_, request.args.get("since", "")),
            )
        )
    if import_.status != request.args.get("status"):
        answer.headers["HX-Refresh"] = "true"
    return answer


def _progress(import_: Import, since: str) -> dict[str, Any]:
    return {
        "pace": pace.of(import_.rows_read, import_.bytes_done, import_.bytes_total, since),
        "moving": import_.status in _MOVING,
        "refusals": refusals,
        "refused_file": uploading.file_of_refused(import_),
        "layout": next((one.title for one in layouts.LAYOUTS if one.name == import_.layout), ""),
    }


def _prepare(session: Session, import_: Import, form: dict[str, Any], errors: dict[str, str]) -> str:
    look = uploading.look(import_)
    return render_template(
        "pages/imports/prepare.html",
        import_=import_,
        look=look,
        guesses=own_fields.guesses(import_.mapping, look.rows),
        form=form,
        errors=errors,
        bases=offering.grounds(),
        layout=next((one.title for one in layouts.LAYOUTS if one.name == import_.layout), ""),
        targets=[*targets.choices(), *own_fields.offered(fields.known(session))],
        ahead=rehearsing.ahead(import_),
        **telling.for_pages(session),
        **_words(),
        encodings=offering.encodings_offered(import_.encoding),
        delimiters=offering.delimiters_offered(import_.delimiter),
        sheets=[
            (name, ngettext("%(name)s, %(num)s row", "%(name)s, %(num)s rows", rows, name=name))
            for name, rows in import_.choices.get("sheets", [])
        ],
        categories=[label.name for label in tagging.all_of(session, Category)[:_OFFERED]],
        tags=[label.name for label in tagging.all_of(session, Tag)[:_OFFERED]],
    )


def _words() -> dict[str, Any]:
    """What the preview needs to speak of rows."""
    return {
        "refusals": refusals,
        "understood": lambda row: isinstance(row, Incoming),
        "birthday": offering.day_of_year,
    }


@pages.post("/<int:import_id>/reading")
@guards.role(Role.MARKETER)
def reread(import_id: int):
    """Read the file another way."""
    form = request.form
    with transaction() as session:
        import_ = one(session, import_id)
        if (sheet := form.get("sheet")) and sheet != import_.choices.get("sheet"):
            uploading.choose_sheet(import_, sheet)
        else:
            header = form.get("header", "1") == "1"
            encoding, delimiter = (
                form.get(name) or getattr(import_, name) for name in ("encoding", "delimiter")
            )
            uploading.reread(import_, encoding, delimiter, header)
    return redirect(url_for("imports.show", import_id=import_id))


@pages.post("/<int:import_id>/look")
@guards.role(Role.MARKETER)
def look(import_id: int):
    """What would be stored if the columns were as the form says; nothing is kept."""
    with reading() as session:
        import_ = one(session, import_id)
        remap(import_)
        return render_template(
            "pages/imports/_look.html",
            look=uploading.look(import_),
            **_words(),
        )


def remap(import_: Import) -> None:
    """Take the columns for what the form says they are."""
    mapping = {
        name.removeprefix("column-"): target
        for name, target in request.form.items()
        if name.startswith("column-")
    }
    uploading.remap(import_, mapping, request.form.get("day_first") == "1", request.form.get("region", ""))


@pages.post("/<int:import_id>/start")
@guards.role(Role.MARKETER)
def start(import_id: int):
    """Put the import on its way; the page says what is missing otherwise."""
    chosen = choices()
    try:
        with transaction() as session:
            import_ = one(session, import_id)
            remap(import_)
            steering.start(session, import_, chosen)
            audit.note(
                session,
                "import.start",
                f"import:{import_id}",
                file=import_.filename,
                source=import_.choices["source"],
                basis=import_.choices["basis"],
            )
    except BadInput as error:
        return refused_start(import_id, chosen, error)
    return redirect(url_for("imports.show", import_id=import_id))


def refused_start(import_id: int, chosen: dict[str, Any], error: BadInput) -> Any:
    """The page again, with what was filled in and what is missing."""
    with reading() as session:
        import_ = one(session, import_id)
        remap(import_)
        form = dict(import_.choices) | chosen
        return _prepare(session, import_, form, {error.field or "mapping": error.message}), 422


def choices() -> dict[str, Any]:
    """What the form says of the whole file."""
    form = request.form
    named = ("basis", "source", "wording", "tracking", "purchase", "products", "told", "partner")
    return {name: form.get(name, "") for name in named} | {
        kind: [*form.getlist(kind), *cleaning.labels(form.get(f"new_{kind}", ""))]
        for kind in ("categories", "tags")
    }


@pages.post("/<int:import_id>/pause")
@guards.role(Role.MARKETER)
def pause(import_id: int):
    """Stop after the batch at hand."""
    return _steer(import_id, steering.pause, "import.pause")


@pages.post("/<int:import_id>/resume")
@guards.role(Role.MARKETER)
def resume(import_id: int):
    """Go on where it stopped."""
    return _steer(import_id, steering.resume, "import.resume")


@pages.post("/<int:import_id>/cancel")
@guards.role(Role.MARKETER)
def cancel(import_id: int):
    """Stop for good; an upload that was never started is forgotten."""
    with reading() as session:
        forgotten = one(session, import_id).status == ImportStatus.UPLOADED
    answer = _steer(import_id, steering.cancel, "import.cancel")
    if forgotten:
        flash(_("The file was deleted. Nothing of it was stored."), "success")
        return redirect(url_for("imports.index"))
    return answer


def _steer(import_id: int, act: Any, name: str) -> Any:
    with transaction() as session:
        import_ = one(session, import_id)
        act(session, import_)
        audit.note(session, name, f"import:{import_id}", rows_read=import_.rows_read)
    return redirect(url_for("imports.show", import_id=import_id))


@pages.get("/<int:import_id>/refused.csv")
@guards.role(Role.MARKETER)
def refused(import_id: int):
    """The refused rows, each with its line and its reason."""
    with reading() as session:
        import_ = one(session, import_id)
        path = uploading.file_of_refused(import_)
    if path is None:
        raise NotFound(_("There are no refused rows to download; they are kept for 30 days."))
    name = f"{import_.filename.rpartition('.')[0] or import_.filename}-refused.csv"
    return send_file(path, mimetype="text/csv", as_attachment=True, download_name=name, max_age=0)


def one(session: Session, import_id: int) -> Import:
    """The import of that number; raises NotFound."""
    import_ = session.get(Import, import_id)
    if import_ is None:
        raise NotFound(_("There is no such import, or it was forgotten."))
    return import_
