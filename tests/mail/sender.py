"""Who sends in these tests: gives letters to a fleet and writes down all that it is asked and told."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from campaigns.mail.fleet import Fleet, Parcel, SmtpFleet
from campaigns.mail.outcomes import NotSent, Reply
from campaigns.mail.smtp import Relay

TEXT = b"Subject: Blades\r\n\r\n" + b"Dear reader, here is what is new.\r\n" * 30


@contextmanager
def fleet(
    server, connections: int = 1, warm: float = 20, pause: float = 0.5, **changes
) -> Iterator[SmtpFleet]:
    """A fleet that soon loses patience."""
    quick = {
        "host": "127.0.0.1",
        "tls": "none",
        "connect_timeout": 2,
        "command_timeout": 0.5,
        "dot_timeout": 0.7,
    }
    relay = Relay(port=server.port, **{**quick, **changes})
    with closing(SmtpFleet(relay, connections, warm, pause)) as made:
        yield made


def parcels(count: int, first: int = 0, **changes) -> list[Parcel]:
    """So many letters, to u0@example.org and so on."""
    return [parcel(number, **changes) for number in range(first, first + count)]


def parcel(number: int, **changes) -> Parcel:
    made = {
        "key": number,
        "envelope_from": f"b+{number}@example.com",
        "to": f"u{number}@example.org",
        "raw": TEXT + b"%d\r\n" % number,
    }
    return Parcel(**{**made, **changes})


@dataclass
class Sender:
    """Gives what `work` holds, in order, then None; `pulled` has what was taken of it."""

    work: list[Parcel | float]
    lets: Callable[[Parcel], bool] = lambda _parcel: True
    after_trouble: float | None = None  # what is answered once no connection could be opened; None: no more
    pulled: list[int] = field(default_factory=list)
    let: list[int] = field(default_factory=list)
    told: list[tuple[int | None, Reply | NotSent]] = field(default_factory=list)
    quiet: float | None = None
    ahead: int = 0  # steps that can be done while servers think

    def send(self, fleet: Fleet) -> "Sender":
        fleet.send(self.pull, self.before_dot, self.answered, self.meanwhile)
        assert sorted(key for key, _said in self.told if key is not None) == sorted(self.pulled)
        return self

    def pull(self) -> Parcel | float | None:
        if self.quiet is not None:
            quiet, self.quiet = self.quiet, None
            return quiet
        if not self.work:
            return None
        given = self.work.pop(0)
        if isinstance(given, Parcel):
            self.pulled.append(given.key)
        return given

    def meanwhile(self) -> bool:
        self.ahead -= 1
        return self.ahead > 0

    def before_dot(self, parcel: Parcel) -> bool:
        assert parcel.key in self.pulled
        assert parcel.key not in self.let, "asked twice"
        if self.lets(parcel):
            self.let.append(parcel.key)
            return True
        return False

    def answered(self, parcel: Parcel | None, outcome: Reply | NotSent) -> None:
        self.told.append((parcel.key if parcel else None, outcome))
        if parcel is None:
            if self.after_trouble is None:
                self.work.clear()
            self.quiet = self.after_trouble

    @property
    def troubles(self) -> list[str]:
        """Why no connection could be opened, each time."""
        return [outcome.text for key, outcome in self.told if key is None]

    def outcome(self, key: int) -> Reply | NotSent:
        (found,) = [outcome for told, outcome in self.told if told == key]
        return found

    @property
    def kinds(self) -> list[str]:
        """What became of each letter, in the order of their keys."""
        return [type(self.outcome(key)).__name__ for key in sorted(self.pulled)]


def sent(fleet: Fleet, work: Iterable[Parcel | float], **how) -> Sender:
    """Send all this and say what became of it."""
    return Sender(list(work), **how).send(fleet)


def eventually(done: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something that happens in another thread."""
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "it did not happen"
        threading.Event().wait(0.005)
