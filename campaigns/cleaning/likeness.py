"""How alike two people are: one mailbox spelt two ways, one phone, names alike in any script and order."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from rapidfuzz.distance import OSA

from campaigns.cleaning.models import Reason
from campaigns.contacts.names import plain

ALIKE = 75  # from here on two names are taken for one
_BREAKS = re.compile(r"[^\w]+")
# One provider's domains that lead to one mailbox.
_ONE_PROVIDER = {
    "googlemail.com": "gmail.com",
    "protonmail.com": "proton.me",
    "pm.me": "proton.me",
    "ya.ru": "yandex.ru",
    "yandex.com": "yandex.ru",
    "yandex.by": "yandex.ru",
    "yandex.kz": "yandex.ru",
}
# What these providers don't look at in the part before the @.
_IDLE = {"gmail.com": ".", "proton.me": "._-"}


@dataclass(frozen=True, slots=True)
class Person:
    """What of a contact is compared."""

    id: int
    email: str
    first_name: str
    last_name: str
    phone: str
    company_id: int | None
    domain: str
    birthday: str
    birth_year: int | None
    restricted_at: datetime | None = None  # then the data are only kept, and nobody is compared with them

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the name, without accents and points."""
        return words(self.first_name, self.last_name)


@lru_cache(maxsize=50_000)
def words(first_name: str, last_name: str) -> tuple[str, ...]:
    """The words of a name in small letters without accents."""
    return tuple(word for word in _BREAKS.split(plain(f"{first_name} {last_name}")) if word)


def mailbox(email: str) -> str:
    """The one spelling of a mailbox that has several; `email` is canonical.

    Without what stands behind a plus (RFC 5233), and as its provider reads it: Gmail and Proton don't look
    at points, and several domains of a provider may be one.
    """
    local, _at, domain = email.rpartition("@")
    domain = _ONE_PROVIDER.get(domain, domain)
    bare = local.partition("+")[0] or local
    for idle in _IDLE.get(domain, ""):
        bare = bare.replace(idle, "") or bare
    if domain == "yandex.ru":
        bare = bare.replace("-", ".")
    return f"{bare}@{domain}"


def alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How alike two names are, 0 … 100, in whatever order their words stand.

    Each word of the shorter name must be found in the longer one, with a letter or two changed, left out
    or swapped in longer words. One word alone, as Anna, only equals itself.
    """
    shorter, longer = sorted((one, other), key=len)
    if not shorter or (len(shorter) == 1 and (len(longer) > 1 or shorter[0] != longer[0])):
        return 0
    left, total = list(longer), 0.0
    for word in sorted(shorter, key=len, reverse=True):
        share, match = max((_share(word, each), each) for each in left)
        if not share:
            return 0
        left.remove(match)
        total += share
    return max(round(100 * total / len(shorter)) - 4 * len(left), 0)


def _share(one: str, other: str) -> float:
    """How much of the longer word is right; 0 when too much is wrong."""
    if one == other:
        return 1.0
    longest = max(len(one), len(other))
    allowed = 0 if longest < 4 else 1 if longest < 9 else 2
    distance = OSA.distance(one, other, score_cutoff=allowed)
    return 1 - distance / longest if distance <= allowed else 0.0


def judge(one: Person, other: Person, shared: Reason) -> tuple[list[Reason], int]:
    """Why these two look like one person, and how surely; `shared` is the same. No reasons: they don't."""
    name = alike(one.words, other.words)
    if shared == Reason.MAILBOX:
        return [Reason.MAILBOX], 97
    if _born_apart(one, other):
        return [], 0
    if shared == Reason.PHONE:
        if name >= ALIKE:
            return [Reason.PHONE, Reason.NAME], 93
        nameless = not one.words or not other.words
        return [Reason.PHONE], 70 if nameless else 40
    if name < ALIKE:
        return [], 0
    return [Reason.NAME, shared], 40 + round(name * 0.4)


def _born_apart(one: Person, other: Person) -> bool:
    days = {one.birthday, other.birthday} - {""}
    years = {one.birth_year, other.birth_year} - {None}
    return len(days) > 1 or len(years) > 1


def joined(before: Sequence[str], score: int, more: Iterable[str], other_score: int) -> tuple[list[str], int]:
    """Reasons and score of a pair that was met again for other reasons: together they are surer."""
    reasons = list(dict.fromkeys([*before, *more]))
    bonus = 4 if len(reasons) > len(before) else 0
    return reasons, min(max(score, other_score) + bonus, 100)
