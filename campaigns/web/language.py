"""Whose words and clock a page speaks with: the person's, else the organisation's, else the browser's."""

from typing import Any

from flask import Flask, g, request
from flask_babel import Babel, get_locale
from flask_security import current_user
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from campaigns.words import LANGUAGES, translated, translated_number


def register(app: Flask) -> None:
    """Set gettext up on the application."""
    Babel(app, locale_selector=_locale, timezone_selector=_timezone)
    app.jinja_env.install_gettext_callables(translated, translated_number, newstyle=True)  # type: ignore[attr-defined]
    # Jinja's own ask in three calls, each with a copy of the block's values: a tenth of a page.
    app.jinja_env.globals.update(_=_said, gettext=_said, ngettext=_counted)
    app.jinja_env.globals.update(get_locale=get_locale, languages=LANGUAGES)


@pass_eval_context
def _said(context: EvalContext, text: str, /, **values: Any) -> str:
    return _filled(context, translated(text), values)


@pass_eval_context
def _counted(context: EvalContext, one: str, many: str, num: int, /, **values: Any) -> str:
    return _filled(context, translated_number(one, many, num), {"num": num} | values)


def _filled(context: EvalContext, text: str, values: dict[str, Any]) -> str:
    """The text with its places filled, what fills them escaped where the page is."""
    return (Markup(text) if context.autoescape else text) % values  # nosec B704 - our own words


def speak(language: str) -> None:
    """Use this language for the rest of the request (a contact's own, on public pages)."""
    if language in LANGUAGES:
        g.language = language


def _locale() -> str:
    wanted = [
        g.get("language"),
        getattr(current_user, "language", None) if current_user else None,
        g.get("organisation_language") if current_user and current_user.is_authenticated else None,
        request.accept_languages.best_match(list(LANGUAGES)) if request else None,
    ]
    return next((language for language in wanted if language in LANGUAGES), "en")


def _timezone() -> str:
    return g.get("timezone") or "UTC"
