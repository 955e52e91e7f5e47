"""The lines that every letter ends with: who sends it, and how to leave; added where a design forgot them.

They are part of the letter, so they speak the letter's language and not the marketer's.
"""

from collections.abc import Collection

_UNSUBSCRIBE = {
    "en": "Unsubscribe",
    "cs": "Odhlásit odběr",
    "sk": "Odhlásiť odber",
    "ro": "Dezabonare",
    "ru": "Отписаться",
    "fil": "Mag-unsubscribe",
}
_PREFERENCES = {
    "en": "Your settings",
    "cs": "Vaše nastavení",
    "sk": "Vaše nastavenia",
    "ro": "Setările dumneavoastră",
    "ru": "Ваши настройки",
    "fil": "Mga setting mo",
}
_ADDRESS = (
    '{{ firm.name }}{% if firm.postal_address %}, {{ firm.postal_address|replace("\\n", ", ") }}{% endif %}'
)
_LINK = '<a href="{{ %s }}" style="color:#6b7280;text-decoration:underline">%s</a>'
_FRAME = (
    '\n<div style="max-width:600px;margin:24px auto;padding:0 16px;font:13px/1.6 Helvetica,Arial,sans-serif;'
    'color:#6b7280;text-align:center">%s</div>\n'
)


def missing(names: Collection[str], language: str) -> str:
    """The footer as HTML: of postal address, unsubscribing and settings those that the design lacks."""
    code = language.split("-")[0]
    links = [
        _LINK % (name, words.get(code, words["en"]))
        for name, words in (("unsubscribe_url", _UNSUBSCRIBE), ("preferences_url", _PREFERENCES))
        if name not in names
    ]
    lines = [] if "firm.postal_address" in names else [_ADDRESS]
    if links:
        lines.append(" · ".join(links))
    return _FRAME % "<br>\n".join(lines) if lines else ""
