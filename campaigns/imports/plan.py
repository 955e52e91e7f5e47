"""What the person who imports says of the whole file: where it comes from, and on which ground."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from campaigns.accounts import people
from campaigns.consent import ledger, wordings
from campaigns.consent.models import Act, Basis, Purpose
from campaigns.contacts import fields, sources
from campaigns.contacts.models import Import
from campaigns.contacts.names import plain, tidy
from campaigns.database import now
from campaigns.errors import BadInput
from campaigns.words import _

TRACKING = {"granted": Act.GRANTED, "declined": Act.DECLINED}


@dataclass(frozen=True)
class Plan:
    """The choices of one import, checked."""

    source: str
    basis: Basis
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    tracking: Act | None = None
    evidence: str = ""
    wording_id: int | None = None
    held_back: bool = False  # a partner's list whose words don't name us: nobody of it agreed to our letters
    import_id: int = 0
    user_id: int | None = None
    title: str = ""
    typed: bool = False  # whether there are fields of the firm's own
    at: datetime = field(default_factory=now)

    @cached_property
    def entry_source(self) -> str:
        """The source as the ledger keeps it."""
        return f"import:{self.import_id} {self.source}"


def checked(choices: dict[str, Any]) -> dict[str, Any]:
    """The choices in the form in which they are kept; raises BadInput naming what is missing or refused."""
    basis = _basis(str(choices.get("basis", "")))
    source = sources.accepted(str(choices.get("source", "")))
    tracking = str(choices.get("tracking") or "")
    if tracking and tracking not in TRACKING:
        raise BadInput(_("Tracking is “granted”, “declined”, or not said."), field="tracking")
    if choices.get("partner") and basis != Basis.CONSENT:
        raise BadInput(
            _("A partner's people are not your customers: only their consent that names you counts."),
            field="basis",
        )
    evidence = ""
    if basis == Basis.EXISTING_CUSTOMER:
        told = {name: str(choices.get(name) or "") for name in ("purchase", "products", "told")}
        evidence = ledger.customer_evidence(**told)
    return choices | {
        "basis": basis.value,
        "source": source,
        "tracking": tracking,
        "evidence": evidence,
        "partner": bool(choices.get("partner")),
        "categories": _names(choices.get("categories")),
        "tags": _names(choices.get("tags")),
        "wording": str(choices.get("wording") or "").strip(),
    }


def _basis(given: str) -> Basis:
    if not given:
        raise BadInput(
            _("Say on which ground these people may be written to, such as “consent”."), field="basis"
        )
    sources.accepted(given)  # bought, scraped and the like are refused in their own words
    try:
        return Basis(given.replace("-", "_").replace(" ", "_"))
    except ValueError as error:
        raise BadInput(
            _("“%(basis)s” is no ground. It is one of: %(known)s.", basis=given[:50], known=", ".join(Basis)),
            field="basis",
        ) from error


def _names(given: Any) -> list[str]:
    return list(dict.fromkeys(name for name in (tidy(str(one)) for one in given or ()) if name))


def names_us(session: Session, wording: str) -> bool:
    """Whether the words by which somebody agreed at a partner's speak of our letters (GDPR Art. 4(11))."""
    ours = people.organisation(session)
    return ours is not None and plain(ours.name) in plain(wording)


def of(session: Session, import_: Import, *, only_looking: bool = False) -> Plan:
    """The plan of an import whose choices have been checked; `only_looking` writes no wording down."""
    choices = import_.choices
    held_back = bool(choices.get("partner")) and not names_us(session, choices.get("wording") or "")
    wording = "" if only_looking else choices.get("wording") or ""
    return Plan(
        source=choices["source"],
        basis=Basis(choices["basis"]),
        categories=tuple(choices["categories"]),
        tags=tuple(choices["tags"]),
        tracking=TRACKING.get(choices["tracking"]),
        evidence=choices["evidence"],
        wording_id=wordings.wording(session, Purpose.MAIL, "", wording).id if wording else None,
        held_back=held_back,
        import_id=import_.id,
        user_id=import_.user_id,
        title=import_.filename,
        typed=bool(fields.known(session)),
    )
