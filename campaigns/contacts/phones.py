"""Phone numbers in the one form that every phone can dial (E.164)."""

import phonenumbers

from campaigns.contacts.names import tidy


def normal(given: str, country: str = "") -> str:
    """The number as E.164 where that is certain, else as given; `country` is where local numbers belong."""
    text = tidy(given, 40)
    dialled = "+" + text[2:] if text.startswith("00") else text
    try:
        number = phonenumbers.parse(dialled, country.upper() or None)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_valid_number(number):
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def shown(kept: str) -> str:
    """The number as people read it, in groups."""
    try:
        number = phonenumbers.parse(kept, None)
    except phonenumbers.NumberParseException:
        return kept
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
