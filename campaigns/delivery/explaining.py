"""What the codes of a message mean, in words for a person."""

from campaigns.consent import reasons
from campaigns.delivery.models import MessageStatus
from campaigns.words import _


def status(value: str) -> str:
    """A message's status as a list names it."""
    return {
        MessageStatus.PLANNED: _("Waiting"),
        MessageStatus.SENT: _("Sent"),
        MessageStatus.DEFERRED: _("Trying again"),
        MessageStatus.FAILED: _("Failed"),
        MessageStatus.SKIPPED: _("Skipped"),
        MessageStatus.UNCERTAIN: _("Uncertain"),
    }.get(value, value)  # type: ignore[call-overload]


def reason(code: str) -> str:
    """Why a message was skipped, failed, or is uncertain; empty for no reason."""
    own = {
        "address_taken": _("The contact's new address is mailed already"),
        "merged": _("Merged with another contact, who has a letter of this campaign"),
        "eai_unsupported": _("The mail server can't send to this address's letters"),
        "cancelled": _("The campaign was cancelled"),
        "no_such_address": _("The address does not exist"),
        "refused": _("Refused by the mail server"),
        "policy": _("Refused by the receiver's rules"),
        "expired": _("Put off until the campaign's time was over"),
        "render": _("The letter could not be written for this contact"),
        "deferred": _("The mail server asked to try later"),
        "worker_lost": _("The sending program stopped while the mail server had the letter"),
        "no_answer": _("The mail server did not say whether it took the letter"),
    }
    return own.get(code) or reasons.words(code)
