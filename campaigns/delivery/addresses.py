"""The addresses a letter carries: all made here, answered by `tracking`, `preferences` and `feedback`.

/u/<UNSUBSCRIBE: contact, message>      unsubscribe: GET asks, POST does it (RFC 8058)
/p/<PREFERENCES: contact, message>      the contact's own pages
/o/<OPEN: message>.gif                  the pixel of one message
/c/<CLICK: message, position>           one link of one message
/a/o/<COUNT_OPEN: campaign>.gif         the pixel that counts without a name
/a/c/<COUNT_CLICK: campaign, position>  the link that counts without a name
b+<BOUNCE: message>@bounce-domain             the envelope's sender (VERP): where failures are reported
unsubscribe+<UNSUBSCRIBE: …>@bounce-domain    unsubscribing by a letter
"""

from campaigns import settings, tokens
from campaigns.tokens import Purpose, sign

MARKS = ("unsubscribe", "preferences", "open", "bounce", "message")  # of each letter, before its links'


def unsubscribe(contact_id: int, message_id: int) -> str:
    """Where this contact unsubscribes, in one click or on a page."""
    return unsubscribe_base() + sign(Purpose.UNSUBSCRIBE, contact_id, message_id)


def unsubscribe_letter(contact_id: int, message_id: int, domain: str) -> str:
    """The mailto: that unsubscribes whoever writes to it."""
    return mailto(sign(Purpose.UNSUBSCRIBE, contact_id, message_id), domain)


def preferences(contact_id: int, message_id: int) -> str:
    """The contact's own pages."""
    return preferences_base() + sign(Purpose.PREFERENCES, contact_id, message_id)


def pixel(message_id: int) -> str:
    """The picture that says that this message was opened."""
    return f"{pixel_base()}{sign(Purpose.OPEN, message_id)}.gif"


def counting_pixel(campaign_id: int) -> str:
    """The picture that says that somebody opened a letter of this campaign."""
    return f"{_base()}/a/o/{sign(Purpose.COUNT_OPEN, campaign_id)}.gif"


def click(message_id: int, position: int) -> str:
    """The road through us to the link at `position`, naming the message."""
    return click_base() + sign(Purpose.CLICK, message_id, position)


def counting_click(campaign_id: int, position: int) -> str:
    """The road through us to the link at `position`, naming nobody."""
    return f"{_base()}/a/c/{sign(Purpose.COUNT_CLICK, campaign_id, position)}"


def envelope_from(message_id: int, domain: str) -> str:
    """The sender on the envelope: a failure reported to it names its message, and nobody can make it up."""
    return returned(sign(Purpose.BOUNCE, message_id), domain)


def header_id(message_id: int, domain: str) -> str:
    """The Message-ID without its brackets; the same for the same message whenever it is written."""
    return f"{sign(Purpose.MESSAGE_ID, message_id)}@{domain}"


def mailto(token: str, domain: str) -> str:
    """The address to write to for unsubscribing."""
    return f"mailto:unsubscribe+{token}@{domain}"


def returned(token: str, domain: str) -> str:
    """The address to which failures come back."""
    return f"b+{token}@{domain}"


def unsubscribe_base() -> str:
    """What stands before the token where contacts unsubscribe."""
    return f"{_base()}/u/"


def preferences_base() -> str:
    """What stands before the token of the contact's own pages."""
    return f"{_base()}/p/"


def pixel_base() -> str:
    """What stands before the token of a pixel."""
    return f"{_base()}/o/"


def click_base() -> str:
    """What stands before the token of a link."""
    return f"{_base()}/c/"


def marker(links: int) -> tokens.Stamper:
    """What makes the tokens named by MARKS, then those of so many links, for one letter after another."""
    return tokens.Stamper(
        (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES), (Purpose.OPEN, Purpose.BOUNCE, Purpose.MESSAGE_ID), links
    )


def _base() -> str:
    return settings.current().base_url
