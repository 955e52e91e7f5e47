"""Why a row is not taken, or was taken only in part: the reasons and how they read."""

from enum import StrEnum

from campaigns.consent.models import SuppressionReason
from campaigns.contacts.addresses import AddressReason
from campaigns.words import _


class Refusal(StrEnum):
    """Why a row is not taken."""

    LINE_TOO_LONG = "line_too_long"
    QUOTES = "quotes"
    TOO_MANY_CELLS = "too_many_cells"
    UNREADABLE = "unreadable"
    CARD = "card"
    ADDRESS_MISSING = AddressReason.MISSING
    ADDRESS_WITHOUT_AT = AddressReason.NO_AT
    ADDRESS_LOCAL_PART = AddressReason.LOCAL_PART
    ADDRESS_DOMAIN = AddressReason.DOMAIN
    ADDRESS_TOO_LONG = AddressReason.TOO_LONG
    MINOR = "minor"
    UNSUBSCRIBED = SuppressionReason.UNSUBSCRIBED
    BOUNCED = SuppressionReason.BOUNCED
    COMPLAINED = SuppressionReason.COMPLAINED
    OBJECTED = SuppressionReason.OBJECTED
    ERASED = SuppressionReason.ERASED
    MANUAL = SuppressionReason.MANUAL
    RESTRICTED = "restricted"


class Remark(StrEnum):
    """What was changed in a row that was taken, or left out of it."""

    CELLS_ADDED = "cells_added"
    CUT = "cut"
    BIRTHDAY = "birthday"
    LANGUAGE = "language"
    COUNTRY = "country"
    TIMEZONE = "timezone"
    FIELD = "field"
    SAID_NO = "said_no"
    LEFT_THERE = "left_there"


def words(reason: str) -> str:
    """A refusal in a few words."""
    return {
        Refusal.LINE_TOO_LONG: _("The line has more than a million characters"),
        Refusal.QUOTES: _("A quotation mark in the row is never closed, or closes too early"),
        Refusal.TOO_MANY_CELLS: _("The row has more cells than there are columns"),
        Refusal.UNREADABLE: _("The row has characters that can’t be read in the file’s encoding"),
        Refusal.CARD: _("The vCard is damaged, has no end, or is too long"),
        Refusal.ADDRESS_MISSING: _("There is no email address"),
        Refusal.ADDRESS_WITHOUT_AT: _("The address has no @"),
        Refusal.ADDRESS_LOCAL_PART: _("The part before the @ is not one that an address can have"),
        Refusal.ADDRESS_DOMAIN: _("There is no valid domain after the @"),
        Refusal.ADDRESS_TOO_LONG: _("The address is too long"),
        Refusal.MINOR: _("Younger than 16"),
        Refusal.UNSUBSCRIBED: _("Has unsubscribed here, which an import can’t change"),
        Refusal.BOUNCED: _("Letters to this address came back"),
        Refusal.COMPLAINED: _("Has reported a letter as spam"),
        Refusal.OBJECTED: _("Has objected to letters"),
        Refusal.ERASED: _("Was erased at their own wish"),
        Refusal.MANUAL: _("Is on the list of addresses that are never mailed"),
        Refusal.RESTRICTED: _("Their data are kept, but not to be used or changed"),
    }.get(reason, reason)  # type: ignore[call-overload]


def remark(reason: str) -> str:
    """A remark in a few words."""
    return {
        Remark.CELLS_ADDED: _("The row ended early; the cells that are missing count as empty"),
        Remark.CUT: _("A value was too long and was cut"),
        Remark.BIRTHDAY: _("The birthday was not understood and was left out"),
        Remark.LANGUAGE: _("The language was not understood and was left out"),
        Remark.COUNTRY: _("The country was not understood and was left out"),
        Remark.TIMEZONE: _("The time zone was not understood and was left out"),
        Remark.FIELD: _("A value did not fit its field and was left out"),
        Remark.SAID_NO: _("Has said no here; that stays, and no letters go there"),
        Remark.LEFT_THERE: _("Unsubscribed or failed according to the file: kept, and never mailed"),
    }.get(reason, reason)  # type: ignore[call-overload]
