"""The page of categories and tags: how many wear each, renaming, merging, deleting."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from campaigns.accounts import audit
from campaigns.accounts.models import Role
from campaigns.contacts import relabelling, tagging
from campaigns.contacts.models import Category, Tag
from campaigns.database import reading, transaction
from campaigns.errors import BadInput, NotFound
from campaigns.web import guards, paging
from campaigns.words import _

pages = Blueprint("labels", __name__, url_prefix="/labels")
_SHOWN = 100
_KINDS: dict[str, Any] = {"category": Category, "tag": Tag}


@pages.get("/")
@guards.role(Role.MARKETER)
def index() -> str:
    """All categories, and a page of tags: there may be thousands."""
    after = paging.after(str)
    with reading() as session:
        tags = tagging.listed(session, Tag, after[0] if after else "", _SHOWN + 1)
        page = paging.page(tags, lambda row: [row[0].key], _SHOWN)
        groups: list[tuple[str, str, Any]] = [("tag", _("Tags"), page.items)]
        if not after:
            groups.insert(0, ("category", _("Categories"), tagging.listed(session, Category)))
        return render_template(
            "pages/contacts/labels.html", groups=groups, page=page, counted=tagging.COUNTED
        )


@pages.post("/<kind>/new")
@guards.role(Role.MARKETER)
def create(kind: str) -> Any:
    """Make a category or tag."""
    name = request.form.get("name", "")
    with transaction() as session:
        made = tagging.category(session, name) if _kind(kind) is Category else tagging.tag(session, name)
        audit.note(session, f"{kind}.create", f"{kind}:{made.id}", name=made.name)
    return redirect(url_for("labels.index"))


@pages.get("/<kind>/<int:label_id>")
@guards.role(Role.MARKETER)
def edit(kind: str, label_id: int) -> str:
    """One category or tag: rename it, merge it, delete it."""
    with reading() as session:
        label = tagging.one(session, _kind(kind), label_id)
        others = [
            (other.id, other.name) for other in tagging.all_of(session, _kind(kind)) if other.id != label_id
        ]
        return render_template("pages/contacts/label.html", kind=kind, label=label, others=others)


@pages.post("/<kind>/<int:label_id>/rename")
@guards.role(Role.MARKETER)
def rename(kind: str, label_id: int) -> Any:
    """Give it another name."""
    with transaction() as session:
        label = tagging.one(session, _kind(kind), label_id)
        before = label.name
        told = relabelling.rename(session, label, request.form.get("name", ""))
        audit.note(
            session, f"{kind}.rename", f"{kind}:{label_id}",
            before=before, after=label.name, audiences=list(told.followed),
        )  # fmt: skip
    said = _("“%(old)s” is called “%(new)s” from now on.", old=before, new=label.name)
    flash(told.told(said), "success")
    return redirect(url_for("labels.index"))


@pages.post("/<kind>/<int:label_id>/merge")
@guards.role(Role.MARKETER)
def merge(kind: str, label_id: int) -> Any:
    """Let another take its place on all contacts."""
    with transaction() as session:
        label, into = tagging.one(session, _kind(kind), label_id), _into(session, kind)
        told = relabelling.merge(session, label, into)
        audit.note(
            session, f"{kind}.merge", f"{kind}:{into.id}",
            merged=label.name, into=into.name, audiences=list(told.followed),
        )  # fmt: skip
    said = _("“%(name)s” is part of “%(into)s” now.", name=label.name, into=into.name)
    flash(told.told(said), "success")
    return redirect(url_for("labels.index"))


def _into(session: Session, kind: str) -> Any:
    given = request.form.get("into", 0, type=int)
    if not given:
        raise BadInput(_("Choose another one to merge into."), field="into")
    return tagging.one(session, _kind(kind), given)


@pages.post("/<kind>/<int:label_id>/delete")
@guards.role(Role.MARKETER)
def delete(kind: str, label_id: int) -> Any:
    """Delete it; contacts stay without it."""
    with transaction() as session:
        label = tagging.one(session, _kind(kind), label_id)
        tagging.remove(session, label)
        audit.note(session, f"{kind}.delete", f"{kind}:{label_id}", name=label.name)
    flash(_("“%(name)s” is gone; the contacts are still here.", name=label.name), "success")
    return redirect(url_for("labels.index"))


def _kind(kind: str) -> Any:
    if kind not in _KINDS:
        raise NotFound(_("There is nothing at this address. It may have been removed."))
    return _KINDS[kind]
