"""Settings → Topics: what letters can be about, in which order and words, and what people may choose."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from campaigns.accounts import audit
from campaigns.accounts.models import Role
from campaigns.consent import topics
from campaigns.consent.models import Topic
from campaigns.database import reading, transaction
from campaigns.errors import BadInput
from campaigns.web import guards
from campaigns.words import LANGUAGES, _

pages = Blueprint("topics", __name__, url_prefix="/topics")


@pages.get("/")
@guards.role(Role.MARKETER)
def index() -> str:
    """All topics in their order."""
    with reading() as session:
        listed = topics.listed(session)
        return render_template("pages/consent/topics.html", topics=listed, languages=LANGUAGES)


@pages.get("/new")
@guards.role(Role.MARKETER)
def new() -> str:
    """An empty form."""
    return _form_page(None, {"offered": "1"}, {})


@pages.post("/new")
@guards.role(Role.MARKETER)
def create() -> Any:
    """Keep a new topic, at the end of the list."""
    form = request.form
    try:
        with transaction() as session:
            topic = topics.create(session, form.get("name", ""), form.get("about", ""), _words(form))
            topic.offered = bool(form.get("offered"))
            audit.note(session, "topic.create", f"topic:{topic.id}", name=topic.name)
    except BadInput as error:
        return _form_page(None, form, {error.field: error.message}), error.status
    flash(_("“%(name)s” can be chosen for campaigns from now on.", name=topic.name), "success")
    return redirect(url_for("topics.index"))


@pages.get("/<int:topic_id>/edit")
@guards.role(Role.MARKETER)
def edit(topic_id: int) -> str:
    """The form with what is known."""
    with reading() as session:
        topic = topics.one(session, topic_id)
        own = {"name": topic.name, "about": topic.about, "offered": topic.offered}
        said = {f"{part}.{code}": text for code, parts in topic.words.items() for part, text in parts.items()}
        return _form_page(topic, own | said, {})


@pages.post("/<int:topic_id>/edit")
@guards.role(Role.MARKETER)
def change(topic_id: int) -> Any:
    """Keep what was changed; who agreed to the topic stays."""
    form = request.form
    try:
        with transaction() as session:
            topic = topics.one(session, topic_id)
            given = (form.get("name", ""), form.get("about", ""), _words(form), bool(form.get("offered")))
            topics.change(session, topic, *given)
            audit.note(session, "topic.change", f"topic:{topic_id}", name=topic.name, offered=topic.offered)
    except BadInput as error:
        with reading() as session:
            topic = topics.one(session, topic_id)
            return _form_page(topic, form, {error.field: error.message}), error.status
    flash(_("Kept."), "success")
    return redirect(url_for("topics.index"))


@pages.post("/<int:topic_id>/move")
@guards.role(Role.MARKETER)
def move(topic_id: int) -> Any:
    """One place up or down."""
    with transaction() as session:
        topics.move(session, topics.one(session, topic_id), 1 if request.form.get("steps") == "1" else -1)
    return redirect(url_for("topics.index", moved=topic_id))


def _words(form: Mapping[str, str]) -> topics.Words:
    """What the form says in each language."""
    return {code: {part: form.get(f"{part}.{code}", "") for part in ("name", "about")} for code in LANGUAGES}


def _form_page(topic: Topic | None, form: Mapping[str, Any], errors: dict[str, str]) -> str:
    return render_template(
        "pages/consent/topic_edit.html", topic=topic, form=form, errors=errors, languages=LANGUAGES
    )
