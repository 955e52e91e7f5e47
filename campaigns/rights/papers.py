"""A person who is erased in the files of the data folder: uploads, refused rows, exports, captured mail.

Uploads may be read on from where a worker stopped, so nothing in them moves: the rows that name the person
get an x for each letter and digit. A file that is packed, such as a workbook, can't be changed so; it is
deleted, and has to be asked for or uploaded anew.
"""

import mmap
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from campaigns import settings
from campaigns.exports import ad_layouts, places
from campaigns.imports import files
from campaigns.mail.capture import CapturedMail
from campaigns.rights.person import Person

_LETTER = re.compile(rb"[0-9A-Za-z\x80-\xff]")
_WIDE_LETTER = re.compile(r"[^\W_]")
_CARD, _CARD_END = b"BEGIN:VCARD", b"END:VCARD"
_FRAME = (b"BEGIN:", b"END:", b"VERSION:")
_MOST_LINES = 100  # of one row, whose cells may hold several
_BLOCK = 1 << 20


def blacken(who: Person, beat: Callable[[], None]) -> dict[str, int]:
    """Go through all files; how many of each kind named them. Safe to do twice."""
    folder, found = settings.current().data_dir, {"upload": 0, "export": 0, "captured_mail": 0}
    words = _words(who)
    for path in _files(folder / files.FOLDER):
        beat()
        found["upload"] += _blacken(path, words)
    for path in _files(places.folder()):
        beat()
        if path != places.removal(_number(path)):  # it tells the platform to forget them
            found["export"] += _blacken(path, words)
    found["captured_mail"] = CapturedMail(folder).forget(who.addresses, beat)
    return {kind: number for kind, number in found.items() if number}


def _files(folder: Path) -> Iterator[Path]:
    return iter(sorted(path for path in folder.iterdir() if path.is_file())) if folder.is_dir() else iter(())


def _number(path: Path) -> int:
    return int(path.stem) if path.stem.isdigit() else 0


def _words(who: Person) -> list[str]:
    """By what a row of a file is theirs: the address, also as ad platforms get it."""
    hashed = {ad_layouts.hashed(form(email)) for email in who.addresses for form in ad_layouts.EMAIL_FORMS}
    return [*who.addresses, *sorted(hashed)]


def _blacken(path: Path, words: Sequence[str]) -> bool:
    """Whether the file named them; it does so no more."""
    try:
        if zipfile.is_zipfile(path):
            return _drop_packed(path, words)
        with path.open("r+b") as file:
            return os.fstat(file.fileno()).st_size > 0 and _in_text(mmap.mmap(file.fileno(), 0), words)
    except FileNotFoundError:  # it was dropped meanwhile
        return False


def _drop_packed(path: Path, words: Sequence[str]) -> bool:
    pattern, longest = _pattern(words, "utf-8"), max(map(len, words))
    with zipfile.ZipFile(path) as packed:
        for name in packed.namelist():
            before = b""
            with packed.open(name) as part:
                while block := part.read(_BLOCK):
                    if pattern.search(before + block):
                        path.unlink(missing_ok=True)
                        return True
                    before = block[-4 * longest :]
    return False


def _in_text(memory: mmap.mmap, words: Sequence[str]) -> bool:
    with memory:
        wide = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(memory[:2], "")
        cards = _CARD in memory[:200].upper()
        spans = {
            (_card if cards else _row)(memory, match.start(), match.end())
            for match in _pattern(words, wide or "utf-8").finditer(memory)
        }
        for start, end in spans:
            if wide:
                start, end = start - start % 2, end + end % 2
            memory[start:end] = _masked(memory[start:end], wide, cards)
        if spans:
            memory.flush()
        return bool(spans)


def _pattern(words: Sequence[str], encoding: str) -> re.Pattern[bytes]:
    """Finds the words as bytes; never as the end of a longer address."""
    forms = {form.encode(encoding) for word in words for form in (word, word.lower(), word.upper())}
    either = b"|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    before = rb"(?<![\w.+-]\x00)" if encoding == "utf-16-le" else rb"(?<![\w.+-])"
    return re.compile(before + b"(?:" + either + b")", re.IGNORECASE)


def _row(memory: mmap.mmap, start: int, end: int) -> tuple[int, int]:
    """Where the row begins and ends in which this stands; a cell in quotes may go over several lines."""
    begin = memory.rfind(b"\n", 0, start) + 1
    finish = _line_end(memory, end)
    for _line in range(_MOST_LINES):
        if memory[begin:finish].count(b'"') % 2 == 0 or finish >= len(memory):
            break
        finish = _line_end(memory, finish + 1)
    return begin, finish


def _line_end(memory: mmap.mmap, start: int) -> int:
    found = memory.find(b"\n", start)
    return len(memory) if found < 0 else found


def _card(memory: mmap.mmap, start: int, end: int) -> tuple[int, int]:
    begin, finish = memory.rfind(_CARD, 0, start), memory.find(_CARD_END, end)
    return max(begin, 0), len(memory) if finish < 0 else finish


def _masked(text: bytes, wide: str, cards: bool) -> bytes:
    if wide:
        return _WIDE_LETTER.sub("x", text.decode(wide, "surrogatepass")).encode(wide, "surrogatepass")
    if not cards:
        return _LETTER.sub(b"x", text)
    return b"\n".join(map(_masked_line, text.split(b"\n")))


def _masked_line(line: bytes) -> bytes:
    """A line of a card: what it is stays, what it says goes."""
    if line.upper().startswith(_FRAME):
        return line
    name, colon, value = line.partition(b":")
    if not colon or line[:1] in b" \t":
        return _LETTER.sub(b"x", line)
    return name + colon + _LETTER.sub(b"x", value)
