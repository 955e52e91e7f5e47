"""Rows into what they say of a person: an address, values, labels, and what they agreed to."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from campaigns.consent.gate import YOUNGEST
from campaigns.contacts import fields
from campaigns.contacts.addresses import Address, AddressProblem, canonical
from campaigns.contacts.field_kinds import Value
from campaigns.contacts.field_models import Field
from campaigns.database import now
from campaigns.errors import BadInput
from campaigns.imports import cleaning, dates, places
from campaigns.imports.columns import STATUSES
from campaigns.imports.labelling import key
from campaigns.imports.reading import Row
from campaigns.imports.refusals import Refusal, Remark
from campaigns.imports.targets import Target


class Will(StrEnum):
    """What the file says about letters to a person."""

    AGREES = "agrees"  # as the person who imports says of the whole file
    SILENT = "silent"  # never agreed, or not confirmed yet: no consent is recorded
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"


@dataclass(slots=True)
class Incoming:
    """What one row says; `values` are columns of Contact that have something in them."""

    line: int
    cells: list[str]
    address: Address
    hash: str = ""  # what the suppression list knows the address by
    values: dict[str, str | int] = field(default_factory=dict)
    company: str = ""
    company_key: str = ""
    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    fields: dict[str, Value] = field(default_factory=dict)
    will: Will = Will.AGREES
    at: datetime | None = None
    ip: str = ""
    evidence: str = ""
    remarks: list[Remark] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is not taken."""

    line: int
    cells: list[str]
    reason: Refusal


_LENGTHS = {
    Target.FIRST_NAME: 200,
    Target.LAST_NAME: 200,
    Target.POSITION: 120,
    Target.CITY: 120,
}
_CODES: dict[Target, tuple[Callable[[str], str], Remark]] = {
    Target.LANGUAGE: (places.language, Remark.LANGUAGE),
    Target.COUNTRY: (places.country, Remark.COUNTRY),
    Target.TIMEZONE: (places.timezone, Remark.TIMEZONE),
}
_EVIDENCE = (Target.OPTIN_TIME, Target.OPTIN_IP, Target.CONFIRM_TIME, Target.CONFIRM_IP)
_STRICTNESS = (Will.AGREES, Will.SILENT, Will.BOUNCED, Will.UNSUBSCRIBED)
_ONLY_ZEROS = re.compile(r"[0/.\- ]*")  # how Outlook writes a birthday that it doesn't know
_WILLS = {word: Will(will) for will, words in STATUSES.items() for word in words.split()}


