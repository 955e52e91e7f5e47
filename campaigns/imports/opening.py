"""Opens a file of any format as rows, and guesses how it is written."""

from pathlib import Path

from campaigns.contacts.models import Import
from campaigns.imports import cards, encodings, reading
from campaigns.imports.cards import Cards
from campaigns.imports.formats import Format
from campaigns.imports.reading import Shape, Table


def opened(path: Path, shape: Shape) -> Table | Cards:
    """The file as a table, to be used in a `with`; raises BadInput when it is none."""
    return Cards(path, shape.encoding) if shape.format == Format.VCARD else Table(path, shape)


def guess(path: Path, kind: Format) -> Shape:
    """How the file is most likely written; of a workbook, its sheet as text. Raises BadInput."""
    if kind == Format.VCARD:
        encoding = encodings.guess(path)
        cards.check(path, encoding)
        return Shape(encoding, ",", header=True, format=kind)
    found = reading.guess(path)
    return Shape(found.encoding, found.delimiter, found.header, kind)


def shape(import_: Import) -> Shape:
    """How the import's file is written."""
    header = bool(import_.choices.get("header", True))
    return Shape(import_.encoding, import_.delimiter, header, Format(import_.format or Format.TEXT))
