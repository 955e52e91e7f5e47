"""An SMTP server as a process of its own: what it accepts is on disk before it says so.

    python tests/faults/sink.py HOST PORT JOURNAL [--narrow]

The journal has one line a letter: seconds, recipient, Message-ID. Beside it stand the files that steer
it while it runs (see steering.py), and a folder journal.letters, if it is there: each letter that was
accepted is kept in it.

It offers PIPELINING (RFC 2920): commands may come in one packet, and are answered in turn.
"""

import argparse
import asyncio
import os
import re
import socket
import time
from pathlib import Path

from tests.faults.steering import Steering

MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>]+>)", re.MULTILINE | re.IGNORECASE)
OFFERS = ("sink", "PIPELINING", "SIZE 50000000", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN")


class Book:
    """The journal: lines that wait are written and synced together."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._letters = path.with_suffix(".letters")
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._some = asyncio.Event()

    async def keep(self, recipient: str, raw: bytes) -> None:
        """One letter, on disk when this returns."""
        found = MESSAGE_ID.search(raw)
        name = found[1].decode() if found else "-"
        if self._letters.is_dir():
            (self._letters / f"{time.monotonic_ns()}.eml").write_bytes(raw)
        kept = asyncio.get_running_loop().create_future()
        self._waiting.append((f"{time.time():.3f}\t{recipient}\t{name}\n", kept))
        self._some.set()
        await kept

    async def write(self) -> None:
        """Write for ever."""
        while True:
            await self._some.wait()
            self._some.clear()
            batch, self._waiting = self._waiting, []
            os.write(self._handle, "".join(line for line, _kept in batch).encode())
            os.fsync(self._handle)
            for _line, kept in batch:
                if not kept.done():
                    kept.set_result(None)


class HungUp(Exception):
    """The talk is over."""


class Wire:
    """One connection, by lines and by letters."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._held = bytearray()
        self.drips = False

    async def say(self, text: str) -> None:
        """One reply."""
        raw = text.encode() + b"\r\n"
        for part in [raw[n : n + 1] for n in range(len(raw))] if self.drips else [raw]:
            self._writer.write(part)
            await self._writer.drain()
            if self.drips:
                await asyncio.sleep(1)

    async def line(self) -> str:
        """The next command."""
        while (end := self._held.find(b"\n")) < 0:
            await self.more()
        line = self._held[: end + 1].decode(errors="replace").strip()
        del self._held[: end + 1]
        return line

    async def some(self, number: int) -> None:
        """Wait for so many bytes of a letter, or for all of it."""
        while len(self._held) < number and not self._end():
            await self.more()

    async def letter(self) -> bytes:
        """All up to the final dot."""
        while not (end := self._end()):
            await self.more()
        raw = bytes(self._held[:end])
        del self._held[: end + 5]
        return raw

    def _end(self) -> int:
        return max(self._held.find(b"\r\n.\r\n"), 0)

    async def more(self) -> None:
        """Read what came."""
        part = await self._reader.read(65536)
        if not part:
            raise HungUp
        self._held += part

    async def hang_up(self) -> None:
        """Close in such a way that the other still reads what was said."""
        self._writer.write_eof()
        until = time.monotonic() + 1
        while time.monotonic() < until and await self._reader.read(65536):
            pass
        raise HungUp

    def reset(self) -> None:
        """Close without goodbye."""
        linger = b"\x01\0\0\0\0\0\0\0"  # on, for no time
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()
        raise HungUp


class Talk:
    """One client."""

    def __init__(self, wire: Wire, steering: Steering, book: Book) -> None:
        self._wire, self._steering, self._book = wire, steering, book
        self._sender = self._recipient = ""

    async def run(self) -> None:
        """From the greeting to the end."""
        await self._answer("greeting", "220 sink")
        while (line := await self._wire.line())[:4].upper() != "QUIT":
            match line[:4].upper():
                case "EHLO" | "HELO":
                    offered = [f"250-{word}" for word in OFFERS[:-1]] + [f"250 {OFFERS[-1]}"]
                    await self._answer("ehlo", "\r\n".join(offered))
                case "MAIL":
                    self._recipient = ""
                    self._sender = "x" if await self._answer("mail", "250 2.1.0 ok") else ""
                case "RCPT":
                    await self._rcpt(line.partition("<")[2].partition(">")[0])
                case "DATA":
                    await self._data()
                case _:
                    self._sender = self._recipient = ""
                    await self._wire.say("250 2.0.0 ok")
        await self._wire.say("221 2.0.0 bye")

    async def _rcpt(self, recipient: str) -> None:
        if not self._sender:
            await self._wire.say("503 5.5.1 MAIL first")
            return
        self._recipient = recipient
        if not await self._answer("rcpt", "250 2.1.5 ok"):
            self._recipient = ""

    async def _data(self) -> None:
        if not self._recipient:
            await self._wire.say("554 5.5.1 no valid recipients")
        elif await self._answer("data", "354 go on"):
            await self._letter()
        self._sender = self._recipient = ""

    async def _letter(self) -> None:
        await self._wire.some(200)
        if not await self._goes("body"):
            await self._wire.letter()
            return
        raw = await self._wire.letter()
        await asyncio.sleep(self._steering.turn())
        if not await self._goes("dot"):
            return
        await self._book.keep(self._recipient, raw)
        if await self._answer("kept", "250 2.0.0 kept"):
            await self._steering.held("done")

    async def _answer(self, step: str, reply: str) -> bool:
        """Give the usual answer, unless a rule gives another; whether it was the usual one."""
        if not await self._goes(step):
            return False
        await self._wire.say(reply)
        return True

    async def _goes(self, step: str) -> bool:
        """Whether all goes as usual at this step; a rule's reply is given here."""
        await self._steering.held(step)
        rule = self._steering.rule(step, self._recipient)
        if rule is None:
            return True
        match rule.do:
            case "close":
                raise HungUp
            case "reset":
                self._wire.reset()
            case "silent":
                while True:
                    await self._wire.more()
            case "drip":
                self._wire.drips = True
                return True
            case "slow":
                await asyncio.sleep(10)
                return True
        await self._wire.say(rule.do)
        if rule.hang_up or rule.do.startswith("421"):
            await self._wire.hang_up()
        return False


async def serve(host: str, port: int, journal: Path, narrow: bool) -> None:
    """Serve for ever; `narrow`: little fits between the client and us."""
    book, steering = Book(journal), Steering(journal)
    writing = asyncio.create_task(book.write())

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await Talk(Wire(reader, writer), steering, book).run()
        except (HungUp, ConnectionError):
            pass
        finally:
            writer.close()

    door = socket.create_server((host, port), backlog=256)
    if narrow:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    server = await asyncio.start_server(talk, sock=door, limit=1024 if narrow else 1 << 20)
    async with server:
        await asyncio.gather(server.serve_forever(), writing)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("journal", type=Path)
    parser.add_argument("--narrow", action="store_true")
    given = parser.parse_args()
    asyncio.run(serve(given.host, given.port, given.journal, given.narrow))


if __name__ == "__main__":
    main()
