"""The person's language: gettext that works in a request, in a worker and in a bare script."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

import flask_babel
from flask import Flask, has_app_context
from flask_babel import lazy_gettext as lazy

from campaigns import paths

LANGUAGES = {
    "en": "English",
    "cs": "Čeština",
    "sk": "Slovenčina",
    "ro": "Română",
    "ru": "Русский",
    "fil": "Filipino",
}


def _(text: str, **values: object) -> str:
    """`text` in the person's language, its `%(name)s` places filled."""
    if has_app_context():
        return flask_babel.gettext(text, **values)
    return text % values if values else text


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """The form of the text that fits `num`, which is itself a value named `num`."""
    if has_app_context():
        return flask_babel.ngettext(one, many, num, **values)
    return (one if num == 1 else many) % {"num": num, **values}


def language() -> str:
    """The language in which the person reads, as a code: “en” where there is nobody."""
    locale = flask_babel.get_locale() if has_app_context() else None
    return str(locale) if locale else "en"


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Everything within is said in that language; also where no page is being made, as in a worker."""
    with ExitStack() as stack:
        if not has_app_context():
            stack.enter_context(_speaker().app_context())
        stack.enter_context(flask_babel.force_locale(code if code in LANGUAGES else "en"))
        yield


@cache
def _speaker() -> Flask:
    app = Flask("campaigns")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(paths.TRANSLATIONS)
    flask_babel.Babel(app)
    return app


__all__ = ["LANGUAGES", "_", "language", "lazy", "ngettext", "speaking"]
