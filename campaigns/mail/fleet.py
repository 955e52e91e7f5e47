"""The fast road out: many letters at once to a mail server; or letter by letter, where mail is captured."""

import threading

from campaigns.mail.outcomes import HeldBack, NotSent, Reply, Step
from campaigns.mail.pipelining import SmtpFleet
from campaigns.mail.roads import Answered, BeforeDot, Fleet, Meanwhile, Parcel, Pull, Transport, nothing
from campaigns.mail.transport import open_transport, relay, transport_name
from campaigns.settings import Settings

__all__ = ["Fleet", "Parcel", "SmtpFleet", "open_fleet"]


def open_fleet(settings: Settings, connections: int) -> Fleet:
    """The fleet these settings ask for, of so many connections at most; it connects with the first letter."""
    if transport_name(settings) == "capture":
        return LetterByLetter(open_transport(settings))
    return SmtpFleet(relay(settings), connections)


class LetterByLetter(Fleet):
    """A transport that takes one letter after the other, under a fleet's rules."""

    def __init__(self, road: Transport) -> None:
        self._road = road
        self._woken = threading.Event()

    def send(
        self,
        pull: Pull,
        before_dot: BeforeDot,
        answered: Answered,
        meanwhile: Meanwhile = nothing,
        patience: float | None = None,
    ) -> bool:
        """Hand over all that `pull` gives, as Fleet says; nothing is waited for, so there is no meanwhile."""
        while (given := pull()) is not None:
            if not isinstance(given, Parcel):
                self._woken.wait(given)
                self._woken.clear()
                continue
            answered(given, self._outcome(given, before_dot))
        return True

    def split(self) -> None:
        """No answer is ever missing here."""

    def wake(self) -> None:
        """Have `pull` asked again now; from any thread."""
        self._woken.set()

    def rest(self) -> None:
        """Nothing is kept warm that has to rest."""

    def close(self) -> None:
        """Say goodbye."""
        self._road.close()

    def _outcome(self, parcel: Parcel, before_dot: BeforeDot) -> Reply | NotSent:
        def ask() -> None:
            if not before_dot(parcel):
                raise HeldBack("", Step.BODY)

        envelope_id = parcel.envelope_id
        try:
            return self._road.send(parcel.envelope_from, parcel.to, parcel.raw, ask, envelope_id=envelope_id)
        except NotSent as outcome:
            return outcome
