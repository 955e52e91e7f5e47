"""What every road out has in common, be it a mail server or the captured mail."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from campaigns.mail.outcomes import NotSent, Reply


class Transport(ABC):
    """Something that takes finished letters; one per thread, kept open for many letters."""

    name: str

    @abstractmethod
    def send(
        self,
        envelope_from: str,
        to: str,
        raw: bytes,
        before_dot: Callable[[], None] = lambda: None,
        *,
        envelope_id: str = "",
    ) -> Reply:
        """Hand over one letter; `before_dot` runs when only the final dot is still to come.

        What `before_dot` raises comes through, and the letter is then surely not taken. Otherwise
        raises TransportTrouble, Deferred, Refused or Unknown; the transport stays usable after each.
        """

    @abstractmethod
    def close(self) -> None:
        """Say goodbye; a later `send` opens again."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(slots=True)
class Parcel:
    """One letter in its envelope; `key` is its sender's own number, different for each under way.

    `raw` is the letter as DATA carries it: lines end in CRLF, none begins with a dot.
    """

    key: int
    envelope_from: str
    to: str
    raw: bytes
    envelope_id: str = ""


Pull = Callable[[], Parcel | float | None]
BeforeDot = Callable[[Parcel], bool]
Answered = Callable[[Parcel | None, Reply | NotSent], None]
Meanwhile = Callable[[], bool]


def nothing() -> bool:
    """There is nothing to be done meanwhile."""
    return False


class Fleet(ABC):
    """Several warm connections to one mail server, or the captured mail; for one thread, but for `wake`."""

    @abstractmethod
    def send(
        self,
        pull: Pull,
        before_dot: BeforeDot,
        answered: Answered,
        meanwhile: Meanwhile = nothing,
        patience: float | None = None,
    ) -> bool:
        """Hand over all that `pull` gives, and return when it gives None and the last answer is in.

        False when, `patience` seconds after there was nothing left to begin, answers are still missing:
        `send` again to wait on, or `split`.

        `pull` gives the next letter, or a number: nothing for so many seconds (it is asked again then,
        after any answer, and after `wake`). `before_dot` is called when the final dot is about to go; where
        it says False, the letter is surely not taken. `answered` is called once for each letter pulled,
        with what became of it (HeldBack for one that `before_dot` stopped); and with None in place of
        a letter when no connection could be opened: `pull` then says how long to wait.

        `meanwhile` is called before it is waited for servers: it does a little of what is to be done
        anyway, and says whether there is more; after each time it is looked whether a server has answered.

        What one of these raises comes through; letters then under way stay unanswered.
        """

    @abstractmethod
    def split(self) -> "Fleet | None":
        """Part with the connections on which answers are awaited: a fleet of them, for one thread and `send`.

        As long as they last, so many fewer are opened here. None when too few would be left.
        """

    @abstractmethod
    def wake(self) -> None:
        """Have `pull` asked again now; from any thread."""

    @abstractmethod
    def rest(self) -> None:
        """Say goodbye where nothing was said for a while; between two calls of `send`."""

    @abstractmethod
    def close(self) -> None:
        """Say goodbye everywhere, within two seconds; a later `send` opens again."""
