"""How long it takes to count exactly whom a rule fits: 20 rules over a large invented firm.

`bin/bench audiences --database sqlite|postgresql [--contacts 1000000] [--keep FOLDER] [--plans] [--json]`.
The firm is that of `bin/bench crowd`, with more purchases, so that purchases and activities are five for
each contact. Each count is checked against a plain `WHERE` over all contacts before it is measured.
"""

import json
import random
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from campaigns import database
from campaigns.audiences import building, counting
from campaigns.contacts import field_defining
from campaigns.contacts.field_models import Field
from campaigns.contacts.models import Contact, contact_category, contact_tag
from campaigns.crm.models import Activity, Purchase
from tests.bench.crowd import SEED, crowd, parser
from tests.bench.crowded.pouring import DAY, Pouring

RULES = (
    "all",
    'category:"Group 2"',
    '(category:"Group 2" or category:"Group 3") and not tag:"Kind 5"',
    'category:"Group 12" and not tag:"Kind 3"',
    'tag:"Kind 480"',
    'tag in ("Kind 50", "Kind 60", "Kind 70") and language:en',
    "last_contact < -90d or last_contact is empty",
    'category:"Group 9" and (last_contact < -90d or last_contact is empty)',
    'next_step is empty and category:"Group 20"',
    'next_step < today and owner:"Colleague 3"',
    "birthday <= +7d",
    'company ~ "Saw" and tag:"Kind 40"',
    "consent in (withdrawn, declined)",
    'bought:"Product 7" and not bought:"Product 8"',
    'bought("Product 7", "Product 9", since -1y, sum > 50)',
    "bought(times >= 8, last < -30d)",
    "opened(since -30d) and not bought(since -180d)",
    'category:"Group 15" and sent(last 3 campaigns) and not opened(last 3 campaigns)',
    'called(since -30d) and company ~~ "Oka Saw"',
    'fields.turnover > 99000 or (tag:"Kind 100" and clicked)',
)
_TIMES = 5


def main() -> None:
    """Print a line for each rule, or JSON."""
    made = parser("audiences")
    made.add_argument("--json", action="store_true", help="one JSON object")
    made.add_argument("--plans", action="store_true", help="how the database answers each")
    given = made.parse_args()
    folder = (given.keep or Path(tempfile.mkdtemp(prefix="campaigns-audiences-"))).absolute()
    tell: Any = (lambda *_words, **_more: None) if given.json else print
    try:
        with crowd(given.database, given.contacts, given.events, folder):
            _more(tell)
            found = [_measure(rule, given.plans, tell) for rule in RULES]
            figures = _figures(given.database, found)
    finally:
        if given.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    if given.json:
        print(json.dumps(figures))
    else:
        print(f"median {figures['median_ms']} ms, worst {figures['worst_ms']} ms; {figures['rows']}")


def _figures(kind: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    counted = (Contact.id, contact_tag.c.tag_id, contact_category.c.category_id, Purchase.id, Activity.id)
    with database.reading() as session:
        rows = {
            str(column.table.name): session.scalar(sa.select(sa.func.count()).select_from(column.table))
            for column in (sa.inspect(one).__clause_element__() if hasattr(one, "__clause_element__") else one
                           for one in counted)
        }  # fmt: skip
    times = [one["ms"] for one in found]
    return {
        "database": kind, "rows": rows, "rules": found,
        "median_ms": round(statistics.median(times), 1), "worst_ms": max(times),
    }  # fmt: skip


def _measure(rule: str, plans: bool, tell: Any) -> dict[str, Any]:
    """The rule's count, held against the plain way, and the median of some tries."""
    with database.reading() as session:
        count, times = 0, []
        for _try in range(_TIMES):
            began = time.perf_counter()
            count = counting.count(session, rule)
            times.append((time.perf_counter() - began) * 1000)
        if plans:
            _print_plan(session, rule)
        plain = sa.select(sa.func.count()).select_from(Contact).where(building.condition(session, rule))
        if (wanted := session.scalar(plain)) != count:
            raise SystemExit(f"{rule}: {count} counted, but {wanted} fit")
    found = {"rule": rule, "count": count, "ms": round(statistics.median(times), 1)}
    tell(f"{found['ms']:8} ms {count:9,}  {rule}", flush=True)
    return found


def _print_plan(session: Session, rule: str) -> None:
    asked: list[tuple[str, Any]] = []
    engine = session.get_bind()

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        asked.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    counting.count(session, rule)
    event.remove(engine, "before_cursor_execute", note)
    how = (
        "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF)"
        if engine.dialect.name == "postgresql"
        else "EXPLAIN QUERY PLAN"
    )
    for statement, values in asked:
        if "count(" in statement:
            print(f"\n{rule}")
            for line in session.connection().exec_driver_sql(f"{how} {statement}", values):
                print(f"    {str(line[-1])[:150]}")


def _more(tell: Any) -> None:
    """Purchases, until they and the activities are five for each contact; and a field of the firm's own."""
    with database.reading() as session:
        contacts = session.scalar(sa.select(sa.func.max(Contact.id))) or 0
        bought = session.scalar(sa.select(sa.func.max(Purchase.id))) or 0
        talked = session.scalar(sa.select(sa.func.max(Activity.id))) or 0
        if session.scalar(sa.select(Field.id).where(Field.key == "turnover")):
            return
    with database.transaction() as session:
        field = field_defining.add(session, {"name": "Turnover", "kind": "number", "about": "contact"}).id
    url = str(database.engine().url.render_as_string(hide_password=False))
    rng, into = random.Random(SEED), Pouring(url)
    into.without_indexes(["purchase", "contact_value"])
    into.pour(
        "purchase", "id, contact_id, product_id, at, quantity, amount, currency",
        (
            (one, 1 + min(int(rng.expovariate(3) * contacts), contacts - 1), 1 + rng.randrange(200),
             into.at(rng.randrange(720 * DAY)), 1 + one % 3, 900 + one % 9000, "EUR")
            for one in range(bought + 1, 5 * contacts - talked + 1)
        ),
    )  # fmt: skip
    numbers = ((field, one, rng.randrange(100_000)) for one in range(1, contacts + 1))
    into.pour(
        "contact_value", "field_id, word, contact_id, number",
        ((field, str(number), contact, number) for field, contact, number in numbers),
    )  # fmt: skip
    into.finish(tell)
