"""Cells of the files we write, made so that no spreadsheet runs them as a formula (OWASP: CSV injection)."""

import unicodedata

_STARTS = frozenset("=+-@|%＝＋－＠")


def safe(value: object) -> str:
    """The value as a cell: an apostrophe stands before whatever a spreadsheet could run.

    Blanks and control characters at the beginning don't hide a formula.
    """
    cell = "" if value is None else str(value)
    if not cell or cell[0].isalnum():
        return cell
    first = next((c for c in cell if not c.isspace() and unicodedata.category(c)[0] != "C"), "")
    return f"'{cell}" if first in _STARTS or cell[0] in "\t\r\n" else cell
