"""What kind of file was given: text, a workbook, or vCards."""

import codecs
import zipfile
from enum import StrEnum
from pathlib import Path

_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_BEGINS = "BEGIN:VCARD"


class Format(StrEnum):
    """How a file is read."""

    TEXT = "text"
    WORKBOOK = "workbook"
    VCARD = "vcard"


def of(path: Path) -> Format:
    """The format, by what the file begins with and never by its name."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(_OLD_WORKBOOK) or (head.startswith(_ZIP) and _holds_sheets(path)):
        return Format.WORKBOOK
    return Format.VCARD if _begins_with_a_card(head) else Format.TEXT


def _holds_sheets(path: Path) -> bool:
    """Whether the archive is a workbook of Excel or LibreOffice."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            kind = archive.read("mimetype")[:100] if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
        return False
    return b"opendocument.spreadsheet" in kind or any(name.startswith("xl/workbook.") for name in names)


def _begins_with_a_card(head: bytes) -> bool:
    wide = b"\0" in head[:2] or head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encodings = ("utf-16", "utf-16-le", "utf-16-be") if wide else ("utf-8-sig",)
    return any(head.decode(name, "replace").lstrip().upper().startswith(_BEGINS) for name in encodings)
