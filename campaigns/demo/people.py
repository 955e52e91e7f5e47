"""Invented people and firms of six countries; the same seed makes the same ones."""

import random
import unicodedata
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Land:
    """Where sample people come from: their language, clock, calling code, cities and names."""

    country: str
    language: str
    timezone: str
    calling_code: str
    cities: tuple[str, ...]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    firms: tuple[str, ...]


LANDS = (
    Land(
        "CZ", "cs", "Europe/Prague", "+420 60",
        ("Praha", "Brno", "Ostrava", "Plzeň", "Liberec"),
        ("Jana", "Petr", "Kateřina", "Jiří", "Zdeňka", "Ondřej", "Štěpánka", "Vojtěch", "Lucie", "Tomáš"),
        ("Nováková", "Dvořák", "Procházková", "Kučera", "Šťastná", "Říha", "Beneš", "Horáková"),
        ("Pila Morava s.r.o.", "Dřevo Vysočina a.s.", "Truhlářství Kučera", "Nábytek Beneš s.r.o."),
    ),
    Land(
        "SK", "sk", "Europe/Bratislava", "+421 90",
        ("Bratislava", "Košice", "Žilina", "Nitra"),
        ("Zuzana", "Marek", "Ľubica", "Ján", "Božena", "Michal", "Katarína", "Juraj"),
        ("Kováčová", "Horváth", "Ďurišová", "Tóth", "Krajčír", "Šimková"),
        ("Stolárstvo Tatry s.r.o.", "Drevona Žilina", "Nástroje Horváth s.r.o."),
    ),
    Land(
        "RO", "ro", "Europe/Bucharest", "+40 72",
        ("București", "Cluj-Napoca", "Timișoara", "Brașov"),
        ("Ioana", "Ștefan", "Mădălina", "Gheorghe", "Ana-Maria", "Andrei", "Elena", "Radu"),
        ("Popescu", "Ionescu", "Dumitrașcu", "Stănescu", "Marinescu", "Țurcanu"),
        ("Lemn și Formă SRL", "Tâmplăria Brașov SRL", "Mobila Ardeal SA"),
    ),
    Land(
        "KZ", "ru", "Asia/Almaty", "+7 70",
        ("Алматы", "Астана", "Караганда"),
        ("Нина", "Сергей", "Ольга", "Пётр", "Алёна", "Дмитрий", "Марина", "Айгуль"),
        ("Витковская", "Петрович", "Иванова", "Щукин", "Ким", "Ахметов"),
        ("ТОО «Лес и дом»", "ТОО «Мастер»", "ТОО «Степной мебельный двор»"),
    ),
    Land(
        "PH", "fil", "Asia/Manila", "+63 91",
        ("Manila", "Cebu", "Davao", "Quezon City"),
        ("Maria", "Jose", "Rosalinda", "Niño", "Luzviminda", "Ramon", "Corazon", "Andres"),
        ("dela Cruz", "Santos", "Reyes", "Peñaflor", "Bautista", "Villanueva"),
        ("Narra Furniture Corp.", "Cebu Woodcraft Inc.", "Davao Timber Co."),
    ),
    Land(
        "GB", "en", "Europe/London", "+44 770",
        ("London", "Leeds", "Bristol", "Glasgow"),
        ("Anne", "John", "Grace", "Zoë", "Mary Jane", "Oliver", "Priya", "Callum"),
        ("Smith", "van der Berg", "MacDonald", "D’Arcy", "Lee", "Okafor"),
        ("Oak & Ash Joinery Ltd", "Northern Sawmills Ltd", "Bristol Cabinet Makers"),
    ),
)  # fmt: skip
_SHARES = (30, 18, 16, 12, 10, 14)
POSITIONS = ("owner", "buyer", "workshop manager", "director", "designer", "")
NOTES = (
    "Prefers a call before ten in the morning.",
    "Tired of sharpening by hand; asked about the grinder.",
    "Met at the fair, wants the new catalogue.",
    "Buys for two workshops.",
)


@dataclass(frozen=True)
class Person:
    """One invented person."""

    email: str
    first_name: str
    last_name: str
    land: Land
    city: str
    phone: str
    firm: str
    position: str
    birthday: str
    note: str


def people(count: int, rng: random.Random) -> list[Person]:
    """`count` people with addresses of their own."""
    return [_person(number, rng) for number in range(1, count + 1)]


def _person(number: int, rng: random.Random) -> Person:
    land = rng.choices(LANDS, _SHARES)[0]
    first, last = rng.choice(land.first_names), rng.choice(land.last_names)
    firm = rng.choice(land.firms) if rng.random() < 0.7 else ""
    host = (
        f"{_ascii(firm).strip('.')[:20].strip('.')}.example.com" if firm and _ascii(firm) else "example.org"
    )
    local = _ascii(f"{first} {last}").strip(".") or f"contact.{land.language}"
    born = date(2000, 1, 1).toordinal() + rng.randrange(366)
    return Person(
        email=f"{local}{number}@{host}",
        first_name=first,
        last_name=last,
        land=land,
        city=rng.choice(land.cities),
        phone=f"{land.calling_code}{rng.randrange(10**6, 10**7)}".replace(" ", ""),
        firm=firm,
        position=rng.choice(POSITIONS) if firm else "",
        birthday=date.fromordinal(born).strftime("%m-%d") if rng.random() < 0.6 else "",
        note=rng.choice(NOTES) if rng.random() < 0.15 else "",
    )


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return ".".join("".join(c if c.isalnum() else " " for c in plain).split())
