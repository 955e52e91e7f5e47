"""The register of what changes are made of: each part knows how it is put back as it was."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from campaigns.accounts.models import User
from campaigns.contacts.change_models import ChangeSet

CHANGED, GONE, NOT_OURS = "changed", "gone", "not_ours"  # why something is left as it is
ALL_KEPT = "all: restricted"  # the whole contact is left: its data are to be kept, and not used
TOUCHED = "updated_at"  # the column that moves with every change; put back with them, never spoken of


@dataclass(frozen=True, slots=True)
class Asked:
    """One contact's part of what is to be undone."""

    contact_id: int
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Left:
    """Something that undoing did not touch: a key of the part, and CHANGED, GONE or NOT_OURS."""

    contact_id: int
    what: str
    why: str


@dataclass
class Undone:
    """What came of some steps."""

    restored: int = 0  # contacts that are as they were
    left: list[tuple[int, str, str]] = field(default_factory=list)  # contact, "part:key", why
    more: bool = False  # whether there is more to undo


Part = Callable[[Session, Sequence[Asked]], Iterable[Left]]
Rest = Callable[[Session, ChangeSet, User | None, int], Undone]

parts: dict[str, Part] = {}
strict_parts: dict[str, Part] = {}
rests: dict[str, Rest] = {}


def offer(key: str, part: Part, strict: Part | None = None) -> None:
    """Undo this part of changes so; parts are undone in the order in which they are offered.

    The contacts that `part` is given are there and locked. It deletes none of them. Those whose data are
    only kept (GDPR Art. 18) are left as they are, but for what `strict` does: it takes a yes away, no more.
    """
    parts[key] = part
    if strict is not None:
        strict_parts[key] = strict


def offer_rest(kind: str, rest: Rest) -> None:
    """For change sets of this kind, do this once all recorded changes are undone, as long as it says `more`.

    It is given how many contacts to deal with in one step.
    """
    rests[kind] = rest


def plain(value: Any) -> Any:
    """The value as JSON knows it: days and moments as ISO text."""
    return value.isoformat() if isinstance(value, date) else value
