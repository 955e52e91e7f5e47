"""Which encoding a file is written in: by its mark, by being valid UTF-8, else by how its letters read."""

import codecs
from dataclasses import dataclass, field
from pathlib import Path

from campaigns.errors import BadInput
from campaigns.words import _

CHOICES = (
    "utf-8", "utf-16", "cp1250", "cp1252", "cp1251", "iso8859-2", "koi8-r", "cp852", "cp866", "mac-roman",
)  # fmt: skip

_CHUNK = 1 << 20
_SAMPLE = 12_000  # bytes kept from each third of the file
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Letters beyond a–z of the languages that lists of contacts are kept in.
_CENTRAL = ("áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "ăâîșțşţ", "ąćęłńóśźż", "áéíóöőúüű", "čćđšž")
_WESTERN = (
    "äöüß", "àâæçéèêëîïôœùûüÿ", "áéíñóúü¿¡", "àèéìíòóù", "áâãàçéêíóôõúü", "åäöøæé", "ëïéèö",
)  # fmt: skip
_CYRILLIC = ("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя")
# A list in one language is likelier than one in several, which counts a little less.
_ALPHABETS = tuple(
    (weight, frozenset(letters + letters.upper()))
    for weight, group in (
        (1.0, (*_CENTRAL, *_WESTERN, *_CYRILLIC)), (0.9, ("".join(_CENTRAL), "".join(_WESTERN))),
    )
    for letters in group
)  # fmt: skip
_TYPOGRAPHY = frozenset("“”„’‘«»–—…€°§\xa0")


@dataclass
class _Look:
    """What one pass over the bytes found."""

    size: int = 0
    right: int = 0  # characters beyond ASCII that are valid UTF-8
    wrong: int = 0  # bytes that are not
    nul: int = 0
    samples: list[bytes] = field(default_factory=list)


def named(given: str) -> str:
    """The encoding of that name, or another name for it, such as windows-1250; raises BadInput."""
    try:
        name = codecs.lookup(given).name
    except (LookupError, ValueError):
        name = ""
    if name not in CHOICES:
        raise BadInput(
            _("“%(name)s” is no encoding that is read here. There are: %(known)s.",
              name=given[:40], known=", ".join(CHOICES)), field="encoding",
        )  # fmt: skip
    return name


def guess(path: Path) -> str:
    """The name of the encoding; raises BadInput when the file is no text at all."""
    with path.open("rb") as file:
        head = file.read(4096)
    _refuse_other_formats(head)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if name := _wide(head):
        return name
    look = _look_through(path)
    if look.nul > look.size / 1000:
        raise BadInput(_("This file is not text. Save the table as CSV and choose that file."))
    if look.wrong <= look.right / 20:  # a few damaged places don't change what the file is
        return "utf-8"
    return _by_letters(b"\n".join(look.samples))


def _refuse_other_formats(head: bytes) -> None:
    if not head.strip():
        raise BadInput(_("This file is empty."))
    known = {
        b"PK\x03\x04": _(
            "This is an Excel workbook or a ZIP archive. Open it, save the table as CSV, and choose that."
        ),
        b"\xd0\xcf\x11\xe0": _(
            "This is an old Excel workbook. Open it, save the table as CSV, and choose that."
        ),
        b"\x1f\x8b": _("This file is compressed. Unpack it first."),
        b"%PDF": _("This is a PDF. Contacts can be read from a CSV file only."),
        b"\x89PNG": _("This is a picture. Contacts can be read from a CSV file only."),
        b"\xff\xd8\xff": _("This is a picture. Contacts can be read from a CSV file only."),
    }
    for mark, sentence in known.items():
        if head.startswith(mark):
            raise BadInput(sentence)


def _wide(head: bytes) -> str:
    """UTF-16 without a mark: every other byte of plain text is zero."""
    even, odd = head[0::2], head[1::2]
    if len(head) < 8:
        return ""
    if odd.count(0) > 0.4 * len(odd) and not even.count(0):
        return "utf-16-le"
    if even.count(0) > 0.4 * len(even) and not odd.count(0):
        return "utf-16-be"
    return ""


def _look_through(path: Path) -> _Look:
    """One pass with bounded memory: how much is UTF-8, and lines to judge the letters by."""
    look = _Look(size=path.stat().st_size)
    kept = [0, 0, 0]
    rest = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            third = min(2, 3 * (file.tell() - 1) // look.size)
            if chunk.isascii() and not rest:
                look.nul += chunk.count(0)
                continue
            rest = _count(look, rest + chunk)
            if kept[third] < _SAMPLE:
                sample = _foreign_lines(chunk)[: _SAMPLE - kept[third]]
                kept[third] += len(sample)
                look.samples.append(sample)
    look.wrong += len(rest)
    return look


def _count(look: _Look, data: bytes) -> bytes:
    """Count what is UTF-8 in the data; returns the bytes of a character cut at the end."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    wrong = 0
    try:
        text = decoder.decode(data)
    except UnicodeDecodeError:
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        text = decoder.decode(data)
        wrong = sum("\udc80" <= char <= "\udcff" for char in text)
    look.wrong += wrong
    look.right += len(text) - len(text.encode("ascii", "ignore")) - wrong
    look.nul += data.count(0)
    return decoder.getstate()[0]


def _foreign_lines(chunk: bytes) -> bytes:
    lines = chunk.splitlines()
    third = len(lines) // 3
    # Not from the beginning only: a list sorted by name or country changes on the way.
    shuffled = lines[:third] + lines[2 * third :] + lines[third : 2 * third]
    return b"\n".join(line[:1000] for line in shuffled if not line.isascii())


def _by_letters(sample: bytes) -> str:
    """The encoding in which the sample's letters fit one language best."""
    import charset_normalizer  # with its tables of languages: not into every process

    best = charset_normalizer.from_bytes(sample).best()
    named = best.encoding.replace("_", "-") if best else ""
    candidates = dict.fromkeys([named, *CHOICES[2:-1]] if named and named != "ascii" else CHOICES[2:-1])
    scores = {name: _fit(sample, name) + (0.05 if name == named else 0) for name in candidates}
    return max(scores, key=lambda name: scores[name])


def _fit(sample: bytes, encoding: str) -> float:
    try:
        text = sample.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return -1
    strange = [
        (char, before)
        for before, char in zip(" " + text, text, strict=False)
        if char > "\x7f" and char not in _TYPOGRAPHY
    ]
    if not strange:
        return 0
    fits = (
        weight * sum(_weight(char, before, known) for char, before in strange) for weight, known in _ALPHABETS
    )
    return max(fits) / len(strange)


def _weight(char: str, before: str, known: frozenset[str]) -> float:
    if char not in known:
        return 0 if char.isalpha() else -1
    if char.isupper():
        return -0.5 if before.islower() else 0.7  # a capital inside a word: the case is wrong
    return 1
