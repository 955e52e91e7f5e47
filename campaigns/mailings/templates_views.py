"""Pages of templates: the list, the starters, the editor with its live preview."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_security import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from campaigns.accounts import people
from campaigns.accounts.models import Role
from campaigns.database import now, reading, transaction
from campaigns.errors import BadInput, Conflict, NotFound
from campaigns.mailings import composing, frames, merging, previewing, starters
from campaigns.mailings.composing import Draft
from campaigns.mailings.models import Source, Template
from campaigns.web import guards, paging
from campaigns.words import LANGUAGES, _

pages = Blueprint("templates", __name__, url_prefix="/templates")

VIEWS = ("desktop", "phone", "dark", "text")


@pages.get("/")
@guards.role(Role.MARKETER)
def index() -> str:
    """All templates by name."""
    after = paging.after()
    words = request.args.get("q", "").strip()
    query = sa.select(Template).order_by(Template.name).limit(paging.SIZE + 1)
    if after:
        query = query.where(Template.name > str(after[0]))
    if words:
        query = query.where(sa.func.lower(Template.name).contains(words.lower(), autoescape=True))
    with reading() as session:
        page = paging.page(session.scalars(query).all(), lambda template: [template.name])
        return render_template("pages/mailings/templates.html", page=page, words=words)


@pages.get("/new")
@guards.role(Role.MARKETER)
def new() -> str:
    """What a template can be begun from."""
    return render_template("pages/mailings/template_new.html", starters=starters.listed(), kinds=_kinds())


@pages.get("/starters/<key>/letter")
@guards.role(Role.MARKETER)
def starter_letter(key: str) -> Response:
    """A starter as it looks, for its little picture."""
    starter = starters.get(key)
    with reading() as session:
        return frames.letter(previewing.of_draft(session, starter.draft(starter.title)).html)


@pages.post("/")
@guards.role(Role.MARKETER)
def create() -> Any:
    """A new template: from a starter, empty, or out of what the editor holds."""
    with transaction() as session:
        draft = _begun(session)
        template = composing.create(session, draft, current_user.id)
        target = url_for("templates.edit", template_id=template.id)
    if request.headers.get("HX-Request"):
        return "", 204, {"HX-Redirect": target}
    return redirect(target)


def _begun(session: Session) -> Draft:
    if "source" in request.form:  # what somebody wrote while somebody else saved the same template
        draft = _written()
        return Draft(**(vars(draft) | {"name": composing.free_name(session, draft.name or _("Template"))}))
    key = request.form.get("starter", "")
    if key:
        starter = starters.get(key)
        return starter.draft(composing.free_name(session, starter.title))
    kind = request.form.get("kind", Source.MJML)
    return Draft(composing.free_name(session, _("New template")), "", "", kind)


@pages.get("/<int:template_id>")
@guards.role(Role.MARKETER)
def edit(template_id: int) -> str:
    """The editor."""
    with reading() as session:
        template = composing.get(session, template_id)
        return _editor(session, template, composing.of(template), template.version, {})


@pages.post("/<int:template_id>")
@guards.role(Role.MARKETER)
def save(template_id: int) -> Any:
    """Keep what was written; the editor asks for this by itself, and gets what changed on the page."""
    draft, version = _written(), request.form.get("version", 0, type=int)
    live = bool(request.headers.get("HX-Request"))
    try:
        with transaction() as session:
            version = _kept(session, template_id, version, draft)
    except (BadInput, Conflict, NotFound) as problem:
        if live:
            return render_template("pages/mailings/_not_saved.html", problem=problem, version=version)
        if not isinstance(problem, BadInput):
            raise
        with reading() as session:
            template = composing.get(session, template_id)
            errors = {problem.field: problem.message}
            return _editor(session, template, draft, version, errors), problem.status
    if not live:
        flash(_("The template is kept."), "success")
        return redirect(url_for("templates.edit", template_id=template_id))
    with reading() as session:
        template = composing.get(session, template_id)
        return render_template(
            "pages/mailings/_saved.html", version=version, at=now(), **_preview(session, template)
        )


def _kept(session: Session, template_id: int, version: int, draft: Draft) -> int:
    """Save unless nothing changed, as when only another view of the preview was asked for."""
    template = composing.get(session, template_id)
    if composing.same(template, draft):
        return template.version
    return composing.save(session, template_id, version, draft)


@pages.get("/<int:template_id>/letter")
@guards.role(Role.MARKETER)
def letter(template_id: int) -> Response:
    """The letter as a contact would get it, for the preview's frame."""
    with reading() as session:
        template = composing.get(session, template_id)
        draft = composing.of(template)
        preview = previewing.of_draft(session, draft, request.args.get("contact_id", type=int))
    return frames.letter(preview.seen(request.args.get("view", "")))


@pages.get("/contacts")
@guards.role(Role.MARKETER)
def contacts() -> str:
    """The contacts to preview as, by what is typed."""
    with reading() as session:
        chosen = request.args.get("contact_id", type=int)
        found = previewing.find_contacts(session, request.args.get("as", ""), chosen)
        return render_template("pages/mailings/_contacts.html", contacts=found, contact_id=chosen)


@pages.post("/<int:template_id>/copy")
@guards.role(Role.MARKETER)
def copy(template_id: int) -> Any:
    """A second one with the same content."""
    with transaction() as session:
        made = composing.copy(session, composing.get(session, template_id), current_user.id)
    flash(_("This is the copy, “%(name)s”.", name=made.name), "success")
    return redirect(url_for("templates.edit", template_id=made.id))


@pages.post("/<int:template_id>/remove")
@guards.role(Role.MARKETER)
def remove(template_id: int) -> Any:
    """Take a template away that no campaign was written from."""
    with transaction() as session:
        template = composing.get(session, template_id)
        composing.remove(session, template)
    flash(_("“%(name)s” is gone.", name=template.name), "success")
    return redirect(url_for("templates.index"))


def _written() -> Draft:
    form = request.form
    return Draft(
        name=form.get("name", ""),
        subject=form.get("subject", ""),
        source=form.get("source", ""),
        kind=form.get("kind", Source.MJML),
        preheader=form.get("preheader", ""),
        language=form.get("language", ""),
    )


def _editor(session: Session, template: Template, draft: Draft, version: int, errors: dict[str, str]) -> str:
    firm = people.organisation(session)
    spoken = LANGUAGES.get(firm.language, "") if firm else ""
    return render_template(
        "pages/mailings/template_edit.html",
        draft=draft,
        version=version,
        errors=errors,
        kinds=_kinds(),
        languages=[("", _("As the organisation (%(language)s)", language=spoken)), *LANGUAGES.items()],
        fields=merging.fields(session),
        contacts=previewing.find_contacts(session, "", request.args.get("contact_id", type=int)),
        **_preview(session, template),
    )


def _preview(session: Session, template: Template) -> dict[str, Any]:
    """What the preview shows: the letter, or what is wrong with it."""
    contact_id = request.values.get("contact_id", type=int)
    view = request.values.get("view", "")
    preview, problem = previewing.or_problem(session, composing.of(template), contact_id)
    return {
        "template": template,
        "preview": preview,
        "problem": problem,
        "view": view if view in VIEWS else "desktop",
        "contact_id": contact_id,
    }


def _kinds() -> list[tuple[str, str]]:
    return [(Source.MJML, "MJML"), (Source.MARKDOWN, "Markdown"), (Source.HTML, "HTML")]
