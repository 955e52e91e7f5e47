"""Why somebody may not be mailed: the gate's answers, and how they read."""

from enum import StrEnum

from campaigns.words import _


class Reason(StrEnum):
    """What the gate says instead of “yes”; those of the suppression list bear its names."""

    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    OBJECTED = "objected"
    ERASED = "erased"
    MANUAL = "manual"
    RESTRICTED = "restricted"
    NO_CONSENT = "no_consent"
    UNCONFIRMED = "unconfirmed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    NARROWED = "narrowed"
    BASIS = "basis"
    MINOR = "minor"
    PAUSED = "paused"
    OCCASIONS = "occasions"
    TOO_OFTEN = "too_often"


def words(reason: str) -> str:
    """The reason in a few words, as a list shows it."""
    return {
        Reason.UNSUBSCRIBED: _("Unsubscribed"),
        Reason.BOUNCED: _("The address does not work"),
        Reason.COMPLAINED: _("Reported a letter as spam"),
        Reason.OBJECTED: _("Objected"),
        Reason.ERASED: _("Erased at their wish"),
        Reason.MANUAL: _("On the list of addresses never mailed"),
        Reason.RESTRICTED: _("Kept, but not to be used"),
        Reason.NO_CONSENT: _("Never agreed"),
        Reason.UNCONFIRMED: _("Has not confirmed yet"),
        Reason.DECLINED: _("Declined"),
        Reason.WITHDRAWN: _("Withdrew the agreement"),
        Reason.EXPIRED: _("The agreement has expired"),
        Reason.BASIS: _("The legal ground does not cover such letters"),
        Reason.NARROWED: _("Chose single topics only"),
        Reason.MINOR: _("Under 16"),
        Reason.PAUSED: _("Asked for a pause"),
        Reason.OCCASIONS: _("Wants only birthdays and orders"),
        Reason.TOO_OFTEN: _("Had a letter lately, and wants them less often"),
    }.get(reason, reason)  # type: ignore[call-overload]
