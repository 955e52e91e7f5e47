"""The person's language: gettext that works in a request and outside of one."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_babel import ngettext

LANGUAGES = {
    "en": "English",
    "cs": "Čeština",
    "sk": "Slovenčina",
    "ro": "Română",
    "ru": "Русский",
    "fil": "Filipino",
}

__all__ = ["LANGUAGES", "_", "lazy", "ngettext"]
