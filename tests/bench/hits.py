"""How many pixels and links are answered a second, each kept for good, and whether a kill loses any.

`bin/bench hits [--database sqlite|postgresql] [--seconds 5] [--rounds 3] [--connections 16] [--json]`: the
product's own web process beside a minimal Flask application (plain_hits.py) that inserts and commits before
it answers, on the same server program and database, in turn. After each turn the hits of the product are
waited for in the database, and counted. Then its web process is killed (SIGKILL) right after an answer.
"""

import argparse
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from campaigns import database, settings, tokens
from campaigns.database import now, transaction
from campaigns.delivery.models import Message
from campaigns.processes import die_with_parent, free_port
from campaigns.tokens import Purpose
from campaigns.tracking.models import Hit
from tests.bench import costs, filling, ground, sinks
from tests.bench.ground import Missing
from tests.stories.installation import Installation, wait_for
from tests.tracking import mailed

Figures = dict[str, Any]
_LETTERS = 5000
_KILLED_AFTER = 3000  # answers


class Lost(Exception):
    """Answers were given whose hits are not in the database."""


def measure(kind: str, seconds: float, rounds: int, connections: int, folder: Path) -> Figures:
    """All rounds, then the kill. Raises Lost, and Missing when there is no C compiler."""
    program = sinks.compiled("hitting", folder)
    if program is None:
        raise Missing("There is no C compiler (cc), which the client that fetches hits needs.")
    with ground.ground(kind, folder) as made:
        filling.fill(_LETTERS)
        pixels, links = _paths(folder)
        made.start()
        port = int(made.environment["CAMPAIGNS_PORT"])
        with _plain(made) as plain:
            found = []
            for _round in range(rounds):
                one: Figures = {}
                for name, paths in (("pixel", pixels), ("click", links)):
                    command = [str(program), "-c", str(connections), "-s", str(seconds)]
                    one[name] = _ours(made, [*command, str(port), str(paths)])
                    one[f"plain_{name}"] = _fetched([*command, str(plain), str(paths)])
                found.append(one)
        killed = _killed(
            made, [str(program), "-c", str(connections), "-n", str(_KILLED_AFTER), str(port), str(pixels)]
        )
    return {"database": kind, "connections": connections, **_summary(found), "killed": killed}


def _paths(folder: Path) -> tuple[Path, Path]:
    """Files of the pixels and the first links of a campaign that was sent to everybody two hours ago."""
    with transaction() as session:
        campaign = mailed.make_campaign(session)
        sent = sa.literal(now(), Message.sent_at.type)
        row = {
            "campaign_id": sa.literal(campaign.id), "contact_id": sa.column("id"),
            "address": sa.column("email"), "status": sa.literal("sent"), "sent_at": sent,
            "reason": sa.literal(""), "reply": sa.literal(""),
            "tries": sa.literal(1), "fence": sa.literal(1),
        }  # fmt: skip
        chosen = sa.select(*row.values()).select_from(sa.table("contact"))
        session.execute(sa.insert(Message).from_select(list(row), chosen, include_defaults=False))
        numbers = session.scalars(sa.select(Message.id).order_by(Message.id)).all()
    pixels, links = folder / "pixels.txt", folder / "links.txt"
    pixels.write_text("".join(f"/o/{tokens.sign(Purpose.OPEN, number)}.gif\n" for number in numbers))
    links.write_text("".join(f"/c/{tokens.sign(Purpose.CLICK, number, 1)}\n" for number in numbers))
    return pixels, links


@contextmanager
def _plain(made: Installation) -> Iterator[int]:
    """The port of the minimal application, running."""
    port = free_port()
    words = [str(port), str(settings.current().web_threads), made.environment["CAMPAIGNS_DATABASE_URL"]]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.plain_hits", *words],
        cwd=Path(__file__).parents[2], start_new_session=True, preexec_fn=die_with_parent,
    )  # fmt: skip
    try:
        wait_for(lambda: sinks.listens(port), 30)
        yield port
    finally:
        process.terminate()
        process.wait(15)


def _fetched(command: list[str]) -> Figures:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: Figures = json.loads(done.stdout)
    if found["refused"]:
        raise Lost(f"{found['refused']} requests were refused.")
    return found


