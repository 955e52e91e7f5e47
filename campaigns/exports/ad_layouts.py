"""What Google's Customer Match and Meta's customer lists take: their columns, and how values are hashed.

Google: support.google.com/google-ads/answer/7659867; the forms of its own client library (UserDataFormatter).
Meta: developers.facebook.com, “Customer information parameters”; columns of its customer lists.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from campaigns.exports.models import Format

KEYS = ("email", "phone", "first_name", "last_name", "country", "zip")

HEADINGS = {
    Format.GOOGLE: ("Email", "Phone", "First Name", "Last Name", "Country", "Zip"),
    Format.META: ("email", "phone", "fn", "ln", "zip", "country"),
}
_GMAIL = ("gmail.com", "googlemail.com")
_TITLES = re.compile(r"(?:^|(?<=\s))(?:mrs|mr|ms|miss|dr)\.(?=\s|$)")
_ENDINGS = re.compile(r"[\s,]+(?:jr|sr|2nd|3rd|ii|iii|iv|v|vi|cpa|dc|dds|vm|jd|md|phd)\.?$")


def hashed(normal: str) -> str:
    """SHA-256 in small hexadecimal letters; empty for nothing."""
    return hashlib.sha256(normal.encode()).hexdigest() if normal else ""


def row(layout: Format, known: Mapping[str, Any]) -> tuple[str, ...]:
    """The row of one contact, of whom KEYS are known."""
    return _google(known) if layout == Format.GOOGLE else _meta(known)


def keys(layout: Format, found: tuple[str, ...]) -> tuple[str, str]:
    """The hashes of address and phone in a row: by these the platform knows the person."""
    return found[0], found[1]


def google_email(email: str) -> str:
    """Small letters, no blanks; before Google's own domains no dots, and nothing from a plus on."""
    local, _at, domain = re.sub(r"\s", "", email).lower().rpartition("@")
    if domain in _GMAIL:
        local = local.partition("+")[0].replace(".", "")
    return f"{local}@{domain}" if local and domain else ""


def google_phone(phone: str) -> str:
    """E.164 with its plus; empty for a number without a country code."""
    return f"+{_digits(phone)}" if phone.strip().startswith("+") and _digits(phone) else ""


def google_first_name(name: str) -> str:
    """Small letters without titles such as “Dr.”."""
    return " ".join(_TITLES.sub("", " ".join(name.lower().split())).split())


def google_last_name(name: str) -> str:
    """Small letters without endings such as “, Jr.”."""
    text, before = " ".join(name.lower().split()), ""
    text = f" {text}"
    while text != before:
        before, text = text, _ENDINGS.sub("", text)
    return text.strip(" ,")


def _google(known: Mapping[str, Any]) -> tuple[str, ...]:
    """Names count only together with country and post code; those two are not hashed."""
    email, phone = google_email(known["email"]), google_phone(known["phone"])
    first, last = google_first_name(known["first_name"]), google_last_name(known["last_name"])
    country, post_code = str(known["country"]), str(known.get("zip", "")).strip()
    whole = bool(first and last and country and post_code)
    named = (hashed(first), hashed(last), country, post_code) if whole else ("", "", "", "")
    return hashed(email), hashed(phone), *named


def meta_email(email: str) -> str:
    """Small letters without blanks around."""
    return email.strip().lower()


def meta_phone(phone: str) -> str:
    """Digits with the country code, no zeros in front; empty for a number without a country code."""
    return _digits(phone).lstrip("0") if phone.strip().startswith("+") else ""


def meta_name(name: str) -> str:
    """Small letters without punctuation and blanks; accents and other alphabets stay (UTF-8)."""
    kept = unicodedata.normalize("NFC", name).lower()
    return "".join(c for c in kept if unicodedata.category(c)[0] in "LM" or c.isdigit())


def _meta(known: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        hashed(meta_email(known["email"])),
        hashed(meta_phone(known["phone"])),
        hashed(meta_name(known["first_name"])),
        hashed(meta_name(known["last_name"])),
        hashed(meta_zip(str(known.get("zip", "")), known["country"])),
        hashed(str(known["country"]).lower()),
    )


EMAIL_FORMS = (google_email, meta_email)


def meta_zip(post_code: str, country: str) -> str:
    """Small letters without blanks and dashes; of the United States the first five digits."""
    kept = re.sub(r"[\s-]", "", post_code).lower()
    return kept[:5] if country == "US" else kept


def _digits(phone: str) -> str:
    return "".join(c for c in phone if c in "0123456789")
