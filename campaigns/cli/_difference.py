"""What a look ahead found, as `campaigns import --dry-run` tells it."""

import json
from collections.abc import Iterable, Iterator

from campaigns.contacts import fields
from campaigns.contacts.field_models import Field
from campaigns.contacts.models import Import
from campaigns.database import reading
from campaigns.errors import BadInput
from campaigns.imports import refusals, rehearsing, telling
from campaigns.imports.tallying import Tally


def said(looked: Import, *, as_json: bool) -> str:
    """The difference in lines, or in JSON; raises BadInput when the file could not be read to its end."""
    tally = rehearsing.ahead(looked)
    if tally is None:
        raise BadInput(looked.error or "The look ahead was stopped; nothing was stored.")
    if as_json:
        return json.dumps(_plain(tally), ensure_ascii=False)
    with reading() as session:
        return "\n".join(_lines(tally, fields.known(session)))


def _plain(tally: Tally) -> Tally:
    told = {name: value for name, value in tally.items() if name not in ("rows", "of", "at")}
    return {"stored": False, "read": tally["read"]} | tally["rows"] | told


def _lines(tally: Tally, known: dict[str, Field]) -> Iterator[str]:
    rows = tally["rows"]
    yield (
        f"{tally['read']} rows read, nothing stored: {rows['created']} contacts would be created, "
        f"{rows['updated']} updated, {rows['unchanged']} unchanged, {rows['refused']} rows refused."
    )
    yield from _counted((refusals.words(reason), number) for reason, number in tally["reasons"].items())
    changed = [*telling.fields(tally, known), *telling.labels(tally)]
    if changed:
        yield "What people get:"
        yield from _counted(changed)
    if consent := list(telling.consent(tally)):
        yield "What changes in consent, and what doesn’t:"
        yield from _counted(consent)
    if tally["remarks"]:
        yield "Taken with remarks:"
        for remark, kept in tally["remarks"].items():
            lines = ", ".join(map(str, kept["lines"])) + (" …" if kept["rows"] > len(kept["lines"]) else "")
            yield f"  {kept['rows']} × {refusals.remark(remark)} (lines {lines})"
    if tally["examples"]:
        yield "The first people whose data change:"
    for one in tally["examples"]:
        yield f"  {one['email']}, line {one['line']}"
        for name, before, after in one["changes"]:
            yield f"    {telling.field(name, known)}: {before or '–'} → {after or '–'}"


def _counted(rows: Iterable[tuple[str, int]]) -> Iterator[str]:
    return (f"  {number} × {words}" for words, number in rows)
