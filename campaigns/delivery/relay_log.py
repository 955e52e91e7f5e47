"""What a mail server's log says of our letters: Postfix, Exim, OpenSMTPD, Sendmail and their like.

Lines name a letter by its Message-ID, by its envelope's sender, or by the server's own number for it once
one line has tied the two together. Read line by line, so that memory does not grow with the log.
"""

import gzip
import re
import string
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import IO

from campaigns import tokens
from campaigns.delivery import addresses
from campaigns.delivery.relay_times import Times
from campaigns.errors import BadInput, TooLarge
from campaigns.tokens import BadToken, Purpose
from campaigns.words import _

LARGEST = 200 * 1024 * 1024  # bytes as uploaded
LARGEST_UNPACKED = 1024 * 1024 * 1024
MOST_LINES = 10_000_000
_LONGEST_LINE = 64 * 1024
_LONGEST_QUOTE = 240  # characters that are shown of a line
_LOOKED_AT = 50  # lines that show whether this is text
_SHORTEST_TOKEN, _LONGEST_TOKEN = 16, 120
_IN_TOKENS = (string.ascii_letters + string.digits + "-_").encode()
_WORDS = bytes(byte if byte in _IN_TOKENS else 32 for byte in range(256))
_EXIM = rb"\b[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}"
_QUEUE = re.compile(rb"(?!NOQUEUE)[0-9A-Za-z]{6,24}")
# The first is a report on the letter, which nobody writes who never had it.
_TAKEN = re.compile(
    rb"to=<b\+|\bstatus=(?:sent|deferred|bounced|expired)\b|\bnrcpts?=[1-9]|\bstat=(?:Sent|Deferred|queued)"
    rb"|proxy-accept|smtp envelope evpid|\bresult=\"?(?:Ok|TempFail|PermFail)|\bqueued(?: as|_as)"
    rb"|" + _EXIM + rb" (?:<=|=>|->|>>|\*>|\*\*|==|Completed)"
)
_REFUSED = re.compile(rb"\breject|\bdenied\b|\brefused\b|NOQUEUE|lost connection|not accepted")
_ANOTHER = re.compile(rb" client=| uid=|message-id=<")  # the number is given to a new letter


@dataclass
class Log:
    """What a log says of the letters that were asked about, each with the line that says so."""

    lines: int = 0
    times: Times = field(default_factory=Times)
    taken: dict[int, str] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    named: dict[int, str] = field(default_factory=dict)  # without a word on what became of it
    queues: dict[bytes, int] = field(default_factory=dict)  # the server's numbers for them


def read(stream: IO[bytes], wanted: Collection[int]) -> Log:
    """Read a log, plain or packed with gzip, and look for these messages.

    Raises BadInput for what is no text with time stamps, TooLarge beyond LARGEST_UNPACKED or MOST_LINES.
    """
    names = _names(wanted)
    log = Log()
    for line in _lines(stream):
        log.lines += 1
        if log.lines <= _LOOKED_AT and b"\0" in line:
            raise BadInput(_("This is no log as plain text. Give the text itself, or packed with gzip."))
        at = log.times.see(line)
        if b"@" in line or log.queues:
            _look_at(log, names, line, at)
    if not log.lines:
        raise BadInput(_("This log is empty."))
    if log.times.first is None:
        raise BadInput(
            _("No line of this begins with a date and a time, so it can't be told what it covers.")
        )
    return log


def _names(wanted: Collection[int]) -> dict[bytes, int]:
    """The local parts of Message-ID and envelope sender of these messages."""
    found = {}
    for message_id in wanted:
        found[addresses.header_id(message_id, "").rstrip("@").encode()] = message_id
        found[addresses.envelope_from(message_id, "").rstrip("@").removeprefix("b+").encode()] = message_id
    return found


def _look_at(log: Log, names: dict[bytes, int], line: bytes, at: float | None) -> None:
    found = _tokens(line)
    mine = {names[token] for _purpose, token in found if token in names}
    if mine:
        if queue := _number(line):
            log.queues[queue] = next(iter(mine))
    elif log.queues and (queue := _number(line)) in log.queues:
        if _ANOTHER.search(line):
            del log.queues[queue]
            return
        mine = {log.queues[queue]}
    elif found and at is not None and log.times.wants(at):
        _sample(log, found, line, at)
    for message_id in mine:
        _keep(log, message_id, line, at)


def _tokens(line: bytes) -> list[tuple[Purpose, bytes]]:
    """What stands before each “@” and may be a token; expressions would take ten times as long."""
    found = []
    for piece in line.split(b"@")[:-1]:
        token = piece[piece.translate(_WORDS).rfind(b" ") + 1 :]
        if _SHORTEST_TOKEN <= len(token) <= _LONGEST_TOKEN:
            envelope = piece.endswith(b"b+" + token)
            found.append((Purpose.BOUNCE if envelope else Purpose.MESSAGE_ID, token))
    return found


def _keep(log: Log, message_id: int, line: bytes, at: float | None) -> None:
    quote = line.strip()[:_LONGEST_QUOTE].decode("utf-8", "replace")
    if _TAKEN.search(line):
        log.taken[message_id] = quote
        if at is not None:
            log.times.sample(message_id, at)
    elif _REFUSED.search(line):
        log.refused[message_id] = quote
    else:
        log.named.setdefault(message_id, quote)


def _sample(log: Log, found: list[tuple[Purpose, bytes]], line: bytes, at: float) -> None:
    """Let other letters of ours tell how the log's clock goes."""
    for purpose, token in found:
        try:
            (message_id,) = tokens.read(purpose, token.decode())
        except (BadToken, ValueError):
            continue
        if _TAKEN.search(line):
            log.times.sample(message_id, at)


def _number(line: bytes) -> bytes | None:
    """The number by which Postfix and Sendmail know the letter of this line: `program[1]: NUMBER: …`."""
    number = line.partition(b"]: ")[2].partition(b": ")[0]
    if not _QUEUE.fullmatch(number) or (number.isalpha() and number.islower()):
        return None  # a word, as in “warning: ”
    return number


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """The lines, unpacked; what is longer than _LONGEST_LINE comes in pieces."""
    packed = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    file: IO[bytes] = gzip.GzipFile(fileobj=stream) if packed else stream  # type: ignore[assignment]
    size = 0
    try:
        for number, line in enumerate(iter(partial(file.readline, _LONGEST_LINE), b"")):
            size += len(line)
            if size > LARGEST_UNPACKED or number >= MOST_LINES:
                raise TooLarge(_("This log is too long. Cut out the days around the send."))
            yield line
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BadInput(_("This file is packed, but broken: it can't be unpacked to its end.")) from error
