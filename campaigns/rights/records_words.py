"""How the records of processing read."""

from collections.abc import Mapping, Sequence
from typing import Any

from campaigns.consent.models import Basis, Purpose
from campaigns.exports.models import Format
from campaigns.settings import Keep
from campaigns.words import _, ngettext


def ground(basis: str) -> str:
    """A legal ground with its place in the law."""
    return {
        Basis.CONSENT: _("Consent (GDPR Art. 6(1)(a))"),
        Basis.EXISTING_CUSTOMER: _("Existing customers (ePrivacy Art. 13(2), GDPR Art. 6(1)(f))"),
        Basis.CONTRACT: _("Contract (GDPR Art. 6(1)(b))"),
        Basis.LEGITIMATE_INTEREST: _("Legitimate interest (GDPR Art. 6(1)(f))"),
    }.get(basis, basis)  # type: ignore[call-overload]


def what_for(purpose: str) -> str:
    """What is done for a purpose."""
    return {
        Purpose.TRACKING: _("Seeing which letters somebody opens and what they click"),
        Purpose.PROFILING: _("Making a profile of what somebody is interested in"),
        Purpose.AD_PLATFORMS: _("Giving sealed addresses to advertising platforms"),
    }.get(purpose) or _("Sending letters by email, and counting what arrived")  # type: ignore[call-overload]


def kinds_of_people(categories: Sequence[str]) -> list[str]:
    """Contacts, by category, and colleagues."""
    named = _("Contacts: %(categories)s", categories=", ".join(categories)) if categories else _("Contacts")
    return [named, _("Colleagues who sign in")]


def own_fields() -> str:
    """What the firm's own fields are called together."""
    return _("Fields of our own")


def mail_server(host: str) -> str:
    """Who carries the letters."""
    return _("The mail server %(host)s", host=host) if host else _("No mail server yet: letters stay here")


def platform(layout: str) -> str:
    """An advertising platform that was given something."""
    return {
        Format.GOOGLE: _("Google (Customer Match)"),
        Format.META: _("Meta (customer lists)"),
    }.get(layout, layout)  # type: ignore[call-overload]


def time_limits(hits: int, silent: int, keep: Keep) -> list[dict[str, str]]:
    """What is kept for how long."""
    return [
        {"what": _("Contacts and what hangs on them"), "limit": _("Until they are erased")},
        {"what": _("Silent contacts"), "limit": _looked_at(silent)},
        {"what": _("Opens and clicks as they came, with network and program"), "limit": _months(hits)},
        {"what": _("Files that somebody asked for"), "limit": _days(keep.exports)},
        {"what": _("What bulk edits and imports changed, for undoing"), "limit": _days(keep.changes)},
        {"what": _("Seals of addresses that are never mailed"), "limit": _("As long as letters are sent")},
        {"what": _("The audit log"), "limit": _("Without an end")},
    ]


def _looked_at(months: int) -> str:
    return ngettext("Looked at after %(num)s month", "Looked at after %(num)s months", months)


def _months(number: int) -> str:
    return ngettext("%(num)s month", "%(num)s months", number)


def _days(number: int) -> str:
    return ngettext("%(num)s day", "%(num)s days", number)


def measures(facts: Mapping[str, Any]) -> list[str]:
    """What keeps the data safe here, and where it does not (Art. 32)."""
    return [
        _("Each colleague has an account and one of three roles; salespeople see their own contacts only."),
        _(
            "Passwords are kept as argon2id hashes; %(two)s of %(all)s colleagues sign in in two steps.",
            two=facts["two_steps"], all=facts["colleagues"],
        ),
        _("An audit log tells who changed, sent, copied or erased what."),
        _("Secrets of the mail server are sealed; addresses that are never mailed are kept as seals only."),
        _("Pages are reached by https.") if facts["https"] else _("Pages are not reached by https."),
        _("Letters go to the mail server encrypted.")
        if facts["tls"]
        else _("Letters do not go to a mail server encrypted."),
        _("Erasures reach texts, files and backups that are put back."),
    ]  # fmt: skip


def too_long(most: int) -> str:
    """What is said of a text that can't be kept."""
    return _("Write no more than %(most)s characters here.", most=most)


def not_set_up() -> str:
    """What is said before the first run."""
    return _("This installation has not been set up yet.")