class Understanding:
    """How one file's rows are read: which column is what, and how its dates and phones are meant."""

    def __init__(
        self,
        columns: Sequence[str],
        mapping: Mapping[str, str],
        day_first: bool = False,
        region: str = "",
        everybody: str = "",
        own: Mapping[int, Field] | None = None,
    ) -> None:
        self._columns = columns
        self._everybody = Will(everybody) if everybody else Will.AGREES
        self._day_first = day_first
        self._region = region
        self._places: dict[Target, list[int]] = {}
        self._own = own or {}
        for number, target in sorted(mapping.items(), key=lambda item: int(item[0])):
            if int(number) < len(columns) and target and ":" not in target:
                self._places.setdefault(Target(target), []).append(int(number))
        self._short = [(target, length) for target, length in _LENGTHS.items() if target in self._places]
        self._codes = [(target, *how) for target, how in _CODES.items() if target in self._places]

    @classmethod
    def of(
        cls,
        columns: Sequence[str],
        mapping: Mapping[str, str],
        choices: Mapping[str, Any],
        own: Mapping[int, Field] | None = None,
    ) -> "Understanding":
        """What an import's mapping and choices make of such columns; `own` fields by the columns' numbers."""
        return cls(
            columns,
            mapping,
            bool(choices.get("day_first")),
            str(choices.get("region") or ""),
            str(choices.get("everybody") or ""),
            own,
        )

    def understand(self, row: Row) -> Incoming | Refused:
        """What the row says, or why it is not taken."""
        if row.refusal:
            return Refused(row.line, row.cells, row.refusal)
        try:
            address = canonical(cleaning.bare(_first_of(self._one(row, Target.EMAIL))))
        except AddressProblem as problem:
            return Refused(row.line, row.cells, Refusal(problem.reason))
        found = Incoming(row.line, row.cells, address, address.hash)
        if row.ragged:
            found.remarks.append(Remark.CELLS_ADDED)
        self._take_names(row, found)
        self._take_codes(row, found)
        self._take_birthday(row, found)
        if _is_minor(found.values):
            return Refused(row.line, row.cells, Refusal.MINOR)
        self._take_labels(row, found)
        self._take_will(row, found)
        return found

    def _one(self, row: Row, target: Target) -> str:
        """The first cell for the target that has something in it."""
        for number in self._places.get(target, ()):
            cell = row.cells[number]
            if cell and not cell.isspace():
                return cell
        return ""

    def _take_names(self, row: Row, found: Incoming) -> None:
        for target, length in self._short:
            cell = self._one(row, target)
            if kept := cleaning.text(cell, length):
                found.values[target.value] = kept
                if cleaning.longer_than(cell, length):
                    found.remarks.append(Remark.CUT)
        whole = cleaning.text(self._one(row, Target.FULL_NAME), 300)
        if whole and not {"first_name", "last_name"} & found.values.keys():
            first, last = cleaning.full_name(whole)
            found.values |= {"first_name": first[:200], "last_name": last[:200]}
        if company := cleaning.text(self._one(row, Target.COMPANY), 200):
            found.company, found.company_key = company, key(company)
        if note := cleaning.note("\n".join(row.cells[n] for n in self._places.get(Target.NOTE, ()))):
            found.values["note"] = note

    def _take_codes(self, row: Row, found: Incoming) -> None:
        for target, read, remark in self._codes:
            cell = self._one(row, target)
            if code := read(cell):
                found.values[target.value] = code
            elif cleaning.text(cell, 20):
                found.remarks.append(remark)
        if cell := self._one(row, Target.PHONE):
            country, language = (str(found.values.get(name, "")) for name in ("country", "language"))
            phone = cleaning.phone(_first_of(cell), places.region(country, language, self._region))
            found.values |= {"phone": phone} if phone else {}

    def _take_birthday(self, row: Row, found: Incoming) -> None:
        cell = cleaning.text(self._one(row, Target.BIRTHDAY), 40)
        if not cell or _ONLY_ZEROS.fullmatch(cell):
            return
        known = dates.birthday(cell, self._day_first)
        if known is None:
            found.remarks.append(Remark.BIRTHDAY)
            return
        found.values["birthday"] = known[0]
        if known[1]:
            found.values["birth_year"] = known[1]

    def _take_labels(self, row: Row, found: Incoming) -> None:
        found.tags = self._labels(row, Target.TAGS)
        found.categories = self._labels(row, Target.CATEGORIES)
        for number in self._places.get(Target.ATTRIBUTES, ()):
            found.fields |= cleaning.attributes(row.cells[number])
        for number in self._places.get(Target.FIELD, ()):
            name = cleaning.field_name(self._columns[number])
            if name and (value := cleaning.text(row.cells[number], 1000)):
                found.fields[name] = value

        for number, own in self._own.items():
            self._take_own(row.cells[number], own, found)

    def _take_own(self, cell: str, own: Field, found: Incoming) -> None:
        if not (given := cleaning.text(cell, 1000)):
            return
        try:
            value = fields.clean(own, given, language="en", region=self._region, day_first=self._day_first)
        except BadInput:
            found.remarks.append(Remark.FIELD)
            return
        if value is not None:
            found.fields[own.key] = value

    def _labels(self, row: Row, target: Target) -> tuple[str, ...]:
        numbers = self._places.get(target, ())
        if len(numbers) == 1:
            return cleaning.labels(row.cells[numbers[0]]) if row.cells[numbers[0]] else ()
        return tuple(dict.fromkeys(name for n in numbers for name in cleaning.labels(row.cells[n])))

    def _take_will(self, row: Row, found: Incoming) -> None:
        found.will = self._will(row)
        if found.will in (Will.UNSUBSCRIBED, Will.BOUNCED):
            found.remarks.append(Remark.LEFT_THERE)
            times: Iterable[Target] = (Target.UNSUBSCRIBED, Target.BOUNCED)
        else:
            times = (Target.CONFIRM_TIME, Target.OPTIN_TIME)
        moments = (dates.moment(self._one(row, target), self._day_first) for target in times)
        found.at = next((moment for moment in moments if moment), None)
        if any(target in self._places for target in _EVIDENCE):
            found.ip = _first_ip(self._one(row, Target.CONFIRM_IP), self._one(row, Target.OPTIN_IP))
            found.evidence = self._evidence(row)

    def _will(self, row: Row) -> Will:
        return max(self._everybody, self._said(row), key=_STRICTNESS.index)

    def _said(self, row: Row) -> Will:
        word = "".join(c for c in self._one(row, Target.STATUS).lower() if c.isalpha())
        will = _WILLS.get(word, Will.AGREES)
        if will == Will.UNSUBSCRIBED or _happened(self._one(row, Target.UNSUBSCRIBED)):
            return Will.UNSUBSCRIBED
        if will == Will.BOUNCED or _happened(self._one(row, Target.BOUNCED)):
            return Will.BOUNCED
        unwilling = Target.SUBSCRIBED in self._places and not cleaning.truth(
            self._one(row, Target.SUBSCRIBED)
        )
        return Will.SILENT if unwilling else will

    def _evidence(self, row: Row) -> str:
        """What the file shows of the agreement, under its own names."""
        numbers = [number for target in _EVIDENCE for number in self._places.get(target, ())]
        shown = ((self._columns[number], cleaning.text(row.cells[number], 60)) for number in numbers)
        return "; ".join(f"{name}: {cell}" for name, cell in shown if cell)[:500]


def _first_of(cell: str) -> str:
    """The first of several values in one cell, between which Google writes colons."""
    return cell.partition(" ::: ")[0]


def _first_ip(*cells: str) -> str:
    """The first of the cells that is a network address."""
    return next((found for cell in cells if (found := places.ip(cell))), "")


def _happened(cell: str) -> bool:
    """Whether a cell for “unsubscribed” says so: a yes, or when, or why."""
    return bool(cell) and cleaning.truth(cell) is not False


def _is_minor(values: Mapping[str, str | int]) -> bool:
    year = values.get("birth_year")
    if not isinstance(year, int):
        return False
    today = now()
    return today.year - year - (f"{today:%m-%d}" < str(values["birthday"])) < YOUNGEST
