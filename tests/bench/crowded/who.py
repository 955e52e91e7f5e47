"""Who the crowd is: names, firms, groups, what they agreed to, what was done with them and is to be done."""

import random
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from campaigns import tokens
from campaigns.contacts import names
from campaigns.demo.people import LANDS, POSITIONS, _ascii
from tests.bench.crowded.pouring import DAY, Pouring

_BIG_HOSTS = ("gmail.com", "outlook.com", "seznam.cz", "yahoo.com", "icloud.com", "centrum.sk", "mail.ru")
_SYLLABLES = (
    "an",
    "ber",
    "chal",
    "da",
    "el",
    "fi",
    "gar",
    "ho",
    "il",
    "jan",
    "ko",
    "lin",
    "mar",
    "no",
    "os",
    "pe",
    "ro",
    "san",
    "to",
    "va",
    "wil",
    "za",
)
_ENDS = ("ová", "ek", "son", "escu", "ov", "ský", "man", "i", "er", "ez")
_WORDS = ("Oak", "Pila", "Drevo", "Lemn", "Nord", "Alpha", "Anders", "Saw", "Holz", "Forma", "Mobila", "Cut")
_FORMS = ("s.r.o.", "a.s.", "Ltd", "GmbH", "SRL", "Inc.")
# What a contact said about letters (state; share), and how far they are on the list of those never mailed.
_SAID = (("confirmed", 60), ("granted", 28), ("declined", 3), ("withdrawn", 3), (None, 6))
_FOLLOWED = (("granted", 60), ("declined", 10), (None, 30))
_NEVER = (("", 978), ("unsubscribed", 10), ("bounced", 8), ("complained", 2), ("manual", 2))


@dataclass
class Crowd:
    """What others ask of each contact, by number from 1 (place 0 is empty)."""

    number: int
    email: list[str] = field(default_factory=lambda: [""])
    refused: list[str] = field(default_factory=lambda: [""])  # the gate's reason; empty: may be mailed
    unfollowed: bytearray = field(default_factory=lambda: bytearray(1))  # declined to be followed by name
    last_at: array = field(default_factory=lambda: array("l", [0]))  # last touch
    last_by: array = field(default_factory=lambda: array("l", [0]))
    last_how: list[str] = field(default_factory=lambda: [""])
    step_on: array = field(default_factory=lambda: array("l", [0]))

    def touch(self, contact: int, at: int, how: str, by: int = 0) -> None:
        """Remember the newest two-way touch."""
        if at > self.last_at[contact]:
            self.last_at[contact], self.last_how[contact], self.last_by[contact] = at, how, by


def _drawn(rng: random.Random, shares: tuple[tuple[Any, int], ...], number: int) -> list[Any]:
    return rng.choices([value for value, _share in shares], [share for _value, share in shares], k=number)


def companies(into: Pouring, number: int, rng: random.Random) -> list[str]:
    """Write the firms; returns the mail domain of each, by number from 1."""
    hosts, rows, made = [""], [], into.at(10 * DAY)
    for one in range(1, number + 1):
        word = "".join(rng.choices(_SYLLABLES, k=2)).capitalize()
        name = f"{rng.choice(_WORDS)} {word} {one} {rng.choice(_FORMS)}"
        hosts.append(f"{word.lower()}{one}.example.com")
        rows.append((one, name, names.fold(name), f"https://{hosts[-1]}", "Woodworking", "CZ", "", made))
    into.pour("company", "id, name, key, website, industry, country, note, created_at", rows)
    return hosts


def gather(into: Pouring, number: int, hosts: list[str], rng: random.Random) -> tuple[Crowd, list[Any]]:
    """Invent the people; write what they agreed to. Returns them, and their rows without last contact."""
    crowd, rows = Crowd(number), []
    firsts = [(name, names.plain(name), _ascii(name) or "a") for land in LANDS for name in land.first_names]
    firsts += [(name, name.lower(), name.lower()) for name in _made(rng, 150, 2, ("a", "o", "e"))]
    lasts = [(name, names.plain(name), _ascii(name) or "b") for land in LANDS for name in land.last_names]
    lasts += [(name, names.plain(name), _ascii(name)) for name in _made(rng, 4000, 3, _ENDS)]
    said, followed = _drawn(rng, _SAID, number), _drawn(rng, _FOLLOWED, number)
    never = _drawn(rng, _NEVER, number)
    for one in range(1, number + 1):
        first, last, land = rng.choice(firsts), rng.choice(lasts), rng.choice(LANDS)
        company = rng.randrange(1, len(hosts)) if rng.random() < 0.7 else 0
        host = hosts[company] if company and rng.random() < 0.6 else rng.choice(_BIG_HOSTS)
        email = f"{first[2]}.{last[2]}{one}@{host}"
        crowd.email.append(email)
        crowd.refused.append(never[one - 1] or _verdict(said[one - 1]))
        crowd.unfollowed.append(followed[one - 1] == "declined")
        key = f"{last[1]} {first[1]}"[: names.NAME_KEY_LENGTH]
        day = rng.randrange(10, 700)
        rows.append(
            (
                one,
                email,
                tokens.address_hash(email),
                host,
                first[0],
                last[0],
                key,
                first[1][: names.FIRST_KEY_LENGTH],
                f"+4206{one:08}" if one % 2 else "",
                POSITIONS[one % len(POSITIONS)],
                land.language,
                land.timezone,
                land.country,
                land.cities[0],
                f"{1 + one % 12:02}-{1 + one % 28:02}" if one % 5 else "",
                company or into.null,
                rng.randrange(1, 13) if rng.random() < 0.8 else into.null,
                into.at(day * DAY + one % DAY),
            )
        )
    for arrays in (crowd.last_at, crowd.last_by, crowd.step_on):
        arrays.extend([0] * number)
    crowd.last_how += [""] * number
    _agree(into, said, followed)
    listed = [
        (number, row[2], reason, "import:1", into.at(650 * DAY))
        for number, (row, reason) in enumerate(zip(rows, never, strict=True), 1)
        if reason
    ]
    into.pour("suppression", "id, address_hash, reason, source, at", listed)
    return crowd, rows


