"""Columns of a workbook whose numbers are shown with zeros in front, as postal codes are.

Excel keeps 123 and a format “00000”; people see 00123, and that is what they mean (ECMA-376, 18.8.30).
"""

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

_ROWS = 1000  # that are looked at
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ZEROS = re.compile(r"0{2,20}")
_CELL = re.compile(r"([A-Z]{1,3})\d+")


def widths(path: Path, sheet: str) -> dict[int, int]:
    """For columns, by number from 0, whose cells are shown with zeros in front: how many digits they have."""
    try:
        with zipfile.ZipFile(path) as book:
            styles = _styles(book)
            return _columns(book, _part(book, sheet), styles) if styles else {}
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        EOFError,
        KeyError,
        etree.LxmlError,
        ValueError,
    ):
        return {}  # another format of workbook: shown as it is kept


def _styles(book: zipfile.ZipFile) -> dict[str, int]:
    """The styles of cells that put zeros in front, by their number, and to how many digits."""
    root = _parsed(book, "xl/styles.xml")
    formats = {
        one.get("numFmtId"): len(code)
        for one in root.iter(f"{_MAIN}numFmt")
        if _ZEROS.fullmatch(code := one.get("formatCode") or "")
    }
    cells = root.find(f"{_MAIN}cellXfs")
    kinds = [style.get("numFmtId") for style in cells] if cells is not None else []
    return {str(number): formats[kind] for number, kind in enumerate(kinds) if kind in formats}


def _part(book: zipfile.ZipFile, sheet: str) -> str:
    """Where in the archive the sheet of that name is; raises KeyError."""
    found = {
        one.get("name"): one.get(_RELATION) for one in _parsed(book, "xl/workbook.xml").iter(f"{_MAIN}sheet")
    }
    targets = {one.get("Id"): one.get("Target") for one in _parsed(book, "xl/_rels/workbook.xml.rels")}
    return posixpath.normpath(posixpath.join("/xl", targets[found[sheet]] or "")).lstrip("/")


def _columns(book: zipfile.ZipFile, part: str, styles: dict[str, int]) -> dict[int, int]:
    found: dict[int, int] = {}
    with book.open(part) as file:
        for cell in _cells(file):
            if cell.get("s") in styles and (place := _CELL.fullmatch(cell.get("r") or "")):
                found.setdefault(_number(place[1]), styles[cell.get("s")])
    return found


def _cells(file: Any) -> Iterator[Any]:
    rows = etree.iterparse(file, tag=f"{_MAIN}row", resolve_entities=False, no_network=True)
    for number, (_event, row) in enumerate(rows):
        if number >= _ROWS:
            return
        yield from row.iter(f"{_MAIN}c")
        row.clear()


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _parsed(book: zipfile.ZipFile, part: str) -> Any:
    with book.open(part) as file:
        return etree.parse(file, etree.XMLParser(resolve_entities=False, no_network=True)).getroot()
