"""Labels, and other things that rules name, under another name: what names one follows."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from campaigns.contacts import tagging
from campaigns.contacts.field_renaming import Followed
from campaigns.contacts.tagging import Label

Follower = Callable[[Session, type[Any], str, str], Followed]
followers: list[Follower] = []


def offer(follower: Follower) -> None:
    """Let something else follow when a thing of some kind is renamed; called when the module is imported."""
    followers.append(follower)


def rename(session: Session, label: Label, name: str) -> Followed:
    """Give the label another name, with what follows. Raises BadInput for none, Conflict for a taken one."""
    before = label.name
    tagging.rename(session, label, name)
    return follow(session, type(label), before, label.name)


def merge(session: Session, label: Label, into: Label) -> Followed:
    """Whoever wears `label` wears `into` instead, with whatever follows. Raises BadInput for the same one."""
    kind, before = type(label), label.name
    tagging.merge(session, label, into)
    return follow(session, kind, before, into.name)


def follow(session: Session, kind: type[Any], old: str, new: str) -> Followed:
    """Whatever names the thing of this kind by its old name takes the new one."""
    if old == new:
        return Followed()
    told = [follower(session, kind, old, new) for follower in followers]
    followed = [name for one in told for name in one.followed]
    return Followed(tuple(followed), tuple(name for one in told for name in one.left))
