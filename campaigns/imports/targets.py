"""What a column of a file can become, and the words that people see for it."""

from enum import StrEnum

from campaigns.words import _


class Target(StrEnum):
    """Where the cells of a column go."""

    IGNORE = ""
    EMAIL = "email"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    FULL_NAME = "full_name"
    PHONE = "phone"
    BIRTHDAY = "birthday"
    COMPANY = "company"
    POSITION = "position"
    LANGUAGE = "language"
    COUNTRY = "country"
    CITY = "city"
    TIMEZONE = "timezone"
    NOTE = "note"
    TAGS = "tags"
    CATEGORIES = "categories"
    OPTIN_TIME = "optin_time"
    OPTIN_IP = "optin_ip"
    CONFIRM_TIME = "confirm_time"
    CONFIRM_IP = "confirm_ip"
    STATUS = "status"  # a word: subscribed, unsubscribed, cleaned, blocklisted …
    SUBSCRIBED = "subscribed"  # yes or no
    UNSUBSCRIBED = "unsubscribed"  # yes or no, or when
    BOUNCED = "bounced"  # yes or no, or when
    ATTRIBUTES = "attributes"  # a JSON object
    FIELD = "field"  # kept under the column's own name


# One column only; where several go to another target, the first that has something in it counts.
ONCE = frozenset({Target.EMAIL, Target.FIRST_NAME, Target.LAST_NAME, Target.FULL_NAME, Target.BIRTHDAY})


def choices() -> list[tuple[str, str]]:
    """All targets as value and label, in the order in which they are offered."""
    return [
        (Target.IGNORE, _("– leave out –")),
        (Target.EMAIL, _("Email address")),
        (Target.FIRST_NAME, _("First name")),
        (Target.LAST_NAME, _("Last name")),
        (Target.FULL_NAME, _("Whole name")),
        (Target.PHONE, _("Phone")),
        (Target.BIRTHDAY, _("Birthday")),
        (Target.COMPANY, _("Company")),
        (Target.POSITION, _("Position")),
        (Target.LANGUAGE, _("Language")),
        (Target.COUNTRY, _("Country")),
        (Target.CITY, _("City")),
        (Target.TIMEZONE, _("Time zone")),
        (Target.TAGS, _("Tags")),
        (Target.CATEGORIES, _("Categories")),
        (Target.NOTE, _("Note")),
        (Target.STATUS, _("Status: subscribed or not")),
        (Target.SUBSCRIBED, _("Wants letters: yes or no")),
        (Target.UNSUBSCRIBED, _("Unsubscribed: yes, no or when")),
        (Target.BOUNCED, _("Address failed: yes, no or when")),
        (Target.OPTIN_TIME, _("Agreed at (time)")),
        (Target.OPTIN_IP, _("Agreed from (network address)")),
        (Target.CONFIRM_TIME, _("Confirmed at (time)")),
        (Target.CONFIRM_IP, _("Confirmed from (network address)")),
        (Target.ATTRIBUTES, _("Attributes (JSON)")),
        (Target.FIELD, _("Keep under its own name")),
    ]
