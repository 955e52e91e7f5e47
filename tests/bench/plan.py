"""How long planning takes: a message for each of a million contacts, with audience and gate asked.

`bin/bench plan [--contacts 1000000] [--database sqlite|postgresql] [--rounds 1] [--json]`: an installation of
its own on a durable database, contacts of whom some have left the audience, some never agreed, withdrew or
are suppressed. Each round launches a campaign by the product's own verb and plans it in a process of its own.
"""

import json
import multiprocessing
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from campaigns import broker, database, settings
from campaigns.delivery import accounting, planning
from campaigns.delivery.models import Segment
from campaigns.mailings import preparing, scheduling
from tests import servers
from tests.bench import costs, filling, ground

Figures = dict[str, Any]


def measure(contacts: int, kind: str, rounds: int) -> Figures:
    """Fill, then plan one campaign a round; raises AssertionError when a message is missing."""
    with (
        tempfile.TemporaryDirectory() as folder,
        servers.valkey() as queue,
        ground.ground(kind, Path(folder), CAMPAIGNS_BROKER_URL=queue) as made,
    ):
        settings.current().broker_url = queue
        began = time.perf_counter()
        filling.fill(contacts, filling.MIXED)
        filled = time.perf_counter() - began
        made.command("audience", "create", "Readers", "--rule", filling.RULE)
        (Path(folder) / "letter.html").write_text("<p>Dear {{ contact.first_name|default('friend') }},</p>")
        made.command("template", "create", "News", "--subject", "News", "--html", f"{folder}/letter.html")
        try:
            found = [_round(made, contacts) for _round_ in range(rounds)]
        finally:
            broker.use(None)
    seconds = [one["seconds"] for one in found]
    return {
        "database": kind, "contacts": contacts, "filling_seconds": filled,
        **{key: statistics.median(one[key] for one in found) for key in found[0]},
        "noise": costs.spread(seconds),
    }  # fmt: skip


def _round(made: Any, contacts: int) -> Figures:
    answer = made.answer(
        "campaign", "create", "--name", "News", "--audience", "Readers", "--template", "News"
    )
    campaign_id = answer["id"]
    with database.transaction() as session:
        scheduling.send_now(session, preparing.get(session, campaign_id))
    database.use(None)
    apart = multiprocessing.get_context("spawn")
    here, there = apart.Pipe()
    meter = costs.Meter({"database": ground.database_pids(settings.current().database_url)})
    meter.start()
    worker = apart.Process(target=_plan, args=(there, settings.current().model_dump(), campaign_id))
    worker.start()
    there.close()
    try:
        found: Figures = here.recv()
    except EOFError as error:
        raise RuntimeError("Planning failed; what it said stands above.") from error
    worker.join()
    found["database_cpu_seconds"] = meter.read().get("database", 0.0)
    _check(campaign_id, contacts)
    return found


def _plan(pipe: Any, given: dict[str, Any], campaign_id: int) -> None:
    """In a process of its own: plan, watching each transaction."""
    settings.use(settings.Settings(**given))
    times: list[float] = []
    began: list[float] = []
    engine = database.engine()
    event.listen(engine, "begin", lambda _connection: began.append(time.perf_counter()))
    event.listen(engine, "commit", lambda _connection: times.append(time.perf_counter() - began[-1]))
    start, used = time.perf_counter(), time.process_time()
    planning.plan(campaign_id)
    pipe.send(
        {
            "seconds": time.perf_counter() - start,
            "planner_cpu_seconds": time.process_time() - used,
            "transactions": len(times),
            "longest_transaction_ms": max(times) * 1000,
            "peak_mb": costs.own_peak_mb(),
        }
    )


def _check(campaign_id: int, contacts: int) -> None:
    """Everybody who fits the rule is a message, and everybody who may be mailed is in a segment."""
    left = contacts // filling.MIXED.left
    with database.reading() as session:
        assert preparing.get(session, campaign_id).planned_at is not None, "the campaign is not planned"
        account = accounting.account(session, campaign_id)
        segments = session.scalar(sa.select(sa.func.count()).where(Segment.campaign_id == campaign_id))
    assert account.audience == contacts - left, f"{account.audience} messages for {contacts - left} contacts"
    assert account.open + account.left_out == account.audience, account
    assert segments, "no segment was made"
    database.use(None)


def main() -> None:
    """Measure and print."""
    given = ground.asked("plan", contacts=1_000_000, rounds=1)
    found = measure(given.contacts, given.database, given.rounds)
    if given.json:
        print(json.dumps(found))
        return
    print(f"Planning {given.contacts:,} contacts on {given.database}")
    costs.table(
        [
            ("filled in", f"{found['filling_seconds']:.1f} s"),
            ("planned in", f"{found['seconds']:.1f} s"),
            ("  of it the planner's processor time", f"{found['planner_cpu_seconds']:.1f} s"),
            ("  of it the database's", f"{found['database_cpu_seconds']:.1f} s"),
            ("transactions", f"{found['transactions']:.0f}"),
            ("longest transaction", f"{found['longest_transaction_ms']:.0f} ms"),
            ("planner's peak memory", f"{found['peak_mb']:.0f} MB"),
            ("rounds lie apart by", f"{found['noise']:.0%}"),
        ]
    )
