"""What sink.c does, in Python: for a machine without a C compiler. It costs several times as much.

`python -m tests.bench.plain_sink [-j FILE] [-r MS] [-n] PORT`
"""

import argparse
import asyncio
import json
import re
import resource
import signal
import time
from typing import Any, TextIO

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(rb"<([^>]+)>")


class Sink:
    """Takes every letter on every connection, and counts."""

    def __init__(self, journal: TextIO | None, delay: float, pipelining: bool) -> None:
        self._journal, self._delay, self._pipelining = journal, delay, pipelining
        self.accepted = self.octets = 0
        self.first_at = self.last_at = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        self._say(writer, b"220 sink ESMTP\r\n")
        to: list[str] = []
        try:
            while line := await reader.readline():
                self.octets += len(line)
                verb = line[:4].upper()
                if verb == b"DATA" and to:
                    self._say(writer, b"354 Go on\r\n")
                    await self._letter(reader, to)
                    self._say(writer, b"250 2.0.0 Taken\r\n")
                    to = []
                else:
                    self._say(writer, self._answer(verb, line, to))
                if verb == b"QUIT":
                    break
        except (ConnectionError, asyncio.LimitOverrunError, asyncio.IncompleteReadError):
            pass  # gone in the middle: nothing was taken
        await asyncio.sleep(self._delay)
        writer.close()

    def _answer(self, verb: bytes, line: bytes, to: list[str]) -> bytes:
        if verb == b"EHLO":
            offers = [b"PIPELINING"] * self._pipelining + [b"8BITMIME", b"SMTPUTF8"]
            return b"".join(b"250-%s\r\n" % offer for offer in (b"sink", *offers)) + b"250 SIZE 52428800\r\n"
        if verb in (b"MAIL", b"RSET"):
            to.clear()
        elif verb == b"RCPT" and (named := _ADDRESS.search(line)):
            to.append(named[1].decode("utf-8", "replace"))
        elif verb == b"QUIT":
            return b"221 2.0.0 Bye\r\n"
        elif verb not in (b"HELO", b"NOOP"):
            return b"503 5.5.1 What?\r\n"
        return b"250 2.0.0 Fine\r\n"

    async def _letter(self, reader: asyncio.StreamReader, to: list[str]) -> None:
        letter = b"\r\n" + await reader.readuntil(b"\r\n")
        while not letter.endswith(b"\r\n.\r\n"):
            letter += await reader.readuntil(b"\r\n.\r\n") if letter != b"\r\n.\r\n" else b""
        self.octets += len(letter) - 2
        self.last_at = time.time()
        self.first_at = self.first_at if self.accepted else self.last_at
        self.accepted += 1
        if self._journal:
            found = _MESSAGE_ID.search(letter, 0, 8192)
            self._journal.write(f"{','.join(to)}\t{found[1].decode() if found else ''}\n")

    def _say(self, writer: asyncio.StreamWriter, words: bytes) -> None:
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, writer.write, words)
        else:
            writer.write(words)

    def print_figures(self) -> None:
        """What was taken since the last time."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        figures: dict[str, Any] = {
            "accepted": self.accepted, "bytes": self.octets, "first_at": self.first_at,
            "last_at": self.last_at, "cpu_us": int((used.ru_utime + used.ru_stime) * 1e6),
        }  # fmt: skip
        if self._journal:
            self._journal.flush()
        print(json.dumps(figures), flush=True)
        self.accepted = self.octets = 0


async def _run(given: argparse.Namespace) -> None:
    journal = open(given.journal, "w") if given.journal else None  # noqa: SIM115 - open to the end
    sink = Sink(journal, given.delay / 1000, not given.plain)
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_signal_handler(signal.SIGUSR1, sink.print_figures)
    await asyncio.start_server(sink.serve, "127.0.0.1", given.port, limit=1 << 22)
    await ended.wait()
    sink.print_figures()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("-j", dest="journal")
    parser.add_argument("-r", dest="delay", type=float, default=0)
    parser.add_argument("-n", dest="plain", action="store_true")
    parser.add_argument("port", type=int)
    asyncio.run(_run(parser.parse_args()))
