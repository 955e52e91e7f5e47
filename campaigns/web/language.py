"""Whose words and clock a page speaks with: the person's, else the organisation's, else the browser's."""

from flask import Flask, g, request
from flask_babel import Babel, get_locale
from flask_security import current_user

from campaigns.words import LANGUAGES, translated, translated_number


def register(app: Flask) -> None:
    """Set gettext up on the application."""
    Babel(app, locale_selector=_locale, timezone_selector=_timezone)
    app.jinja_env.install_gettext_callables(translated, translated_number, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals.update(get_locale=get_locale, languages=LANGUAGES)


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
