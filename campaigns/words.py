"""The person's language: gettext that works in a request, in a worker and in a bare script."""

import flask_babel
from flask import has_app_context
from flask_babel import lazy_gettext as lazy

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


__all__ = ["LANGUAGES", "_", "language", "lazy", "ngettext"]
