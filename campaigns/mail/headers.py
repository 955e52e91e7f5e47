"""Header fields as bytes: checked, encoded (RFC 2047) and folded (RFC 5322).

Ours rather than `EmailMessage`, which folds a long List-Unsubscribe into `=?utf-8?q?…` and so breaks
one-click unsubscribing, and takes a hundred times as long.
"""

import base64
import re
import string
import unicodedata

from campaigns.mail.addresses import on_wire
from campaigns.mail.letter import HeaderProblem
from campaigns.words import _

WIDTH = 78
LONGEST = 998
LONGEST_NAME = 100  # characters of a display name; mail programs show 30 or so
_WORD = 76  # RFC 2047: a line with an encoded word is no longer
_FRAME = len("=?utf-8?q??=")
_PHRASE_SAFE = frozenset((string.ascii_letters + string.digits + "!*+-/").encode())
_Q_SAFE = bytes([*_PHRASE_SAFE, ord(" ")])
_Q_SPELT = [chr(byte) if byte in _PHRASE_SAFE else f"={byte:02X}" for byte in range(256)]
_Q_SPELT[ord(" ")] = "_"
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_FIELD_NAME = re.compile(r"[!-9;-~]+")
_UNSEEN = ("Cc", "Cs")  # control characters and halves of surrogate pairs
_FORBIDDEN = re.compile(r"[\r\n\0]")
# Programs read these, so an encoded word in them would be taken literally.
_FOR_PROGRAMS = {
    *("list-unsubscribe", "list-unsubscribe-post", "list-help", "list-subscribe", "list-post", "list-owner"),
    *("list-archive", "feedback-id", "auto-submitted", "in-reply-to", "references", "precedence"),
}


def text(name: str, value: str) -> bytes:
    """A field for people to read, such as Subject: any script, encoded only where needed."""
    value = tidy(name, value)
    words = value.split(" ")
    if value.isascii() and "=?" not in value and max(map(len, words)) < WIDTH - len(name) - 2:
        return _folded(name, words)
    return _folded(name, _encoded_words(value, len(name) + 2))


def mailbox(name: str, display: str, address: str) -> bytes:
    """From, To or Reply-To with one address and the name shown for it (empty: none)."""
    refuse_breaks(name, address)
    address = on_wire(address, name)
    shown = _phrase(name, shorten(tidy(name, display)))
    return _folded(name, [*shown, f"<{address}>"] if shown else [address])


def exact(name: str, value: str) -> bytes:
    """A field that programs read: ASCII, folded only at its own blanks, never encoded."""
    return _folded(name, _exact_words(name, value))


def given(name: str, value: str) -> bytes:
    """Any other field by its name, in the way that fits it."""
    if not _FIELD_NAME.fullmatch(name):
        raise HeaderProblem(_("“%(name)s” can't be the name of a header.", name=name[:100]), field=name)
    if name.lower() in _FOR_PROGRAMS:
        return exact(name, value)
    if name.lower() == "list-id" and "<" in value:
        shown, _bracket, identity = value.rpartition("<")
        return _folded(name, [*_phrase(name, tidy(name, shown)), *_exact_words(name, "<" + identity)])
    return text(name, value)


def tidy(name: str, value: str) -> str:
    """The value in one line without control characters, blanks single; raises on CR, LF and NUL."""
    refuse_breaks(name, value)
    if value.isprintable() and "  " not in value:
        return value.strip(" ")
    value = " ".join(value.split())
    return "".join(char for char in value if unicodedata.category(char) not in _UNSEEN)


def refuse_breaks(name: str, value: str) -> None:
    """Raise HeaderProblem where a value could end its header and begin another."""
    if _FORBIDDEN.search(value):
        shown = value[:100]
        raise HeaderProblem(
            _("“%(shown)s” has a line break, which %(name)s can't have.", shown=shown, name=name)
        )


def shorten(display: str) -> str:
    """A display name of at most LONGEST_NAME characters, cut between words and never inside a character."""
    if len(display) <= LONGEST_NAME:
        return display
    end = LONGEST_NAME - 1
    while end and (unicodedata.combining(display[end]) or "\u200d" in display[end - 1 : end + 1]):
        end -= 1
    words = display[:end].rsplit(" ", 1)
    return (words[0] if len(words[0]) > LONGEST_NAME // 2 else display[:end]) + "…"


def _exact_words(name: str, value: str) -> list[str]:
    refuse_breaks(name, value)
    if not value.isascii() or not value.isprintable():
        raise HeaderProblem(_("The header %(name)s takes plain ASCII only.", name=name), field=name)
    return value.split()


def _phrase(name: str, shown: str) -> list[str]:
    """A display name as bare atoms, in quotes, or as encoded words, in this order of preference."""
    if not shown:
        return []
    if not shown.isascii() or "=?" in shown or len(name) + len(shown) > WIDTH - 8:
        return _encoded_words(shown, len(name) + 2)
    if _ATOMS.fullmatch(shown):
        return [shown]
    return ['"' + shown.replace("\\", r"\\").replace('"', r"\"") + '"']


def _encoded_words(value: str, used: int) -> list[str]:
    """The value as RFC 2047 words, Q or B, whichever is shorter; `used` columns are taken on line one.

    Q spells only what is safe within a phrase. A word never ends inside a character.
    """
    raw = value.encode("utf-8")
    q_cost = len(raw) + 2 * len(raw.translate(None, _Q_SAFE))
    in_q = q_cost <= len(raw) * 4 / 3
    if (q_cost if in_q else -(-len(raw) // 3) * 4) <= _WORD - _FRAME - used:
        return [_q_word(value) if in_q else _b_word(value)]
    cost = _q_cost if in_q else _b_cost
    words, piece, taken, room = [], "", 0, max(_WORD - _FRAME - used, 16)
    for char in value:
        if taken + cost(char) > (room if in_q else room // 4 * 3):
            words.append(_q_word(piece) if in_q else _b_word(piece))
            piece, taken, room = "", 0, _WORD - _FRAME - 1
        piece += char
        taken += cost(char)
    return [*words, _q_word(piece) if in_q else _b_word(piece)]


def _q_cost(char: str) -> int:
    return sum(1 if byte in _PHRASE_SAFE or byte == 32 else 3 for byte in char.encode())


def _b_cost(char: str) -> int:
    return len(char.encode())


def _q_word(piece: str) -> str:
    return f"=?utf-8?q?{''.join([_Q_SPELT[byte] for byte in piece.encode()])}?="


def _b_word(piece: str) -> str:
    return f"=?utf-8?b?{base64.b64encode(piece.encode()).decode()}?="


def _folded(name: str, words: list[str]) -> bytes:
    """The field in lines of at most WIDTH where its blanks allow it; the first word stays beside the name."""
    lines, line = [], f"{name}: {words[0] if words else ''}"
    for word in words[1:]:
        if len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = ""
        line += " " + word
    lines.append(line)
    if max(len(line.encode()) for line in lines) > LONGEST:
        raise HeaderProblem(_("The header %(name)s is too long for an email.", name=name), field=name)
    return "\r\n".join([*lines, ""]).encode()
