"""What every road out has in common, be it a mail server or the captured mail."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Self

from campaigns.mail.outcomes import Reply


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
