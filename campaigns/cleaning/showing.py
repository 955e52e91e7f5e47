"""How pages and the command line say what was found, what came with a merge and what stays."""

from collections.abc import Mapping
from typing import Any

from campaigns.cleaning import comparing, verdicts
from campaigns.cleaning.models import CleaningRun, Merge, Reason, Scope
from campaigns.contacts import moving
from campaigns.longwork import WorkStatus
from campaigns.words import _, ngettext


def reason(code: str) -> str:
    """Why two contacts look like one person, in a word or two."""
    return {
        Reason.MAILBOX: _("Same mailbox"),
        Reason.PHONE: _("Same phone"),
        Reason.NAME: _("Like names"),
        Reason.COMPANY: _("Same company"),
        Reason.DOMAIN: _("Same mail domain"),
    }[Reason(code)]


def flaw(code: str) -> str:
    """What is the matter with an address, in a few words."""
    return verdicts.words(code)


def said(run: CleaningRun) -> str:
    """What a run does or did."""
    if run.status == WorkStatus.QUEUED:
        return _("Waiting for a worker")
    if run.scope == Scope.SURE:
        one, many = "%(num)s pair merged", "%(num)s pairs merged"
        told = ngettext(one, many, run.found)
        return f"{told} · {_passed_over(run)}" if run.passed_over else told
    if run.status == WorkStatus.DONE:
        one, many = "%(num)s new pair was found.", "%(num)s new pairs were found."
        return ngettext(one, many, run.found)
    return phase(run.phase)


def _passed_over(run: CleaningRun) -> str:
    one = "%(num)s passed over: a letter to one of the two was being sent"
    return ngettext(one, one, run.passed_over)


def phase(name: str) -> str:
    """What a search is doing."""
    return {
        "": _("Beginning"),
        "look": _("Looking at contacts"),
        "mailboxes": _("Comparing mailboxes"),
        "phones": _("Comparing phone numbers"),
        "companies": _("Comparing names in companies"),
        "domains": _("Comparing names in mail domains"),
        "old": _("Clearing up"),
        "addresses": _("Judging mail domains"),
        "counts": _("Counting"),
    }.get(name, name)


_ORDER = ("look", "mailboxes", "phones", "companies", "domains", "old", "addresses", "counts")


def percent(run: CleaningRun) -> float:
    """About how far a run is."""
    if run.status == WorkStatus.DONE:
        return 100.0
    share = min(run.looked_at / run.total, 1.0) if run.total else 0.0
    if run.scope == Scope.SURE:
        return 100 * share
    at = _ORDER.index(run.phase) if run.phase in _ORDER else 0
    return 100 * (at + share) / len(_ORDER)


def came(merge: Merge) -> list[tuple[str, int]]:
    """What came with the contact that was merged: its name and how many rows."""
    found = []
    for key, mover in moving.movers.items():
        number = mover.count(merge.moved[key]) if key in merge.moved else 0
        if mover.label is not None and number:
            found.append((mover.label(), number))
    return found


def left(what: Mapping[str, Any]) -> list[str]:
    """What stays with the kept contact when a merge is taken back, line by line."""
    names = {column: label for key, label in comparing.labels().items() for column in comparing.COLUMNS[key]}
    lines = []
    for column in what.get("columns", []):
        name = names[column]() if column in names else column.replace("_", " ")
        lines.append(_("%(what)s, which was changed since", what=name))
    words = {
        "activity": _("Activities since the merge: %(number)s"),
        "next_step": _("Next steps since the merge: %(number)s"),
        "purchase": _("Purchases since the merge: %(number)s"),
    }
    return lines + [words[key] % {"number": number} for key, number in what.get("since", {}).items()]