def _made(rng: random.Random, number: int, syllables: int, ends: tuple[str, ...]) -> list[str]:
    made = ("".join(rng.choices(_SYLLABLES, k=syllables)) + rng.choice(ends) for _one in range(number))
    return sorted({name.capitalize() for name in made})


def _verdict(said: str | None) -> str:
    return "no_consent" if said is None else "" if said in ("confirmed", "granted") else said


def _agree(into: Pouring, said: list[str | None], followed: list[str | None]) -> None:
    """The ledger's entries and their sums: about letters, then about being followed."""

    def entries() -> Iterator[tuple[int, int, str, str, str]]:
        number = 0
        for purpose, states in (("mail", said), ("tracking", followed)):
            for contact, state in enumerate(states, 1):
                if state is not None:
                    number += 1
                    yield number, contact, purpose, state, into.at((20 + contact % 600) * DAY + 36_000)

    into.pour(
        "consent_event",
        "id, contact_id, purpose, act, basis, source, method, at, recorded_at, "
        "page_url, ip, user_agent, evidence",
        (
            (
                number,
                contact,
                purpose,
                act,
                "consent",
                "Stand at the wood fair",
                "staff",
                at,
                at,
                "",
                "",
                "",
                "card at the stand",
            )
            for number, contact, purpose, act, at in entries()
        ),
    )
    into.pour(
        "consent",
        "contact_id, purpose, state, basis, at, event_id",
        ((contact, purpose, act, "consent", at, number) for number, contact, purpose, act, at in entries()),
    )


def label(into: Pouring, number: int, rng: random.Random) -> None:
    """Thirty categories and 500 tags; everybody is in one or two and wears three on average."""
    for table, prefix, many in (("category", "Group", 30), ("tag", "Kind", 500)):
        rows = [(one, f"{prefix} {one}", f"{prefix} {one}".lower()) for one in range(1, many + 1)]
        into.pour(table, "id, name, key", rows)
    groups = rng.choices(range(1, 31), [1 / one for one in range(1, 31)], k=number)
    into.pour(
        "contact_category",
        "contact_id, category_id",
        (
            (contact, group)
            for contact, first in enumerate(groups, 1)
            for group in ((first, 1 + first % 30) if contact % 3 == 0 else (first,))
        ),
    )
    kinds = rng.choices(range(1, 501), [1 / one for one in range(1, 501)], k=5 * number)
    into.pour(
        "contact_tag",
        "contact_id, tag_id",
        (
            (contact, tag)
            for contact in range(1, number + 1)
            for tag in set(kinds[5 * contact - 5 : 5 * contact - 5 + 2 + contact % 4])
        ),
    )


def write(into: Pouring, crowd: Crowd, rows: list[Any]) -> None:
    """The contacts themselves, now that their last contact is known."""
    null = into.null
    columns = (
        "id, email, address_hash, domain, first_name, last_name, name_key, first_key, phone, position,"
        " language, timezone, country, city, birthday, company_id, owner_id, created_at, updated_at,"
        " note, fields, source, last_contact_at, last_contact_by, last_contact_how, next_step_on"
    )
    into.pour(
        "contact",
        columns,
        (
            (
                *row,
                row[-1],
                "",
                "{}",
                "import:1",
                into.at(crowd.last_at[row[0]]) if crowd.last_at[row[0]] else null,
                crowd.last_by[row[0]] or null,
                crowd.last_how[row[0]],
                into.on(crowd.step_on[row[0]]) if crowd.step_on[row[0]] else null,
            )
            for row in rows
        ),
    )
