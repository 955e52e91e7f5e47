"""What handing over a finished letter takes: one after the other by smtplib, and the fleet; plain and TLS.

`bin/bench wire [--port PORT] [--letters N] [--connections N] [--rounds N] [--json]`: letters of 16 KB, built
before, to the sink on that port of this machine (the built-in one, where none is named). The ways take turns,
so that what else the machine does falls on all alike: microseconds of our processor time a letter, best and
median round, and letters a second. TLS ends in a process of ours ahead of the sink: letters a second over
TLS are as many as that process can open, so only the processor time tells.
"""

import argparse
import asyncio
import json
import multiprocessing
import ssl
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from campaigns.mail.fleet import Parcel, SmtpFleet
from campaigns.mail.outcomes import Reply
from campaigns.mail.smtp import Relay, SmtpConnection
from tests.bench import sinks
from tests.mail.certificates import contexts

LINE = b"The new blades are here, sharper than those of last year, and at a price to like.=\r\n"


def parcels(count: int) -> list[Parcel]:
    """Letters of 16 KB, each with its own envelope."""
    raw = b"Subject: Blades\r\nMIME-Version: 1.0\r\n\r\n" + LINE * 195
    return [
        Parcel(
            number, f"b+{number:020d}@bounce.example.com", f"u{number}@example.org", raw + b"%d\r\n" % number
        )
        for number in range(count)
    ]


def one_by_one(relay: Relay, letters: list[Parcel]) -> None:
    """Hand them over as smtplib does."""
    with SmtpConnection(relay) as smtp:
        for letter in letters:
            smtp.send(letter.envelope_from, letter.to, letter.raw)


def by_fleet(relay: Relay, letters: list[Parcel], connections: int) -> None:
    """Hand them over on the fast road; raises AssertionError where one is not taken."""
    work = iter(letters)
    taken = 0

    def answered(parcel: Parcel | None, outcome: object) -> None:
        nonlocal taken
        assert isinstance(outcome, Reply), outcome
        taken += 1

    with closing(SmtpFleet(relay, connections)) as fleet:
        fleet.send(lambda: next(work, None), lambda _parcel: True, answered)
    assert taken == len(letters)


def _end_tls(serving_from: str, port: int, pipe: Any) -> None:
    """In a process of its own: take TLS off and hand on to that port."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(f"{serving_from}/cert.pem", f"{serving_from}/key.pem")

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(copy(reader, back), copy(there, writer))

    async def listen() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=serving)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(listen())


@contextmanager
def over_tls(port: int) -> Iterator[Relay]:
    """The sink on that port, reached by TLS."""
    with tempfile.TemporaryDirectory() as folder:
        _serving, trust = contexts(Path(folder))
        apart = multiprocessing.get_context("spawn")
        here, there = apart.Pipe()
        front = apart.Process(target=_end_tls, args=(folder, port, there), daemon=True)
        front.start()
        try:
            yield Relay("localhost", here.recv(), tls="tls", trust=trust)
        finally:
            front.terminate()
            front.join()


def measure(port: int, count: int, connections: int, rounds: int) -> dict[str, dict[str, float]]:
    """Figures of each way, by its name; a round before the first warms up."""
    letters, few = parcels(count), parcels(max(count // 10, 1))
    plain = Relay("127.0.0.1", port, tls="none")
    with over_tls(port) as safe:
        ways: dict[str, tuple[int, Callable[[], None]]] = {
            "smtplib": (len(few), lambda: one_by_one(plain, few)),
            "fleet": (count, lambda: by_fleet(plain, letters, connections)),
            "smtplib, TLS": (len(few), lambda: one_by_one(safe, few)),
            "fleet, TLS": (count, lambda: by_fleet(safe, letters, connections)),
        }
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _round in range(rounds + 1):
            for name, (many, way) in ways.items():
                began, used = time.perf_counter(), time.process_time()
                way()
                cost = (time.process_time() - used) / many * 1e6
                taken[name].append((cost, many / (time.perf_counter() - began)))
    return {
        name: {
            "cpu_us": statistics.median(cost for cost, _rate in found[1:]),
            "cpu_us_best": min(cost for cost, _rate in found[1:]),
            "letters_per_second": statistics.median(rate for _cost, rate in found[1:]),
        }
        for name, found in taken.items()
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bin/bench wire")
    parser.add_argument(
        "--port", type=int, help="of a sink on this machine; the built-in one if none is named"
    )
    parser.add_argument("--letters", type=int, default=20_000)
    parser.add_argument("--connections", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    wanted = f"127.0.0.1:{given.port}" if given.port else sinks.BUILT_IN
    with tempfile.TemporaryDirectory() as folder, sinks.opened(wanted, Path(folder)) as sink:
        found = measure(sink.port, given.letters, given.connections, given.rounds)
    if given.json:
        print(json.dumps(found))
        return
    print(f"{'way':16}{'µs a letter':>14}{'best':>8}{'letters/s':>12}")
    for name, figures in found.items():
        cost, best, rate = figures.values()
        print(f"{name:16}{cost:14.1f}{best:8.1f}{rate:12,.0f}")
