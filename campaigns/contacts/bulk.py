"""What can be done with many contacts at a stroke; rooms above offer acts of their own here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import Role, User
from campaigns.contacts import tagging
from campaigns.errors import BadInput
from campaigns.words import _, ngettext

Form = Mapping[str, str]


@dataclass(frozen=True)
class Act:
    """Something done with chosen contacts (a select of their numbers); says what came of it."""

    label: Callable[[], str]
    do: Callable[[Session, sa.Select[Any], Form, User], str]
    fields: str = ""  # the template with what it asks for
    roles: tuple[Role, ...] = ()  # empty: everybody


offered: dict[str, Act] = {}


def offer(key: str, act: Act) -> None:
    """Let this be done with many contacts; called while the application is being made."""
    offered[key] = act


def open_to(user: User) -> dict[str, Act]:
    """The acts that this person may do."""
    return {key: act for key, act in offered.items() if not act.roles or user.may(*act.roles)}


def do(session: Session, key: str, chosen: sa.Select[Any], form: Form, user: User) -> str:
    """Do it, and say what came of it; raises BadInput for what is not offered or not filled in."""
    act = open_to(user).get(key)
    if act is None:
        raise BadInput(_("Choose what is to be done with these contacts."), field="act")
    return act.do(session, chosen, form, user)


def _tag(session: Session, chosen: sa.Select[Any], form: Form, _user: User) -> str:
    label = tagging.tag(session, form.get("tag_name", ""))
    return _said(tagging.put_on(session, label, chosen), label.name)


def _untag(session: Session, chosen: sa.Select[Any], form: Form, _user: User) -> str:
    label = tagging.tag(session, form.get("tag_name", ""))
    return _said_off(tagging.take_off(session, label, chosen), label.name)


def _categorise(session: Session, chosen: sa.Select[Any], form: Form, _user: User) -> str:
    label = tagging.category(session, form.get("category_name", ""))
    return _said(tagging.put_on(session, label, chosen), label.name)


def _uncategorise(session: Session, chosen: sa.Select[Any], form: Form, _user: User) -> str:
    label = tagging.category(session, form.get("category_name", ""))
    return _said_off(tagging.take_off(session, label, chosen), label.name)


def _said(number: int, name: str) -> str:
    one, many = "“%(name)s” was put on %(num)s contact.", "“%(name)s” was put on %(num)s contacts."
    return ngettext(one, many, number, name=name)


def _said_off(number: int, name: str) -> str:
    one, many = "“%(name)s” was taken off %(num)s contact.", "“%(name)s” was taken off %(num)s contacts."
    return ngettext(one, many, number, name=name)


def _hand_over(session: Session, chosen: sa.Select[Any], form: Form, _user: User) -> str:
    given = form.get("owner_id", "")
    owner = session.get(User, int(given)) if given.isdecimal() else None
    if given and (owner is None or not owner.active):
        raise BadInput(_("Choose a colleague of the list."), field="owner_id")
    number = tagging.give_to(session, owner.id if owner else None, chosen)
    one, many = "%(num)s contact has another owner now.", "%(num)s contacts have another owner now."
    return ngettext(one, many, number)


_LABELS = "pages/contacts/_bulk_labels.html"
offer("tag", Act(lambda: _("Put a tag on"), _tag, _LABELS))
offer("untag", Act(lambda: _("Take a tag off"), _untag))
offer("categorise", Act(lambda: _("Put into a category"), _categorise))
offer("uncategorise", Act(lambda: _("Take out of a category"), _uncategorise))
offer(
    "owner",
    Act(lambda: _("Change the owner"), _hand_over, "pages/contacts/_bulk_owner.html", (Role.MARKETER,)),
)
