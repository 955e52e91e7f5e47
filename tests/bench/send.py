"""How fast a campaign leaves: a real one, through the whole application, beside two to compare with.

`bin/bench send [--recipients 20000] [--database sqlite|postgresql] [--processes 2] [--connections 20]
[--dkim none|rsa2048|ed25519] [--plain-signing] [--latency MS] [--sink built-in|smtp-sink|HOST:PORT|'PROGRAM']
[--template FILE.html] [--rounds 3] [--json]`. Each round sends one campaign by pressing Send, then the naive
sender (naive.py) with as many processes, then Postfix's smtp-source with as many connections if it is there.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.bench import costs, ground
from tests.bench.sending import Wish, measure
from tests.bench.sinks import BUILT_IN


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bin/bench send")
    parser.add_argument("--recipients", type=int, default=20_000)
    parser.add_argument("--database", choices=ground.DATABASES, default="postgresql")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--connections", type=int, default=20, help="In all, over all processes.")
    parser.add_argument("--dkim", choices=("none", "rsa2048", "ed25519"), default="rsa2048")
    parser.add_argument("--plain-signing", action="store_true", help="Without the accelerator.")
    parser.add_argument("--latency", type=float, default=0, help="Milliseconds that every reply takes.")
    parser.add_argument("--sink", default=BUILT_IN)
    parser.add_argument("--template", type=Path, help="HTML; the measuring letter of 16 KB when left out.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--naive", type=int, help="Recipients of the naive sender; a tenth when left out.")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    wish = Wish(
        given.recipients, given.database, given.processes, given.connections, given.dkim, given.latency,
        given.sink, given.template, given.rounds, given.naive or max(given.recipients // 10, 1),
        given.plain_signing,
    )  # fmt: skip
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = measure(wish, Path(folder))
    except ground.Missing as missing:
        sys.exit(str(missing))
    if given.json:
        print(json.dumps(found))
    else:
        _print(wish, found)


def _print(wish: Wish, found: dict) -> None:
    print(
        f"{wish.recipients:,} letters of {found['bytes_per_message'] / 1000:.1f} KB, {wish.database}, "
        f"{wish.processes} processes, {wish.connections} connections, DKIM {wish.dkim}, sink: {found['sink']}"
    )
    rows = [
        ("letters a second", f"{found['messages_per_second']:,.0f}  ± {found['noise']:.0%} between rounds"),
        ("  from the press of Send to the end", f"{found['messages_per_second_overall']:,.0f} a second"),
        ("  first letter taken after", f"{found['first_after_seconds']:.2f} s"),
        ("  all planned after", f"{found['planned_after_seconds']:.2f} s"),
        ("  ended after", f"{found['ended_after_seconds']:.2f} s"),
        (
            "naive sender",
            f"{found['naive_per_second']:,.0f} a second; ours {found['ratio_to_naive']:.1f} ×",
        ),
    ]
    if found["smtp_source_per_second"]:
        rate, ratio = found["smtp_source_per_second"], found["ratio_to_smtp_source"]
        rows.append(("smtp-source", f"{rate:,.0f} a second; ours is {ratio:.2f} ×"))
    else:
        rows.append(("smtp-source", found["smtp_source_missing"]))
    rows.append(("processor time of a letter", f"{found['cpu_us_per_message']:.0f} µs"))
    rows += [(f"  {part}", f"{micros:.0f} µs") for part, micros in found["cpu_us_by_part"].items()]
    rows += [(f"  in a worker: {stage}", f"{micros:.1f} µs") for stage, micros in found["stages"].items()]
    rows.append(("most memory of a worker", f"{found['peak_mb']:.0f} MB"))
    rows.append(("checked", found["checked"]))
    costs.table(rows)
