"""What the editor of an audience asks while a rule is written: its count, and the same as rows or as text."""

import json
from typing import Any

from flask import Blueprint, jsonify, render_template, request
from flask_babel import get_locale
from sqlalchemy.orm import Session

from campaigns.accounts.models import Role
from campaigns.audiences import expanding, previewing, rules, sampling, saving, trees
from campaigns.audiences.lexing import RuleProblem
from campaigns.audiences.models import Audience
from campaigns.audiences.nodes import Node
from campaigns.consent.reasons import words
from campaigns.database import reading
from campaigns.web import guards
from campaigns.words import LANGUAGES, _

pages = Blueprint("audience_builder", __name__, url_prefix="/audiences")
_MAKERS = (Role.MARKETER,)
_PATIENCE = 3.0  # seconds that an exact count may take while somebody builds
_LARGEST = 200_000  # letters of a tree


@pages.post("/preview")
@guards.role(*_MAKERS)
def preview() -> Any:
    """Who a rule fits, while it is being written; a rule that can't be understood is answered with where."""
    rule = request.form.get("rule", "")
    try:
        with reading() as session:
            return render_template(
                "pages/audiences/_preview.html", audience=None, rule=rule, **found(session, rule)
            )
    except RuleProblem as problem:
        return render_template("pages/audiences/_problem.html", problem=problem, rule=rule)


def found(session: Any, rule: Any, known: previewing.Count | None = None) -> dict[str, Any]:
    """How many fit, who is left out, some of them, and what the rule names in vain."""
    return {
        "found": known or sampling.count(session, rule),
        "sample": sampling.people(session, rule, limit=6),
        "unknown": previewing.unknown(session, rule),
        "words": words,
    }


@pages.post("/exactly")
@guards.role(*_MAKERS)
def exactly() -> Any:
    """The count again, of everybody; fetched after a count that was only about so many."""
    with reading() as session:
        try:
            audience, rule = _asked(session)
            with sampling.within(session, _PATIENCE):
                count = previewing.count(session, rule)
        except (sampling.TooSlow, RuleProblem):
            return "", 204  # what is shown stays
        return render_template("pages/audiences/_count.html", found=count, audience=audience, words=words)


def _asked(session: Session) -> tuple[Audience | None, str | Node]:
    """The kept audience that is meant, if one is, and the rule to be asked."""
    number = request.form.get("audience", type=int)
    if number is None:
        return None, request.form.get("rule", "")
    audience = saving.one(session, number)
    return audience, expanding.whole(session, audience)


@pages.post("/shares")
@guards.role(*_MAKERS)
def shares() -> str:
    """How those who may be mailed divide by category and language; fetched after the count."""
    own = get_locale().languages if get_locale() else {}
    with reading() as session:
        _audience, rule = _asked(session)
        categories, languages = sampling.shares(session, rule)
        return render_template(
            "pages/audiences/_shares.html",
            about=sampling.sample(session) is not None,
            categories=categories,
            languages=[
                (LANGUAGES.get(code) or own.get(code, code) or _("Unknown"), number)
                for code, number in languages
            ],
        )


@pages.post("/translate")
@guards.role(*_MAKERS)
def translate() -> Any:
    """The text `rule` as a tree, or the JSON `tree` as text; what is wrong is said with its place."""
    try:
        if "tree" in request.form:
            return jsonify(rule=rules.text(trees.read(_tree(request.form["tree"]))))
        node = rules.parse(request.form.get("rule", ""))
        return jsonify(rule=rules.text(node), tree=trees.written(node))
    except trees.TreeProblem as problem:
        return jsonify(problem=problem.message, path=problem.path)
    except RuleProblem as problem:
        return jsonify(problem=problem.message, position=problem.position)


def _tree(given: str) -> Any:
    try:
        return json.loads(given[: _LARGEST + 1]) if len(given) <= _LARGEST else None
    except (ValueError, RecursionError):
        return None
