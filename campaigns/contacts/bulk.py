"""What can be done with many contacts at once: the register of acts; rooms above offer acts of their own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import Role, User
from campaigns.contacts.changing import Changed
from campaigns.contacts.models import Contact
from campaigns.errors import BadInput
from campaigns.words import _

Form = Mapping[str, str]
Values = Mapping[str, Any]  # what an act was given, as JSON


@dataclass(frozen=True)
class Act:
    """Something done with many contacts, a part of them at a time, which can be undone.

    `read` raises BadInput for what is not filled in; `has` is true for contacts on which there is nothing
    to do; `change` is given contacts that are locked, and returns what it changed on which of them.
    """

    label: Callable[[], str]
    read: Callable[[Session, Form, User | None], Values]
    has: Callable[[Session, Values], sa.ColumnElement[bool]]
    change: Callable[[Session, Values, Sequence[int], User | None], list[Changed]]
    said: Callable[[Values, int], str]  # what came of it, on how many
    about: Callable[[Session, Values], str]  # with what: the label, the colleague, the value …
    fields: str = ""  # the template with what it asks for
    offers: Callable[[Session], dict[str, Any]] | None = None  # what that template is given besides
    roles: tuple[Role, ...] = ()  # empty: everybody


@dataclass(frozen=True)
class Final:
    """Something done with many contacts that can't be undone; pages of its own start it.

    `do` is given some numbers, and returns with how many of them it was done; it asks again whether it may.
    """

    do: Callable[[Session, Values, Sequence[int], User | None], int]
    said: Callable[[int], str]
    portion: int  # contacts at a time
    roles: tuple[Role, ...]  # who may watch it, stop it and let it go on
    counted: Callable[[str], str]  # with so many until now, as the progress shows it
    stopping: Callable[[], str]  # what is asked before it is stopped for good
    lasting: Callable[[], str]  # why it can't be undone


@dataclass(frozen=True)
class Door:
    """A way from chosen contacts to the page on which something final is looked at before it is done.

    `endpoint` takes a POST whose query says who is meant, as that of the list does; with `?ticked=1` the form
    has their numbers as `id`.
    """

    label: Callable[[], str]
    endpoint: str
    icon: str
    roles: tuple[Role, ...]


offered: dict[str, Act] = {}
finals: dict[str, Final] = {}
doors: dict[str, Door] = {}


def offer(key: str, act: Act) -> None:
    """Let this be done with many contacts; called while the application is being made."""
    offered[key] = act


def offer_final(key: str, act: Final) -> None:
    """Let this be done by bulk edits that can't be undone; called when the module is imported."""
    finals[key] = act


def offer_door(door: Door) -> None:
    """Lead to such a page; called while the application is being made."""
    doors[door.endpoint] = door


def doors_of(user: User) -> list[Door]:
    """The pages that are open to this person."""
    return [door for door in doors.values() if user.may(*door.roles)]


def open_to(user: User) -> dict[str, Act]:
    """The acts that this person may do."""
    return {key: act for key, act in offered.items() if not act.roles or user.may(*act.roles)}


def named(key: str, user: User | None) -> Act:
    """The act, if this person (None: the command line) may do it; raises BadInput otherwise."""
    act = (offered if user is None else open_to(user)).get(key)
    if act is None:
        raise BadInput(_("Choose what is to be done with these contacts."), field="act")
    return act


@dataclass(frozen=True)
class Count:
    """How many contacts are chosen, and on how many of them there is something to do."""

    chosen: int
    changes: int

    @property
    def already(self) -> int:
        """Those on whom there is nothing to do."""
        return self.chosen - self.changes


def count(session: Session, act: Act, values: Values, chosen: sa.Select[Any]) -> Count:
    """Count before it is done; reads all that are chosen."""
    has = sa.case((act.has(session, values), 1), else_=0)
    asked = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(has), 0)).select_from(Contact)
    number, already = session.execute(asked.where(Contact.id.in_(chosen))).one()
    return Count(number, number - already)