def _ours(made: Installation, command: list[str]) -> Figures:
    """One turn of the product's; ends when its hits are in the database, none missing."""
    before = _kept()
    meter = costs.Meter(
        {role: pids for role, pids in ground.roles(made).items() if role in ("web", "database")}
    )
    meter.start()
    found = _fetched(command)
    used = meter.read()
    began = time.perf_counter()
    _wait_for_hits(made, before + found["answered"])
    found["behind_seconds"] = time.perf_counter() - began
    found["cpu"] = {role: seconds * 1e6 / found["answered"] for role, seconds in used.items()}
    return found


def _kept() -> int:
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Hit)) or 0


def _wait_for_hits(made: Installation, expected: int, seconds: float = 300) -> int:
    """How many are there in the end; raises Lost when they are fewer than expected."""
    try:
        wait_for(lambda: _kept() >= expected, seconds, made.log)
    except AssertionError as error:
        raise Lost(f"{expected} hits were answered, {_kept()} are in the database.") from error
    time.sleep(1.5)  # whatever more there may be
    return _kept()


def _killed(made: Installation, command: list[str]) -> Figures:
    """Kill the web process at once after the last of some answers; all must be there, none twice."""
    before = _kept()
    found = _fetched(command)
    for pid in ground.roles(made)["web"]:
        for member in costs.family(pid):
            member.send_signal(signal.SIGKILL)
    at_once = _kept() - before
    kept = _wait_for_hits(made, before + found["answered"]) - before
    if kept != found["answered"]:
        raise Lost(f"{found['answered']} hits were answered before the kill, {kept} are in the database.")
    return {"answered": found["answered"], "in_the_database_when_killed": at_once, "kept": kept}


def _summary(rounds: list[Figures]) -> Figures:
    made: Figures = {}
    for name in ("pixel", "click"):
        ours = [one[name]["answered"] / one[name]["seconds"] for one in rounds]
        plain = [one[f"plain_{name}"]["answered"] / one[f"plain_{name}"]["seconds"] for one in rounds]
        made |= {
            f"{name}_per_second": statistics.median(ours),
            f"{name}_plain_per_second": statistics.median(plain),
            f"{name}_ratio": statistics.median(a / b for a, b in zip(ours, plain, strict=True)),
            f"{name}_p99_ms": statistics.median(one[name]["p99_ms"] for one in rounds),
            f"{name}_behind_seconds": statistics.median(one[name]["behind_seconds"] for one in rounds),
            f"{name}_cpu_us": {
                part: statistics.median(one[name]["cpu"][part] for one in rounds)
                for part in rounds[0][name]["cpu"]
            },
            f"{name}_client_cpu_us": statistics.median(
                one[name]["cpu_us"] / one[name]["answered"] for one in rounds
            ),
            f"{name}_noise": costs.spread(ours),
        }
    return made


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bin/bench hits")
    parser.add_argument("--database", choices=ground.DATABASES, default="postgresql")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = measure(given.database, given.seconds, given.rounds, given.connections, Path(folder))
    except (Missing, Lost) as error:
        sys.exit(str(error))
    if given.json:
        print(json.dumps(found))
        return
    print(f"Hits on {given.database}, {given.connections} connections kept open")
    for name in ("pixel", "click"):
        rate, plain = found[f"{name}_per_second"], found[f"{name}_plain_per_second"]
        parts = ", ".join(f"{part} {micros:.0f}" for part, micros in found[f"{name}_cpu_us"].items())
        costs.table(
            [
                (f"{name}s a second", f"{rate:,.0f}  ± {found[f'{name}_noise']:.0%} between rounds"),
                ("  Flask, INSERT and COMMIT", f"{plain:,.0f} a second; ours {found[f'{name}_ratio']:.1f} ×"),
                ("  99 of 100 answered within", f"{found[f'{name}_p99_ms']:.1f} ms"),
                ("  all in the database after", f"{found[f'{name}_behind_seconds']:.1f} s more"),
                ("  processor time of one, µs", f"{parts}, client {found[f'{name}_client_cpu_us']:.0f}"),
            ]
        )
    killed = found["killed"]
    said = f"{killed['answered']:,} answered, {killed['in_the_database_when_killed']:,} brought in by then"
    costs.table([("killed right after an answer", f"{said}, {killed['kept']:,} in the end: none lost")])
