"""Names as keys: what counts as the same name, what a name is sorted and found by."""

import re
import unicodedata

# Letters that Unicode does not take apart into a letter and a mark.
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
KEY_LENGTH = 200
NAME_KEY_LENGTH = 120
FIRST_KEY_LENGTH = 60


def tidy(text: str, length: int = KEY_LENGTH) -> str:
    """The text as people should see it: NFC, one blank between words, no control characters, cut to fit."""
    kept = (
        text
        if text.isprintable()
        else "".join(c if unicodedata.category(c) not in ("Cc", "Cs") else " " for c in text)
    )
    return " ".join(unicodedata.normalize("NFC", kept).split())[:length].strip()


def tidy_lines(text: str, length: int = 10_000) -> str:
    """A longer text line by line, each tidied; as notes are kept."""
    lines = [tidy(line, length) for line in text.strip().splitlines()]
    return "\n".join(lines)[:length].strip()


def fold(text: str) -> str:
    """The key under which a category, tag or company is the same; accents still tell names apart."""
    folded = unicodedata.normalize("NFKC", tidy(text, 1000)).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())[:KEY_LENGTH].strip()


def plain(text: str) -> str:
    """The text as one types it in haste: small letters without accents; for finding and sorting."""
    apart = unicodedata.normalize("NFKD", fold(text)).translate(_LETTERS)
    return " ".join("".join(c for c in apart if not unicodedata.combining(c)).split())


def name_key(first_name: str, last_name: str, email: str) -> str:
    """What a contact is sorted by: last name, first name; the address when there is no name."""
    return (plain(f"{last_name} {first_name}") or email)[:NAME_KEY_LENGTH]


def first_key(first_name: str) -> str:
    """What a contact is found by when only the first name is typed."""
    return plain(first_name)[:FIRST_KEY_LENGTH]


def keys(first_name: str, last_name: str, email: str) -> dict[str, str]:
    """The columns of a contact that follow from its name; whoever writes a name writes these."""
    return {"name_key": name_key(first_name, last_name, email), "first_key": first_key(first_name)}


def slug(name: str) -> str:
    """A name as it is written after a point in letters and rules: “Shoe size” is `shoe_size`."""
    return re.sub(r"\W+", "_", name.strip().lower()).strip("_")
