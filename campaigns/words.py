"""The person's language: gettext that works in a request, in a worker and in a bare script."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

import flask_babel
from babel.support import NullTranslations, Translations
from flask import Flask, has_app_context
from flask_babel.speaklater import LazyString

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
    said = translated(text)
    return said % values if values else said


def lazy(text: str, **values: object) -> LazyString:
    """The same, said in the language of whoever reads it, each time that it is read."""
    return LazyString(_, text, **values)


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """The form of the text that fits `num`, which is itself a value named `num`."""
    return translated_number(one, many, num) % {"num": num, **values}


def translated(text: str) -> str:
    """`text` in the person's language, its places left as they are."""
    return _catalogue(language()).gettext(text)


def translated_number(one: str, many: str, num: int) -> str:
    """The form of the text that fits `num`, its places left as they are."""
    return _catalogue(language()).ngettext(one, many, num)


@cache
def _catalogue(code: str) -> NullTranslations:
    # Flask-Babel asks for it in three steps on each call, which took a tenth of a page with a thousand words.
    return Translations.load(str(paths.TRANSLATIONS), [code])


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
    flask_babel.Babel(app)
    return app
