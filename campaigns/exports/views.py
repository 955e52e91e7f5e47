"""Files: ask for one, watch it being written, fetch it; each belongs to whoever asked for it."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, send_file, url_for
from flask import session as visit
from flask_security import current_user
from sqlalchemy.orm import Session

from campaigns import jobs, longwork, settings
from campaigns.accounts import audit
from campaigns.accounts.models import Role
from campaigns.audiences import chosen  # noqa: F401 - a way of choosing contacts
from campaigns.contacts import choosing, filters, listing
from campaigns.contacts.choosing import Choice
from campaigns.database import now, reading, transaction
from campaigns.errors import BadInput, NotFound
from campaigns.exports import asking, columns, places, running
from campaigns.exports.asking import Wish
from campaigns.exports.models import Export, Format, Subject
from campaigns.longwork import WorkStatus
from campaigns.web import guards, pace, paging
from campaigns.words import _

pages = Blueprint("exports", __name__, url_prefix="/exports")
_MAKERS = (Role.MARKETER,)
_LAST = "export"  # how this person wanted the last file


@pages.get("/")
@guards.role(*_MAKERS)
def index() -> str:
    """This person's own files, newest first."""
    mine = sa.select(Export).where(Export.user_id == current_user.id).order_by(Export.id.desc())
    if after := paging.after(int):
        mine = mine.where(Export.id < after[0])
    with reading() as session:
        page = paging.page(session.scalars(mine.limit(paging.SIZE + 1)).all(), lambda one: [one.id])
        days = settings.current().keep.exports
        return render_template("pages/exports/index.html", page=page, days=days, now=now())


@pages.get("/new")
@guards.role(*_MAKERS)
def new() -> str:
    """How the file is wanted: of whom is in the address."""
    return _form(visit.get(_LAST) or {}, {})


def asked() -> tuple[Subject, Choice, dict[str, str]]:
    """Of whom: `?companies=` (a search), `?chosen=audience:3`, or the filters of the list of contacts.

    With it, the query of the same address.
    """
    if "companies" in request.args:
        q = request.args["companies"][:200]
        return Subject.COMPANIES, {"companies": q}, {"companies": q}
    if named := request.args.get("chosen"):
        return Subject.CONTACTS, choosing.addressed(named), {"chosen": named}
    given = filters.read(request.args.to_dict(flat=False))
    query = listing.query(given, listing.sort_of(request.args.get("sort")))
    return Subject.CONTACTS, {"filters": query}, {"list": query}


def here(query: Mapping[str, str]) -> str:
    """The query string of what `asked` read."""
    return query["list"] if "list" in query else urlencode(query)


def _form(wanted: Mapping[str, Any], errors: dict[str, str]) -> str:
    subject, choice, query = asked()
    with reading() as session:
        keys = wanted.get(f"columns_{subject}") or columns.USUAL[subject]
        return render_template(
            "pages/exports/new.html",
            subject=subject,
            of=asking.name(session, subject, choice),
            columns=columns.offered(session, subject, keys),
            wanted=wanted,
            errors=errors,
            here=here(query),
            days=settings.current().keep.exports,
        )


@pages.post("/new")
@guards.role(*_MAKERS)
def create() -> Any:
    """Start the file; a small one is there when the page answers."""
    form = request.form
    subject, choice, _query = asked()
    wish = Wish(
        format=form.get("format", ""),
        columns=form.getlist("column"),
        delimiter=form.get("delimiter", "comma"),
        bom=form.get("bom") == "1",
        purpose="mail" if form.get("only") == "mail" and subject == Subject.CONTACTS else "",
    )
    last = {"format": wish.format, "delimiter": wish.delimiter, "bom": wish.bom, "only": form.get("only", "")}
    wanted = (visit.get(_LAST) or {}) | last | {f"columns_{subject}": list(wish.columns)}
    try:
        made = start(subject, choice, wish)
    except BadInput as error:
        return _form(wanted, {error.field: error.message}), error.status
    visit[_LAST] = wanted
    return redirect(url_for("exports.show", export_id=made.id))


