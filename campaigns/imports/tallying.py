"""Counts what a file does: for the look ahead and for the import itself, in the same words.

A tally is kept as JSON: `rows` by what became of them, `reasons` and `remarks`, `fields` that changed on
people who were there, `labels` that were put on, what `consent` moved, and `examples`.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from campaigns.contacts.models import Import
from campaigns.imports import deciding
from campaigns.imports.deciding import Decision, Result
from campaigns.imports.mapping import Refused

Tally = dict[str, Any]

_EXAMPLES = 20  # people whose data change
_LINES = 10  # of rows with a remark
_LONGEST = 120  # characters of a value that is shown


def added(tally: Tally, taken: Sequence[Decision], refused: Sequence[Refused]) -> Tally:
    """The tally with these rows in it."""
    rows: Counter[str] = Counter(tally.get("rows", {}))
    rows.update(decision.result.value for decision in taken)
    rows[Result.REFUSED] += len(refused)
    fields: Counter[str] = Counter(tally.get("fields", {}))
    labels: Counter[str] = Counter(tally.get("labels", {}))
    consent: Counter[str] = Counter(tally.get("consent", {}))
    examples = list(tally.get("examples", []))
    for decision in taken:
        consent.update(decision.moves)
        labels.update(kind for kind, _key, _name in decision.labels)
        if decision.said_no:
            consent["said_no"] += 1
        if decision.changes:
            fields.update(list(decision.changes))
            if len(examples) < _EXAMPLES:
                examples.append(_example(decision))
    return {
        "rows": {**dict.fromkeys(map(str, Result), 0), **rows},
        "reasons": dict(Counter(tally.get("reasons", {})) + Counter(row.reason.value for row in refused)),
        "remarks": _remarked(tally.get("remarks", {}), taken),
        "fields": dict(fields),
        "labels": dict(labels),
        "consent": dict(consent),
        "examples": examples,
    }


def begun(import_: Import) -> Tally:
    """What an import has counted that was begun before tallies were kept."""
    rows = {result.value: getattr(import_, result.value) for result in Result}
    return {"rows": rows, "reasons": import_.reasons, "remarks": import_.remarks}


def _example(decision: Decision) -> dict[str, Any]:
    shown = [[name, _short(was), _short(now)] for name, (was, now) in decision.changes.items()]
    return {"email": decision.row.address.email, "line": decision.row.line, "changes": shown}


def _short(value: Any) -> str:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    text = "" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _remarked(remarks: dict[str, Any], taken: Sequence[Decision]) -> dict[str, Any]:
    """How many rows were taken in part, by what was changed, and the lines of the first."""
    after = {name: {"rows": kept["rows"], "lines": list(kept["lines"])} for name, kept in remarks.items()}
    for decision in taken:
        for remark in deciding.remarks(decision):
            kept = after.setdefault(remark.value, {"rows": 0, "lines": []})
            kept["rows"] += 1
            if len(kept["lines"]) < _LINES:
                kept["lines"].append(decision.row.line)
    return after
