"""Similar text (`~~`): what somebody may have mistyped, found the same way on every database.

Two texts are similar when, in small letters and without accents, they differ by at most one letter (one in
texts of four to seven letters, two in longer ones, none in shorter ones): a letter wrong, missing, too many,
or two neighbours swapped. What there is is read from the database, and compared here.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy.orm import Session

from campaigns.audiences.leaves import Condition, one_of
from campaigns.contacts.names import KEY_LENGTH, plain

_SHORT, _LONG = 4, 8  # letters


def alike(value: str, there: Sequence[str]) -> list[str]:
    """Those of the texts that are similar to the value."""
    wanted = plain(value)
    if not wanted:
        return []
    folded = [_folded(one) for one in there]
    found = process.extract(wanted, folded, scorer=OSA.distance, score_cutoff=mistakes(wanted), limit=None)
    return [there[place] for _text, _distance, place in found]


def _folded(text: str) -> str:
    """`names.plain`, by a shorter way for what is plain enough: there may be tens of thousands."""
    if text.isascii() and text.isprintable():
        return " ".join(text.lower().split())[:KEY_LENGTH].strip()
    return plain(text)


def mistakes(wanted: str) -> int:
    """How many letters may differ."""
    return 0 if len(wanted) < _SHORT else 1 if len(wanted) < _LONG else 2


def to(session: Session, column: Any, value: str, *where: Condition) -> Condition:
    """The column holds something similar to the value; `where` says which rows may hold it."""
    there = session.scalars(sa.select(column).where(column != "", *where).distinct()).all()
    return one_of(session, column, alike(value, there))