def start(subject: Subject, choice: Choice, wish: Wish) -> Export:
    """Put a file on its way, and write that down; a small one is done when this returns."""
    with transaction() as session:
        made = asking.start(session, subject, choice, wish, current_user)
        audit.note(
            session,
            f"{subject}.export",
            f"export:{made.id}",
            of=made.title,
            format=made.format,
            rows=made.expected,
            columns=made.options.get("columns", []),
        )
    if made.expected <= asking.AT_ONCE:
        running.run(made.id)
    return made


@pages.get("/<int:export_id>")
@guards.role(*_MAKERS)
def show(export_id: int) -> str:
    """One file: how far it is, and where it is fetched."""
    with reading() as session:
        return render_template("pages/exports/show.html", **_state(one(session, export_id), ""))


@pages.get("/<int:export_id>/progress")
@guards.role(*_MAKERS)
def progress(export_id: int) -> Any:
    """The moving part of the page; asks for the whole page when the state has changed."""
    with reading() as session:
        export = one(session, export_id)
        state = _state(export, request.args.get("since", ""))
        answer = make_response(render_template("pages/exports/_progress.html", **state))
    if export.status != request.args.get("status"):
        answer.headers["HX-Refresh"] = "true"
    return answer


def _state(export: Export, since: str) -> dict[str, Any]:
    return {
        "export": export,
        "pace": pace.of(export.rows, export.rows, export.expected or 0, since),
        "ads": export.subject == Subject.ADS,
    }


def one(session: Session, export_id: int) -> Export:
    """The file, if it is this person's own; raises NotFound otherwise, as if there were none."""
    found = session.get(Export, export_id)
    if found is None or found.user_id != current_user.id:
        raise NotFound(_("There is no such file, or it is a colleague’s."))
    return found


@pages.get("/<int:export_id>/file")
@guards.role(*_MAKERS)
def fetch(export_id: int) -> Any:
    """The file itself."""
    return send(export_id)


def send(export_id: int, *, removed: bool = False) -> Any:
    """A finished file of this person, as an attachment; raises NotFound when its time is over."""
    with reading() as session:
        export = one(session, export_id)
    path = places.removal(export.id) if removed else places.whole(export.id)
    over = export.expires_at is None or export.expires_at < now()
    if export.status != WorkStatus.DONE or over or not path.exists():
        raise NotFound(_("This file is not there any more. Ask for it again."))
    name = places.filename(export, removed=removed)
    answer = send_file(path, _KINDS[Format(export.format)], as_attachment=True, download_name=name, max_age=0)
    answer.headers["Cache-Control"] = "no-store"
    return answer


_CSV = "text/csv; charset=utf-8"
_KINDS = {
    Format.CSV: _CSV,
    Format.GOOGLE: _CSV,
    Format.META: _CSV,
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.VCARD3: "text/vcard; charset=utf-8",
    Format.VCARD4: "text/vcard; charset=utf-8",
}


@pages.post("/<int:export_id>/pause")
@guards.role(*_MAKERS)
def pause(export_id: int) -> Any:
    """Stop after the thousand at hand."""
    return _steer(export_id, longwork.pause)


@pages.post("/<int:export_id>/resume")
@guards.role(*_MAKERS)
def resume(export_id: int) -> Any:
    """Go on where it stopped."""
    return _steer(export_id, lambda session, export: longwork.resume(session, export, jobs.RUN_EXPORT))


@pages.post("/<int:export_id>/cancel")
@guards.role(*_MAKERS)
def cancel(export_id: int) -> Any:
    """Stop for good, and delete what was written."""
    return _steer(export_id, running.cancel)


def _steer(export_id: int, do: Callable[[Session, Export], None]) -> Any:
    with transaction() as session:
        do(session, one(session, export_id))
    return redirect(url_for("exports.show", export_id=export_id))


@pages.post("/<int:export_id>/remove")
@guards.role(*_MAKERS)
def remove(export_id: int) -> Any:
    """Delete a file before its time."""
    with transaction() as session:
        export = one(session, export_id)
        if export.moving:
            running.cancel(session, export)
        session.delete(export)
    places.drop(export_id)
    flash(_("The file is deleted."), "success")
    return redirect(url_for("exports.index"))
