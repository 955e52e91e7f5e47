"""Phone numbers in the one form that every phone can dial (E.164)."""

import re
from functools import cache

import phonenumbers

from campaigns.contacts.names import tidy

_INTERNATIONAL = re.compile(r"\+([1-9]\d{7,14})")


def normal(given: str, country: str = "") -> str:
    """The number as E.164 where that is certain, else as given; `country` is where local numbers belong."""
    text = tidy(given, 40)
    if (found := _INTERNATIONAL.fullmatch(text)) and _stands(found[1]):
        return text
    dialled = "+" + text[2:] if text.startswith("00") else text
    try:
        number = phonenumbers.parse(dialled, country.upper() or None)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_valid_number(number):
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _stands(digits: str) -> bool:
    """Whether reading it in full would change nothing: what one dials within the country is not in it.

    Then it is as it is given, whether such a number can exist or not; saves 50 µs a number.
    """
    for length in (1, 2, 3):
        if (code := int(digits[:length])) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            prefix = _prefix(code)
            return prefix is None or prefix.match(digits, length) is None
    return False


@cache
def _prefix(code: int) -> re.Pattern[str] | None:
    """What is dialled before numbers within the country, where anything is."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
    metadata = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, regions[0])
    given = metadata.national_prefix_for_parsing if metadata else None
    return re.compile(given) if given else None


def shown(kept: str) -> str:
    """The number as people read it, in groups."""
    try:
        number = phonenumbers.parse(kept, None)
    except phonenumbers.NumberParseException:
        return kept
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
