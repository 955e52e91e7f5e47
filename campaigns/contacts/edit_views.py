"""Bulk edits: the recent ones and who did them, how far one is, pausing, cancelling, undoing."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_security import current_user
from sqlalchemy.orm import Session, selectinload

from campaigns import jobs, longwork, settings
from campaigns.accounts import audit
from campaigns.contacts import bulk, bulk_running, choosing, left_words, undoing
from campaigns.contacts.change_models import BulkEdit, ChangeSet
from campaigns.database import reading, transaction
from campaigns.errors import Conflict, PersonError
from campaigns.web import guards, paging
from campaigns.words import _

pages = Blueprint("contact_edits", __name__, url_prefix="/contacts/edits")


@pages.get("/")
@guards.signed_in
def index() -> str:
    """The recent bulk edits, newest first: a marketer sees everybody's, others their own."""
    recent = sa.select(BulkEdit).where(bulk_running.mine(current_user)).order_by(BulkEdit.id.desc())
    if after := paging.after(int):
        recent = recent.where(BulkEdit.id < after[0])
    load = (selectinload(BulkEdit.user), selectinload(BulkEdit.change_set))
    with reading() as session:
        rows = session.scalars(recent.options(*load).limit(paging.SIZE + 1)).all()
        page = paging.page(rows, lambda edit: [edit.id])
        return render_template("pages/contacts/edits.html", page=page, days=settings.current().keep.changes)


@pages.get("/<int:edit_id>")
@guards.signed_in
def show(edit_id: int) -> str:
    """One edit: what, on whom, by whom, how far; and its undoing with what was left as it is."""
    after = paging.after(int)
    with reading() as session:
        edit = bulk_running.one(session, edit_id, current_user)
        kept = edit.change_set
        rows = undoing.left(session, kept, after[0] if after else 0) if kept and kept.left_alone else []
        page = paging.page(rows, lambda change: [change.contact_id])
        return render_template(
            "pages/contacts/edit_show.html",
            page=page,
            left=left_words.lines(session, page.items),
            chosen=_chosen(session, edit),
            days=settings.current().keep.changes,
            **_state(session, edit),
        )


def _chosen(session: Session, edit: BulkEdit) -> str:
    try:
        return choosing.words(session, edit.chosen)
    except PersonError:
        return "–"


def _state(session: Session, edit: BulkEdit) -> dict[str, Any]:
    undo = undoing.of(session, edit.change_set) if edit.change_set else None
    return {
        "edit": edit,
        "kept": edit.change_set,
        "for_them": undoing.left_for_them(session, edit.change_set) if undo and edit.change_set else 0,
        "undo": undo,
        "said": bulk_running.said(edit),
        "final": bulk.finals.get(edit.act),
        "moving": edit.moving or bool(undo and undo.moving),
        "state": f"{edit.status}-{undo.status if undo else ''}",
    }


@pages.get("/<int:edit_id>/progress")
@guards.signed_in
def progress(edit_id: int) -> Any:
    """The moving part of the page; asks for the whole page when the state has changed."""
    with reading() as session:
        state = _state(session, bulk_running.one(session, edit_id, current_user))
        answer = make_response(render_template("pages/contacts/_edit_progress.html", **state))
    if state["state"] != request.args.get("state"):
        answer.headers["HX-Refresh"] = "true"
    return answer


@pages.post("/<int:edit_id>/pause")
@guards.signed_in
def pause(edit_id: int) -> Any:
    """Stop after the thousand at hand."""
    return _steer(edit_id, "pause", longwork.pause)


@pages.post("/<int:edit_id>/resume")
@guards.signed_in
def resume(edit_id: int) -> Any:
    """Go on where it stopped."""
    return _steer(edit_id, "resume", lambda session, edit: longwork.resume(session, edit, jobs.EDIT_CONTACTS))


@pages.post("/<int:edit_id>/cancel")
@guards.signed_in
def cancel(edit_id: int) -> Any:
    """Stop for good; what was changed stays until it is undone."""
    return _steer(edit_id, "cancel", bulk_running.cancel)


def _steer(edit_id: int, act: str, do: Callable[[Session, BulkEdit], None]) -> Any:
    with transaction() as session:
        edit = bulk_running.one(session, edit_id, current_user)
        do(session, edit)
        audit.note(session, f"contacts.edit_{act}", f"edit:{edit_id}")
    return redirect(url_for("contact_edits.show", edit_id=edit_id))


@pages.post("/<int:edit_id>/undo")
@guards.signed_in
def undo(edit_id: int) -> Any:
    """Put back what the edit changed, unless it was changed since."""
    with transaction() as session:
        kept = _kept(session, edit_id)
        work = undoing.start(session, kept, current_user)
        audit.note(session, "contacts.undo", f"edit:{edit_id}", said=kept.title, contacts=kept.contacts)
    if kept.contacts <= undoing.AT_ONCE:
        undoing.run(work.id)
    return redirect(url_for("contact_edits.show", edit_id=edit_id))


@pages.post("/<int:edit_id>/undo/<any(pause, resume):act>")
@guards.signed_in
def steer_undo(edit_id: int, act: str) -> Any:
    """Let the undoing rest, or go on."""
    with transaction() as session:
        work = undoing.of(session, _kept(session, edit_id))
        if work is None:
            raise Conflict(_("Nobody has asked to undo this."))
        if act == "pause":
            longwork.pause(session, work)
        else:
            longwork.resume(session, work, jobs.UNDO_CHANGES)
        audit.note(session, f"contacts.undo_{act}", f"edit:{edit_id}")
    return redirect(url_for("contact_edits.show", edit_id=edit_id))


def _kept(session: Session, edit_id: int) -> ChangeSet:
    edit = bulk_running.one(session, edit_id, current_user)
    if edit.change_set is None:
        raise Conflict(_("What was changed then is not kept any more, so it can’t be undone."))
    return edit.change_set
