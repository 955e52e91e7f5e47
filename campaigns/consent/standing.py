"""Where somebody stands on a purpose: the sum of the ledger, as a pure function of its entries.

Strictest wins. Whatever says no tightens, whoever recorded it. A yes loosens a no only when the
person gave it themselves, shown by a letter to their address, and not before they said no. In the same
way they can narrow a no: who left everything and then chooses single topics ends their no to all without
saying yes, and still nobody else can say it for them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import Protocol

from campaigns.consent.models import Act, Basis


class State(StrEnum):
    """What `Consent.state` may say: an act that counts, or a sign-up that waits for its confirmation."""

    GRANTED = Act.GRANTED
    CONFIRMED = Act.CONFIRMED
    DECLINED = Act.DECLINED
    WITHDRAWN = Act.WITHDRAWN
    OBJECTED = Act.OBJECTED
    EXPIRED = Act.EXPIRED
    NARROWED = Act.NARROWED
    UNCONFIRMED = "unconfirmed"


class Method(StrEnum):
    """How it reached us."""

    IMPORT = "import"
    API = "api"
    STAFF = "staff"  # told to a colleague: on the phone, on paper, at the fair
    FORM = "form"  # a form that anybody can fill with any address
    DOUBLE_OPT_IN = "double_opt_in"  # such a form, waiting for the confirming click
    CONFIRMATION = "confirmation"  # the confirming click
    PAGE = "page"  # the contact's own page, reached by a signed link
    ONE_CLICK = "one_click"  # RFC 8058
    CLOCK = "clock"  # time went by
    UNDO = "undo"  # what brought an entry was taken back
    MERGE = "merge"  # said by the same person under another address


YES = frozenset({State.GRANTED, State.CONFIRMED})
NO = frozenset({State.DECLINED, State.WITHDRAWN, State.OBJECTED})
# Only who reads the address's mail can come this way.
OWN = frozenset({Method.CONFIRMATION, Method.PAGE, Method.ONE_CLICK})

_STRICTNESS = {State.DECLINED: 1, State.WITHDRAWN: 2, State.OBJECTED: 3}
_RANK = {State.EXPIRED: 1} | {state: rank + 1 for state, rank in _STRICTNESS.items()}
_STRENGTH = {Basis.CONSENT: 3, Basis.EXISTING_CUSTOMER: 2, Basis.CONTRACT: 1, Basis.LEGITIMATE_INTEREST: 1}


class Entry(Protocol):
    """What of a ledger entry decides; a ConsentEvent is one."""

    @property
    def id(self) -> int: ...
    @property
    def act(self) -> str: ...
    @property
    def basis(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def at(self) -> datetime: ...


class Kept(Entry, Protocol):
    """An entry as the ledger has it: one may say that another does not count."""

    @property
    def undoes(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """A state, on which ground, since when, and the entry that set it."""

    state: str
    basis: str
    at: datetime
    event_id: int


def strictness(standing: Standing | None) -> int:
    """How much of a no it is; 0 for a yes, for what waits to be confirmed, and for who was never asked."""
    return _RANK.get(State(standing.state), 0) if standing else 0


def fold(entries: Iterable[Kept]) -> Standing | None:
    """Where these entries, in the order of recording, leave their contact; None when never asked.

    Entries that were taken back count as if they had never been made.
    """
    said = list(entries)
    undone = {entry.undoes for entry in said if entry.act == Act.UNDONE}
    return reduce(moved, (entry for entry in said if entry.id not in undone), None)


def moved(now: Standing | None, entry: Entry) -> Standing | None:
    """Where one more entry leaves somebody who stands at `now`."""
    if entry.act == Act.UNDONE:  # what it takes back is known only to who has all entries: fold
        return now
    if entry.act in NO:
        return _tightened(now, entry)
    if entry.act == Act.EXPIRED:
        held = now is not None and now.state in (*NO, State.NARROWED)
        return now if held else _stands(State.EXPIRED, entry)
    if entry.act == Act.NARROWED:
        ends = now is not None and now.state not in (State.EXPIRED, State.NARROWED) and _own(now, entry)
        return _stands(State.NARROWED, entry) if ends else now
    return _agreed(now, entry)


def _own(now: Standing, entry: Entry) -> bool:
    """Whether they say this themselves, and not before what they said last."""
    return entry.method in OWN and entry.basis == Basis.CONSENT and entry.at >= now.at


def _tightened(now: Standing | None, entry: Entry) -> Standing:
    new = _stands(State(entry.act), entry)
    if now is None or now.state not in NO:
        return new
    if _STRICTNESS[State(now.state)] >= _STRICTNESS[State(entry.act)]:
        return replace(now, at=max(now.at, entry.at))
    return replace(new, at=max(now.at, entry.at))


def _agreed(now: Standing | None, entry: Entry) -> Standing | None:
    waits = entry.act == Act.GRANTED and entry.method == Method.DOUBLE_OPT_IN
    new = _stands(State.UNCONFIRMED if waits else State(entry.act), entry)
    if now is None:
        return new
    if waits:  # anybody can type anybody's address into a form
        return new if now.state == State.EXPIRED else now
    own = _own(now, entry)
    if now.state in NO or now.state == State.NARROWED:
        return new if own else now
    if now.state in YES and not own and not _better(now, new):
        return now
    return new


def _better(now: Standing, new: Standing) -> bool:
    """Whether a further yes is better evidence; of two equal ones the first stays."""
    strength = _STRENGTH[Basis(new.basis)] - _STRENGTH[Basis(now.basis)]
    confirms = new.state == State.CONFIRMED and now.state == State.GRANTED
    return strength > 0 or (strength == 0 and confirms)


def _stands(state: State, entry: Entry) -> Standing:
    return Standing(state, entry.basis, entry.at, entry.id)
