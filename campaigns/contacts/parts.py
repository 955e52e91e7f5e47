"""The register of form parts: what rooms above ask when a contact is made or changed, on the same form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from campaigns.contacts.models import Contact


@dataclass(frozen=True)
class Part:
    """A part of the form for a new contact, and what is kept of it once the contact is there.

    `keep` raises BadInput naming the field; then the contact is not made either. `check` does so for one
    that was made or changed.
    """

    template: str
    keep: Callable[[Session, Contact, Mapping[str, str]], None]
    check: Callable[[Session, Contact], None]


offered: dict[str, Part] = {}


def offer(key: str, part: Part) -> None:
    """Ask this, too, when a contact is made; called while the application is being made."""
    offered[key] = part
